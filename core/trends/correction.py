"""Mann-Kendall's variance for months that remember: Hamed & Rao, Yue & Wang."""

from typing import NamedTuple

import numpy as np

from ..errors import ParameterError
from .autocorrelation import lag1
from .mann_kendall import MannKendall, result_from_counts, score_variance
from .pairs import pair_statistics
from .sen import SenSlope, check_alpha, slope_from_ranks, slope_ranks
from .series import as_series, missing_patterns, rounding

TESTS = ("original", "hamed-rao", "yue-wang")
#: A lag counts in Hamed & Rao's factor where its correlation is significant at 5 %.
LAG_Z = 1.959963984540054


class CorrectedTest(NamedTuple):
    """Result of ``corrected_trend_test``.

    ``sen`` with limits, and ``mann_kendall`` with var_s, z and p, both under the variance
    of the chosen test; each (pixel,): ``p_original`` of independent months, ``factor`` by
    which the variance was multiplied, ``r1`` of the series less its Sen line.
    """

    sen: SenSlope
    mann_kendall: MannKendall
    p_original: np.ndarray
    factor: np.ndarray
    r1: np.ndarray


def average_ranks(values, same=0.0):
    """Ranks from 1 along axis 0, equal values sharing their mean rank.

    ``values`` (time, pixel) without NaN; neighbours in order that differ by no more than
    ``same`` (a number or (pixel,)) count as equal.
    """
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    place = np.arange(len(values))[:, None]
    starts = np.ones(values.shape, bool)
    starts[1:] = ordered[1:] - ordered[:-1] > same
    ends = np.ones(values.shape, bool)
    ends[:-1] = starts[1:]
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=0)
    last = np.minimum.accumulate(np.where(ends, place, len(values))[::-1], axis=0)[::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, 0.5 * (first + last) + 1.0, axis=0)
    return ranks


def hamed_rao_factor(residual, same=0.0):
    """Factor of the score's variance by Hamed & Rao, on the true time axis.

        1 + 2 / [n (n - 1)(n - 2)]  sum over k of (n - k)(n - k - 1)(n - k - 2) rho_k

    rho_k = [(n - k) / m_k] sum of d_t d_(t+k) / sum of d^2, d the ranks of the series less
    its Sen line minus their mean, over the m_k pairs of observed months that lie k months
    apart. The sum runs over the lags k <= n / 4 with |rho_k| > 1.96 / sqrt(n) and three
    pairs or more; the factor is at least 1. Without gaps m_k = n - k, and this is the
    published form; a gap takes pairs away and does not draw the rest together.

    ``residual`` (time, pixel), NaN = missing; ``same`` as in ``average_ranks``, (pixel,).
    Returns (pixel,), NaN under 3 observations.
    Source: Hamed & Rao (1998), J. Hydrology 204, 182-196.
    """
    residual = as_series(residual)
    same = np.broadcast_to(same, residual.shape[1:])
    factor = np.full(residual.shape[1], np.nan)
    for observed, which in missing_patterns(residual):
        n = observed.size
        if n < 3:
            continue
        span = observed[-1] - observed[0] + 1
        lags = np.arange(1, min(n // 4, span - 1) + 1)
        seen = np.zeros(span)
        seen[observed - observed[0]] = 1.0
        pairs = np.array([seen[k:] @ seen[:-k] for k in lags])
        ranks = average_ranks(residual[np.ix_(observed, which)], same[which])
        deviation = np.zeros((span, which.size))
        deviation[observed - observed[0]] = ranks - 0.5 * (n + 1)
        square = (deviation**2).sum(axis=0)
        products = _lagged_products(deviation, lags.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            rho = products * ((n - lags) / pairs)[:, None] / np.where(square > 0, square, 1.0)
        counts = (np.abs(rho) > LAG_Z / np.sqrt(n)) & (pairs >= 3)[:, None]
        weight = (n - lags) * (n - lags - 1.0) * (n - lags - 2.0)
        total = weight @ np.where(counts, rho, 0.0)
        factor[which] = np.maximum(1.0, 1.0 + 2.0 * total / (n * (n - 1.0) * (n - 2.0)))
    return factor


def yue_wang_factor(n, r1):
    """Factor of the score's variance by Yue & Wang for a first-order autoregression.

        1 + 2 sum over k = 1 … n - 1 of (1 - k / n) r1^k

    with r1 of the series less its Sen line, floored at 0, so that the factor is at least 1.
    Only r1 is taken from the data: the sample correlations of all lags always sum to -1/2,
    so their own sum says nothing.

    ``n`` and ``r1`` (pixel,). Returns (pixel,), NaN where r1 is.
    Source: Yue & Wang (2004), Water Resources Management 18, 201-218.
    """
    n = np.asarray(n, float)
    r1 = np.clip(np.asarray(r1, float), 0.0, 1.0)
    total = np.zeros(np.broadcast(n, r1).shape)
    share = 1.0 / np.maximum(n, 1.0)
    for k in range(int(n.max(initial=0.0)) - 1, 0, -1):
        total = (total + np.maximum(0.0, 1.0 - k * share)) * r1
    return 1.0 + 2.0 * total


def corrected_trend_test(values, test="original", alpha=0.05):
    """Sen's slope and the Mann-Kendall test with a variance that knows of persistence.

    ``values`` (time, pixel), any unit, NaN = missing; ``test`` one of ``TESTS``. Slopes per
    time step with limits of confidence 1 - ``alpha`` under the test's variance. A straight
    line leaves nothing to correlate: its factor is 1.

    ``original`` is ``sen_slope`` and ``mann_kendall`` of each series, at the price of one:
    equations, short and constant series and errors as there.

    Returns ``CorrectedTest``. Raises ParameterError for an unknown test, too.
    """
    check_alpha(alpha)
    if test not in TESTS:
        raise ParameterError(f"one of {', '.join(TESTS)} is expected", test)
    values = as_series(values)
    n, var_s, tied = score_variance(values)
    # For the slope alone: without variance the picked slopes lie close together.
    first_var = var_s if test == "original" else np.zeros(n.shape)
    rising, picked = pair_statistics(values, slope_ranks(n, first_var, alpha))
    sen = slope_from_ranks(values, picked, var_s)
    plain = result_from_counts(n, var_s, tied, rising)
    residual = values - sen.slope * np.arange(len(values))[:, None]
    r1 = lag1(residual)
    if test == "original":
        return CorrectedTest(sen, plain, plain.p, np.where(n >= 3, 1.0, np.nan), r1)
    if test == "hamed-rao":
        # Residuals are equal where they differ by rounding alone.
        factor = hamed_rao_factor(residual, rounding(values))
    else:
        factor = yue_wang_factor(n, r1)
    corrected = result_from_counts(n, var_s * factor, tied, rising)
    _, picked = pair_statistics(values, slope_ranks(n, corrected.var_s, alpha))
    sen = slope_from_ranks(values, picked, corrected.var_s)
    return CorrectedTest(sen, corrected, plain.p, factor, r1)


def _lagged_products(deviation, lags):
    """Sums of d_t d_(t+k), k = 1 … ``lags``, (lag, pixel); exact for ranks."""
    size = 1 << int(len(deviation) + lags).bit_length()
    power = np.abs(np.fft.rfft(deviation, size, axis=0)) ** 2
    products = np.fft.irfft(power, size, axis=0)[1 : lags + 1]
    # Mean ranks are multiples of a half: rounding takes away the transform's error.
    return np.round(4.0 * products) / 4.0
