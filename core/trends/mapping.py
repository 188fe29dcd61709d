"""Trends and their significance for whole stacks, block by block."""

from dataclasses import dataclass

import numpy as np

from ..data.blocks import run_blocks
from ..data.flags import FILLED_FLAGS
from ..data.grid import check_same_grid
from ..data.months import parse_month
from ..data.rasterfile import RasterWriter
from ..data.stack import check_same_months
from ..errors import DataError, ParameterError, TimeAxisError, located
from ..progress import SILENT
from .correction import TESTS, corrected_trend_test
from .season import METHODS, split_season

DESEASONALISE = (*METHODS, "none")
#: Months below which neither a season nor a trend can be told.
MIN_MONTHS = 24
BANDS = (
    "slope_per_year",
    "slope_per_month",
    "lower_per_year",
    "upper_per_year",
    "p",
    "z",
    "s",
    "r1",
    "n",
)
#: Further bands where the test is a corrected one.
CORRECTED_BANDS = ("p_original", "variance_factor")
TEST_NAMES = {
    "original": "Mann-Kendall test of independent months",
    "hamed-rao": "Mann-Kendall test corrected by Hamed-Rao",
    "yue-wang": "Mann-Kendall test corrected by Yue-Wang",
}


@dataclass
class TrendSummary:
    """Which months a trend map rests on, and how much of it is significant."""

    first: np.datetime64
    last: np.datetime64
    months: int
    cells: int
    significant_share: float
    original_share: float


def trend_bands(test="original"):
    """Names of the bands, in order."""
    return BANDS if test == "original" else BANDS + CORRECTED_BANDS


def trend_units(unit, test="original"):
    """Units of the bands of a stack in ``unit``, in order."""
    units = [f"{unit}/yr", f"{unit}/month", f"{unit}/yr", f"{unit}/yr", "", "", "", "", "months"]
    return units + [""] * (len(trend_bands(test)) - len(units))


def trend_kernel(values, deseasonalise="stl", set_aside=None, test="original", check=None):
    """All bands of a trend map, (band, pixel), for ``values`` (time, pixel).

    The season is removed (STL operator, robust STL, harmonics on the observed months,
    or not at all); months where ``set_aside`` is true are then taken out; Sen slope,
    Theil limits, Mann–Kendall and lag-1 autocorrelation of the detrended series
    follow on what is left, with true distances in time (METHODS §9). Limits, p and z are
    those of ``test``.
    """
    if deseasonalise == "none":
        series = values if set_aside is None else np.where(set_aside, np.nan, values)
    else:
        series, _ = split_season(values, deseasonalise, set_aside, check=check)
    found = corrected_trend_test(series, test)
    sen, mk = found.sen, found.mann_kendall
    bands = [
        12.0 * sen.slope,
        sen.slope,
        12.0 * sen.lower,
        12.0 * sen.upper,
        mk.p,
        mk.z,
        mk.s,
        found.r1,
        mk.n.astype(float),
    ]
    if test != "original":
        bands += [found.p_original, found.factor]
    return np.stack(bands)


def select_months(stack, start="", end=""):
    """Band indices between two months (``YYYY-MM``, empty = the record's own)."""
    first = parse_month(start, "START") if start else stack.months[0]
    last = parse_month(end, "END") if end else stack.months[-1]
    picked = np.flatnonzero((stack.months >= first) & (stack.months <= last))
    if picked.size < MIN_MONTHS:
        raise TimeAxisError(
            f"at least {MIN_MONTHS} months are expected for a trend",
            f"{picked.size} between {first} and {last}",
            stack.name,
            f"The record runs {stack.months[0]} to {stack.months[-1]}.",
        )
    return picked


def map_trend(
    stack,
    output,
    *,
    deseasonalise="stl",
    test="original",
    flags=None,
    start="",
    end="",
    progress=SILENT,
    **blocks,
):
    """Write the trend map of a stack: one Float64 raster, bands `trend_bands`.

    ``flags`` sets filled months aside after deseasonalising. Float64 because p
    of a strong trend underflows in 32 bits. Returns a `TrendSummary`.
    """
    if deseasonalise not in DESEASONALISE:
        raise ParameterError(f"one of {', '.join(DESEASONALISE)} is expected", deseasonalise)
    if test not in TESTS:
        raise ParameterError(f"one of {', '.join(TESTS)} is expected", test)
    picked = select_months(stack, start, end)
    if flags is not None:
        check_same_grid(stack.grid, flags.grid, stack.name, flags.name)
        check_same_months(stack, flags)
    reads = [lambda *window: stack.read(*window, bands=picked)]
    if flags is not None:
        reads.append(lambda *window: flags.read_flags(*window)[picked])
    shares = []
    names = trend_bands(test)
    plain = names.index("p_original" if "p_original" in names else "p")

    def kernel(values, *rest):
        *flag, check = rest
        check()
        aside = np.isin(flag[0], FILLED_FLAGS) if flag else None
        with located(stack.name):
            result = trend_kernel(values, deseasonalise, aside, test, check)
        shares.append(result[[BANDS.index("p"), plain]])
        return (result,)

    unit = stack.units or "units"
    units = trend_units(unit, test)
    first, last = stack.months[picked[0]], stack.months[picked[-1]]
    line = (
        f"Sen slope and {TEST_NAMES[test]}, {first} to {last}, "
        f"season removed by {deseasonalise}, "
        + ("filled months set aside" if flags is not None else "all months with a value")
    )
    tags = {
        "units": f"{unit}/yr",
        "long_name": f"trend of {stack.info.long_name or stack.name}",
        "history": "\n".join((*stack.info.history, line)),
    }
    with RasterWriter(output, stack.grid, names, dtype="float64", units=units, tags=tags) as file:
        run_blocks(
            stack.grid, reads, kernel, [file],
            planes=4 * picked.size, progress=progress, **blocks,
        )  # fmt: skip
        p = np.concatenate(shares, axis=1) if shares else np.empty((2, 0))
        known = p[:, np.isfinite(p[0])]
        if not known.size:
            raise DataError(
                "at least one series long enough for a trend is expected", "none", stack.name
            )
    share, original = (known < 0.01).mean(axis=1)
    return TrendSummary(first, last, picked.size, known.shape[1], float(share), float(original))
