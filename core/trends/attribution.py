"""What a natural background does not explain: GWSA less the background, and its trend."""

from contextlib import ExitStack

import numpy as np

from ..data.agreement import check_same_axes, require_units
from ..data.aligning import AlignedReader
from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.flags import FILLED_FLAGS
from ..data.months import DEFAULT_BASELINE, baseline_mask
from ..data.rasterfile import RasterWriter
from ..data.stack import StackInfo, stack_writer
from ..errors import BaselineError, DataError, ParameterError, TimeAxisError, located
from ..groundwater.separation import rebase
from ..progress import SILENT
from .attribution_tally import PARTS, Tally
from .correction import TESTS
from .mapping import MIN_MONTHS, TEST_NAMES, trend_bands, trend_kernel, trend_units
from .months import chosen_months

#: Words by which a stack calls itself total water storage.
_TOTAL_WORDS = ("total water", "terrestrial water", "tws")


def attribution_kernel(
    values, background, window, deseasonalise="stl", set_aside=None, test="original", check=None
):
    """Trends of the residual, of the total and of the background, and the residual itself.

    Both series are re-based to the months of ``window`` (time,) that both have and that are
    not ``set_aside`` (time, pixel); residual = values − background. All three are then
    deseasonalised and tested alike, over the months that both have.

    ``values``, ``background`` (time, pixel) in one unit, NaN = missing. Returns three
    arrays (band, pixel) as `trend_kernel`, then (time, pixel) and the baseline months
    (pixel,). Pixels without a common baseline month are NaN.
    Source: Zhang et al., section 3.5.
    """
    usable = np.broadcast_to(window[:, None], values.shape)
    if set_aside is not None:
        usable = usable & ~set_aside
    (total, natural), used = rebase([values, background], usable)
    both = np.isfinite(total) & np.isfinite(natural)
    total, natural = np.where(both, total, np.nan), np.where(both, natural, np.nan)
    residual = total - natural
    maps = [
        trend_kernel(series, deseasonalise, set_aside, test, check=check)
        for series in (residual, total, natural)
    ]
    return (*maps, residual, used)


def common_period(stack, background, start="", end=""):
    """Bands of the stack and of the background in the months both cover.

    Raises `TimeAxisError` under two years of them.
    """
    picked = chosen_months(stack, start, end)
    picked = picked[np.isin(stack.months[picked], background.months)]
    if picked.size < MIN_MONTHS:
        raise TimeAxisError(
            f"at least {MIN_MONTHS} months that both stacks cover are expected",
            f"{picked.size}; {stack.name}: {stack.months[0]} to {stack.months[-1]}, "
            f"{background.name}: {background.months[0]} to {background.months[-1]}",
        )
    return picked, np.flatnonzero(np.isin(background.months, stack.months[picked]))


def check_attribution(stack, background, flags=None, start="", end="", baseline=DEFAULT_BASELINE):
    """Raise the core's errors unless the stacks can be compared (headers only).

    A background that calls itself total water storage is refused: its groundwater is
    needed. Raises `UnitsError`, `GridError`, `TimeAxisError`, `BaselineError`,
    `ParameterError`.
    """
    for one in (stack, background):
        require_units(one)
        one.to_centimetres()
    words = background.info.long_name.lower()
    if any(word in words for word in _TOTAL_WORDS):
        raise ParameterError(
            "the groundwater storage of a naturalised model run is expected, never its total "
            "water storage",
            repr(background.info.long_name),
            background.name,
            "Take soil moisture, snow and canopy water off first ('Separate groundwater'), or "
            "correct the long_name of the file.",
        )
    picked, _ = common_period(stack, background, start, end)
    if not baseline_mask(stack.months[picked], baseline).any():
        raise BaselineError(
            f"months of the baseline {baseline[0]} to {baseline[1]} are expected",
            f"{stack.months[picked[0]]} to {stack.months[picked[-1]]}",
            stack.name,
            "Choose BASELINE_START and BASELINE_END inside the months that both stacks cover.",
        )
    AlignedReader(background, stack.grid, names=(background.name, stack.name))
    if flags is not None:
        check_same_axes(stack, flags)


