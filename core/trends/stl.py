"""Seasonal-trend decomposition by LOESS as one linear operator.

Source: Cleveland, R. B., Cleveland, W. S., McRae, J. E. & Terpenning, I. (1990),
STL: a seasonal-trend decomposition procedure based on loess, J. Official
Statistics 6, 3-73. Without robust iterations every step of the inner loop is
linear in the series, so the loop is composed once for each length and settings
and applied to all pixels as one matrix product.
"""

from functools import lru_cache

import numpy as np

from ..errors import DataError, ParameterError, TimeAxisError


def loess_weights(n, window, at, left, right):
    """Tricube weights (n,) of the neighbourhood ``left``..``right`` of ``at``, not normalised.

    Positions count from 1 as in the paper; a window longer than the series widens the
    bandwidth by half of the excess.
    """
    position = np.arange(left, right + 1, dtype=float)
    bandwidth = max(at - left, right - at)
    if window > n:
        bandwidth += (window - n) // 2
    distance = np.abs(position - at)
    weight = (1.0 - np.minimum(distance / bandwidth, 1.0) ** 3) ** 3
    # The reference code cuts the kernel at both ends of the bandwidth.
    weight[distance <= 0.001 * bandwidth] = 1.0
    weight[distance > 0.999 * bandwidth] = 0.0
    row = np.zeros(n)
    row[left - 1 : right] = weight
    return row


def _loess_row(n, window, degree, at, left, right):
    """Weights (n,) of the LOESS estimate at position ``at``; as in ``loess_weights``."""
    position = np.arange(left, right + 1, dtype=float)
    row = loess_weights(n, window, at, left, right)
    weight = row[left - 1 : right]
    weight /= weight.sum()
    if degree > 0:
        centre = weight @ position
        spread = weight @ (position - centre) ** 2
        if np.sqrt(spread) > 0.001 * (n - 1):
            weight *= 1.0 + (at - centre) / spread * (position - centre)
    return row


def loess_matrix(n, window, degree, normal=True):
    """LOESS smoothing matrix (n, n) over equally spaced points; ``normal=False``: its kernel."""
    rows = []
    for at in range(1, n + 1):
        left = 1 if window >= n else min(max(at - window // 2, 1), n - window + 1)
        right = min(left + window - 1, n)
        rows.append(
            _loess_row(n, window, degree, at, left, right)
            if normal
            else loess_weights(n, window, at, left, right)
        )
    return np.array(rows)


def low_pass_matrix(n, period, window, degree):
    """The low-pass filter (n, n + 2 period) of the extended cycle-subseries."""
    average = (
        _moving_average(n + 2, 3)
        @ _moving_average(n + period + 1, period)
        @ _moving_average(n + 2 * period, period)
    )
    return loess_matrix(n, window, degree) @ average


def _cycle_matrix(n, period, window, degree):
    """Smooth each cycle-subseries and extend it by one period at both ends: (n + 2 period, n)."""
    matrix = np.zeros((n + 2 * period, n))
    for phase in range(period):
        k = (n - phase - 1) // period + 1
        first = _loess_row(k, window, degree, 0, 1, min(window, k))
        last = _loess_row(k, window, degree, k + 1, max(1, k - window + 1), k)
        smooth = np.vstack([first, loess_matrix(k, window, degree), last])
        matrix[phase::period, phase::period] = smooth
    return matrix


def _moving_average(n, window):
    """Matrix (n - window + 1, n) of the running mean without padding."""
    matrix = np.zeros((n - window + 1, n))
    for i in range(n - window + 1):
        matrix[i, i : i + window] = 1.0 / window
    return matrix


def stl_windows(n, period, seasonal, trend, low_pass, degrees, inner):
    """Check all settings; returns the windows ``(trend, low_pass)`` with their defaults."""
    if period < 2:
        raise ParameterError("a period of at least 2 steps", found=period)
    if seasonal < 3 or seasonal % 2 == 0:
        raise ParameterError("an odd seasonal window of at least 3", found=seasonal)
    if trend is None:
        trend = int(np.ceil(1.5 * period / (1.0 - 1.5 / seasonal)))
        trend += trend % 2 == 0
    if low_pass is None:
        low_pass = period + 1
        low_pass += low_pass % 2 == 0
    for name, window in (("trend", trend), ("low_pass", low_pass)):
        if window < 3 or window % 2 == 0 or window <= period:
            raise ParameterError(
                f"an odd {name} window longer than the period ({period})", found=window
            )
    for degree in degrees:
        if degree not in (0, 1):
            raise ParameterError("a LOESS degree of 0 or 1", found=degree)
    if inner < 1:
        raise ParameterError("at least 1 inner iteration", found=inner)
    if n < 2 * period:
        raise TimeAxisError(
            f"at least two periods ({2 * period} steps) for STL",
            found=f"{n} steps",
            remedy="Use a longer record.",
        )
    return int(trend), int(low_pass)


@lru_cache(maxsize=16)
def stl_operator(
    n,
    period=12,
    seasonal=7,
    trend=None,
    low_pass=None,
    seasonal_deg=1,
    trend_deg=1,
    low_pass_deg=1,
    inner=5,
):
    """Operators of the non-robust STL for series of ``n`` steps.

    Parameters are named after statsmodels and have its defaults: odd LOESS
    windows ``seasonal``, ``trend`` (smallest odd not below
    1.5 period / (1 - 1.5 / seasonal)) and ``low_pass`` (smallest odd above the
    period), degrees 0 or 1, ``inner`` iterations; all jumps are 1. R's ``stl``
    is the same with ``seasonal_deg=0`` (there jumps default to a tenth of the
    window and inner to 2).

    Returns ``(seasonal_matrix, trend_matrix)``, each (n, n) float64, read-only
    and cached: seasonal = S @ values, trend = T @ values, both in the unit of
    the series. With C the cycle smoother, L the low-pass filter of its result,
    P the cut of the extension and R the trend smoother, each iteration is
    S <- (P - L) C (I - T), T <- R (I - S), from T = 0.

    Raises TimeAxisError under two periods, ParameterError for bad windows.
    Source: Cleveland et al. (1990), section 2.
    """
    trend, low_pass = stl_windows(
        n, period, seasonal, trend, low_pass, (seasonal_deg, trend_deg, low_pass_deg), inner
    )
    low = low_pass_matrix(n, period, low_pass, low_pass_deg)
    cut = np.eye(n, n + 2 * period, k=period)
    season = (cut - low) @ _cycle_matrix(n, period, seasonal, seasonal_deg)
    smooth = loess_matrix(n, trend, trend_deg)
    identity = np.eye(n)
    trend_matrix = np.zeros((n, n))
    for _ in range(inner):
        seasonal_matrix = season @ (identity - trend_matrix)
        trend_matrix = smooth @ (identity - seasonal_matrix)
    seasonal_matrix.setflags(write=False)
    trend_matrix.setflags(write=False)
    return seasonal_matrix, trend_matrix


def check_complete(values):
    """Which series (pixel,) have every step; the others must have none.

    Raises DataError where a series of ``values`` (time, pixel) misses only some steps.
    """
    missing = np.isnan(values)
    complete = ~missing.any(axis=0)
    partly = ~complete & ~missing.all(axis=0)
    if partly.any():
        raise DataError(
            "complete series are expected for STL",
            found=f"{int(partly.sum())} of {partly.size} series with missing months",
            remedy="Fill the gaps first, or deseasonalise by 'harmonic', "
            "which fits the observed months only.",
        )
    return complete
