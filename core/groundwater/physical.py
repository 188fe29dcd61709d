"""Physically informed storage: a model's storage with the glaciers it lacks."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..data.agreement import require_units
from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.grid import check_same_grid
from ..data.months import DEFAULT_BASELINE, baseline_mask
from ..data.stack import MonthlyStack, StackInfo, stack_writer
from ..errors import BaselineError, DataError, ParameterError, TimeAxisError
from ..progress import SILENT
from .separation import rebase
from .separationinputs import reader

INSIDE, OUTSIDE, MISSING = 0, 1, 255


@dataclass(frozen=True)
class PhysicalSummary:
    """Months with values, bounds (month,) in cm, cells outside of them and cells with values."""

    months: np.ndarray
    low: np.ndarray
    high: np.ndarray
    outside: np.ndarray
    counted: np.ndarray


def check_physical(model, glaciers, baseline=DEFAULT_BASELINE, percentiles=(1.0, 99.0)):
    """Raise the core's errors unless the stacks go together (headers only)."""
    for stack in (model, glaciers):
        require_units(stack)
        stack.to_centimetres()
    check_same_grid(model.grid, glaciers.grid, model.name, glaciers.name)
    both = np.isin(model.months, glaciers.months)
    if not both.any():
        raise TimeAxisError(
            f"{model.name} and {glaciers.name} must have months in common",
            f"{model.months[0]} to {model.months[-1]} and {glaciers.months[0]} to "
            f"{glaciers.months[-1]}",
        )
    if not (both & baseline_mask(model.months, baseline)).any():
        raise BaselineError(
            f"months of the baseline {baseline[0]} to {baseline[1]} in both stacks are expected",
            "none",
            remedy="Choose BASELINE_START and BASELINE_END inside both records.",
        )
    low, high = percentiles
    if not 0 <= low < high <= 100:
        raise ParameterError(
            "percentiles between 0 and 100, the lower first, are expected", f"{low:g} and {high:g}"
        )


def add_glaciers(model, glaciers, used):
    """Model and glacier storage anomalies to the same months, added (time, pixel), cm.

    ``used`` (time, 1 or pixel) are the months of the baseline. Where the glacier storage
    is zero in all months it has, there is no ice, and its other months are zero too.
    """
    bare = (np.nan_to_num(glaciers) == 0).all(axis=0) & np.isfinite(glaciers).any(axis=0)
    glaciers = np.where(bare, 0.0, glaciers)
    (first, second), _ = rebase([model, glaciers], used & np.ones(model.shape, bool))
    return first + second


def map_bounds(values, percentiles=(1.0, 99.0)):
    """The percentiles of one map's values (NaN left out), each cell counting once; NaN for none."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.nan, np.nan
    return tuple(np.percentile(known, percentiles).tolist())


def outside_bounds(values, low, high):
    """1 outside the bounds of its month, 0 inside, 255 missing; (time, pixel) uint8."""
    with np.errstate(invalid="ignore"):
        beyond = (values < low[:, None]) | (values > high[:, None])
    return np.where(np.isnan(values), MISSING, beyond).astype(np.uint8)


def physical_stacks(
    model,
    glaciers,
    output,
    *,
    outliers="",
    filtered="",
    percentiles=(1.0, 99.0),
    baseline=DEFAULT_BASELINE,
    progress=SILENT,
    **blocks,
):
    """Write TWSA_PI, its outliers by map and itself without them (METHODS §5).

        TWSA_PI = (model storage − mean) + (glacier storage − mean)

    over the months of ``baseline`` that both have. Values outside the percentiles of
    their month's map are 1 in ``outliers`` and missing in ``filtered``. Returns a
    `PhysicalSummary`; raises as `check_physical`, and `DataError` where nothing is left.
    """
    check_physical(model, glaciers, baseline, percentiles)
    months, grid = model.months, model.grid
    window = baseline_mask(months, baseline)[:, None]
    line = f"physically informed storage: {model.name} plus {glaciers.name}, re-based to their "
    line += f"common months in {baseline[0]} to {baseline[1]}"
    name = "physically informed storage anomaly"
    info = StackInfo(grid, months, "cm", name, tuple(baseline), (*model.info.history, line))

    def kernel(first, second, check):
        check()
        return (add_glaciers(first, second, window),)

    planes = 8 * months.size
    with atomic_paths((output, outliers, filtered)) as (whole, marks, rest):
        with stack_writer(whole, info, name=output) as writer:
            run_blocks(
                grid, [reader(model, months), reader(glaciers, months)], kernel, [writer],
                planes=planes, progress=progress.part(0.0, 0.5), **blocks,
            )  # fmt: skip
        with MonthlyStack(whole, output) as made:
            low, high, counted = _bounds(made, percentiles, progress.part(0.5, 0.7))
            if not counted.any():
                raise DataError(
                    "at least one cell and month with both storages is expected", "none",
                    f"{model.name}, {glaciers.name}",
                )  # fmt: skip
            outside = _write_marked(
                made, (marks, outliers), (rest, filtered), low, high, percentiles,
                progress.part(0.7, 1.0), planes, blocks,
            )  # fmt: skip
    return PhysicalSummary(months, low, high, outside, counted)


def _bounds(made, percentiles, progress):
    low, high = (np.full(made.months.size, np.nan) for _ in range(2))
    counted = np.zeros(made.months.size, np.int64)
    for band in range(made.months.size):
        progress.check()
        values = made.read(bands=[band], dtype="float32")[0]
        counted[band] = np.isfinite(values).sum()
        low[band], high[band] = map_bounds(values, percentiles)
        progress.set((band + 1) / made.months.size)
    return low, high, counted


def _write_marked(made, marks, rest, low, high, percentiles, progress, planes, blocks):
    total, lock = np.zeros(made.months.size, np.int64), threading.Lock()

    def kernel(values, check):
        check()
        found = outside_bounds(values, low, high)
        with lock:
            total[:] += (found == OUTSIDE).sum(axis=1)
        return found, np.where(found == OUTSIDE, np.nan, values)

    line = f"outside the percentiles {percentiles[0]:g} and {percentiles[1]:g} of each map"
    info = made.info
    titles = (("outliers", f"1 {line}"), (info.long_name, f"without values {line}"))
    kinds = (("uint8", MISSING), ("float32", np.nan))
    with ExitStack() as files:
        writers = []
        for (path, name), (title, done), kind in zip((marks, rest), titles, kinds):
            one = StackInfo(
                made.grid, info.months, "" if kind[0] == "uint8" else "cm", title,
                info.baseline, (*info.history, done),
            )  # fmt: skip
            writer = stack_writer(path, one, *kind, name=name) if path else None
            writers.append(files.enter_context(writer) if writer else None)
        run_blocks(
            made.grid, [made.read], kernel, writers, planes=planes, progress=progress, **blocks
        )
    return total
