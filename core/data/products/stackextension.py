"""Any series behind a stack that is there already."""

import numpy as np

from ...errors import ParameterError
from ...progress import SILENT
from .. import months as calendar
from ..blocks import MEMORY_BUDGET
from ..gdalcache import bounded_cache
from ..stack import StackInfo
from .bandwriter import band_writer, plan_rows
from .extending import Offset, check_residual, plan_extension
from .quantities import Conversion
from .seriesparts import BY_TIME, SeriesReader, SeriesSummary, SeriesTarget, parts


@bounded_cache()
def extend_stack(
    stack,
    record,
    output,
    *,
    kind="storage",
    units="",
    tolerance=0.01,
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Write ``stack`` followed by the later months of ``record``; old bands keep every bit.

    In the months that both have, record and stack must agree within ``tolerance`` (in
    the stack's units): as they are for a stack without a baseline, up to one offset a
    cell for anomalies, which is then added to the new months (`extending`). A cell
    whose offset is unknown stays missing in them. Returns a `SeriesSummary`.
    """
    if not (np.isfinite(tolerance) and tolerance >= 0):
        raise ParameterError("a tolerance of 0 or more is expected", tolerance, "TOLERANCE")
    conversion = Conversion(kind, units or record.units, record.name)
    plan = plan_extension(stack, record, conversion.units)
    axis = calendar.month_range(stack.months[0], plan.months[-1])
    missing = np.setdiff1d(axis[axis > stack.months[-1]], record.months[record.present])
    lines = (
        f"extended by {plan.months[0]} to {plan.months[-1]} from {record.name} "
        f"[{conversion.source}], {plan.common.size} months in common",
    )
    info = StackInfo(
        stack.grid, axis, stack.units, stack.info.long_name, stack.baseline,
        stack.info.history + lines,
    )  # fmt: skip
    reader = SeriesReader(record, conversion, plan.window)
    residual = 0.0
    height, together = plan_rows(info.grid, 7, BY_TIME, record.block, axis.size, memory)
    rows = range(0, info.grid.ny, height)
    with band_writer(output, info) as writer:
        target = SeriesTarget(writer)
        for row in rows:
            ny = min(height, info.grid.ny - row)
            share = progress.part(row / info.grid.ny, (row + ny) / info.grid.ny)
            offset, left = _offset(
                stack, reader, plan.common, row, ny, together, share.part(0, 0.5)
            )
            check_residual(left, tolerance, stack, record)
            residual = max(residual, left)
            for part in parts(np.arange(stack.months.size), together, share.part(0.5, 0.8)):
                target.copy(stack.read(row, 0, ny, bands=part, dtype="float32"), part[0], row)
            later = np.arange(stack.months.size, axis.size)
            for part in parts(later, together, share.part(0.8, 1)):
                target.write(reader.read_months(axis[part], row, ny) + offset, part[0], row)
        target.check(record)
    return SeriesSummary(
        info=info,
        files=len(record.files),
        missing=missing,
        source_units=conversion.source,
        appended=axis[axis > stack.months[-1]],
        common=plan.common.size,
        residual=residual,
    )


def _offset(stack, reader, common, row, ny, together, progress):
    """Offset (y, x) of a block of rows, or 0 without a baseline, and what it leaves over."""
    offset = Offset((ny, stack.grid.nx))
    bands = np.searchsorted(stack.months, common)
    for part in parts(np.arange(common.size), together, progress):
        old = stack.read(row, 0, ny, bands=bands[part])
        offset.add(old - reader.read_months(common[part], row, ny))
    mean = offset.mean() if stack.baseline else np.zeros((ny, stack.grid.nx))
    return mean, offset.residual(mean)
