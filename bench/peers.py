"""The peers that need a few lines around them."""

import numpy as np


def plain_ssa(x, window, modes, tolerance=1e-2):
    """The published iteration with a full SVD a step, for one series."""
    gaps = np.isnan(x)
    x = np.where(gaps, 0.0, x)
    n = x.size
    columns = n - window + 1
    weights = np.convolve(np.ones(window), np.ones(columns))
    for k in range(1, modes + 1):
        for _ in range(10_000):
            u, s, v = np.linalg.svd(
                np.lib.stride_tricks.sliding_window_view(x, columns), full_matrices=False
            )
            low = (u[:, :k] * s[:k]) @ v[:k]
            rebuilt = np.zeros(n)
            for row in range(window):
                rebuilt[row : row + columns] += low[row]
            rebuilt /= weights
            change = np.sqrt(np.mean((rebuilt[gaps] - x[gaps]) ** 2))
            size = np.sqrt(np.mean(x[gaps] ** 2))
            x[gaps] = rebuilt[gaps]
            if change < tolerance * size:
                break
    return x


def plain_cross_validation(x, months, window, years=range(2004, 2016), modes=range(1, 13)):
    """Zhang et al., Eqs 13-14, for one series: a fit for each year and each number of modes."""
    year = months.astype("datetime64[Y]").astype(int) + 1970
    inside = (year >= years[0] - 1) & (year <= years[-1] + 1)
    x, year = x[inside], year[inside]
    score = []
    for k in modes:
        errors = []
        for hidden in years:
            rows = year == hidden
            made = plain_ssa(np.where(rows, np.nan, x), window, k)
            errors.append(np.sqrt(np.nanmean((made[rows] - x[rows]) ** 2)))
        score.append(np.sqrt(np.nanmean(np.square(errors))))
    return np.array(score)
