"""Irregular readings as monthly means, with single wild readings set aside."""

from dataclasses import dataclass

import numpy as np

#: Scaled median absolute deviation: equals the standard deviation of a normal law.
MAD_TO_SIGMA = 1.4826
#: Readings before and after one that it is compared with.
NEIGHBOURS = 5
#: Readings of a well below which no reading is called wild.
MIN_READINGS = 12


@dataclass
class MonthlyLevels:
    """Levels by month; arrays (time, well) or (well,).

    ``level`` in cm, NaN = missing; ``readings`` of each well inside the months;
    ``outliers`` set aside.
    """

    level: np.ndarray
    readings: np.ndarray
    outliers: np.ndarray


def outlying(level, limit):
    """Boolean (reading,): readings of one well far from their neighbours in time.

    A reading is compared with the median of the five before and the five after it;
    it is set aside where the difference exceeds ``limit`` times 1.4826 × the median
    absolute difference of all readings of the well. 0 sets none aside. A well that
    never moves, or has under 12 readings, has none.
    """
    level = np.asarray(level, float)
    if limit <= 0 or level.size < MIN_READINGS:
        return np.zeros(level.size, bool)
    around = [k for k in range(-NEIGHBOURS, NEIGHBOURS + 1) if k]
    padded = np.pad(level, NEIGHBOURS, constant_values=np.nan)
    windows = np.stack([padded[NEIGHBOURS + k : NEIGHBOURS + k + level.size] for k in around])
    away = np.abs(level - np.nanmedian(windows, axis=0))
    scale = MAD_TO_SIGMA * np.median(away)
    return (away > limit * scale) & (scale > 0)


def monthly_levels(readings, months, limit=10.0):
    """`MonthlyLevels` of `Readings` on a complete month axis.

    The level of a month is the mean of its readings; months without readings stay
    missing, nothing is interpolated. ``limit`` as `outlying` takes it.
    """
    months = np.asarray(months, "datetime64[M]")
    count = len(readings.names)
    total, number = np.zeros((months.size, count)), np.zeros((months.size, count))
    used, outliers = np.zeros(count, int), np.zeros(count, int)
    edges = np.searchsorted(readings.well, np.arange(count + 1))
    position = (readings.day.astype("datetime64[M]") - months[0]).astype(int)
    for w in range(count):
        part = slice(edges[w], edges[w + 1])
        wild = outlying(readings.level[part], limit)
        inside = (position[part] >= 0) & (position[part] < months.size)
        outliers[w], used[w] = (wild & inside).sum(), inside.sum()
        good = inside & ~wild
        np.add.at(total[:, w], position[part][good], 100.0 * readings.level[part][good])
        np.add.at(number[:, w], position[part][good], 1.0)
    level = np.where(number > 0, total / np.where(number > 0, number, 1.0), np.nan)
    return MonthlyLevels(level, used, outliers)
