"""Sums over blocks of whole cells, the common case of a mean: cells that nest.

Where each target row holds the same number of whole source rows, one after the other, the sparse
product is a dense one, strip by strip in the processor's cache; likewise for columns. Values that
are all known need no weights of their own.
"""

import numpy as np

#: Values of a strip from which on this is faster than the sparse product.
LEAST_STRIP = 4096


class Blocks:
    """Weights of rows (target, source) and columns that nest; made by `nesting`."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.whole = np.outer(rows.sum(axis=1), columns.sum(axis=1))
        #: Whether a strip is large enough for its call to be worth while.
        self.worth = rows.shape[1] * columns.size >= LEAST_STRIP

    def sums(self, field):
        """Weighted sums and weights (target y, target x) of ``field`` (y, x), NaN = unknown.

        Products are float64. Weights are None where every value is known.
        """
        (count, height), nx = self.rows.shape, field.shape[1]
        lines, strip = np.empty((count, nx)), np.empty((height, nx))
        for target in range(count):
            np.copyto(strip, field[target * height : (target + 1) * height])
            np.matmul(self.rows[target], strip, out=lines[target])
        # One unknown value makes the sum of its column unknown.
        holed = np.flatnonzero(~np.isfinite(lines).all(axis=1))
        weights = self.whole.copy() if holed.size else None
        for target in holed:
            np.copyto(strip, field[target * height : (target + 1) * height])
            known = np.isfinite(strip)
            strip[~known] = 0.0
            np.matmul(self.rows[target], strip, out=lines[target])
            weights[target] = self._across((self.rows[target] @ known)[None])[0]
        return self._across(lines), weights

    def _across(self, lines):
        """Sums of lines (target y, x) over blocks of columns."""
        return np.einsum("yxk,xk->yx", lines.reshape(len(lines), *self.columns.shape), self.columns)


def nesting(rows, columns):
    """`Blocks` of two sparse matrices (target, source), or None where cells do not nest."""
    dense = [_dense(matrix) for matrix in (rows, columns)]
    return None if any(d is None for d in dense) else Blocks(*dense)


def _dense(matrix):
    """(target, k) weights where each row holds k entries right behind those of the row before."""
    targets, sources = matrix.shape
    if not targets or sources % targets or matrix.nnz != sources:
        return None
    size = sources // targets
    matrix = matrix.tocsr()
    nested = np.array_equal(matrix.indices, np.arange(sources))
    nested = nested and np.array_equal(matrix.indptr, size * np.arange(targets + 1))
    return matrix.data.reshape(targets, size) if nested else None
