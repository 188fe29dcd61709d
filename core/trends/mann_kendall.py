"""The Mann-Kendall test for a monotonic trend."""

from typing import NamedTuple

import numpy as np

from .pairs import pair_statistics, tied_pairs
from .series import as_series


class MannKendall(NamedTuple):
    """Result of ``mann_kendall``, each (pixel,).

    ``n`` observed months, ``s`` the score, ``var_s`` its tie-corrected
    variance, ``z`` the continuity-corrected normal score, ``p`` two-sided,
    ``tau`` = s / (n (n - 1) / 2).
    """

    n: np.ndarray
    s: np.ndarray
    var_s: np.ndarray
    z: np.ndarray
    p: np.ndarray
    tau: np.ndarray


def score_variance(values):
    """Observed months, variance of the Mann-Kendall score and tied pairs.

    var S = [n (n - 1)(2 n + 5) - sum over ties of t (t - 1)(2 t + 5)] / 18
    for independent months, t the size of each group of equal values
    (Kendall 1975; Gilbert 1987, section 16.4). Returns (n, var_s, tied), each
    (pixel,), for ``values`` (time, pixel).
    """
    n, tied, correction = tied_pairs(values)
    return n, (n * (n - 1.0) * (2.0 * n + 5.0) - correction) / 18.0, tied


def two_sided_p(z):
    """Two-sided p of a normal score, from the survival function.

    p = 2 Phi(-|z|): no difference from 1, so small p keep all their digits.
    Beyond |z| = 37.5, where double precision ends, p is given as the smallest
    normal number (2.2e-308), never as 0.
    """
    from scipy.special import ndtr

    return np.maximum(2.0 * ndtr(-np.abs(z)), np.finfo(float).tiny)


def result_from_counts(n, var_s, tied, rising):
    """Assemble a ``MannKendall`` from the counts of rising and tied pairs."""
    pairs = n * (n - 1.0) / 2.0
    enough = n >= 3
    # S = rising - falling, and rising + falling + tied are all pairs.
    s = np.where(enough, 2.0 * rising + tied - pairs, np.nan)
    var_s = np.where(enough, var_s, np.nan)
    spread = np.sqrt(np.where(var_s == 0, 1.0, var_s))
    z = (s - np.sign(s)) / spread
    tau = s / np.where(enough, pairs, 1.0)
    return MannKendall(n.astype(np.int64), s, var_s, z, two_sided_p(z), tau)


def mann_kendall(values):
    """Mann-Kendall test of each series over its observed months.

    S = sum over pairs of sign(x_j - x_i); z = (S - sign S) / sqrt(var S), 0
    where S = 0; p two-sided from the survival function. ``values`` (time,
    pixel), any unit, NaN = missing. The test takes months as independent;
    monthly storage is not, so p is too small where lag-1 correlation is high.

    Returns ``MannKendall``. A constant series has s = 0, var_s = 0, z = 0,
    p = 1. Under three observed months all but ``n`` are NaN.
    Raises DataError for a wrong shape or infinite values.
    Source: Mann (1945), Econometrica 13, 245-259; Kendall (1975), Rank
    Correlation Methods; Gilbert (1987), Statistical Methods for Environmental
    Pollution Monitoring, section 16.4.
    """
    values = as_series(values)
    n, var_s, tied = score_variance(values)
    rising, _ = pair_statistics(values)
    return result_from_counts(n, var_s, tied, rising)
