"""A region's mean against an independent table: by month, season and year."""

from dataclasses import dataclass, field

import numpy as np

from ..basins.zonal import coverage_of, stack_basin_series
from ..data.agreement import require_units
from ..data.stack import StackInfo
from ..data.units import storage_factor
from ..errors import DataError, TimeAxisError
from ..progress import SILENT
from ..trends.sen import sen_slope
from .metrics import metrics, numbers
from .scores import straight_line
from .trends import common_trends

#: Periods in common below which a level is not compared.
MIN_PERIODS = 5
#: Median days between the table's dates up to which a level makes sense.
SPACING = {"month": 45.0, "season": 135.0, "year": np.inf}
LEVELS = tuple(SPACING)
SEASONS = ("DJF", "MAM", "JJA", "SON")
PER_YEAR = {"month": 12.0, "season": 4.0, "year": 1.0}


@dataclass
class Level:
    """One level of aggregation; arrays (period,).

    ``stack`` (cm) and ``table`` are anomalies over the periods in common, NaN
    elsewhere; ``n_stack`` and ``n_table`` months with values. ``cc_detrended`` after
    a straight line is taken off each; ``slope`` of table on stack; trends are Sen
    slopes per year over the periods in common; ``rmse`` NaN for other quantities.
    """

    name: str
    labels: list
    years: np.ndarray
    stack: np.ndarray
    table: np.ndarray
    n_stack: np.ndarray
    n_table: np.ndarray
    n: int
    cc: float
    cc_detrended: float
    r2: float
    rmse: float
    slope: float
    trend_stack: float
    trend_table: float


@dataclass
class SeriesComparison:
    """What `compare_series` returns; ``levels`` are those with enough periods."""

    info: StackInfo
    stack_name: str
    region: str
    area_km2: float
    units: str
    comparable: bool
    levels: list
    warnings: list = field(default_factory=list)


def region_series(stack, rings, name, min_covered_share=0.5, progress=SILENT, memory=None):
    """Area-weighted mean (time,) in cm of one region, and its area in km²."""
    require_units(stack)
    stack.to_centimetres()
    matrix = coverage_of(stack, [rings], [name])
    series = stack_basin_series(stack, matrix, min_covered_share, progress, memory)
    return series.mean[:, 0], float(matrix.area_km2[0])


def compare_series(mean, months, days, values, *, units="", min_share=0.6, first_month=1):
    """List of `Level` and warnings for a region's ``mean`` (time,) cm and a table.

    ``months`` is the complete axis of ``mean``; ``days`` (datetime64[D]) and ``values``
    are the table, in any order and spacing. With ``units`` of a water storage the
    table is converted to cm and RMSE and R² are given; otherwise it is another
    quantity, such as a surface elevation, and only correlation and trends are.

    Readings of a month are averaged. A season (December to February and so on) or a
    year (from ``first_month`` on, named by the year it begins in) of the stack needs
    ``min_share`` of its months, one of the table that share of the number of months it
    usually has values in. Months are compared where the median distance of
    the table's dates is at most 45 days, seasons up to 135. Anomalies are to the mean over
    the periods in common. Raises `DataError`, `TimeAxisError`, `UnitsError`.
    """
    months = np.asarray(months, "datetime64[M]")
    table, warnings = _monthly(days, values, months)
    comparable = bool(units.strip())
    if comparable:
        table = table * storage_factor(units, "UNITS")
    gap = _spacing(days, values)
    levels = []
    for name in LEVELS:
        if gap > SPACING[name]:
            continue
        level = _level(name, mean, table, months, min_share, first_month, comparable)
        if level.n >= MIN_PERIODS:
            levels.append(level)
        else:
            warnings.append(f"Only {level.n} {name}s in common: not compared.")
    if not levels:
        raise TimeAxisError(
            f"at least {MIN_PERIODS} months, seasons or years in common are expected",
            f"dates {np.min(days)} to {np.max(days)} beside {months[0]} to {months[-1]}",
            "TABLE",
        )
    main = levels[-1]
    if main.cc < 0:
        warnings.append(
            f"The correlation by {main.name} is negative: does the table rise when storage falls?"
        )
    return levels, warnings


