"""A stack seen on a coarser grid: the same calls as a stack, means computed on reading."""

import numpy as np

from .aligning import align_values, read_runs
from .blasthreads import single_blas_thread
from .separable import axis_weights


class AlignedView:
    """``stack`` as area-weighted means on the `Grid` ``target``, window by window.

    Gives ``grid``, ``months``, ``units``, ``baseline``, ``name``, ``to_centimetres``
    and ``read`` as `MonthlyStack` does, so that what walks a stack can walk this.
    ``ratio`` is the number of source cells in a target cell, for memory budgets.
    Where the target is the stack's grid or a window of it, the values are those of the
    stack, bit for bit (``same``).
    """

    def __init__(self, stack, target, min_share=0.5):
        """``min_share`` of a target cell's area must have values."""
        self.stack, self.grid, self.min_share = stack, target, min_share
        self.name, self.info = stack.name, stack.info
        self.months, self.units, self.baseline = stack.months, stack.units, stack.baseline
        self.offset = window_of(stack.grid, target)
        self.same = self.offset is not None
        self.ratio = 1.0
        if not self.same:
            self._y, self._x = axis_weights("mean", stack.grid, target)
            self.ratio = max(1.0, target.dx / stack.grid.dx) * max(1.0, target.dy / stack.grid.dy)

    def to_centimetres(self):
        """Factor from the stack's units to cm of equivalent water height."""
        return self.stack.to_centimetres()

    def read(self, row=0, col=0, ny=None, nx=None, bands=None):
        """Means (time, y, x) of a window of the target grid, float64, NaN = missing."""
        return self.read_with_spread(row, col, ny, nx, bands, spread=False)[0]

    def read_with_spread(self, row=0, col=0, ny=None, nx=None, bands=None, spread=True):
        """Means, and the area-weighted standard deviation of the cells in each target cell.

        The spread is that of the source cells with values in one month,
        √(Σ w (v − mean)² / Σ w); None where it is not asked for, zero where the
        grids are equal.
        """
        ny = self.grid.ny - row if ny is None else ny
        nx = self.grid.nx - col if nx is None else nx
        bands = range(self.months.size) if bands is None else bands
        if self.same:
            down, right = self.offset
            values = self.stack.read(down + row, right + col, ny, nx, bands=bands)
            return values, (np.where(np.isfinite(values), 0.0, np.nan) if spread else None)
        row_runs, weights_y = self._y.part(row, ny)
        column_runs, weights_x = self._x.part(col, nx)
        empty = np.full((len(bands), ny, nx), np.nan)
        if not weights_y.shape[1] * weights_x.shape[1]:
            return empty, (empty.copy() if spread else None)
        whole = np.outer(self._y.whole[row : row + ny], self._x.whole[col : col + nx])
        source = read_runs(self.stack, row_runs, column_runs, bands)
        with single_blas_thread():
            weights = (weights_y, weights_x, whole, self.min_share)
            values = align_values(source, *weights)
            if not spread:
                return values, None
            # Squares of values far from zero would lose the spread in rounding.
            known = np.isfinite(source)
            centre = source[known].mean() if known.any() else 0.0
            squares = align_values((source - centre) ** 2, *weights)
            return values, np.sqrt(np.maximum(squares - (values - centre) ** 2, 0.0))


def window_of(grid, part):
    """Row and column of `Grid` ``part`` in ``grid`` where it is a window of it, else None."""
    row, col = round((grid.y0 - part.y0) / grid.dy), round((part.x0 - grid.x0) / grid.dx)
    if row < 0 or col < 0 or row + part.ny > grid.ny or col + part.nx > grid.nx:
        return None
    return None if grid.window(row, col, *part.shape).difference(part) else (row, col)
