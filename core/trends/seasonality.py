"""Share of the season in the variability of a stack (Eq. 20)."""

from dataclasses import dataclass

import numpy as np

from ..data.bands import BandFile
from ..data.blocks import run_blocks
from ..data.rasterfile import RasterWriter
from ..errors import DataError, ParameterError, TimeAxisError
from ..progress import SILENT
from .areas import shares_above, weighted_mean
from .months import observed_reader
from .series import as_series, rounding

BANDS = ("seasonality", "within_year_sd", "annual_mean_sd", "years")
#: What noise without any season scores, in %: a year's standard deviation against that
#: of means of twelve, 1/(1 + 1/√12), a little less for small samples.
WHITE_NOISE = 77.0
#: Above these the paper speaks of seasonal dominance: %, its share of the land in %.
PUBLISHED = ((50.0, 52.30), (66.0, 26.09))


@dataclass
class SeasonalitySummary:
    """What a map of seasonality rests on.

    ``first`` and ``last`` whole year, ``fewest`` and ``most`` complete years of any cell,
    ``cells``, area-weighted ``mean`` in %, ``area_km2`` and ``above``: (threshold %, km², share %).
    """

    first: int
    last: int
    fewest: int
    most: int
    cells: int
    mean: float
    area_km2: float
    above: tuple
    sphere: bool


def whole_years(months):
    """First row and number of the calendar years that lie inside ``months`` (datetime64[M])."""
    number = np.asarray(months, "datetime64[M]").astype(int)
    first = int(-number[0] % 12)
    return first, max(0, (number.size - first) // 12)


def seasonality(values, min_years=2):
    """Seasonal share of each pixel, %.

    C = 100 σ̄ / (σ̄ + δ): σ̄ the mean over years of the standard deviation within a year, δ
    the standard deviation of the annual means, both with n − 1, over the years in
    which all twelve months have a value.

    ``values`` (12 · years, pixel) from a January on, any unit, NaN = missing.
    Returns (4, pixel): C, σ̄, δ and the number of complete years. C, σ̄ and δ are NaN under
    ``min_years`` (at least 2) complete years; C is NaN where nothing varies but rounding.
    Noise without a season gives about 77. Raises `DataError` for a length that is no whole
    number of years.
    Source: Zhang et al., Eq. 20, after Li et al. (2025).
    """
    values = as_series(values)
    if values.shape[0] % 12 or min_years < 2:
        raise DataError("whole years and at least two of them are expected", values.shape[0])
    yearly = values.reshape(-1, 12, values.shape[1])
    complete = ~np.isnan(yearly).any(axis=1)
    count = complete.sum(axis=0)
    good = count >= min_years
    mean = np.where(complete, yearly.mean(axis=1), 0.0)
    # A mean that went missing must not spread: deviations of such years count nothing.
    away = np.where(complete[:, None], yearly - mean[:, None], 0.0)
    within = np.sqrt((away**2).sum(axis=1) / 11.0)
    n = np.maximum(count, 1)
    sigma = within.sum(axis=0) / n
    overall = mean.sum(axis=0) / n
    spread = np.where(complete, mean - overall, 0.0)
    delta = np.sqrt((spread**2).sum(axis=0) / np.maximum(count - 1, 1))
    sigma, delta = np.where(good, sigma, np.nan), np.where(good, delta, np.nan)
    total = sigma + delta
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > rounding(values), 100.0 * sigma / total, np.nan)
    return np.stack([share, sigma, delta, count.astype(float)])


def map_seasonality(
    stack, output, *, flags=None, start="", end="", min_years=5, progress=SILENT, name="", **blocks
):
    """Write the seasonal share of every pixel of a stack, bands `BANDS`.

    ``flags`` of a gap filling set filled months aside, so that only years observed in
    full count. Returns a `SeasonalitySummary`. Raises `TimeAxisError` where the period
    holds fewer than ``min_years`` calendar years, `DataError` where no pixel has as many.
    """
    if min_years < 2:
        raise ParameterError("at least 2 years are expected", min_years, "MIN_YEARS")
    picked, reads, observed = observed_reader(stack, flags, start, end)
    months = stack.months[picked]
    skip, years = whole_years(months)
    if years < min_years:
        raise TimeAxisError(
            f"at least {min_years} whole calendar years are expected",
            f"{years} between {months[0]} and {months[-1]}",
            stack.name,
            "Choose a longer period or lower MIN_YEARS.",
        )
    counts = []

    def kernel(values, *rest):
        *flag, check = rest
        check()
        result = seasonality(observed(values, flag)[skip : skip + 12 * years], min_years)
        complete = result[3, np.isfinite(result[0])]
        if complete.size:
            counts.append((complete.size, complete.min(), complete.max()))
        return (result,)

    first = int(str(months[skip])[:4])
    line = (
        f"seasonal share (Eq. 20), whole years {first} to {first + years - 1}, at least "
        f"{min_years} complete, " + ("filled months set aside" if flags else "all months")
    )
    unit = stack.units
    tags = {
        "long_name": f"seasonality of {stack.info.long_name or stack.name}",
        "history": "\n".join((*stack.info.history, line)),
    }
    with RasterWriter(
        output, stack.grid, BANDS, units=["%", unit, unit, "years"], tags=tags, name=name
    ) as file:
        run_blocks(
            stack.grid, reads, kernel, [file],
            planes=4 * picked.size, progress=progress.part(0.0, 0.9), **blocks,
        )  # fmt: skip
        if not counts:
            raise DataError(
                f"a cell with {min_years} complete years is expected",
                "none",
                stack.name,
                "Fill the gaps and give no FLAGS, or lower MIN_YEARS.",
            )
    with BandFile(output) as made:
        area, above = shares_above(made, BANDS[0], [level for level, _ in PUBLISHED])
        mean, sphere = weighted_mean(made, BANDS[0]), made.grid.is_geographic
    cells, fewest, most = zip(*counts)
    return SeasonalitySummary(
        first, first + years - 1, int(min(fewest)), int(max(most)),
        sum(cells), mean, area, above, sphere,
    )  # fmt: skip
