"""Products of sparse weights and the months of a block, missing cells left out."""

import numpy as np

from ..errors import DataError
from .series import PartialSums

#: Months that are multiplied at once: each weight is fetched once for all of them, and their
#: cells stay near the processor.
MONTHS = 16
#: Patterns of missing cells whose weights are kept.
PATTERNS = 1000


def weighted_sums(weights, values, used):
    """`PartialSums` of a block: sums over its cells, in the order of the cells.

    Months with the same missing cells share one product of the weights, so
    a stack whose months are either whole or absent needs two in all.

    Parameters
    ----------
    weights : scipy.sparse.csr_matrix (basin, cell)
    values : (time, column) array, NaN = missing
        Not changed.
    used : (cell,) integer array
        The column of each cell.

    Raises
    ------
    DataError
        ``values`` holds infinities.

    """
    months, columns = values.shape
    shape = (months, weights.shape[0])
    wx, w, n = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64)
    if used.size == 0:
        return PartialSums(wx, w, n)
    scattered = 2 * used.size < columns
    if not scattered:  # to take all columns takes less than to pick
        entries = (weights.data, used.astype(np.int32)[weights.indices], weights.indptr)
        weights = type(weights)(entries, shape=(shape[1], columns))
    count = _Weights(weights)
    whole = count.without(np.zeros(weights.shape[1], bool))
    memory, holes = np.empty(weights.shape[1] * min(MONTHS, months)), False
    for first in range(0, months, MONTHS):
        some = slice(first, first + MONTHS)
        part = values[some].take(used, axis=1) if scattered else values[some]
        x = memory[: part.size].reshape(part.shape[::-1])
        x[...] = part.T
        w[some], n[some] = whole
        if not holes:
            wx[some] = (weights @ x).T
            # A missing cell makes the sum missing. To look at each cell would take longer, but
            # where some are missing others will be, and the product need not be made twice.
            holes = np.isnan(wx[some]).any()
        if holes:
            missing = np.isnan(part)
            np.copyto(x, 0.0, where=missing.T)
            wx[some] = (weights @ x).T
            for month in np.flatnonzero(missing.any(axis=1)):
                w[first + month], n[first + month] = count.without(missing[month])
    if not np.isfinite(wx).all():
        raise DataError(
            "values are numbers, or NaN where missing",
            "infinity",
            remedy="Set the raster's no-data value.",
        )
    return PartialSums(wx, w, n)


class _Weights:
    """Sums and numbers of weights by basin, without those of missing cells."""

    def __init__(self, weights):
        self._weights, self._known = weights, {}

    def without(self, missing):
        """Σ weight and number of cells (basin,) of what is not ``missing`` (cell,)."""
        pattern = np.packbits(missing).tobytes() if missing.any() else b""
        if pattern not in self._known:
            if len(self._known) > PATTERNS:
                self._known.clear()
            self._known[pattern] = self._sums(~missing)
        return self._known[pattern]

    def _sums(self, there):
        touched = self._weights.copy()
        touched.data = np.ones_like(touched.data)
        there = there.astype(np.float64)
        return self._weights @ there, np.rint(touched @ there)
