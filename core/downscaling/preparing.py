"""A predictor set written: aligned, converted, holes filled, variable by variable."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..data.aligning import AlignedReader
from ..data.blasthreads import single_blas_thread
from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.gdalcache import bounded_cache
from ..data.months import month_text
from ..errors import DataError, ParameterError
from ..progress import SILENT
from .holes import FARTHEST, MOST_CELLS, fill_months, read_around, write_bands
from .predictorparts import MEAN
from .predictorset import predictor_writer

FINER = ("bilinear", "nearest")


@dataclass(frozen=True)
class Settings:
    """How holes and coarse layers are met.

    ``holes`` cells a hole may be away from a value (0: none is filled); ``finer`` how a
    coarse layer reaches fine cells; ``min_share`` of a coarse cell that needs values.
    ``empty_cells``: fill cells too that never have a value.
    """

    holes: float = 0.0
    finer: str = "bilinear"
    min_share: float = 0.5
    empty_cells: bool = False

    def check(self):
        """Raise `ParameterError` for what cannot be meant."""
        if not 0 <= self.holes <= FARTHEST or 0 < self.holes < 1:
            raise ParameterError(
                f"0, or a distance of 1 to {FARTHEST} cells, is expected", self.holes, "HOLES"
            )
        if self.finer not in FINER:
            raise ParameterError(f"one of {', '.join(FINER)} is expected", self.finer, "FINER")


@dataclass
class PartSummary:
    """What became of a variable: cells × bands by fate, and the range of its values."""

    line: str
    bands: int
    cells: int = 0
    known: int = 0
    filled: int = 0
    masked: int = 0
    outside: int = 0
    low: float = np.inf
    high: float = -np.inf

    @property
    def missing(self):
        """Cells × bands outside the mask without a value."""
        return self.cells - self.masked - self.known

    def share(self, count):
        """Share of the cells outside the mask."""
        return count / max(1, self.cells - self.masked)


def aligned_readers(plan, settings):
    """An `AlignedReader` for each part; raises where a layer cannot reach the grid."""
    settings.check()
    readers = {}
    for part in plan.parts:
        number = part.layer.number
        if number not in readers:
            readers[number] = AlignedReader(
                part.layer.stack, plan.grid, settings.min_share,
                (part.layer.stack.name, "the grid of the set"), settings.finer,
            )  # fmt: skip
    return readers


def prepare(plan, output, settings=Settings(), *, mask=None, progress=SILENT, memory=MEMORY_BUDGET):
    """Write the predictor set of a `Preparation`; a list of `PartSummary`, one a part.

    Each variable in turn, block by block: aligned (area-weighted mean to coarser cells,
    else ``settings.finer``), masked, holes filled by inverse distance, fluxes summed up,
    units converted. ``mask(row, col, ny, nx)`` is True for cells that get no value. Raises
    `DataError` where no variable has a value at all.
    """
    readers = aligned_readers(plan, settings)
    summaries = [
        PartSummary(readers[p.layer.number].line, 1 if p.months is None else p.months.size)
        for p in plan.parts
    ]
    variables = [(p.variable.name, p.variable.units, p.months) for p in plan.parts]
    history = [_line(p, s, settings, mask) for p, s in zip(plan.parts, summaries)]
    total, done, first = sum(_work(p) for p in plan.parts), 0, 0
    with ExitStack() as files:
        files.enter_context(bounded_cache())
        files.enter_context(single_blas_thread())
        writer = files.enter_context(
            predictor_writer(output, plan.grid, variables, _whole(plan, history))
        )
        for part, summary in zip(plan.parts, summaries):
            share = progress.part(done / total, (done + _work(part)) / total)
            _write(
                plan.grid, part, readers[part.layer.number], summary, settings, mask,
                writer, first, share, memory,
            )  # fmt: skip
            done, first = done + _work(part), first + summary.bands
        if not any(s.known for s in summaries):
            raise DataError(
                "at least one predictor with a value on the grid is expected", "none", "PREDICTORS"
            )
    return summaries


def _work(part):
    return max(1, len(_bands(part)))


def _bands(part):
    """Bands of the layer that a part reads; a sum needs all from its start or baseline on."""
    if part.how == MEAN or part.layer.is_map:
        return np.arange(part.layer.stack.months.size)
    months = part.layer.months
    if part.cumulation is None:
        return np.flatnonzero(np.isin(months, part.months))
    first = part.cumulation.first
    if part.cumulation.kind == "anomaly":
        first = min(first, np.datetime64(part.cumulation.baseline[0], "M"))
    last = part.months[-1] if part.months.size else first
    if part.cumulation.kind == "anomaly":
        last = max(last, np.datetime64(part.cumulation.baseline[1], "M"))
    return np.flatnonzero((months >= first) & (months <= last))


def _write(grid, part, reader, summary, settings, mask, writer, first, progress, memory):
    bands, reach = _bands(part), int(np.ceil(settings.holes))
    source = part.layer.grid
    ratio = max(1.0, grid.dx / source.dx) * max(1.0, grid.dy / source.dy)
    low, high = part.variable.range
    blocks = plan_blocks(grid, max(48 * ratio, 48 * bands.size, memory / MOST_CELLS), memory)
    done, whole = 0, grid.nx * grid.ny
    for row, col, ny, nx in blocks:
        progress.check()
        share = progress.part(done / whole, (done + ny * nx) / whole)
        read = _batched(reader, bands, ratio, memory, share)
        top, left, values = read_around(read, grid, (row, col, ny, nx), reach)
        masked = None if mask is None else mask(top, left, *values.shape[1:])
        if reach:
            made = fill_months(values, settings.holes, masked, settings.empty_cells, progress.check)
        else:
            made = np.zeros(values.shape, bool)
            if masked is not None:
                values[:, masked] = np.nan
        here = np.s_[:, row - top : row - top + ny, col - left : col - left + nx]
        result, made = _finish(part, values[here], made[here], bands)
        write_bands(writer, result, row, col, progress.check, first)
        known = np.isfinite(result)
        summary.cells += result.size
        summary.known += int(known.sum())
        summary.filled += int((made & known).sum())
        if masked is not None:
            summary.masked += int(masked[here[1:]].sum()) * len(result)
        if known.any():
            found = result[known]
            summary.low = min(summary.low, float(found.min()))
            summary.high = max(summary.high, float(found.max()))
            summary.outside += int(((found < low) | (found > high)).sum())
        done += ny * nx
        progress.set(done / whole)


def _batched(reader, bands, ratio, memory, progress):
    """A function of a window that reads float32 (band, y, x), some bands at a time."""

    def read(row, col, ny, nx):
        source = ratio * ny * nx
        # Within memory, and half a second or so between two looks at Cancel.
        batch = max(1, int(min(memory // 2 / (24 * source), 2e6 / source)))
        values = np.empty((bands.size, ny, nx), np.float32)
        for i in range(0, bands.size, batch):
            progress.check()
            chosen = bands[i : i + batch]
            values[i : i + batch] = reader.read(row, col, ny, nx, bands=chosen)
            progress.set((i + chosen.size) / bands.size)
        return values

    return read


def _finish(part, values, made, bands):
    """float32 (band, y, x) in the variable's unit, and which cells of it were filled."""
    if part.how == MEAN:
        known = np.isfinite(values)
        count = known.sum(axis=0)
        total = np.where(known, values, 0.0).sum(axis=0, dtype=np.float64)
        values = np.where(count > 0, total / np.maximum(count, 1), np.nan)[None]
        made = made.any(axis=0)[None]
    elif part.cumulation is not None:
        months = part.layer.months[bands]
        shape = values.shape
        sums = part.cumulation.run(values.reshape(len(values), -1), months).reshape(shape)
        wanted = np.isin(months, part.months)
        values, made = sums[wanted], made[wanted]
    if (part.factor, part.offset) != (1.0, 0.0):
        values = values.astype(np.float64) * part.factor + part.offset
    return np.asarray(values, np.float32), made


def _line(part, summary, settings, mask):
    """One line of the set's history."""
    made = f"{part.variable.name}: {part.layer.name}"
    if part.layer.long_name and part.layer.long_name != part.layer.name:
        made += f" ({part.layer.long_name})"
    steps = [summary.line]
    if part.how == MEAN:
        steps.append(f"mean of {part.layer.months.size} months")
    if settings.holes and (part.layer.months.size or part.layer.is_map):
        steps.append(f"holes filled up to {settings.holes:g} cells")
    if mask is not None:
        steps.append("masked")
    if part.cumulation is not None:
        steps.append(part.cumulation.line())
    steps.append(part.conversion)
    return f"{made}: " + ", ".join(steps)


def _whole(plan, history):
    span = ""
    if plan.months.size:
        span = f" for {month_text(plan.months[0])} to {month_text(plan.months[-1])}"
    lines = [f"predictor set{span}", *history]
    layers = {p.layer.number: p.layer for p in plan.parts}.values()
    if any("synthetic" in " ".join((x.long_name, *x.stack.info.history)).lower() for x in layers):
        lines.append("made from synthetic layers")
    return lines
