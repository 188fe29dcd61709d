"""The walk over all pairs of months for the compiler; ``pairs.py`` says what it gives.

Loops run over slices and count with numbers instead of truths where that lets the compiler
make vector code of them.
"""

import numpy as np

from ..accelerate import njit

# As in `selection.py`, which says why; the best values differ.
_STRIDE = 31
_SHORT = 1000
# Buckets between the smallest and the largest entry; each holds few.
_BUCKETS = 256


@njit("float64(float64[::1], int64, int64, int64)")
def select_one(a, start, end, wanted):
    """The entry that sorting ``a[start:end]`` would bring to ``wanted``.

    Reorders so that nothing before ``wanted`` is larger and nothing after it smaller.
    """
    turn = 0
    while end - start > 12:
        # The middle one of three places that follow no pattern of the entries.
        turn += 1
        size = end - start
        first = a[start + turn * 40503 % size]
        middle = a[start + turn * 12289 % size]
        last = a[start + turn * 24593 % size]
        pivot = max(min(first, middle), min(max(first, middle), last))
        cut = start
        # The swap is done always and counted sometimes: no branch to guess wrongly.
        for j in range(start, end):
            value = a[j]
            a[j] = a[cut]
            a[cut] = value
            cut += value < pivot
        if wanted < cut:
            end = cut
        elif cut > start:
            start = cut
        else:
            # Nothing is smaller: ties would take for ever without a step of their own.
            for j in range(start, end):
                value = a[j]
                a[j] = a[cut]
                a[cut] = value
                cut += value <= pivot
            if wanted < cut:
                return pivot
            start = cut
    for i in range(start + 1, end):
        value = a[i]
        j = i
        while j > start and a[j - 1] > value:
            a[j] = a[j - 1]
            j -= 1
        a[j] = value
    return a[wanted]


@njit("int64(float64[::1], int64, int64[::1], int64[::1])")
def thin_out(a, count, wanted, bucket):
    """Keep of ``a[:count]`` what shares a bucket with a wanted rank; how many stay.

    ``wanted`` (k,) becomes the ranks among those; ``bucket`` (count,) is room to work. The
    bucket of an entry grows with it, so that ranks hold across buckets.
    """
    low, high = a[0], a[0]
    for value in a[:count]:
        low = min(low, value)
        high = max(high, value)
    scale = (_BUCKETS - 1) / (high - low)
    if not 0.0 < scale < np.inf:
        return count
    held, needed = np.zeros(_BUCKETS, np.int64), np.zeros(_BUCKETS, np.int64)
    for j in range(count):
        k = int((a[j] - low) * scale)
        bucket[j] = k
        held[k] += 1
    for i in range(wanted.size):
        k = before = 0
        while before + held[k] <= wanted[i]:
            before += held[k]
            k += 1
        needed[k] = 1
    for i in range(wanted.size):
        k = before = dropped = 0
        while before + held[k] <= wanted[i]:
            before += held[k]
            dropped += held[k] * (1 - needed[k])
            k += 1
        wanted[i] -= dropped
    stay = 0
    for j in range(count):
        a[stay] = a[j]
        stay += needed[bucket[j]]
    return stay


@njit("void(float64[:, ::1], float64[::1], float64[::1], float64[::1])")
def ties(series, n, tied, correction):
    """Observed months, tied pairs and the ties' part of 18 var S, for (pixel, time)."""
    x = np.empty(series.shape[1])
    for pixel in range(series.shape[0]):
        count = 0
        for month in range(series.shape[1]):
            value = series[pixel, month]
            x[count] = value
            count += value == value
        n[pixel], tied[pixel], correction[pixel] = count, 0.0, 0.0
        for i in range(count - 1):
            at, later = x[i], x[i + 1 : count]
            member = 0
            for j in range(later.size):
                member += 1 if later[j] == at else 0
            if member:
                # `score_variance` sums the same over the members of a group.
                tied[pixel] += member
                correction[pixel] += 6.0 * (member + 1.0) ** 2 - 6.0


@njit("void(float64[:, ::1], int64[:, ::1], int64[:, ::1], float64[::1], float64[:, ::1])")
def pairs(series, ranks, orders, rising, picked):
    """Rising pairs and the slopes of ``ranks``, for ``series`` (pixel, time).

    ``ranks`` (pixel, k), sorted by ``orders``; ``rising`` (pixel,) and ``picked``
    (pixel, k) are written, where a pixel has two observations.
    """
    months, asked = series.shape[1], ranks.shape[1]
    x, t, row = np.empty(months), np.empty(months), np.empty(months)
    sample = np.empty(months * (months - 1) // 2 // _STRIDE + 1)
    kept = np.empty(months * (months - 1) // 2 + 1)
    bucket = np.empty(kept.size, np.int64)
    wanted = np.empty(asked, np.int64)
    for pixel in range(series.shape[0]):
        n = 0
        for month in range(months):
            value = series[pixel, month]
            x[n], t[n] = value, month
            n += value == value
        if n < 2:
            continue
        total = n * (n - 1) // 2
        least = most = 0
        if asked:
            least = ranks[pixel, orders[pixel, 0]]
            most = ranks[pixel, orders[pixel, asked - 1]]
        low, high = -np.inf, np.inf
        if asked and total >= _SHORT:
            sampled = number = 0
            for i in range(n - 1):
                # Pairs are numbered row by row; `number` is the row's first.
                j = i + 1 + (_STRIDE - number % _STRIDE) % _STRIDE
                while j < n:
                    sample[sampled] = (x[j] - x[i]) / (t[j] - t[i])
                    sampled += 1
                    j += _STRIDE
                number += n - 1 - i
            margin = 1.5 * np.sqrt(sampled)
            first = int(np.floor(least / total * sampled - margin))
            last = int(np.floor(most / total * sampled + margin))
            if last < sampled:
                high = select_one(sample, 0, sampled, last)
            if first >= 0:
                low = select_one(sample, 0, min(last + 1, sampled), first)
        up = below = inside = 0
        for i in range(n - 1):
            at, now = x[i], t[i]
            later, ahead = x[i + 1 : n], t[i + 1 : n]
            for j in range(later.size):
                up += 1 if later[j] > at else 0
            if asked == 0:
                continue
            for j in range(later.size):
                row[j] = (later[j] - at) / (ahead[j] - now)
            for j in range(later.size):
                below += 1 if row[j] < low else 0
            for j in range(later.size):
                kept[inside] = row[j]
                inside += (row[j] >= low) & (row[j] <= high)
        rising[pixel] = up
        if asked == 0:
            continue
        if least < below or most >= below + inside:
            # The sample missed: take all slopes.
            below = inside = 0
            for i in range(n - 1):
                for j in range(i + 1, n):
                    kept[inside] = (x[j] - x[i]) / (t[j] - t[i])
                    inside += 1
        for k in range(asked):
            wanted[k] = ranks[pixel, k] - below
        inside = thin_out(kept, inside, wanted, bucket)
        start = 0
        for k in range(asked):
            rank = wanted[orders[pixel, k]]
            picked[pixel, orders[pixel, k]] = select_one(kept, start, inside, rank)
            start = rank
