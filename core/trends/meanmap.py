"""The mean of a stack over time, cell by cell."""

from dataclasses import dataclass

import numpy as np

from ..data.blocks import run_blocks
from ..data.months import baseline_mask
from ..data.rasterfile import RasterWriter
from ..errors import DataError, ParameterError
from ..progress import SILENT
from .months import observed_reader
from .series import as_series

BANDS = ("mean", "months")
METHODS = ("months", "calendar")


@dataclass
class MeanSummary:
    """What a mean map rests on; ``on_baseline`` where its months are those of the baseline."""

    first: np.datetime64
    last: np.datetime64
    cells: int
    fewest: int
    most: int
    on_baseline: bool


def mean_over_time(values, months, method="months", min_share=0.5):
    """Mean of each series and its number of months, (2, pixel).

    ``months``: the mean of all months with a value. ``calendar``: the mean of the means of
    the twelve calendar months, so that a season that was observed more often does not
    weigh more; NaN where a calendar month has no value at all.
    ``values`` (time, pixel), any unit, NaN = missing; ``months`` datetime64[M]. NaN under
    ``min_share`` of the months.
    """
    values = as_series(values)
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    good = (count > 0) & (count >= min_share * len(values) - 1e-9)
    filled = np.where(known, values, 0.0)
    if method == "months":
        mean = filled.sum(axis=0) / np.maximum(count, 1)
    else:
        number = np.asarray(months, "datetime64[M]").astype(int) % 12
        totals = np.zeros(values.shape[1])
        for month in range(12):
            rows = number == month
            n = known[rows].sum(axis=0)
            good &= n > 0
            totals += filled[rows].sum(axis=0) / np.maximum(n, 1)
        mean = totals / 12.0
    return np.stack([np.where(good, mean, np.nan), count.astype(float)])


def map_mean(
    stack,
    output,
    *,
    method="months",
    flags=None,
    start="",
    end="",
    min_share=0.5,
    progress=SILENT,
    name="",
    **blocks,
):
    """Write the mean of a stack over time, bands `BANDS`; returns a `MeanSummary`.

    ``flags`` of a gap filling leave filled months out. Raises `TimeAxisError`,
    `ParameterError`, and `DataError` where no cell has enough months.
    """
    if method not in METHODS:
        raise ParameterError(f"one of {', '.join(METHODS)} is expected", method, "METHOD")
    picked, reads, observed = observed_reader(stack, flags, start, end)
    months, counts = stack.months[picked], []

    def kernel(values, *rest):
        *flag, check = rest
        check()
        result = mean_over_time(observed(values, flag), months, method, min_share)
        seen = result[1][np.isfinite(result[0])]
        if seen.size:
            counts.append((seen.size, seen.min(), seen.max()))
        return (result,)

    what = "all months alike" if method == "months" else "mean of the twelve calendar months"
    line = (
        f"mean of {months[0]} to {months[-1]}, {what}, at least {100 * min_share:g} % of them, "
        + ("filled months left out" if flags is not None else "all months with a value")
    )
    tags = {
        "units": stack.units,
        "long_name": f"mean of {stack.info.long_name or stack.name}",
        "history": "\n".join((*stack.info.history, line)),
    }
    if stack.baseline:
        tags["baseline"] = "/".join(stack.baseline)
    units = [stack.units, "months"]
    with RasterWriter(output, stack.grid, BANDS, units=units, tags=tags, name=name) as file:
        run_blocks(
            stack.grid, reads, kernel, [file],
            planes=4 * picked.size, progress=progress, **blocks,
        )  # fmt: skip
        if not counts:
            raise DataError(
                f"a cell with {100 * min_share:g} % of the months is expected",
                "none",
                stack.name,
                "Fill the gaps first, choose another period, or lower MIN_SHARE.",
            )
    same = bool(stack.baseline) and np.array_equal(
        baseline_mask(stack.months, stack.baseline), np.isin(np.arange(stack.months.size), picked)
    )
    cells, fewest, most = zip(*counts)
    return MeanSummary(months[0], months[-1], sum(cells), int(min(fewest)), int(max(most)), same)
