"""Cubic splines between a coarse and a fine grid, one sparse matrix an axis.

On a uniform coarse axis a cubic spline is a sum of shifted B-splines: four of them
reach any point. So the matrix from coefficients to fine cells has four entries a row,
and what is asked of the spline (to pass through the coarse values, or to have them as
means over the coarse cells) is a small square system on the coarse axis.
"""

import numpy as np

#: Coefficients stand at the coarse centres −1 … n; around the globe at 0 … n − 1.
_ENDS = 2


class SplineAxis:
    """Spline along one axis of ``cells`` coarse cells, evaluated at fine positions.

    Parameters
    ----------
    cells : int, coarse cells n
    positions : (fine,) float, where the fine centres lie, in coarse cells: 0 is the
        centre of the first. Beyond the outermost centres the spline goes on as a line.
    means : (n, fine) sparse matrix or None, weights that make coarse means of fine values;
        rows that sum to nothing stand for coarse cells without a fine one.
    around : bool, the axis goes once around the globe

    Without ``around`` this is the natural spline: without curvature at the outermost
    centres, straight beyond. (Going on as a cubic for half a coarse cell, a not-a-knot
    spline overshoots by several times the data there.) Two cells give a line, one a
    constant.
    """

    def __init__(self, cells, positions, means=None, around=False):
        self.cells, self.around = cells, around
        self.matrix = _design(cells, np.asarray(positions, float), around)
        size = self.matrix.shape[1]
        through = _design(cells, np.arange(cells, dtype=float), around).toarray()
        system = np.zeros((size, size))
        system[:cells] = through
        if means is not None:
            total = np.asarray(means.sum(axis=1)).ravel()
            some = total > 0
            rows = (means @ self.matrix).toarray()
            system[:cells][some] = rows[some] / total[some, None]
        system[cells:] = _end_conditions(cells, size)
        self._inverse = np.linalg.inv(system)[:, :cells]

    def coefficients(self, values, axis):
        """Spline coefficients for coarse ``values`` along ``axis`` (replaced by coefficients)."""
        moved = np.moveaxis(values, axis, 0)
        shape = moved.shape
        solved = self._inverse @ moved.reshape(shape[0], -1)
        return np.moveaxis(solved.reshape(-1, *shape[1:]), 0, axis)


def spline_field(rows, columns, coefficients):
    """Fine values (y, x) from coefficients (coarse y, coarse x): E_y c E_xᵀ.

    ``rows`` and ``columns`` are the matrices of two `SplineAxis`, or some rows of them.
    Columns first, on the few coarse rows; then each fine row is four of those.
    """
    across = (columns @ coefficients.T).T
    return rows @ np.ascontiguousarray(across)


def _design(cells, positions, around):
    """Sparse (position, coefficient): the four B-splines that reach each position."""
    from scipy.sparse import csr_matrix

    number = positions.size
    if cells == 1 and not around:
        # One value: the three coefficients are one constant.
        index = np.tile(np.arange(3), number)
        where = np.repeat(np.arange(number), 3)
        return csr_matrix((np.full(3 * number, 1 / 3), (where, index)), shape=(number, 3))
    inner, beyond = positions, np.zeros(number)
    if not around:
        inner = np.clip(positions, 0, cells - 1)
        beyond = positions - inner
    first = np.floor(inner).astype(int)
    if not around:
        first = np.minimum(first, cells - 2)
    t = inner - first
    weights = np.stack(
        [
            (1 - t) ** 3 / 6,
            (3 * t**3 - 6 * t**2 + 4) / 6,
            (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
            t**3 / 6,
        ],
        axis=1,
    )
    slopes = [-((1 - t) ** 2) / 2, (3 * t**2 - 4 * t) / 2, (-3 * t**2 + 2 * t + 1) / 2, t**2 / 2]
    weights += beyond[:, None] * np.stack(slopes, axis=1)
    index = first[:, None] + np.arange(-1, 3)
    index = index % cells if around else index + 1
    size = cells if around else cells + _ENDS
    where = np.repeat(np.arange(number), 4)
    return csr_matrix((weights.ravel(), (where, index.ravel())), shape=(number, size))


def _end_conditions(cells, size):
    """Two rows that pin the ends: no second difference there (no first, for one cell)."""
    rows = np.zeros((size - cells, size))
    if not len(rows):
        return rows
    order = min(cells, 2)
    stencil = np.array([1.0])
    for _ in range(order):
        stencil = np.convolve(stencil, [1.0, -1.0])
    rows[0, : order + 1] = stencil
    rows[1, -(order + 1) :] = stencil
    return rows
