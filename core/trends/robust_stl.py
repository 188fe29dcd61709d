"""Robust seasonal-trend decomposition by LOESS, many series at once.

Source: Cleveland, R. B., Cleveland, W. S., McRae, J. E. & Terpenning, I. (1990),
STL: a seasonal-trend decomposition procedure based on loess, J. Official
Statistics 6, 3-73. Robustness weights differ from series to series, so that there is no
common operator as in ``stl.py``. But a LOESS estimate needs no more than five weighted
sums over its window, and each of them is one banded matrix product for all series.
"""

from functools import lru_cache

import numpy as np

from ..errors import DataError
from .series import as_series
from .stl import loess_matrix, loess_weights, low_pass_matrix, stl_windows

# Rows of a banded matrix that are multiplied at once: few, or zeros are multiplied too.
_ROWS = 24
# Residuals below this share of the largest value are rounding: a perfect fit has no outliers,
# and every month keeps its weight. (The reference code says so only for exactly 0.)
_ROUNDING = 1e-12
#: Series in one batch: its arrays stay in the processor's cache.
BATCH = 128


class _Banded:
    """A matrix whose rows are zero away from a band, as blocks of few columns."""

    def __init__(self, matrix):
        self.rows = len(matrix)
        self.blocks = []
        for start in range(0, self.rows, _ROWS):
            part = matrix[start : start + _ROWS]
            used = np.flatnonzero(part.any(axis=0))
            first, end = (used[0], used[-1] + 1) if used.size else (0, 1)
            block = np.ascontiguousarray(part[:, first:end])
            self.blocks.append((start, start + len(part), first, end, block))

    def __matmul__(self, values):
        """The product with (column, series)."""
        result = np.empty((self.rows, values.shape[1]))
        for start, stop, first, end, block in self.blocks:
            np.matmul(block, values[first:end], out=result[start:stop])
        return result


class _Smoother:
    """Weighted LOESS at fixed places of one axis.

    ``kernel`` (place, n) are the tricube weights of each place, ``places`` their
    positions. With w the kernel times a series' robustness weights and x the distance
    from the place, the estimate is the mean of y, moved along the line that least squares
    with weights w put through it:

        mean y + (0 - mean x) cov(x, y) / var x
    """

    def __init__(self, kernel, places, n, degree):
        self.degree, self.limit = degree, (0.001 * (n - 1.0)) ** 2
        distance = np.arange(n) - np.asarray(places, float)[:, None]
        self.moments = [_Banded(kernel * distance**k) for k in range(1 + 2 * degree)]

    def weigh(self, weights):
        """What depends on the robustness weights (n, series) alone."""
        total = self.moments[0] @ weights
        known = total > 0
        inverse = 1.0 / np.where(known, total, 1.0)
        if self.degree == 0:
            return weights, known, inverse, None, None
        centre = (self.moments[1] @ weights) * inverse
        spread = (self.moments[2] @ weights) * inverse - centre**2
        sloped = spread > self.limit
        step = np.where(sloped, centre / np.where(sloped, spread, 1.0), 0.0)
        return weights, known, inverse, centre, step

    def smooth(self, values, weighed):
        """Estimates (place, series); NaN where all weights of a window are 0."""
        weights, known, inverse, centre, step = weighed
        product = weights * values
        mean = (self.moments[0] @ product) * inverse
        if self.degree:
            along = (self.moments[1] @ product) * inverse
            mean -= step * (along - centre * mean)
        return mean if known.all() else np.where(known, mean, np.nan)


@lru_cache(maxsize=8)
def _parts(n, period, seasonal, trend, low_pass, degrees):
    """Everything that depends on length and settings alone."""
    cycles = []
    for phase in range(period):
        k = (n - phase - 1) // period + 1
        places = np.arange(-1, k + 1)
        kernel = np.vstack([
            loess_weights(k, seasonal, 0, 1, min(seasonal, k)),
            loess_matrix(k, seasonal, 0, normal=False),
            loess_weights(k, seasonal, k + 1, max(1, k - seasonal + 1), k),
        ])  # fmt: skip
        cycles.append(_Smoother(kernel, places, k, degrees[0]))
    kernel = loess_matrix(n, trend, 0, normal=False)
    return (
        cycles,
        _Banded(low_pass_matrix(n, period, low_pass, degrees[2])),
        _Smoother(kernel, np.arange(n), n, degrees[1]),
    )


