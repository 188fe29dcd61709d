"""Where a trend is significant, as a lattice of points or as regions to hatch."""

import numpy as np

from ..data.bands import strips
from ..data.regions import find_regions
from ..progress import SILENT
from .trendraster import check_level

#: Points along the longer side of a map when the spacing is left to us.
POINTS_ALONG = 180


def spacing_for(grid, spacing=0):
    """Cells between points: ``spacing``, or for 0 what gives about `POINTS_ALONG` points."""
    return int(spacing) or max(1, round(max(grid.shape) / POINTS_ALONG))


def stipple_points(trend, level=0.01, spacing=0, progress=SILENT, memory=None):
    """Points at the centres of cells with p < ``level``.

    Every ``spacing``-th row and column is looked at, every other row moved by half a
    spacing, so that the points form no columns; 0 chooses the spacing. Every point
    lies on a significant cell. Returns x, y, slope (``trend.slope_unit``) and p, each
    (n,), row by row. Raises `ParameterError` for a level outside 0…1.
    """
    check_level(level)
    step = spacing_for(trend.grid, spacing)
    found = [[np.empty(0)] * 4]
    x, y = trend.grid.x, trend.grid.y
    for row, ny in strips(trend.grid, 4, memory):
        progress.check()
        slope, p, _ = trend.read_trend(row, 0, ny)
        for r in range(-(row - step // 2) % step, ny, step):
            line = (row + r - step // 2) // step
            columns = np.arange((step // 2 + line % 2 * (step // 2)) % step, x.size, step)
            with np.errstate(invalid="ignore"):
                columns = columns[(p[r, columns] < level) & np.isfinite(slope[r, columns])]
            at = np.full(columns.size, y[row + r])
            found.append([x[columns], at, slope[r, columns], p[r, columns]])
        progress.set((row + ny) / trend.grid.ny)
    return tuple(np.concatenate(column) for column in zip(*found))


def significant_regions(trend, level=0.01, progress=SILENT, memory=None):
    """`Regions` of connected cells with p < ``level``; the field is the slope.

    Raises `ParameterError` for a level outside 0…1.
    """
    check_level(level)

    def scan(row, ny):
        slope, p, _ = trend.read_trend(row, 0, ny)
        with np.errstate(invalid="ignore"):
            code = (p < level) & np.isfinite(slope)
        return code.astype(np.int8), slope

    return find_regions(trend.grid, scan, 1, progress=progress, memory=memory)
