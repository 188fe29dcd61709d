"""Import of land-surface storage: months of files to anomaly stacks in cm."""

from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from ...errors import BaselineError, DataError, ParameterError
from ...progress import SILENT
from .. import months as calendar
from ..atomic import atomic_paths
from ..blocks import MEMORY_BUDGET
from ..gdalcache import bounded_cache
from ..grid import snap_extent
from ..stack import StackInfo
from .bandwriter import band_writer, plan_rows
from .era5land import ERA5_LAND, SPACING
from .landfiles import PRODUCTS, LandRecord
from .layers import COMPONENTS, TITLES

TOTAL = "total"


@dataclass
class LandSummary:
    """What an import of land-surface storage found and did."""

    product: object
    record: LandRecord
    info: StackInfo
    absolute: bool
    outputs: tuple
    baseline_months: int
    incomplete: int
    series: dict = field(default_factory=dict)
    remarks: tuple = ()


@bounded_cache()
def import_land(
    paths,
    product,
    outputs,
    *,
    baseline=calendar.DEFAULT_BASELINE,
    extent=None,
    absolute=False,
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Import monthly files of a land-surface product (METHODS §1, §5).

    ``outputs`` maps ``total``, ``soilmoisture``, ``snow`` and ``canopy`` to paths
    (empty: not wanted). The total is the anomaly of soil moisture + snow + canopy in
    cm to the mean of the months with a file inside ``baseline``; components are
    anomalies to the same cells and months, so that they add up to it, or with
    ``absolute`` storages as the product has them. A month without a file is a band of
    NaN. ``extent`` snaps outward to cells. Rows and months are read in blocks within
    ``memory`` bytes, whatever the number of files. Returns a `LandSummary`; nothing is
    written unless everything succeeds.
    """
    if product not in PRODUCTS:
        raise ParameterError(f"one of {', '.join(PRODUCTS)} is expected", product, "PRODUCT")
    wanted = {name: path for name, path in outputs.items() if path}
    if not wanted:
        raise ParameterError("at least one output is expected", "none", "OUTPUT")
    record = LandRecord(paths, PRODUCTS[product], progress.part(0, 0.2))
    base = calendar.baseline_mask(record.months, baseline) & record.present
    if not base.any() and not (absolute and TOTAL not in wanted):
        raise BaselineError(
            "at least one month inside the baseline is expected",
            f"none in {baseline[0]} to {baseline[1]}; the files run {record.months[0]} to "
            f"{record.months[-1]}",
            record.name,
            "Choose BASELINE_START and BASELINE_END inside the record.",
        )
    whole = (0, 0, record.grid.ny, record.grid.nx)
    row, col, ny, nx = snap_extent(record.grid, extent) if extent is not None else whole
    months = tuple(calendar.month_text(calendar.parse_month(m)) for m in baseline)
    info = StackInfo(record.grid.window(row, col, ny, nx), record.months, "cm", "", months)
    summary = LandSummary(
        product=record.product,
        record=record,
        info=info,
        absolute=absolute,
        outputs=tuple(wanted),
        baseline_months=int(base.sum()),
        incomplete=0,
        remarks=_remarks(record),
    )
    _write(summary, wanted, (row, col), base, memory, progress.part(0.2, 1))
    return summary


def component_info(summary, name):
    """The `StackInfo` of one output."""
    anomaly = name == TOTAL or not summary.absolute
    what = " + ".join(TITLES[c] for c in COMPONENTS) if name == TOTAL else TITLES[name]
    info, (first, last) = summary.info, summary.info.baseline
    lines = [
        f"imported from {len(summary.record.files)} files of {summary.product.title}, "
        f"{summary.record.name}",
        f"{summary.record.missing.size} of {info.months.size} months without a file",
    ]
    if anomaly:
        lines.append(
            f"anomaly to the mean of {summary.baseline_months} months in {first} to {last}"
        )
    title = f"{what} anomaly" if anomaly else what
    baseline = info.baseline if anomaly else ()
    title = f"{title}, {summary.product.title}"
    return StackInfo(info.grid, info.months, "cm", title, baseline, tuple(lines))


def _remarks(record):
    remarks = [record.product.note] if record.product.note else []
    if record.product is ERA5_LAND and abs(record.grid.dx - SPACING) > 1e-4:
        remarks.append(
            f"ERA5-Land has {SPACING}° cells, these have {record.grid.dx:g}°: is this ERA5, or was "
            "it interpolated?"
        )
    if any(f.spread for f in record.files):
        remarks.append(
            "The files hold final and preliminary versions (expver) side by side: the final value "
            "was taken wherever there is one."
        )
    early = [f.name for f in record.files if "_EP." in f.name or "_EP_" in f.name]
    if early:
        remarks.append(f"{len(early)} files are early products, replaced later: {', '.join(early)}")
    return tuple(remarks)


def _write(summary, wanted, corner, base, memory, progress):
    record, grid = summary.record, summary.info.grid
    columns = np.arange(corner[1], corner[1] + grid.nx) % record.grid.nx
    count = record.months.size
    # Held for a block: sums, means and counts of the components; for each month read:
    # the components, one layer, its raw values and a copy on the way out.
    height, together = plan_rows(grid, 3 * len(COMPONENTS), 9, record.block, count, memory)
    sums = _MeanSeries(grid, count, wanted)
    with ExitStack() as files:
        partials = files.enter_context(atomic_paths(list(wanted.values())))
        writers = {
            name: files.enter_context(
                band_writer(partial, component_info(summary, name), name=wanted[name])
            )
            for name, partial in zip(wanted, partials)
        }
        for row in range(0, grid.ny, height):
            ny = min(height, grid.ny - row)
            share = progress.part(row / grid.ny, (row + ny) / grid.ny)
            block = _Block(record, corner[0] + row, ny, columns, together)
            mean = block.baseline_mean(np.flatnonzero(base), share.part(0, 0.4))
            for first, values in block.months(share.part(0.4, 1)):
                summary.incomplete += _count_incomplete(values)
                for name, writer in writers.items():
                    out = _output(name, values, mean, summary.absolute)
                    writer.write_bands(out, first, row)
                    sums.add(name, out, first, row)
        if not any(sums.weight[name].any() for name in wanted):
            raise DataError("at least one finite value is expected", "none", record.name)
    summary.series = sums.means()


def _output(name, values, mean, absolute):
    if name == TOTAL:
        return (values - mean[:, None]).sum(axis=0)
    component = COMPONENTS.index(name)
    return values[component] if absolute else values[component] - mean[component]


def _count_incomplete(values):
    known = np.isfinite(values)
    return int((known.any(axis=0) & ~known.all(axis=0)).sum())


class _Block:
    """Some rows of a record, read a few months at a time, in one batch only once."""

    def __init__(self, record, row, ny, columns, together):
        self._record, self._window, self._together = record, (row, ny, columns), together
        self._kept = None
        self.shape = (3, ny, columns.size)

    def baseline_mean(self, base, progress):
        """Mean (component, y, x) over the months ``base`` in which a cell has all components."""
        total, count = np.zeros(self.shape), np.zeros(self.shape[1:])
        if self._record.months.size <= self._together:
            everything = np.arange(self._record.months.size)
            self._kept = self._record.read(everything, *self._window)
        for start in range(0, base.size, self._together):
            progress.check()
            part = base[start : start + self._together]
            values = self._kept[:, part] if self._kept is not None else self._read(part)
            whole = np.isfinite(values).all(axis=0)
            total += np.where(whole, values, 0.0).sum(axis=1)
            count += whole.sum(axis=0)
            progress.set((start + part.size) / base.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            # A cell never seen inside the baseline has no anomaly: it becomes NaN.
            return total / count

    def months(self, progress):
        """Yield (index of the first month, values (component, month, y, x)) over the record."""
        count = self._record.months.size
        for first in range(0, count, self._together):
            progress.check()
            last = min(count, first + self._together)
            kept = self._kept
            yield first, kept if kept is not None else self._read(np.arange(first, last))
            progress.set(last / count)

    def _read(self, indexes):
        return self._record.read(indexes, *self._window)


class _MeanSeries:
    """Area-weighted mean over the extent of each output, month by month."""

    def __init__(self, grid, count, names):
        self._areas = grid.cell_areas()
        self._total = {name: np.zeros(count) for name in names}
        self.weight = {name: np.zeros(count) for name in names}

    def add(self, name, values, first, row):
        """Take ``values`` (month, y, x) of months from ``first`` and rows from ``row``."""
        area = self._areas[row : row + values.shape[1]] * np.isfinite(values)
        part = slice(first, first + len(values))
        self._total[name][part] += (area * np.nan_to_num(values)).sum(axis=(1, 2))
        self.weight[name][part] += area.sum(axis=(1, 2))

    def means(self):
        """Mean (month,) by output; NaN where a month has no value."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return {name: self._total[name] / self.weight[name] for name in self._total}
