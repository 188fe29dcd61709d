"""Bit-identical series: a mascon grid repeats one series over many cells."""

import numpy as np


def unique_series(inputs):
    """Indices of the distinct pixels and, for each pixel, which of them it equals.

    ``inputs`` is a list of arrays (band, pixel); two pixels are equal when every
    band of every input has the same bits (so NaN equals NaN). Returns
    ``(kept, inverse)`` with ``values[:, kept][:, inverse]`` equal to ``values``.
    """
    columns = [np.ascontiguousarray(values.T) for values in inputs]
    raw = [c.view(np.uint8).reshape(c.shape[0], -1) for c in columns]
    joined = np.ascontiguousarray(np.hstack(raw)) if len(raw) > 1 else raw[0]
    keys = joined.view(np.dtype((np.void, joined.shape[1]))).ravel()
    _, kept, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return kept, inverse.ravel()
