"""Deseasonalised stacks, block by block."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from ..data.agreement import check_same_axes
from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.flags import FILLED_FLAGS
from ..data.stack import stack_writer
from ..errors import DataError, ParameterError, located
from ..progress import SILENT
from .season import METHODS, split_season
from .stl import stl_windows

TEXTS = {
    "stl": "STL (period 12, windows {} years and {} months)",
    "stl-robust": "robust STL (period 12, windows {} years and {} months)",
    "harmonic": "annual and semiannual harmonics on the months with a value",
}


@dataclass
class SeasonSummary:
    """What a run did: months, cells with a result, and their share of variance.

    ``seasonal_share`` is the mean over the cells of var(season) / var(series), over the
    months with a value. ``last`` is the last band with values, from 1.
    """

    months: int
    cells: int
    seasonal_share: float
    last: int


def check_season(stack, method="stl", flags=None, seasonal_window=7, trend_window=None):
    """Raise for what the headers tell: an unknown method, windows, a short record, flags."""
    if method not in METHODS:
        raise ParameterError(f"one of {', '.join(METHODS)} is expected", method, "METHOD")
    if flags is not None:
        check_same_axes(stack, flags)
    if method == "harmonic":
        return None
    if seasonal_window < 3 or seasonal_window % 2 == 0:
        raise ParameterError(
            "an odd number of years from 3 is expected", seasonal_window, "SEASONAL_WINDOW"
        )
    if trend_window is not None and (trend_window < 13 or trend_window % 2 == 0):
        raise ParameterError(
            "an odd number of months from 13 is expected", trend_window, "TREND_WINDOW"
        )
    with located(stack.name):
        return stl_windows(stack.months.size, 12, seasonal_window, trend_window, None, (1, 1, 1), 1)


def deseasonalise_stack(
    stack,
    output,
    *,
    method="stl",
    flags=None,
    seasonal_window=7,
    trend_window=None,
    season_output="",
    progress=SILENT,
    **blocks,
):
    """Write a stack without its season, and the season on request; see ``split_season``.

    With ``flags`` filled months are missing in the result. Units and baseline stay; the
    season is a deviation from no period, so it has no baseline. Returns `SeasonSummary`.
    Raises what ``check_season`` raises, DataError where no cell can be worked on.
    """
    windows = check_season(stack, method, flags, seasonal_window, trend_window)
    reads = [stack.read] + ([flags.read_flags] if flags is not None else [])
    shares, lasts = [], [1]

    def kernel(values, *rest):
        *flag, check = rest
        check()
        aside = np.isin(flag[0], FILLED_FLAGS) if flag else None
        with located(stack.name):
            left, season = split_season(values, method, aside, seasonal_window, trend_window, check)
        share = _variance_share(left, season)
        known = np.isfinite(share)
        shares.append((known.sum(), share[known].sum()))
        lasts.append(1 + int(np.flatnonzero(np.isfinite(left).any(axis=1)).max(initial=0)))
        return left, season

    text = TEXTS[method].format(seasonal_window, windows and windows[0])
    aside = ", filled months left missing" if flags is not None else ""
    history = (*stack.info.history, f"season removed by {text}{aside}")
    name = stack.info.long_name or stack.name
    info = replace(stack.info, long_name=f"deseasonalised {name}", history=history)
    season_info = replace(
        stack.info,
        long_name=f"season of {name}",
        baseline=(),
        history=(*stack.info.history, f"season by {text}"),
    )
    with atomic_paths([output, season_output or None]) as (partial, season_partial):
        with ExitStack() as files:
            writers = [
                path and files.enter_context(stack_writer(path, about))
                for path, about in ((partial, info), (season_partial, season_info))
            ]
            run_blocks(
                stack.grid, reads, kernel, writers,
                planes=6 * stack.months.size, progress=progress, **blocks,
            )  # fmt: skip
        cells, share = np.sum(shares, axis=0) if shares else (0, 0.0)
        if not cells:
            raise DataError(
                "at least one series long enough for a season is expected", "none", stack.name
            )
    return SeasonSummary(stack.months.size, int(cells), float(share / cells), max(lasts))


def _variance_share(left, season):
    """var(season) / var(left + season) of each pixel over the months with a value."""
    seen = np.isfinite(left)
    n = seen.sum(axis=0)
    total = np.where(seen, left + season, 0.0)
    part = np.where(seen, season, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        variances = [
            (np.where(seen, v - v.sum(axis=0) / n, 0.0) ** 2).sum(axis=0) for v in (part, total)
        ]
        share = variances[0] / variances[1]
    # A constant has no variance, and none of it is seasonal.
    return np.where(n == 0, np.nan, np.where(variances[1] > 0, share, 0.0))
