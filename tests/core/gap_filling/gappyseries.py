"""Series with gaps, and how far two results lie apart."""

import numpy as np

MONTHS = 96


def series(seed, pixels=6, n=MONTHS, missing=0.15):
    """Trend, season, noise and scattered gaps, another pattern in every pixel."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None]
    x = rng.normal(0, 0.1, pixels) * t + 5 * np.sin(2 * np.pi * t / 12 + rng.uniform(0, 6, pixels))
    x = x + rng.normal(0, 2, (n, pixels))
    x[rng.random((n, pixels)) < missing] = np.nan
    return x


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()
