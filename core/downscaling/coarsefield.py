"""The coarse field (GRACE) brought to windows of the fine grid, saying how."""

import numpy as np

from ..data.aligning import align_values
from ..data.grid import snap_extent
from ..data.reference import same_crs
from ..data.separable import axis_weights
from ..errors import GridError
from .residual import Correction, nearest_known

#: What 'replicate' and 'bilinear' are called where grids are aligned.
_METHOD = {"replicate": "nearest", "bilinear": "bilinear"}
#: Months whose spline is kept: windows of one month are asked for one after the other.
_KEPT = 16


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
        self._weights = {how: axis_weights(name, stack.grid, fine) for how, name in _METHOD.items()}
        rows, columns = self._weights["replicate"]
        if not (rows.matrix.nnz and columns.matrix.nnz):
            raise GridError(
                f"{stack.name} must meet the predictor set",
                f"{stack.grid.describe()} and {fine.describe()}",
            )
        self._bands = {month: band for band, month in enumerate(stack.months)}
        self._spline, self._coefficients = None, {}

    def has(self, month):
        """Whether the month is on the stack's time axis."""
        return np.datetime64(month, "M") in self._bands

    def at(self, month, how, row, col, ny, nx):
        """float32 (y, x) of a window of the fine grid; NaN beyond it and where unknown.

        ``how`` is 'replicate' (the value of the coarse cell) or 'bilinear' (between the
        four centres around; where some are unknown, between the known ones) or 'conserving'
        (a cubic spline whose area-weighted means over all fine cells of a coarse one are its
        value; unknown coarse cells stay so, and count as the nearest known one for the rest).
        """
        from .channels import column_runs

        out = np.full((ny, nx), np.nan, dtype=np.float32)
        band = self._bands.get(np.datetime64(month, "M"))
        top, bottom = max(row, 0), min(row + ny, self.fine.ny)
        if band is None or top >= bottom:
            return out
        if how == "conserving":
            known = self.at(month, "replicate", row, col, ny, nx)
            for left, right, shift in column_runs(self.fine, col, nx):
                values = self._conserving(band, top, left, bottom - top, right - left)
                out[top - row : bottom - row, left + shift : right + shift] = values
            return np.where(np.isfinite(known), out, np.nan)
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

    def _conserving(self, band, row, col, ny, nx):
        """The spline of one month on cells of the fine grid, known or not."""
        if self._spline is None:
            window = snap_extent(self.stack.grid, self.fine.extent)
            self._spline = window, Correction(self.stack.grid.window(*window), self.fine)
        window, geometry = self._spline
        if band not in self._coefficients:
            top, left, height, width = window
            columns = np.arange(left, left + width) % self.stack.grid.nx
            values = self.stack.read(top, 0, height, self.stack.grid.nx, bands=[band])[0]
            complete = nearest_known(values[:, columns] * self.factor)
            while len(self._coefficients) >= _KEPT:
                self._coefficients.pop(next(iter(self._coefficients)))
            self._coefficients[band] = geometry.coefficients(complete[None], "conserving")
        return geometry.field(self._coefficients[band], None, "conserving", row, col, ny, nx)[0]


def _read(stack, row_runs, column_runs, band):
    """The needed coarse cells of one month, (y, x)."""
    strips = [
        np.concatenate([stack.read(r, c, ny, nx, bands=[band])[0] for c, nx in column_runs], axis=1)
        for r, ny in row_runs
    ]
    return np.concatenate(strips, axis=0)
