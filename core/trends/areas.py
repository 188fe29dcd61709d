"""Areas by the values of a band, strip by strip."""

import numpy as np

from ..data.bands import strips


def shares_above(file, band, thresholds, memory=None):
    """Area (km²) with a value, and for each threshold (threshold, km², share in %) above it.

    ``file`` is a `BandFile`; areas as in `Grid.cell_areas`. Shares are NaN where the band
    holds no value.
    """
    areas = file.grid.cell_areas()
    total, above = 0.0, np.zeros(len(thresholds))
    for row, ny in strips(file.grid, 4, memory):
        (values,) = file.read([band], row, 0, ny)
        area = areas[row : row + ny]
        total += area[np.isfinite(values)].sum()
        with np.errstate(invalid="ignore"):
            above += [area[values > level].sum() for level in thresholds]
    shares = 100.0 * above / total if total else np.full(len(thresholds), np.nan)
    return float(total), tuple(zip(thresholds, above.tolist(), shares.tolist()))


def weighted_mean(file, band, memory=None):
    """Area-weighted mean of a band of a `BandFile`, NaN where it holds no value."""
    areas = file.grid.cell_areas()
    total = weight = 0.0
    for row, ny in strips(file.grid, 4, memory):
        (values,) = file.read([band], row, 0, ny)
        known = np.isfinite(values)
        area = np.where(known, areas[row : row + ny], 0.0)
        total += (np.where(known, values, 0.0) * area).sum()
        weight += area.sum()
    return float(total / weight) if weight else float("nan")
