"""What a model is given for a block and a month, and what it says of it."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Prediction:
    """Of one block and month, each (y, x) float32: mean, standard deviation (or None)
    and the share of input channels outside their training range, NaN where the model was
    not asked."""

    mean: np.ndarray
    std: np.ndarray
    outside: np.ndarray


@dataclass
class Given:
    """What a model is given for a block (row, col, ny, nx) and a month: channels, classes.

    All that a `Prediction` depends on besides the model and where the block lies.
    """

    window: tuple
    values: np.ndarray
    classes: object = None

    def arrays(self):
        """The arrays, to be hashed."""
        return [self.values] if self.classes is None else [self.values, self.classes]


def outside_share(ranges, channels):
    """Share of ``channels`` (channel, …) outside their (low, high); unknown ones do not count."""
    count = np.zeros(channels.shape[1:], dtype=np.float32)
    known = np.zeros(channels.shape[1:], dtype=np.float32)
    with np.errstate(invalid="ignore"):
        for (low, high), field in zip(ranges, channels):
            count += (field < low) | (field > high)
            known += np.isfinite(field)
    return np.divide(count, known, out=np.full_like(count, np.nan), where=known > 0)