def robust_stl(
    values,
    period=12,
    seasonal=7,
    trend=None,
    low_pass=None,
    seasonal_deg=1,
    trend_deg=1,
    low_pass_deg=1,
    inner=2,
    outer=15,
    check=None,
):
    """Seasonal and trend component of each series, not drawn by outliers.

    After each ``inner`` iterations months get bisquare weights (1 - (r / 6 m)^2)^2 from
    their residual r and its median size m, ``outer`` times. Settings as in
    ``stl_operator``, all jumps 1; statsmodels' ``STL(robust=True)`` has the same defaults,
    R's ``stl(robust=TRUE)`` is the same with ``seasonal_deg=0`` and its jumps set to 1.

    ``values`` (time, series), complete, any unit; ``check`` is called between batches and
    may raise. Returns ``(seasonal, trend)``, each (time, series), in the unit of the series.
    Raises DataError for missing values, and what ``stl_operator`` raises.
    Source: Cleveland et al. (1990), sections 2.2-2.4.
    """
    values = as_series(values)
    n, count = values.shape
    trend, low_pass = stl_windows(
        n, period, seasonal, trend, low_pass, (seasonal_deg, trend_deg, low_pass_deg), inner
    )
    if np.isnan(values).any():
        raise DataError("complete series are expected for STL", found="missing values")
    parts = _parts(n, period, seasonal, trend, low_pass, (seasonal_deg, trend_deg, low_pass_deg))
    seasonals, trends = np.empty((2, n, count))
    for start in range(0, count, BATCH):
        if check is not None:
            check()
        take = slice(start, start + BATCH)
        block = np.ascontiguousarray(values[:, take])
        seasonals[:, take], trends[:, take] = _decompose(block, period, parts, inner, outer)
    return seasonals, trends


def _decompose(y, period, parts, inner, outer):
    cycles, low, smoother = parts
    n, count = y.shape
    weights, trend = np.ones(y.shape), np.zeros(y.shape)
    nothing = _ROUNDING * np.abs(y).max(axis=0, initial=0.0)
    extended = np.empty((n + 2 * period, count))
    for turn in range(outer + 1):
        seasons = [c.weigh(weights[phase::period]) for phase, c in enumerate(cycles)]
        trends = smoother.weigh(weights)
        for _ in range(inner):
            left = y - trend
            for phase, cycle in enumerate(cycles):
                sub = left[phase::period]
                smooth = cycle.smooth(sub, seasons[phase])
                if not seasons[phase][1].all():
                    _keep_known(smooth, sub)
                extended[phase::period] = smooth
            season = extended[period:-period] - low @ extended
            left = y - season
            trend = smoother.smooth(left, trends)
            if not trends[1].all():
                trend = np.where(np.isnan(trend), left, trend)
        if turn < outer:
            weights = _bisquare(np.abs(y - (trend + season)), nothing)
    return season, trend


def _keep_known(smooth, sub):
    """Where all weights of a window are 0 the value stays; beyond the ends, its neighbour."""
    inside = smooth[1:-1]
    np.copyto(inside, sub, where=np.isnan(inside))
    for end, neighbour in ((0, 1), (-1, -2)):
        np.copyto(smooth[end], smooth[neighbour], where=np.isnan(smooth[end]))


def _bisquare(residual, nothing):
    """Robustness weights (time, series) from absolute residuals; all 1 below ``nothing``."""
    n = len(residual)
    middle = [n // 2, n - n // 2 - 1]
    ordered = np.partition(residual.T, sorted(set(middle)), axis=1)
    six_medians = 3.0 * ordered[:, middle].sum(axis=1)
    share = residual / np.where(six_medians > nothing, six_medians, np.inf)
    weights = (1.0 - share**2) ** 2
    # The reference code cuts at both ends.
    weights[share <= 0.001] = 1.0
    weights[share > 0.999] = 0.0
    return weights
