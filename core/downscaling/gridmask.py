"""A mask on the grid it is needed on, read window by window."""

import numpy as np

from ..data.aligning import align_values, check_alignment, read_runs
from ..data.separable import axis_weights
from ..masks.masking import EXCLUDED

_EPS = 1e-6


class GridMask:
    """``GridMask(mask, grid, name)(row, col, ny, nx)`` is True where a `MaskFile` excludes.

    On finer cells than the mask's a cell takes what the mask says at its centre, on
    coarser ones it is excluded where at least half of its area is. Cells that the mask
    does not know, or does not reach, are kept. Raises `GridError` for another CRS.
    """

    def __init__(self, mask, grid, name):
        self.mask, self.same = mask, not mask.grid.difference(grid)
        coarser = grid.dx > mask.grid.dx * (1 + _EPS) or grid.dy > mask.grid.dy * (1 + _EPS)
        method = "mean" if coarser else "nearest"
        if not self.same:
            check_alignment(mask.grid, grid, method, True, (mask.name, name))
            self._y, self._x = axis_weights(method, mask.grid, grid)

    def read(self, row, col, ny, nx, bands=None):
        """One plane (1, y, x) of the mask's own grid, 1 excluded, 0 kept or unknown."""
        return (self.mask.read(row, col, ny, nx) == EXCLUDED).astype(float)[None]

    def __call__(self, row, col, ny, nx):
        """Boolean (y, x) of a window of the grid."""
        if self.same:
            return self.read(row, col, ny, nx)[0] > 0
        row_runs, weights_y = self._y.part(row, ny)
        column_runs, weights_x = self._x.part(col, nx)
        if not (row_runs and column_runs):
            return np.zeros((ny, nx), bool)
        source = read_runs(self, row_runs, column_runs, [0])
        # Shares of the whole cell: what lies outside the mask's raster is kept.
        whole = np.outer(self._y.whole[row : row + ny], self._x.whole[col : col + nx])
        share = align_values(source, weights_y, weights_x, whole, 0.0)[0]
        reached = (weights_y.sum(axis=1) @ weights_x.sum(axis=1).T) / whole
        return np.nan_to_num(share) * np.asarray(reached) >= 0.5 - 1e-9
