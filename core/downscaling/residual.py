"""Residual correction: a fine field made to agree with the coarse one it refines.

    residual = coarse − area-weighted mean of the fine field over each coarse cell
    corrected = fine + spline(residual)                       (Zhang et al., section 2.4)

A spline through the residuals does not have them as its cell means, so the published
single pass does not give the coarse field back. `conserving` asks the spline for those
means instead of for the values, and closes what coasts and masks leave over.
"""

import numpy as np

from ..data.separable import axis_weights
from .splines import SplineAxis, spline_field

METHODS = ("conserving", "spline")
#: How a coarse residual reaches the fine cells; the last two are those of 'delta'.
INTERPOLATIONS = (*METHODS, "replicate", "bilinear")
#: What the closing aims at, in the unit of the field; a tenth of what is promised (0.01 cm).
CLOSED = 1e-3
_ROUNDS = 12
_SMOOTH_ROUNDS = 3


class Correction:
    """The geometry of a correction: ``coarse`` and ``fine`` are `Grid`, cells of each other.

    ``coarse`` is cut to the cells that meet ``fine``. Cells need not nest. Shapes below:
    coarse fields (time, cy, cx), fine ones (time, y, x).
    """

    def __init__(self, coarse, fine):
        self.coarse, self.fine = coarse, fine
        self.mean_y, self.mean_x = axis_weights("mean", fine, coarse)
        self.near_y, self.near_x = (axis.matrix for axis in axis_weights("nearest", coarse, fine))
        self.whole = np.outer(self.mean_y.whole, self.mean_x.whole)
        around = coarse.is_global and fine.is_global
        places_y = (coarse.y0 - fine.y) / coarse.dy - 0.5
        places_x = (fine.x - coarse.x0) / coarse.dx - 0.5
        self._axes = {
            method: (
                SplineAxis(coarse.ny, places_y, self.mean_y.matrix if means else None),
                SplineAxis(coarse.nx, places_x, self.mean_x.matrix if means else None, around),
            )
            for method, means in (("conserving", True), ("spline", False))
        }
        spline = tuple(axis.matrix for axis in self._axes["spline"])
        self._matrices = {
            "conserving": spline,
            "spline": spline,
            "replicate": (self.near_y, self.near_x),
            "bilinear": tuple(a.matrix for a in axis_weights("bilinear", coarse, fine)),
        }

    def sums(self, values, row, col, weights=None):
        """Weighted sums and weights (time, cy, cx) of a block of fine values, NaN = unknown.

        ``weights`` of the same block, if known from an earlier call, are not made anew.
        """
        ny, nx = values.shape[1:]
        rows = self.mean_y.matrix[:, row : row + ny]
        columns = self.mean_x.matrix[:, col : col + nx]
        known = np.isfinite(values)
        total = np.stack([_carry(f, rows, columns) for f in np.where(known, values, 0.0)])
        if weights is None:
            weights = np.empty_like(total)
            for t, mask in enumerate(known):
                same = t and np.array_equal(mask, known[t - 1])
                weights[t] = weights[t - 1] if same else _carry(mask.astype(float), rows, columns)
        return total, weights

    def coefficients(self, residual, method):
        """Spline coefficients (time, ·, ·) for complete residuals (time, cy, cx).

        For ``replicate`` and ``bilinear`` these are the residuals themselves.
        """
        if method not in self._axes:
            return residual
        y, x = self._axes[method]
        return x.coefficients(y.coefficients(residual, 1), 2)

    def field(self, coefficients, steps, method, row, col, ny, nx):
        """The correction on a block: (time, y, x). ``steps`` (time, cy, cx) or None is added
        cell by cell."""
        rows, columns = self._matrices[method]
        rows, columns = rows[row : row + ny], columns[col : col + nx]
        out = np.stack([spline_field(rows, columns, c) for c in coefficients])
        if steps is not None:
            rows, columns = self.near_y[row : row + ny], self.near_x[col : col + nx]
            out += np.stack([spline_field(rows, columns, s) for s in steps])
        return out


def coarse_mean(total, weights, whole, min_share=0.5):
    """Means (time, cy, cx) from `Correction.sums`; NaN under ``min_share`` of a cell's area."""
    good = (weights > 0) & (weights >= whole * (min_share - 1e-9))
    return np.divide(total, weights, out=np.full(total.shape, np.nan), where=good)


def nearest_known(field):
    """A coarse field (cy, cx) with its unknown cells given the value of the nearest known one."""
    from scipy.ndimage import distance_transform_edt

    unknown = ~np.isfinite(field)
    if not unknown.any() or unknown.all():
        return np.where(unknown, 0.0, field)
    index = distance_transform_edt(unknown, return_distances=False, return_indices=True)
    return field[tuple(index)]


class Closing:
    """Spline and steps that, together, have the residuals as means under the fine field's mask.

    Call ``update`` with what is left over after each walk over the blocks until it says
    that it is closed. Where every coarse cell is wholly covered the first spline is exact.
    """

    def __init__(self, correction, residual, method):
        self.correction, self.method = correction, method
        self.known = np.isfinite(residual)
        self.residual = residual
        complete = np.stack([nearest_known(r) for r in residual])
        self.coefficients = correction.coefficients(complete, method)
        self.steps = None
        self.rounds = 0

    def field(self, row, col, ny, nx):
        """The correction as it stands, on a block of the fine grid."""
        return self.correction.field(self.coefficients, self.steps, self.method, row, col, ny, nx)

    def update(self, means):
        """Take the correction's means under the mask; True once nothing is left to close."""
        left = np.where(self.known & np.isfinite(means), self.residual - means, 0.0)
        self.rounds += 1
        if np.abs(left).max(initial=0.0) <= CLOSED or self.rounds > _ROUNDS:
            return True
        if self.rounds <= _SMOOTH_ROUNDS:
            # Smooth first, so that coasts get no steps where a bend will do.
            self.coefficients = self.coefficients + self.correction.coefficients(left, self.method)
        else:
            self.steps = left if self.steps is None else self.steps + left
        return False


def _carry(field, rows, columns):
    return (columns @ (rows @ field).T).T
