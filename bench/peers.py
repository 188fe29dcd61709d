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