def _monthly(days, values, months):
    """Mean of the table in each month of the axis."""
    days, values = np.asarray(days, "datetime64[D]"), np.asarray(values, float)
    good = np.isfinite(values) & ~np.isnat(days)
    if not good.any():
        raise DataError("dates with values are expected", "none", "TABLE")
    place = (days[good].astype("datetime64[M]") - months[0]).astype(int)
    inside = (place >= 0) & (place < months.size)
    warnings = []
    if not inside.all():
        warnings.append(f"{int((~inside).sum())} dates lie outside the stack's months.")
    count = np.bincount(place[inside], minlength=months.size)
    total = np.bincount(place[inside], values[good][inside], minlength=months.size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), warnings


def _spacing(days, values):
    """Median days between the table's dates."""
    good = np.isfinite(np.asarray(values, float)) & ~np.isnat(days)
    days = np.unique(np.asarray(days, "datetime64[D]")[good])
    return float(np.median(np.diff(days).astype(int))) if days.size > 1 else np.inf


def _level(name, mean, table, months, min_share, first_month, comparable):
    period, labels, years, size = _periods(name, months, first_month)
    stack, n_stack = _means(mean, period, len(labels))
    other, n_table = _means(table, period, len(labels))
    usual = float(np.median(n_table[n_table > 0])) if (n_table > 0).any() else 1.0
    stack = np.where(n_stack >= min_share * size, stack, np.nan)
    other = np.where(n_table >= min_share * usual, other, np.nan)
    both = np.isfinite(stack) & np.isfinite(other)
    stack, other = (np.where(both, v, np.nan) for v in (stack, other))
    n = int(both.sum())
    nan = float("nan")
    if n < MIN_PERIODS:
        return Level(name, labels, years, stack, other, n_stack, n_table, n, *[nan] * 7)
    stack, other = (v - v[both].mean() for v in (stack, other))
    m = numbers(metrics(stack[:, None], other[:, None]))
    calm = numbers(metrics(_detrended(stack)[:, None], _detrended(other)[:, None]))
    if name == "month":
        trends = [float(t[0]) for t in common_trends(stack[:, None], other[:, None], 2.0)[:2]]
    else:
        slopes = sen_slope(np.stack([stack, other], axis=1)).slope
        trends = [float(PER_YEAR[name] * v) for v in slopes]
    slope, _ = straight_line(stack, other)
    return Level(
        name, labels, years, stack, other, n_stack, n_table, n, m.cc, calm.cc,
        m.nse if comparable else nan, m.rmse if comparable else nan, slope, *trends,
    )  # fmt: skip


def _periods(name, months, first_month):
    """Index (month,) of each month's period, labels and middles in years, months a period."""
    number = months.astype(int)
    if name == "month":
        return number - number[0], [str(m) for m in months], 1970 + (number + 0.5) / 12, 1
    if name == "season":
        key = (number + 1) // 3
        labels = [f"{1970 + k // 4} {SEASONS[k % 4]}" for k in range(key[0], key[-1] + 1)]
        middle = (3.0 * np.arange(key[0], key[-1] + 1) + 0.5) / 12
        return key - key[0], labels, 1970 + middle, 3
    key = (number - (first_month - 1)) // 12
    keys = np.arange(key[0], key[-1] + 1)
    middle = keys + (first_month - 1) / 12 + 0.5
    return key - key[0], [str(1970 + k) for k in keys], 1970 + middle, 12


def _means(values, period, count):
    known = np.isfinite(values)
    n = np.bincount(period[known], minlength=count)
    total = np.bincount(period[known], values[known], minlength=count)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan), n


def _detrended(values):
    t = np.arange(values.size, dtype=float)
    slope, intercept = straight_line(np.where(np.isfinite(values), t, np.nan), values)
    return values - slope * t - intercept
