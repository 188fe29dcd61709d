"""Sen's slope with Theil's confidence limits."""

from typing import NamedTuple

import numpy as np

from ..errors import DataError, ParameterError
from .mann_kendall import score_variance
from .pairs import pair_statistics
from .series import as_series, missing_patterns


class SenSlope(NamedTuple):
    """Result of ``sen_slope``, each (pixel,).

    ``slope``, ``lower``, ``upper`` in the unit of the series per time step,
    ``intercept`` in its unit at step 0.
    """

    slope: np.ndarray
    intercept: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def slope_ranks(n, var_s, alpha):
    """Ranks (4, pixel) of both middle slopes and of the two limits, from 0.

    Of N = n (n - 1) / 2 ordered slopes, with C = z(1 - alpha/2) sqrt(var_s), the
    limits are the M1-th and the (M2 + 1)-th, counted from 1, with
    M1 = (N - C) / 2 and M2 = (N + C) / 2 (Gilbert 1987, section 16.5), rounded
    half to even and kept within 1..N: the convention of scipy's theilslopes
    (Sen 1968, Eq. 2.6).
    """
    from scipy.special import ndtri

    pairs = np.maximum(n * (n - 1.0) / 2.0, 1.0)
    reach = -ndtri(alpha / 2.0) * np.sqrt(np.where(var_s > 0, var_s, 0.0))
    last = pairs - 1.0
    lower = np.clip(np.round((pairs - reach) / 2.0) - 1.0, 0.0, last)
    upper = np.clip(np.round((pairs + reach) / 2.0), 0.0, last)
    middle = np.floor(last / 2.0), np.floor(pairs / 2.0)
    return np.stack([*middle, lower, upper]).astype(np.int64)


def slope_from_ranks(values, picked, var_s):
    """Assemble a ``SenSlope`` from the four picked slopes (4, pixel)."""
    slope = 0.5 * (picked[0] + picked[1])
    intercept = np.full(slope.shape, np.nan)
    for observed, which in missing_patterns(values):
        if observed.size > 1:
            level = np.median(values[np.ix_(observed, which)], axis=0)
            intercept[which] = level - slope[which] * np.median(observed)
    known = np.where(np.isnan(var_s), np.nan, 0.0)
    return SenSlope(slope, intercept, picked[2] + known, picked[3] + known)


def check_alpha(alpha):
    """Raise ParameterError unless 0 < alpha < 1."""
    if not 0.0 < alpha < 1.0:
        raise ParameterError("a significance level between 0 and 1", found=alpha)


def sen_slope(values, alpha=0.05, var_s=None):
    """Sen's slope of each series and its confidence limits.

    slope = median of (x_j - x_i) / (j - i) over all pairs of observed steps,
    with true distances along axis 0 (missing steps stay missing, they do not
    draw the rest together); intercept = median(x) - slope median(t) over the
    observed steps. ``lower`` and ``upper`` hold the slope with confidence
    1 - ``alpha``; ranks as in ``slope_ranks``.

    ``values`` (time, pixel), any unit, NaN = missing. ``var_s``: variance of the
    Mann-Kendall score, a number or (pixel,); by default the tie-corrected one
    of independent months; give a larger one for autocorrelated series. Where it
    is NaN the limits are NaN.

    Returns ``SenSlope`` per time step; NaN under two observations.
    Raises ParameterError for ``alpha`` outside 0..1, DataError for a wrong
    shape, infinite values or a negative ``var_s``.
    Source: Theil (1950), Proc. Kon. Ned. Akad. Wetensch. A 53, 386-392;
    Sen (1968), J. Am. Stat. Assoc. 63, 1379-1389.
    """
    check_alpha(alpha)
    values = as_series(values)
    n, default, _ = score_variance(values)
    if var_s is None:
        var_s = default
    else:
        var_s = np.asarray(var_s, dtype=np.float64)
        if var_s.shape not in ((), n.shape) or (var_s < 0).any():
            raise DataError(
                f"a non-negative variance for each of {n.size} series",
                found=f"shape {var_s.shape}, smallest {np.min(var_s, initial=np.inf)}",
            )
        var_s = np.broadcast_to(var_s, n.shape)
    _, picked = pair_statistics(values, slope_ranks(n, var_s, alpha))
    return slope_from_ranks(values, picked, var_s)
