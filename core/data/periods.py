"""One map of a period: a month, a span, a season, a calendar month, a year."""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import DataError, ParameterError, TimeAxisError
from ..progress import SILENT
from . import months as calendar
from .agreement import check_same_axes
from .blocks import run_blocks
from .flags import FILLED_FLAGS
from .rasterfile import RasterWriter
from .reference import written_type
from .stack import stack_writer

PERIODS = ("span", "month", "year", "season", "calendar month")
#: Calendar months of a season; December belongs to the year of the January after it.
SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
STATISTICS = ("mean", "sum", "min", "max", "std")


@dataclass(frozen=True)
class Period:
    """Months that belong together: ``months`` (datetime64[M], rising) and what to call them."""

    months: np.ndarray
    text: str

    def bands(self, stack):
        """Bands of a stack inside the period; `TimeAxisError` where there are none."""
        picked = np.flatnonzero(np.isin(stack.months, self.months))
        if not picked.size:
            raise TimeAxisError(
                f"months of {self.text} are expected",
                f"{stack.months[0]} to {stack.months[-1]}",
                stack.name,
            )
        return picked


@dataclass
class PeriodSummary:
    """What a map of a period rests on."""

    text: str
    expected: int
    present: int
    cells: int
    signed: bool


def choose_period(
    kind, record, *, start="", end="", month="", year=None, season="DJF", calendar_month=1
):
    """The `Period` that was asked for; ``record`` are the months of the stack.

    ``span``: ``start`` to ``end`` (empty: those of the record). ``month``: ``month``
    (YYYY-MM). ``year``: the calendar year ``year``. ``season`` and ``calendar month``: of
    ``year``, or of every year between ``start`` and ``end`` where it is None. A named
    month, year or span counts in full, also where the record lacks part of it.
    Raises `ParameterError`, `TimeAxisError`.
    """
    if kind not in PERIODS:
        raise ParameterError(f"one of {', '.join(PERIODS)} is expected", kind, "PERIOD")
    if kind == "month":
        one = calendar.parse_month(month, "MONTH")
        return Period(np.array([one]), str(one))
    if kind == "year":
        if year is None:
            raise ParameterError("a year is expected", "none", "YEAR")
        first = np.datetime64(f"{year:04d}-01", "M")
        return Period(calendar.month_range(first, first + 11), f"{year}")
    first = calendar.parse_month(start, "START") if start else record[0]
    last = calendar.parse_month(end, "END") if end else record[-1]
    if last < first:
        raise ParameterError("a START before END is expected", f"{first} to {last}", "START")
    if kind == "span":
        return Period(calendar.month_range(first, last), f"{first} to {last}")
    wanted, name = _part_of_year(kind, season, calendar_month)
    if year is not None:
        january = np.datetime64(f"{year:04d}-01", "M")
        first, last = january - 1, january + 11
    span = calendar.month_range(first, last)
    number = span.astype(int) % 12 + 1
    picked = np.isin(number, wanted)
    if year is not None:
        # A December belongs to the season of the next year, and to its own as a month.
        of = span.astype(int) // 12 + 1970 + ((number == 12) & (kind == "season"))
        picked &= of == year
        return Period(span[picked], f"{name} {year}")
    if not picked.any():
        raise TimeAxisError(f"a span that holds {name} is expected", f"{first} to {last}")
    return Period(span[picked], f"{name} of {first} to {last}")


def _part_of_year(kind, season, calendar_month):
    if kind == "season":
        if season not in SEASONS:
            raise ParameterError(f"one of {', '.join(SEASONS)} is expected", season, "SEASON")
        return SEASONS[season], season
    if not 1 <= int(calendar_month) <= 12:
        raise ParameterError("a month from 1 to 12 is expected", calendar_month, "CALENDAR_MONTH")
    return (int(calendar_month),), f"calendar month {int(calendar_month):02d}"


