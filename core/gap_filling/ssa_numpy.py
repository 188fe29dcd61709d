"""The SSA iteration with numpy alone, many series at once."""

import numpy as np

from .hankel import DiagonalAverage, lag_covariance, leading_projector

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
    while len(lane):
        report(1.0 - len(lane) / total)
        average = DiagonalAverage(leading_projector(lag_covariance(x, window), k))
        row = np.arange(len(lane))[:, None]
        old = np.where(real, x[row, months], 0.0)
        new = np.where(real, average.at(x, months), 0.0)
        change = np.sqrt(np.sum((new - old) ** 2, axis=1))
        reached = (change < tolerance * np.sqrt(np.sum(old**2, axis=1))) | (change == 0)
        counts[lane, k - 1] += 1
        spent = counts[lane, k - 1] >= max_iterations
        capped[lane] |= spent & ~reached
        over = reached | spent
        finished = over & (k == modes)
        if finished.any():
            done = np.flatnonzero(finished)
            fit[lane[done]] = average.everywhere(x, done)
        if path is not None and over.any():
            rest = np.flatnonzero(over)
            path[k[rest] - 1, :, lane[rest]] = average.everywhere(x, rest)[:, rows]
        at, which = np.nonzero(real)
        x[at, months[at, which]] = new[at, which]
        k = k + over
        if finished.any():
            # Lanes at rest leave the batch, so no eigenproblem is wasted on them.
            stay = ~finished
            x, months, real, k, lane = x[stay], months[stay], real[stay], k[stay], lane[stay]
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
