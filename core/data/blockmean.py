"""Sums over blocks of whole cells, the common case of a mean: cells that nest.

Where each target row holds the same number of whole source rows, one after the other, the sparse
product is a dense one, some target rows at a time in the processor's cache; likewise for columns.
Values that are all known need no weights of their own.
"""

import numpy as np

#: Values held at once as float64, which fit into the cache next to the processor.
STRIP = 200_000
#: Cells of a field from which on this is faster than the sparse product.
LEAST = 4096


class Blocks:
    """Weights of rows (target, source) and columns that nest; made by `nesting`."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.whole = np.outer(rows.sum(axis=1), columns.sum(axis=1))
        #: Weights of the columns of any target, where all targets have the same.
        self._alike = columns[0] if (columns == columns[0]).all() else None
        #: Whether a field is large enough for the calls to be worth while.
        self.worth = rows.size * columns.size >= LEAST
        # Months mostly share their holes: known cells of the last month and their weights.
        self._known: dict = {}

    def sums(self, field, out=None):
        """Weighted sums and weights (target y, target x) of ``field`` (y, x), NaN = unknown.

        Products are float64, the sums in ``out`` where given. Weights are None where every
        value is known.
        """
        (count, height), nx = self.rows.shape, field.shape[1]
        step = min(count, max(1, STRIP // (height * nx)))
        total, weights = np.empty(self.whole.shape) if out is None else out, None
        # Of one batch: memory used for the first time costs as much as the sums.
        all_lines, all_values = np.empty((step, 1, nx)), np.empty((step, height, nx))
        for top in range(0, count, step):
            here = slice(top, min(top + step, count))
            rows = self.rows[here, None]
            lines, part = all_lines[: len(rows)], all_values[: len(rows)]
            source = field[top * height : here.stop * height]
            np.copyto(part, source.reshape(part.shape))
            np.matmul(rows, part, out=lines)
            # One unknown value makes the sum unknown.
            if not np.isfinite(lines.sum()):
                known = np.isfinite(part)
                np.copyto(part, 0.0, where=~known)
                np.matmul(rows, part, out=lines)
                weights = self.whole.copy() if weights is None else weights
                weights[here] = self._weights(top, rows, known)
            total[here] = self._across(lines[:, 0])
        return total, weights

    def _weights(self, top, rows, known):
        """Weights (target y, target x) of the ``known`` cells (target y, height, x)."""
        last, weights = self._known.get(top, (None, None))
        if last is None or not np.array_equal(known, last):
            weights = self._across(np.matmul(rows, known.astype(float))[:, 0])
            self._known[top] = known, weights
        return weights

    def _across(self, lines):
        """Sums of lines (target y, x) over blocks of columns."""
        blocks = lines.reshape(len(lines), *self.columns.shape)
        if self._alike is not None:
            return np.matmul(blocks, self._alike)
        return np.einsum("yxk,xk->yx", blocks, self.columns)


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
