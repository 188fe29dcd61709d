"""What a run of a model did, month by month."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class DownscaleSummary:
    """What a run did.

    ``values`` (month,) cells with a value, ``outside`` (month,) mean share of input
    channels outside their training range, ``without`` cells × months of a class that
    no file serves, ``busy`` seconds inside ONNX Runtime, ``broken`` cells × months that
    have all predictors but no finite result, ``restored`` blocks × months that an earlier
    run had made, ``replaced`` (month,) cells with a neighbour's value where that was asked
    for, ``provider`` that ran.
    """

    months: np.ndarray
    usable: np.ndarray
    values: np.ndarray
    outside: np.ndarray
    mean_std: np.ndarray
    without: dict = field(default_factory=dict)
    busy: float = 0.0
    broken: int = 0
    restored: int = 0
    replaced: object = None
    provider: str = "cpu"

    def add(self, t, known, part):
        """Count a block of month ``t``: ``known`` cells of a `Prediction`."""
        count = int(known.sum())
        self.values[t] += count
        if count:
            self.outside[t] += float(part.outside[known].sum(dtype=float))
            if part.std is not None:
                self.mean_std[t] += float(part.std[known].sum(dtype=float))

    def finished(self):
        """Sums made means; NaN where a month has no value."""
        for sums in (self.outside, self.mean_std):
            empty = self.values == 0
            sums[~empty] /= self.values[~empty]
            sums[empty] = np.nan
        return self
