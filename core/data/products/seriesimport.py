"""Any series to a monthly stack, or behind one."""

from dataclasses import dataclass

import numpy as np

from ...errors import BaselineError, DataError, GridError, ParameterError
from ...progress import SILENT
from .. import months as calendar
from ..blocks import MEMORY_BUDGET
from ..gdalcache import bounded_cache
from ..grid import snap_extent
from ..stack import StackInfo
from .bandwriter import band_writer, plan_rows
from .extending import Offset, check_residual, plan_extension
from .plausible import check_quantity
from .quantities import Conversion

#: Planes of 8 bytes held for each month that is read.
_BY_TIME = 5


@dataclass
class SeriesSummary:
    """What an import of a series did."""

    info: StackInfo
    files: int
    missing: np.ndarray
    source_units: str
    appended: np.ndarray
    common: int = 0
    residual: float = 0.0
    baseline_months: int = 0


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
    reader = _Reader(record, conversion, window)
    height, together = plan_rows(info.grid, 3, _BY_TIME, record.block, info.months.size, memory)
    with band_writer(output, info) as writer:
        target = _Target(writer)
        for row in range(0, info.grid.ny, height):
            ny = min(height, info.grid.ny - row)
            share = progress.part(row / info.grid.ny, (row + ny) / info.grid.ny)
            mean = 0.0
            if baseline:
                mean = _mean(reader, np.flatnonzero(usable), row, ny, together, share.part(0, 0.4))
            for part in _parts(np.arange(info.months.size), together, share.part(0.4, 1)):
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
    reader = _Reader(record, conversion, plan.window)
    residual = 0.0
    height, together = plan_rows(info.grid, 7, _BY_TIME, record.block, axis.size, memory)
    rows = range(0, info.grid.ny, height)
    with band_writer(output, info) as writer:
        target = _Target(writer)
        for row in rows:
            ny = min(height, info.grid.ny - row)
            share = progress.part(row / info.grid.ny, (row + ny) / info.grid.ny)
            offset, left = _offset(
                stack, reader, plan.common, row, ny, together, share.part(0, 0.5)
            )
            check_residual(left, tolerance, stack, record)
            residual = max(residual, left)
            for part in _parts(np.arange(stack.months.size), together, share.part(0.5, 0.8)):
                target.copy(stack.read(row, 0, ny, bands=part, dtype="float32"), part[0], row)
            later = np.arange(stack.months.size, axis.size)
            for part in _parts(later, together, share.part(0.8, 1)):
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
    for part in _parts(np.arange(common.size), together, progress):
        old = stack.read(row, 0, ny, bands=bands[part])
        offset.add(old - reader.read_months(common[part], row, ny))
    mean = offset.mean() if stack.baseline else np.zeros((ny, stack.grid.nx))
    return mean, offset.residual(mean)


class _Reader:
    """A record in a stack's units and cells."""

    def __init__(self, record, conversion, window):
        self._record, self._conversion = record, conversion
        row, col, _, nx = window
        self._row, self._columns = row, np.arange(col, col + nx) % record.grid.nx

    def read(self, indexes, row, ny):
        values = self._record.read(indexes, self._row + row, ny, self._columns)
        values = values * self._conversion.factors(self._record.months[indexes])[:, None, None]
        check_quantity(values, self._conversion.kind, self._record.name)
        return values

    def read_months(self, months, row, ny):
        """As `read`, by month; NaN for months outside the record."""
        inside = np.isin(months, self._record.months)
        out = np.full((len(months), ny, self._columns.size), np.nan)
        indexes = np.searchsorted(self._record.months, months[inside])
        out[inside] = self.read(indexes, row, ny)
        return out


class _Target:
    """The stack being written, which must receive at least one finite new value."""

    def __init__(self, writer):
        self._writer, self._seen = writer, False

    def write(self, values, first, row):
        """New values (month, y, x) into the bands from ``first``, from ``row`` on."""
        self._seen = self._seen or bool(np.isfinite(values).any())
        self._writer.write_bands(values, first, row)

    def copy(self, values, first, row):
        """Values of the existing stack, as they are."""
        self._writer.write_bands(values, first, row)

    def check(self, record):
        """Raise `DataError` where nothing finite was written."""
        if not self._seen:
            raise DataError("at least one finite value is expected", "none", record.name)


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


def _parts(indexes, together, progress):
    for start in range(0, indexes.size, together):
        progress.check()
        yield indexes[start : start + together]
        progress.set(min(1.0, (start + together) / indexes.size))


def _mean(reader, usable, row, ny, together, progress):
    total, count = 0.0, 0.0
    for part in _parts(usable, together, progress):
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
