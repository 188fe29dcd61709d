"""The coarse field (GRACE) brought to windows of the fine grid, saying how."""

import numpy as np

from ..data.aligning import align_values
from ..data.reference import same_crs
from ..data.separable import axis_weights
from ..errors import GridError
from .contract import INTERPOLATIONS

#: What 'replicate' and 'bilinear' are called where grids are aligned.
_METHOD = {"replicate": "nearest", "bilinear": "bilinear"}


class CoarseField:
    """Months of a coarse `MonthlyStack` on the cells of a finer `Grid`.

    ``factor`` turns the stack's units into the wanted ones. Raises `GridError`
    where the two have different coordinate systems or do not meet.
    """

    def __init__(self, stack, fine, factor=1.0):
        if not same_crs(stack.grid, fine):
            raise GridError(
                f"{stack.name} and the predictor set must have one coordinate system",
                f"{stack.grid.describe()} and {fine.describe()}",
            )
        self.stack, self.fine, self.factor = stack, fine, factor
        self._weights = {
            how: axis_weights(_METHOD[how], stack.grid, fine) for how in INTERPOLATIONS
        }
        rows, columns = self._weights["replicate"]
        if not (rows.matrix.nnz and columns.matrix.nnz):
            raise GridError(
                f"{stack.name} must meet the predictor set",
                f"{stack.grid.describe()} and {fine.describe()}",
            )
        self._bands = {month: band for band, month in enumerate(stack.months)}

    def has(self, month):
        """Whether the month is on the stack's time axis."""
        return np.datetime64(month, "M") in self._bands

    def at(self, month, how, row, col, ny, nx):
        """float32 (y, x) of a window of the fine grid; NaN beyond it and where unknown.

        ``how`` is 'replicate' (the value of the coarse cell) or 'bilinear' (between the
        four centres around; where some are unknown, between the known ones).
        """
        from .channels import column_runs

        out = np.full((ny, nx), np.nan, dtype=np.float32)
        band = self._bands.get(np.datetime64(month, "M"))
        top, bottom = max(row, 0), min(row + ny, self.fine.ny)
        if band is None or top >= bottom:
            return out
        y, x = self._weights[how]
        row_runs, weights_y = y.part(top, bottom - top)
        for left, right, shift in column_runs(self.fine, col, nx):
            column_runs_, weights_x = x.part(left, right - left)
            if not (weights_y.shape[1] and weights_x.shape[1]):
                continue
            source = _read(self.stack, row_runs, column_runs_, band) * self.factor
            whole = np.outer(y.whole[top:bottom], x.whole[left:right])
            values = align_values(source[None], weights_y, weights_x, whole, 0.0)[0]
            out[top - row : bottom - row, left + shift : right + shift] = values
        return out


def _read(stack, row_runs, column_runs, band):
    """The needed coarse cells of one month, (y, x)."""
    strips = [
        np.concatenate([stack.read(r, c, ny, nx, bands=[band])[0] for c, nx in column_runs], axis=1)
        for r, ny in row_runs
    ]
    return np.concatenate(strips, axis=0)
