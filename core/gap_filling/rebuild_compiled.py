"""Reconstruction of eight series from their leading vectors, compiled where numba is.

Arrays (rows, 8) are registers, see ``core/lanes.py``; z holds the vectors of m rows one after the
other, zero beyond a lane's own number. The equations are those of ``hankel.DiagonalAverage``.
"""

from ..accelerate import njit
from ..lanes import load, spread, store

_ROWS = "float64[:,::1]"


@njit(f"void({_ROWS},int64,int64,{_ROWS})")
def autocorrelate(z, m, most, taps):
    """Taps of the filter inside the series: tap[d] sums v[i] v[i + d] over all vectors."""
    zero = spread(0.0)
    for d in range(0, m, 2):
        sa, sb = zero, zero
        for base in range(0, most * m, m):
            for i in range(m - d - 1):
                here = load(z, base + i)
                sa += here * load(z, base + i + d)
                sb += here * load(z, base + i + d + 1)
            sa += load(z, base + m - d - 1) * load(z, base + m - 1)
        store(taps, d, sa)
        if d + 1 < m:
            store(taps, d + 1, sb)


@njit(f"void({_ROWS},int64,{_ROWS},int64,int64,{_ROWS},int64[::1],int64,{_ROWS},{_ROWS})")
def rebuild(x, n, z, m, most, taps, months, count, part, out):
    """Reconstruct the months (ascending) from the vectors; out[c] belongs to months[c].

    Within m − 1 months of an end fewer rows of the trajectory matrix cross an
    anti-diagonal: there the sums over rows are made from the principal components.
    """
    length = n - m + 1
    zero = spread(0.0)
    left = 0
    while left < count and months[left] < m - 1:
        left += 1
    right = left
    while right < count and months[right] < length:
        right += 1
    scale = spread(1.0 / m)
    for c in range(left, right):
        at = months[c]
        sa, sb = load(taps, 0) * load(x, at), zero
        for d in range(1, m):
            tap = load(taps, d)
            sa += tap * load(x, at - d)
            sb += tap * load(x, at + d)
        store(out, c, (sa + sb) * scale)
    for end in range(2):
        first, last = (0, left) if end == 0 else (right, count)
        if first == last:
            continue
        start = 0 if end == 0 else months[first] - m + 1
        stop = months[last - 1] + 1 if end == 0 else length
        for c in range(first, last):
            store(out, c, zero)
        for base in range(0, most * m, m):
            for t in range(start, stop):
                s = zero
                for i in range(m):
                    s += load(z, base + i) * load(x, t + i)
                store(part, t - start, s)
            for c in range(first, last):
                at = months[c]
                s = load(out, c)
                for i in range(max(0, at - length + 1), min(at, m - 1) + 1):
                    s += load(z, base + i) * load(part, at - i - start)
                store(out, c, s)
        for c in range(first, last):
            crossed = months[c] + 1 if end == 0 else n - months[c]
            store(out, c, load(out, c) * spread(1.0 / crossed))


@njit(f"void({_ROWS},int64,int64,{_ROWS},int64,int64,{_ROWS},{_ROWS})")
def rebuild_one(x, lane, n, z, m, most, taps, line):
    """Reconstruct all months of one lane into line[0]; series seldom come to rest together.

    The processor's registers run along time here, not across series.
    """
    out, series, part = line[0], line[1], line[2]
    length, edge = n - m + 1, m - 1
    for t in range(n):
        series[t] = x[t, lane]
        out[t] = 0.0
    inside = out[edge:length]
    for d in range(m):
        tap = taps[d, lane] / (2 * m if d == 0 else m)
        before, after = series[edge - d : length - d], series[edge + d : length + d]
        for t in range(length - edge):
            inside[t] += tap * (before[t] + after[t])
    start = length - edge
    for base in range(0, most * m, m):
        for first in (0, start):
            for t in range(edge):
                part[t] = 0.0
            for i in range(m):
                v, shifted = z[base + i, lane], series[first + i : first + i + edge]
                for t in range(edge):
                    part[t] += v * shifted[t]
            for i in range(m):
                v = z[base + i, lane]
                skipped = 0 if first == 0 else edge - i
                count = edge - i if first == 0 else i
                source, target = part[skipped:edge], out[first + skipped + i : n]
                for t in range(count):
                    target[t] += v * source[t]
    for t in range(edge):
        out[t] /= t + 1
        out[n - 1 - t] /= t + 1
