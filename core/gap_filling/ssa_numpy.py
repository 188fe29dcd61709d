"""The SSA iteration with numpy alone, many series at once."""

import numpy as np

from .hankel import DiagonalAverage, SharedMonths, lag_covariance, pad
from .tracking import Tracker

# Lanes × M² kept in flight: large enough that numpy's overhead vanishes, small
# enough for the cache and for a cancel to be seen within a fraction of a second.
IN_FLIGHT = 300_000


def batch(window):
    """Series to give ``iterate`` at once."""
    return int(np.clip(IN_FLIGHT // window**2, 8, 512))


def iterate(x, gaps, window, modes, tolerance, max_iterations, report, rows, path):
    """Run the two nested loops on lanes that each stand at their own k.

    x (lane, N) with zeros at the gaps is overwritten, and so is path (modes,
    row, lane) unless it is None. Returns the last
    reconstruction (lane, N), the iterations (lane, modes) and whether a lane
    was capped (lane,).
    """
    total = len(x)
    months, real = _gap_table(gaps)
    fit = np.empty_like(x)
    counts = np.zeros((total, modes), dtype=np.int32)
    capped = np.zeros(total, dtype=bool)
    # A series without gaps has nothing to iterate on: one pass at k = K.
    gapless = ~real.any(axis=1)
    k = np.where(gapless & (path is None), modes, 1)
    lane = np.arange(total)
    padded, x = pad(x, window)
    shared = None
    if total and (gaps == gaps[0]).all():
        shared = SharedMonths(months[0], x.shape[1], window)
    tracker = Tracker(total, window)
    while len(lane):
        report(1.0 - len(lane) / total)
        projector = tracker.projector(lag_covariance(x, window), k)
        row = np.arange(len(lane))[:, None]
        old = np.where(real, x[row, months], 0.0)
        if shared is None:
            new = np.where(real, DiagonalAverage(projector).at(x, months), 0.0)
        else:
            new = shared.at(padded, projector)
        change = np.sqrt(np.sum((new - old) ** 2, axis=1))
        reached = (change < tolerance * np.sqrt(np.sum(old**2, axis=1))) | (change == 0)
        counts[lane, k - 1] += 1
        spent = counts[lane, k - 1] >= max_iterations
        capped[lane] |= spent & ~reached
        over = reached | spent
        finished = over & (k == modes)
        kept = np.flatnonzero(finished if path is None else over)
        if kept.size:
            rest = DiagonalAverage(projector[kept]).everywhere(x[kept])
            fit[lane[kept]] = rest  # the last one stays
            if path is not None:
                path[k[kept] - 1, :, lane[kept]] = rest[:, rows]
        at, which = np.nonzero(real)
        x[at, months[at, which]] = new[at, which]
        k = k + over
        if finished.any():
            # Lanes at rest leave the batch, so no eigenproblem is wasted on them.
            stay = ~finished
            padded, months, real, k, lane = (v[stay] for v in (padded, months, real, k, lane))
            tracker.keep(stay)
            x = padded[:, window - 1 : padded.shape[1] - window + 1]
    counts[gapless, :-1] = 0  # there the smaller k were passed for the path alone
    return fit, counts, capped


def _gap_table(gaps):
    """Months missing in each lane, (lane, G) padded, and which entries are real."""
    count = gaps.sum(axis=1)
    width = int(count.max()) if len(count) else 0
    real = np.arange(width) < count[:, None]
    months = np.full((len(gaps), width), gaps.shape[1] // 2)
    months[real] = np.nonzero(gaps)[1]
    return months, real
