"""How the channels of a training cube are spread, by which a network scales them."""

import numpy as np

from ..core.errors import DataError

#: Percentiles of the inputs that become 0 and 1 (Li et al., section 2.2.3).
LOW, HIGH = 1.0, 99.0
_SAMPLE = 400_000


def channel_statistics(cube, months, rng):
    """Percentiles (channel, 2), ranges (channel, 2) and medians (channel,) over training months.

    From a random sample of cells, the same for all channels; NaN are left out.
    """
    ny, nx = cube.grid.shape
    per_month = max(1, _SAMPLE // max(1, len(months)))
    columns = []
    for t in months:
        cells = rng.integers(0, ny * nx, per_month)
        rows, cols = np.divmod(np.sort(cells), nx)
        parts = {"dynamic": cube.dynamic[t][:, rows, cols], "static": cube.static[:, rows, cols]}
        columns.append(np.stack([parts[kind][i] for kind, i in cube.order]))
    values = np.concatenate(columns, axis=1).astype(np.float64)
    stats = []
    for (variable, _), row in zip(cube.contract.channels, values):
        known = row[np.isfinite(row)]
        if not known.size:
            raise DataError("a predictor with values is expected", "none", variable.name)
        low, high = np.percentile(known, [LOW, HIGH])
        stats.append((low, high, known.min(), known.max(), np.median(known)))
    stats = np.array(stats)
    return stats[:, :2], stats[:, 2:4], stats[:, 4]
