"""Series that repeat bit for bit: compute one, broadcast to all.

Mascon products repeat one series over every grid cell of a mascon, often more
than a hundred times.
"""

import numpy as np

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def unique_series(values):
    """Find the distinct columns of an array, bit for bit.

    Parameters
    ----------
    values : (time, pixel) float32 or float64; NaN equals NaN of the same bits,
        and 0.0 differs from −0.0

    Returns
    -------
    first : (series,) int, a pixel that holds each distinct series, ascending
    inverse : (pixel,) int; ``values[:, first][:, inverse]`` is ``values``
    """
    bits = np.ascontiguousarray(values).view(np.dtype(f"u{values.dtype.itemsize}"))
    labels = _hash_columns(bits)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first, inverse = first[order], rank[inverse.reshape(-1)]
    # The hash only proposes; equality of all bits decides.
    if any((row != row[first][inverse]).any() for row in bits):
        return np.arange(values.shape[1]), np.arange(values.shape[1])
    return first, inverse


def _hash_columns(bits):
    """Order-dependent 64-bit hash of each column, wrapping arithmetic."""
    label = np.zeros(bits.shape[1], dtype=np.uint64)
    for row in bits:
        label ^= row.astype(np.uint64)
        # Floats differ mostly in their high bits: fold them down before mixing.
        label ^= label >> np.uint64(32)
        label *= _MIX[0]
        label ^= label >> np.uint64(29)
        label *= _MIX[1]
    return label
