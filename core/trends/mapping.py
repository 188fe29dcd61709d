"""Trends and their significance for whole stacks, block by block."""

from dataclasses import dataclass

import numpy as np

from ..data.agreement import check_same_axes
from ..data.blocks import run_blocks
from ..data.flags import FILLED_FLAGS
from ..data.rasterfile import RasterWriter
from ..errors import DataError, ParameterError, located
from ..progress import SILENT
from .correction import TESTS, corrected_trend_test
from .montecarlo import DRAWS, Errors, slope_limits_by_draws
from .months import chosen_months
from .season import METHODS, split_season

#: What becomes of filled months once the season is removed.
FILLED = ("set-aside", "use")
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
#: Further bands where errors are drawn.
DRAWN_BANDS = ("drawn_lower_per_year", "drawn_upper_per_year")
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


def trend_bands(test="original", drawn=False):
    """Names of the bands, in order."""
    return BANDS + (CORRECTED_BANDS if test != "original" else ()) + (DRAWN_BANDS if drawn else ())


def trend_units(unit, test="original", drawn=False):
    """Units of the bands of a stack in ``unit``, in order."""
    known = {"slope_per_month": f"{unit}/month", "n": "months"}
    return [
        f"{unit}/yr" if name.endswith("_per_year") else known.get(name, "")
        for name in trend_bands(test, drawn)
    ]


def trend_kernel(
    values, deseasonalise="stl", set_aside=None, test="original", errors=None, check=None
):
    """All bands of a trend map, (band, pixel), for ``values`` (time, pixel).

    The season is removed (STL operator, robust STL, harmonics on the observed months,
    or not at all); months where ``set_aside`` is true are then taken out; Sen slope,
    Theil limits, Mann–Kendall and lag-1 autocorrelation of the detrended series
    follow on what is left, with true distances in time (METHODS §9). Limits, p and z are
    those of ``test``. With ``errors`` (`Errors`) limits of the slope by drawn errors follow.
    Under `MIN_MONTHS` months that count there is ``n`` alone.
    """

    def series_of(values):
        if deseasonalise == "none":
            return values if set_aside is None else np.where(set_aside, np.nan, values)
        return split_season(values, deseasonalise, set_aside, check=check)[0]

    found = corrected_trend_test(series_of(values), test)
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
    if errors is not None:
        drawn = slope_limits_by_draws(values, errors, series_of, check=check)
        bands += [12.0 * limit for limit in drawn]
    bands = np.stack(bands)
    bands[np.ix_(np.arange(len(bands)) != BANDS.index("n"), mk.n < MIN_MONTHS)] = np.nan
    return bands


def check_trend(
    stack,
    *,
    deseasonalise="stl",
    test="original",
    flags=None,
    filled="set-aside",
    sigma=None,
    start="",
    end="",
):
    """Raise for what headers and settings of `map_trend` tell; returns the band indices."""
    for name, choice, known in (
        ("DESEASONALISE", deseasonalise, DESEASONALISE),
        ("TEST", test, TESTS),
        ("FILLED", filled, FILLED),
    ):
        if choice not in known:
            raise ParameterError(f"one of {', '.join(known)} is expected", choice, name)
    picked = chosen_months(stack, start, end, MIN_MONTHS)
    for other in (flags, sigma):
        if other is not None:
            check_same_axes(stack, other)
    if sigma is not None:
        sigma_factor(stack, sigma)
    return picked


def sigma_factor(stack, sigma):
    """What turns the values of ``sigma`` into the unit of ``stack``."""
    return 1.0 if sigma.units == stack.units else sigma.to_centimetres() / stack.to_centimetres()


def map_trend(
    stack,
    output,
    *,
    deseasonalise="stl",
    test="original",
    flags=None,
    filled="set-aside",
    sigma=None,
    draws=DRAWS,
    start="",
    end="",
    progress=SILENT,
    **blocks,
):
    """Write the trend map of a stack: one Float64 raster, bands `trend_bands`.

    ``flags`` tells filled months, which are set aside after deseasonalising or, with
    ``filled="use"``, count like the others. ``sigma``, a stack of one-sigma, asks for limits
    by ``draws`` of errors (`slope_limits_by_draws`). Float64 because p of a strong trend
    underflows in 32 bits. Returns a `TrendSummary`.
    """
    picked = check_trend(
        stack, flags=flags, sigma=sigma, start=start, end=end, filled=filled,
        deseasonalise=deseasonalise, test=test,
    )  # fmt: skip
    reads = [lambda *window: stack.read(*window, bands=picked)]
    if flags is not None:
        reads.append(lambda *window: flags.read_flags(*window)[picked])
    if sigma is not None:
        factor = sigma_factor(stack, sigma)
        reads.append(lambda *window: factor * sigma.read(*window, bands=picked))
    counts = []
    names = trend_bands(test, sigma is not None)
    plain = names.index("p_original" if "p_original" in names else "p")

    def kernel(values, *rest):
        *rest, check = rest
        check()
        made = np.isin(rest[0], FILLED_FLAGS) if flags is not None else None
        aside = made if filled == "set-aside" else None
        errors = Errors(rest[-1], made, draws) if sigma is not None else None
        with located(stack.name):
            result = trend_kernel(values, deseasonalise, aside, test, errors, check)
        p = result[[BANDS.index("p"), plain]]
        known = np.isfinite(p[0])
        counts.append((known.sum(), *(p[:, known] < 0.01).sum(axis=1)))
        return (result,)

    unit = stack.units or "units"
    units = trend_units(unit, test, sigma is not None)
    first, last = stack.months[picked[0]], stack.months[picked[-1]]
    if flags is None:
        which = "all months with a value"
    else:
        which = "filled months set aside" if filled == "set-aside" else "filled months used"
    line = (
        f"Sen slope and {TEST_NAMES[test]}, {first} to {last}, "
        f"season removed by {deseasonalise}, {which}"
        + (f", limits by {draws} draws of errors" if sigma is not None else "")
    )
    tags = {
        "units": f"{unit}/yr",
        "long_name": f"trend of {stack.info.long_name or stack.name}",
        "history": "\n".join((*stack.info.history, line)),
    }
    with RasterWriter(output, stack.grid, names, dtype="float64", units=units, tags=tags) as file:
        run_blocks(
            stack.grid, reads, kernel, [file],
            planes=(4 if sigma is None else 6) * picked.size, progress=progress, **blocks,
        )  # fmt: skip
        cells, *sure = np.sum(counts, axis=0) if counts else (0, 0, 0)
        if not cells:
            raise DataError(
                "at least one series long enough for a trend is expected", "none", stack.name
            )
    share, original = (float(n / cells) for n in sure)
    return TrendSummary(first, last, picked.size, int(cells), share, original)
