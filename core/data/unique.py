"""Bit-identical series: a mascon grid repeats one series over hundreds of cells."""

import numpy as np

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def unique_series(inputs):
    """Find the distinct pixels of one or more arrays, bit for bit.

    ``inputs`` is a list of arrays (band, pixel); two pixels are equal when every
    band of every array has the same bits, so NaN equals NaN and 0.0 differs from
    −0.0. Returns ``(kept, inverse)``: the ascending index of the first pixel of
    each distinct series, and for each pixel which of them it is, so that
    ``values[:, kept][:, inverse]`` is ``values``.
    """
    bits = [_as_bits(values) for values in inputs]
    label = _hash_columns(bits)
    _, kept, inverse = np.unique(label, return_index=True, return_inverse=True)
    order = np.argsort(kept)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    kept, inverse = kept[order], rank[inverse.reshape(-1)]
    # The hash only proposes; equality of all bits decides.
    if any((row != row[kept][inverse]).any() for array in bits for row in array):
        everything = np.arange(label.size)
        return everything, everything
    return kept, inverse


def _as_bits(values):
    return np.ascontiguousarray(values).view(np.dtype(f"u{values.dtype.itemsize}"))


def _hash_columns(bits):
    """Order-dependent 64-bit hash of each column over all arrays, wrapping arithmetic."""
    label = np.zeros(bits[0].shape[1], dtype=np.uint64)
    for row in (row for array in bits for row in array):
        label ^= row.astype(np.uint64)
        # Floats differ mostly in their high bits: fold them down before mixing.
        label ^= label >> np.uint64(32)
        label *= _MIX[0]
        label ^= label >> np.uint64(29)
        label *= _MIX[1]
    return label
