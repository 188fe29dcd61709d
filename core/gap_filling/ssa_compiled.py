"""The SSA iteration of eight series side by side, compiled where numba is.

The same loop as ``ssa_numpy.iterate``. Each round sorts the series that are still running by
their k, so that the eight of a group want about as many eigenvectors, and takes each group one
iteration further. Arrays (rows, 8) are registers, see ``core/lanes.py``.
"""

import numpy as np

from ..accelerate import njit
from ..lanes import choose, load, root, spread, store
from . import eigen_compiled as eigen
from . import rebuild_compiled as rebuilding

_ROWS = "float64[:,::1]"
RUNNING, DONE, HARD = 0, 1, 2


@njit(f"void({_ROWS},int64,int64,{_ROWS})")
def gram(x, n, m, a):
    """Packed lower triangle of Y Yᵀ: the first column, then down the diagonals."""
    length = n - m + 1
    zero = spread(0.0)
    for i in range(0, m - 3, 4):
        sa, sb, sc, sd = zero, zero, zero, zero
        for t in range(length):
            here = load(x, t)
            sa += here * load(x, t + i)
            sb += here * load(x, t + i + 1)
            sc += here * load(x, t + i + 2)
            sd += here * load(x, t + i + 3)
        store(a, i * (i + 1) // 2, sa)
        store(a, (i + 1) * (i + 2) // 2, sb)
        store(a, (i + 2) * (i + 3) // 2, sc)
        store(a, (i + 3) * (i + 4) // 2, sd)
    for i in range(m - m % 4, m):
        sa = zero
        for t in range(length):
            sa += load(x, t) * load(x, t + i)
        store(a, i * (i + 1) // 2, sa)
    for i in range(1, m):
        row, above = i * (i + 1) // 2, (i - 1) * i // 2
        head, tail = load(x, i - 1), load(x, i - 1 + length)
        for j in range(1, i + 1):
            v = load(a, above + j - 1) + tail * load(x, j - 1 + length) - head * load(x, j - 1)
            store(a, row + j, v)


@njit(
    "int64(float64[:,::1],uint8[:,::1],int64,int64,float64,int64,int64[::1],int32[:,::1],"
    "uint8[::1],uint8[::1],float64[:,::1],int64[::1],float64[:,:,::1],int64,float64[:,::1])"
)
def advance(
    x, gaps, m, modes, tolerance, limit, k, counts, state, capped, fit, rows, path, rounds, room
):
    """Take every running series up to ``rounds`` iterations further; how many still run.

    x : (series, N), zeros at the gaps at first; comes back with the gaps filled
    gaps : (series, N) 0 or 1
    k, counts, state, capped : where each series stands, see ``ssa_numpy.iterate``; ``HARD``
        marks series whose eigenvalues coincide: nothing is promised for those
    fit : (series, N), written when a series is done
    rows : months of the path; path : (modes, row, series), or with no rows
    room : workspace, ``workspace_rows`` rows
    """
    total, n = x.shape
    packed = (m + 1) * (m + 2) // 2
    xs, a = room[:n], room[n : n + packed]
    used = n + packed
    z, taps = room[used : used + modes * m], room[used + modes * m : used + modes * m + m]
    used += modes * m + m
    part, out, mask = room[used : used + n], room[used + n : used + 2 * n], room[used + 2 * n :]
    used += 3 * n
    mask = mask[:n]
    bad, kept, flag = room[used : used + 2], room[used + 2 : used + 3], room[used + 3 : used + 4]
    work = room[used + 4 :]
    width = xs.shape[1]
    months, line = np.arange(n), np.empty((3, n))
    order, lane = np.arange(total), np.arange(width)
    zero, one = spread(0.0), spread(1.0)
    for _ in range(rounds):
        running = 0
        for now in range(1, modes + 1):
            for series in range(total):
                if state[series] == RUNNING and k[series] == now:
                    order[running] = series
                    running += 1
        if running == 0:
            return 0
        for first in range(0, running, width):
            most = 1
            for i in range(width):
                here = first + i < running
                lane[i] = order[first + i] if here else order[first]
                kept[0, i] = k[lane[i]] if here else 0.0
                if here:
                    most = max(most, k[lane[i]])
            count = 0
            for t in range(n):
                any_gap = False
                for i in range(width):
                    xs[t, i] = x[lane[i], t]
                    if gaps[lane[i], t]:
                        any_gap = True
                if any_gap:
                    months[count] = t
                    for i in range(width):
                        mask[count, i] = gaps[lane[i], t]
                    count += 1
            gram(xs, n, m, a)
            eigen.leading_vectors(a, m, most, kept, z, work, bad)
            rebuilding.autocorrelate(z, m, most, taps)
            rebuilding.rebuild(xs, n, z, m, most, taps, months, count, part, out)
            change, old = zero, zero
            for c in range(count):
                here, weight = load(xs, months[c]), load(mask, c)
                moved = (load(out, c) - here) * weight
                change += moved * moved
                old += here * here * weight
            change = root(change)
            reached = (change < spread(tolerance) * root(old)) | (change <= zero)
            store(flag, 0, choose(reached, one, zero))
            for i in range(width):
                if kept[0, i] == 0.0:
                    continue
                series = lane[i]
                if bad[0, i] != 0.0:
                    state[series] = HARD
                    kept[0, i] = 0.0
                    continue
                now = k[series]
                counts[series, now - 1] += 1
                spent = counts[series, now - 1] >= limit
                if spent and flag[0, i] == 0.0:
                    capped[series] = 1
                for c in range(count):
                    if mask[c, i] != 0.0:
                        x[series, months[c]] = out[c, i]
                if spent or flag[0, i] != 0.0:
                    flag[0, i] = 1.0
            for i in range(width):
                if kept[0, i] == 0.0 or flag[0, i] == 0.0:
                    continue
                series = lane[i]
                now = k[series]
                if path.shape[1] > 0 or now == modes:
                    rebuilding.rebuild_one(xs, i, n, z, m, now, taps, line)
                for c in range(path.shape[1]):
                    path[now - 1, c, series] = line[0, rows[c]]
                if now == modes:
                    state[series] = DONE
                    fit[series] = line[0]
                else:
                    k[series] += 1
    running = 0
    for series in range(total):
        if state[series] == RUNNING:
            running += 1
    return running


def workspace_rows(n, m, modes):
    """Rows of ``room`` that ``advance`` needs."""
    packed = (m + 1) * (m + 2) // 2
    return 4 * n + packed + modes * m + m + 8 + eigen.workspace_rows(m, modes)