def attribute(
    stack,
    background,
    outputs,
    *,
    flags=None,
    deseasonalise="stl",
    test="original",
    start="",
    end="",
    baseline=DEFAULT_BASELINE,
    residual_output="",
    progress=SILENT,
    **blocks,
):
    """Write the trend maps of residual, total and background (METHODS §9).

    ``stack`` is GWSA, ``background`` the naturalised groundwater storage in any storage
    unit on any grid of the same coordinate system: it is interpolated bilinearly to finer
    cells, averaged by area to coarser ones. ``outputs`` are the paths of `PARTS`, ''
    where not wanted; ``residual_output`` that of the residual's stack in cm. ``flags`` of
    the filling of ``stack`` set filled months aside in all three series. Returns an
    `AttributionSummary`. Raises as `check_attribution`, and `DataError` where nothing is
    common.
    """
    if test not in TESTS:
        raise ParameterError(f"one of {', '.join(TESTS)} is expected", test, "TEST")
    check_attribution(stack, background, flags, start, end, baseline)
    picked, there = common_period(stack, background, start, end)
    months = stack.months[picked]
    window = baseline_mask(months, baseline)
    aligned = AlignedReader(background, stack.grid, names=(background.name, stack.name))
    factors = stack.to_centimetres(), background.to_centimetres()
    reads = [
        lambda *block: stack.read(*block, bands=picked) * factors[0],
        lambda *block: aligned.read(*block, bands=there) * factors[1],
    ]
    areas = stack.grid.cell_areas()
    reads.append(lambda row, col, ny, nx: areas[row : row + ny, col : col + nx][None])
    if flags is not None:
        reads.append(lambda *block: flags.read_flags(*block)[picked])
    names, units = trend_bands(test), trend_units("cm", test)
    tally = Tally(names)

    def kernel(values, natural, area, *rest):
        *flag, check = rest
        check()
        aside = np.isin(flag[0], FILLED_FLAGS) if flag else None
        with located(f"{stack.name} less {background.name}"):
            *maps, residual, used = attribution_kernel(
                values, natural, window, deseasonalise, aside, test, check
            )
        tally.add(maps, area[0], used)
        return (*maps, residual)

    ratio = max(1.0, stack.grid.dx * stack.grid.dy / (background.grid.dx * background.grid.dy))
    line = _line(stack, background, aligned, months, (deseasonalise, test), flags, baseline)
    with ExitStack() as files:
        targets = (*outputs, residual_output)
        paths = files.enter_context(atomic_paths(targets))
        writers = []
        for part, path, target in zip(PARTS, paths, outputs):
            tags = {
                "units": "cm/yr",
                "long_name": f"trend of {_quantity(part)}",
                "history": "\n".join((*stack.info.history, line)),
            }
            writer = RasterWriter(
                path, stack.grid, names, dtype="float64", units=units, tags=tags, name=target
            )
            writers.append(files.enter_context(writer) if path else None)
        info = StackInfo(
            stack.grid, months, "cm", _quantity("residual"), tuple(baseline),
            (*stack.info.history, line),
        )  # fmt: skip
        last = stack_writer(paths[-1], info, name=residual_output) if paths[-1] else None
        writers.append(files.enter_context(last) if last else None)
        run_blocks(
            stack.grid, reads, kernel, writers,
            planes=int((14 + 3 * ratio) * picked.size), progress=progress, **blocks,
        )  # fmt: skip
        if not tally.used:
            raise DataError(
                "a cell in which both stacks have values, months of the baseline among them, "
                "is expected",
                "none",
                f"{stack.name}, {background.name}",
            )
    return tally.summary(
        first=months[0],
        last=months[-1],
        months=months.size,
        alignment=aligned.line,
        expected_baseline_months=int(window.sum()),
        sphere=stack.grid.is_geographic,
        history=(*stack.info.history, line),
    )


def _quantity(part):
    return {
        "residual": "groundwater storage less the natural background",
        "total": "groundwater storage anomaly",
        "background": "natural background of groundwater storage",
    }[part]


def _line(stack, background, aligned, months, how, flags, baseline):
    return (
        f"attribution: {stack.name} less {background.name} ({aligned.line}), both re-based to "
        f"their common observed months in {baseline[0]} to {baseline[1]}; {months[0]} to "
        f"{months[-1]}, season removed by {how[0]}, {TEST_NAMES[how[1]]}, "
        + ("filled months set aside" if flags is not None else "all months with a value")
    )
