"""Any series to a monthly stack."""

import numpy as np

from ...errors import BaselineError, GridError
from ...progress import SILENT
from .. import months as calendar
from ..blocks import MEMORY_BUDGET
from ..gdalcache import bounded_cache
from ..grid import snap_extent
from ..stack import StackInfo
from .bandwriter import band_writer, plan_rows
from .quantities import Conversion
from .seriesparts import BY_TIME, SeriesReader, SeriesSummary, SeriesTarget, parts


@bounded_cache()
def import_series(
    record,
    output,
    *,
    kind="storage",
    units="",
    baseline=(),
    extent=None,
    long_name="",
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Write a record (`CfRecord`, `RasterRecord`, `StackRecord`) as a monthly stack.

    ``kind`` storage goes to cm, flux to mm month⁻¹, other stays in its units, which
    ``units`` overrides. With ``baseline`` the values become anomalies to the mean of
    its months; without, they stay as they are. Returns a `SeriesSummary`.
    """
    conversion = Conversion(kind, units or record.units, record.name)
    window = _window(record, extent)
    usable = np.zeros(record.months.size, bool)
    if baseline:
        usable = calendar.baseline_mask(record.months, baseline) & record.present
        if not usable.any():
            raise BaselineError(
                "at least one month inside the baseline is expected",
                f"none in {baseline[0]} to {baseline[1]}; the record runs {record.months[0]} to "
                f"{record.months[-1]}",
                record.name,
                "Choose BASELINE_START and BASELINE_END inside the record.",
            )
    months = tuple(calendar.month_text(calendar.parse_month(m)) for m in baseline)
    kept = getattr(record, "baseline", ()) if not baseline else ()
    info = StackInfo(
        record.grid.window(*window),
        record.months,
        conversion.units,
        long_name or " ".join(filter(None, (record.title or record.variable, kind))),
        months or kept,
        _history(record, conversion, baseline, usable),
    )
    reader = SeriesReader(record, conversion, window)
    height, together = plan_rows(info.grid, 3, BY_TIME, record.block, info.months.size, memory)
    with band_writer(output, info) as writer:
        target = SeriesTarget(writer)
        for row in range(0, info.grid.ny, height):
            ny = min(height, info.grid.ny - row)
            share = progress.part(row / info.grid.ny, (row + ny) / info.grid.ny)
            mean = 0.0
            if baseline:
                mean = _mean(reader, np.flatnonzero(usable), row, ny, together, share.part(0, 0.4))
            for part in parts(np.arange(info.months.size), together, share.part(0.4, 1)):
                target.write(reader.read(part, row, ny) - mean, part[0], row)
        target.check(record)
    return SeriesSummary(
        info=info,
        files=len(record.files),
        missing=record.missing,
        source_units=conversion.source,
        appended=info.months,
        baseline_months=int(usable.sum()),
    )


def _window(record, extent):
    if extent is None:
        return (0, 0, record.grid.ny, record.grid.nx)
    if not record.grid.is_geographic:
        raise GridError(
            "a series in degrees is expected where EXTENT is given",
            record.grid.describe(),
            record.name,
            "Leave EXTENT empty.",
        )
    return snap_extent(record.grid, extent)


def _mean(reader, usable, row, ny, together, progress):
    total, count = 0.0, 0.0
    for part in parts(usable, together, progress):
        values = reader.read(part, row, ny)
        known = np.isfinite(values)
        total = total + np.where(known, values, 0.0).sum(axis=0)
        count = count + known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / count


def _history(record, conversion, baseline, usable):
    lines = [
        f"imported from {len(record.files)} files, {record.name}"
        + (f", variable {record.variable}" if record.variable else "")
        + f" [{conversion.source}] as {conversion.kind}",
        f"{record.missing.size} of {record.months.size} months without data",
    ]
    if baseline:
        lines.append(
            f"anomaly to the mean of {int(usable.sum())} months in {baseline[0]} to {baseline[1]}"
        )
    return tuple(lines)
