"""Lag-1 autocorrelation and what it leaves of the number of observations."""

from typing import NamedTuple

import numpy as np

from ..errors import DataError
from .mann_kendall import score_variance
from .sen import sen_slope
from .series import as_series


class EffectiveSenSlope(NamedTuple):
    """Result of ``sen_slope_effective``, each (pixel,).

    The first four as in ``SenSlope``; ``r1`` the lag-1 autocorrelation of the
    detrended series, ``n_eff`` the effective number of observations.
    """

    slope: np.ndarray
    intercept: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    r1: np.ndarray
    n_eff: np.ndarray


def lag1(values):
    """Lag-1 autocorrelation of each series over observed neighbouring steps.

    With d = x - mean(x), M pairs of neighbours that are both observed and n
    observations: r1 = [(n - 1) / M] sum over pairs of d_t d_(t+1) / sum of d^2,
    kept within -1..1. Without gaps M = n - 1 and this is the usual estimator
    (Box & Jenkins 1976); a gap takes away pairs but does not
    join the months on its two sides.

    ``values`` (time, pixel), usually detrended, NaN = missing. Returns (pixel,);
    NaN under 3 pairs; 0 for a constant series, which has nothing to correlate.
    """
    values = as_series(values)
    seen = ~np.isnan(values)
    n = np.count_nonzero(seen, axis=0)
    mean = np.where(seen, values, 0.0).sum(axis=0) / np.maximum(n, 1)
    deviation = np.where(seen, values - mean, 0.0)
    pairs = np.count_nonzero(seen[1:] & seen[:-1], axis=0)
    product = (deviation[1:] * deviation[:-1]).sum(axis=0)
    square = (deviation**2).sum(axis=0)
    # A constant's mean may be off by a rounding error: compare by size.
    size = np.where(seen, np.abs(values), 0.0).max(axis=0, initial=0.0)
    varies = square > n * (1e-14 * size) ** 2
    r1 = (n - 1) * product / np.where(varies, square * np.maximum(pairs, 1), 1.0)
    r1 = np.where(varies, np.clip(r1, -1.0, 1.0), 0.0)
    return np.where(pairs >= 3, r1, np.nan)


def effective_sample_size(n, r1):
    """Number of independent observations that n autocorrelated ones are worth.

    n_eff = n (1 - r1) / (1 + r1) for a first-order autoregressive series, r1
    floored at 0 (a negative one would add information) and n_eff kept between
    3 and n. NaN where r1 is NaN. Arrays broadcast.
    Source: Bretherton et al. (1999), J. Climate 12, 1990-2009; Yue & Wang
    (2004), Water Resources Management 18, 201-218.
    """
    n = np.asarray(n, dtype=np.float64)
    r1 = np.clip(np.asarray(r1, dtype=np.float64), 0.0, 1.0)
    if (n < 0).any():
        raise DataError("numbers of observations of 0 or more", found=np.min(n))
    return np.minimum(n, np.maximum(n * (1.0 - r1) / (1.0 + r1), 3.0))


def sen_slope_effective(values, alpha=0.05):
    """Sen's slope with limits widened for autocorrelation.

    The variance of the Mann-Kendall score in ``sen_slope`` is multiplied by
    n / n_eff, with r1 from the series less its Sen line, so that the trend does
    not count as persistence. Months beside a gap are less dependent than the
    first-order model takes them to be; the limits are then on the wide side.

    ``values`` (time, pixel), any unit, NaN = missing. Returns
    ``EffectiveSenSlope``, slopes per time step; limits NaN where r1 is.
    Raises what ``sen_slope`` raises.
    """
    values = as_series(values)
    # Without variance all picked slopes lie together, which is the fastest walk.
    first = sen_slope(values, alpha, var_s=0.0)
    n, var_s, _ = score_variance(values)
    residual = values - first.slope * np.arange(values.shape[0])[:, None]
    r1 = lag1(residual)
    n_eff = effective_sample_size(n, r1)
    inflated = var_s * n / np.where(n > 0, n_eff, 1.0)
    return EffectiveSenSlope(*sen_slope(values, alpha, inflated), r1, n_eff)
