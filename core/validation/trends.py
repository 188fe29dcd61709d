"""Trends of two series over the months that both have."""

import numpy as np

from ..trends.harmonic import deseasonalise_harmonic
from ..trends.sen import sen_slope

#: Common months below which there is no trend.
MIN_TREND_MONTHS = 8


def common_trends(first, second, min_years=5.0):
    """Sen slopes per year of two arrays (time, series) over their common months.

    Annual and semiannual harmonics, fitted with a straight line, are removed from
    each; where the common months cannot tell the harmonics apart (as with readings
    every spring) the season stays in. No trend under 8 common months or where they
    span less than ``min_years``. Returns ``(first, second, raw)``: slopes (series,)
    in the unit per year, and where the season stayed in.
    """
    both = np.isfinite(first) & np.isfinite(second)
    number = both.sum(axis=0)
    time = np.arange(len(both))[:, None]
    last = np.where(both, time, -1).max(axis=0, initial=-1)
    start = np.where(both, time, len(both)).min(axis=0, initial=len(both))
    enough = (number >= MIN_TREND_MONTHS) & (last - start + 1 >= 12.0 * min_years)
    slopes = []
    raw = np.zeros(number.shape, bool)
    for values in (first, second):
        values = np.where(both, values, np.nan)
        calm = deseasonalise_harmonic(values)
        without = ~np.isfinite(calm).any(axis=0)
        raw |= without & enough
        slope = 12.0 * sen_slope(np.where(without, values, calm)).slope
        slopes.append(np.where(enough, slope, np.nan))
    return slopes[0], slopes[1], raw
