"""Order statistics of long rows by bracketing, without ordering the rows."""

import numpy as np

# One entry in this many is sampled: a prime, so that no regular layout of the
# entries is always met at the same place.
_STRIDE = 13
# Rows below this length are ordered directly, bracketing would not pay.
_SHORT = 4000


def select(rows, wanted):
    """Entries of given rank in each row.

    ``rows`` (row, entry) float64, C-contiguous, may be reordered in place; NaN
    counts as larger than all, at the same entries of every row. ``wanted`` (row, k)
    ranks from 0, below the number of entries that are not NaN. Returns (row, k),
    exactly what sorting would give.

    A regular sample brackets the wanted ranks (Floyd & Rivest 1975, Comm. ACM
    18, 165-172), entries below are counted, and only those inside the bracket
    are partitioned. Rows whose bracket missed are partitioned in full.
    """
    sample = rows[:, ::_STRIDE]
    entries = np.count_nonzero(~np.isnan(rows[0]))
    sampled = np.count_nonzero(~np.isnan(sample[0]))
    # Three standard deviations of the rank of a median in a random sample.
    margin = 1.5 * np.sqrt(sampled)
    first = int(wanted.min() / entries * sampled - margin)
    last = int(wanted.max() / entries * sampled + margin)
    if entries < _SHORT or first < 0 or last >= sampled or last - first > 0.4 * sampled:
        return _partition(rows, wanted)

    sample = np.ascontiguousarray(sample)
    sample.partition([first, last], axis=1)
    low, high = sample[:, [first]], sample[:, [last]]
    below = np.add.reduce((rows < low).view(np.uint8), axis=1, dtype=np.int32)
    inside = np.flatnonzero((rows >= low) & (rows <= high))
    starts = np.searchsorted(inside, np.arange(len(rows) + 1) * rows.shape[1])
    count = np.diff(starts)

    # Infinite entries in front stand for those below beyond the common number,
    # so that a rank is found in the same column of every row.
    common = below.min()
    front = below - common
    width = (front + count).max()
    kept = np.where(np.arange(width) < front[:, None], -np.inf, np.inf)
    offset = np.arange(len(rows)) * width + front - starts[:-1]
    kept.ravel()[np.arange(inside.size) + np.repeat(offset, count)] = rows.ravel()[inside]

    missed = (wanted.min(axis=1) < below) | (wanted.max(axis=1) >= below + count)
    found = _partition(kept, np.clip(wanted - common, 0, width - 1))
    if missed.any():
        found[missed] = _partition(rows[missed], wanted[missed])
    return found


def _partition(rows, wanted):
    rows.partition(np.unique(wanted), axis=1)
    return np.take_along_axis(rows, wanted, axis=1)