def period_kernel(values, statistic, expected, min_share=0.5):
    """One number a pixel for ``values`` (time, pixel), float64; shape (pixel,).

    Mean, sum, minimum, maximum or standard deviation (n − 1) of the finite values.
    NaN where fewer than ``min_share`` · ``expected`` months have one; a sum needs all
    of them, since a missing month would count as zero, and a deviation needs two.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    least = expected if statistic == "sum" else max(1.0, min_share * expected - 1e-9)
    least = max(least, 2) if statistic == "std" else least
    good = count >= least
    if statistic in ("min", "max"):
        end = np.inf if statistic == "min" else -np.inf
        pick = np.min if statistic == "min" else np.max
        result = pick(np.where(known, values, end), axis=0)
        return np.where(good, result, np.nan)
    total = np.where(known, values, 0.0).sum(axis=0)
    if statistic == "sum":
        return np.where(good, total, np.nan)
    mean = total / np.maximum(count, 1)
    if statistic == "std":
        square = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0)
        return np.where(good, np.sqrt(square / np.maximum(count - 1, 1)), np.nan)
    return np.where(good, mean, np.nan)


def extract_period(
    stack,
    output,
    period,
    *,
    statistic="mean",
    min_share=0.5,
    flags=None,
    progress=SILENT,
    **blocks,
):
    """Write the map of a `Period`: one Float32 band that says what it is.

    ``flags`` of a gap filling leave filled months out. Returns a `PeriodSummary`.
    Raises `DataError` where no cell has enough months.
    """
    if statistic not in STATISTICS:
        raise ParameterError(f"one of {', '.join(STATISTICS)} is expected", statistic, "STATISTIC")
    picked = period.bands(stack)
    reads = _reads(stack, flags, picked)
    expected, seen = period.months.size, []

    def kernel(values, *rest):
        *flag, check = rest
        check()
        result = period_kernel(_observed(values, flag), statistic, expected, min_share)
        known = result[np.isfinite(result)]
        if known.size:
            seen.append((known.size, known.min(), known.max()))
        return (result[None],)

    units = sum_units(stack.units) if statistic == "sum" else stack.units
    what = f"{statistic} of {period.text}" if expected > 1 else period.text
    line = (
        f"{what}: {picked.size} of {expected} months in the record, "
        + ("all of them needed" if statistic == "sum" else f"at least {100 * min_share:g} % needed")
        + (", filled months left out" if flags is not None else "")
    )
    tags = replace(stack.info, units=units, history=(*stack.info.history, line)).tags()
    if statistic == "std":
        tags.pop("baseline", None)
    tags["period"] = period.text
    tags["statistic"] = statistic
    with RasterWriter(output, stack.grid, [what], units=units, tags=tags) as writer:
        run_blocks(
            stack.grid, reads, kernel, [writer],
            planes=3 * picked.size, progress=progress, **blocks,
        )  # fmt: skip
        if not seen:
            raise DataError(
                f"a cell with enough months of {period.text} is expected",
                "none",
                stack.name,
                "Fill the gaps first, choose another period, or lower MIN_SHARE.",
            )
    cells = sum(n for n, _, _ in seen)
    signed = statistic != "std" and (bool(stack.baseline) or min(low for _, low, _ in seen) < 0)
    return PeriodSummary(line, expected, picked.size, cells, signed)


def extract_stack(stack, output, period, *, flags=None, progress=SILENT, **blocks):
    """Write the months of a `Period` as a stack. Returns the months written.

    ``flags`` of a gap filling make filled months missing again.

    Raises `ParameterError` for a period with holes (a season of several years).
    """
    if (np.diff(period.months.astype(int)) != 1).any():
        raise ParameterError(
            "a period without holes is expected for a stack",
            period.text,
            "STATISTIC",
            "Choose a span, or a statistic such as 'mean'.",
        )
    picked = period.bands(stack)
    months = stack.months[picked]
    line = f"months {months[0]} to {months[-1]} taken"
    line += ", filled months set to missing" if flags is not None else ""
    info = replace(stack.info, months=months, history=(*stack.info.history, line))
    kind, fill = written_type(stack)

    def kernel(values, *rest):
        *flag, check = rest
        check()
        values = _observed(values, flag)
        return (np.where(np.isfinite(values), values, fill),)

    with stack_writer(output, info, kind, fill) as writer:
        run_blocks(
            stack.grid, _reads(stack, flags, picked), kernel, [writer],
            planes=4 * picked.size, progress=progress, **blocks,
        )  # fmt: skip
    return months


def _reads(stack, flags, picked):
    """Readers of the months' values and, where there are flags, of their flags."""
    reads = [lambda *window: stack.read(*window, bands=picked)]
    if flags is not None:
        check_same_axes(stack, flags)
        reads.append(lambda *window: flags.read_flags(*window)[picked])
    return reads


def _observed(values, flag):
    return np.where(np.isin(flag[0], FILLED_FLAGS), np.nan, values) if flag else values


def sum_units(units):
    """Units of a sum over months: ``mm/month`` adds up to ``mm``, others stay."""
    for tail in ("/month", " month-1", " month^-1", " month⁻¹", " per month"):
        if units.endswith(tail):
            return units[: -len(tail)]
    return units
