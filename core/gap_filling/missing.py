"""What is missing from a stack: by month, by cell, and how long the gaps are."""

from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..data.agreement import check_same_axes
from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.describing import MAP_CELLS
from ..data.flags import FILLED_FLAGS, STAGE_A, STAGE_B
from ..data.rasterfile import RasterWriter
from ..data.stack import StackInfo
from ..errors import DataError
from ..progress import SILENT
from .gaps import observed_span

#: Bands of the raster of gaps, all in months; cells without observations have none.
GAP_BANDS = ("missing", "missing_inside", "longest_gap")
NO_CELL = -1


def gaps_by_pixel(observed):
    """Missing months of each pixel.

    Parameters
    ----------
    observed : (time, pixel) bool

    Returns
    -------
    missing, inside, longest, first, last : (pixel,) int: missing months at all;
        those between the first and the last observation; the longest run of
        these; index of the first and of the last observed month (−1 without any,
        and ``inside`` and ``longest`` are then 0)
    """
    n = len(observed)
    first, last = observed_span(np.where(observed, 0.0, np.nan))
    longest = np.zeros(observed.shape[1], dtype=int)
    run = np.zeros_like(longest)
    for month, seen in enumerate(observed):
        run = np.where(seen | (month < first) | (month > last), 0, run + 1)
        longest = np.maximum(longest, run)
    missing = n - observed.sum(axis=0)
    span = np.where(last < 0, 0, last - first + 1)
    inside = span - observed.sum(axis=0)
    return missing, inside, longest, np.where(last < 0, -1, first), last


@dataclass
class MissingSummary:
    """What is missing from a stack.

    By month: ``observed`` and ``filled_a``, ``filled_b`` cells, ``missing_share`` of
    the area of all ``cells`` that were ever observed. ``map`` holds every ``step``-th
    cell of `GAP_BANDS`, NaN = never observed. ``uneven`` cells lack months inside their
    record that others have; ``late`` and ``early`` begin after, end before the record.
    ``points`` (column, row, missing, inside, longest, first, last; cell) if wanted.
    """

    name: str
    info: StackInfo
    observed: np.ndarray
    filled_a: np.ndarray
    filled_b: np.ndarray
    missing_share: np.ndarray
    cells: int = 0
    uneven: int = 0
    late: int = 0
    early: int = 0
    map: dict = field(default_factory=dict)
    step: int = 1
    points: Optional[np.ndarray] = None

    @property
    def missing(self):
        """Boolean (month,): not observed in any cell."""
        return self.observed == 0

    @property
    def partly(self):
        """Boolean (month,): observed in some cells only."""
        return (self.observed > 0) & (self.observed < self.cells)

    def runs(self):
        """(first month, last month, length) of each run of months missing everywhere."""
        edges = np.diff(np.concatenate([[0], self.missing.astype(int), [0]]))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        months = self.info.months
        return [(months[a], months[b - 1], int(b - a)) for a, b in zip(starts, ends)]

    def run_lengths(self):
        """(month,) length of the run that each month belongs to, 0 where it is not missing."""
        lengths = np.zeros(self.info.months.size, dtype=int)
        for start, end, length in self.runs():
            lengths[(self.info.months >= start) & (self.info.months <= end)] = length
        return lengths


def missing_months(stack, flags=None, map_output="", points=False, progress=SILENT, **blocks):
    """Find what is missing from a stack, and write the raster of gaps.

    With ``flags`` (of a gap filling of this stack) filled values count as missing.
    ``map_output`` gets `GAP_BANDS`; ``points`` keeps the figures of every cell.
    Raises `DataError` for a stack without values, `GridError` and `TimeAxisError`
    for flags that do not fit. Returns a `MissingSummary`.
    """
    if flags is not None:
        check_same_axes(stack, flags)
    info, count = stack.info, stack.months.size
    walk = _Walk(stack, points)

    def kernel(*arguments):
        values, *marks, check = arguments
        check()
        seen = np.isfinite(values)
        if marks:
            seen &= ~np.isin(marks[0], FILLED_FLAGS)
        return (np.stack(gaps_by_pixel(seen)),)

    reads = [stack.read] + ([flags.read_flags] if flags is not None else [])
    with atomic_paths([map_output]) as (path,):
        if path:
            tags = {"units": "months", "long_name": "months without an observation"}
            writer = RasterWriter(
                path, info.grid, GAP_BANDS, dtype="int16", nodata=NO_CELL, units="months",
                tags={**tags, "history": "\n".join(info.history)}, name=map_output,
            )  # fmt: skip
            with writer:
                _run(stack, reads, kernel, walk.split(writer), progress, count, blocks)
        else:
            _run(stack, reads, kernel, walk.split(None), progress, count, blocks)
        if not walk.summary.cells:
            raise DataError("at least one value is expected", "an empty stack", stack.name)
    return walk.done()


def _run(stack, reads, kernel, walk, progress, count, blocks):
    run_blocks(
        stack.grid, reads, kernel, [walk], after=walk.after, planes=4 * count,
        progress=progress, **blocks,
    )  # fmt: skip


class _Walk:
    """Receives the blocks: as a writer of five bands, and what was read, month by month."""

    bands, dtype, fill = range(5), np.dtype("int16"), NO_CELL

    def __init__(self, stack, points):
        grid, count = stack.grid, stack.months.size
        step = max(1, -(-max(grid.nx, grid.ny) // MAP_CELLS))
        shape = (-(-grid.ny // step), -(-grid.nx // step))
        zeros = [np.zeros(count, int) for _ in range(3)]
        self.summary = MissingSummary(stack.name, stack.info, *zeros, np.zeros(count), step=step)
        self.summary.map = {name: np.full(shape, np.nan) for name in GAP_BANDS}
        self._areas, self._area = grid.cell_areas(), 0.0
        self._points = [] if points else None
        self._uneven = []
        self._file = None

    def split(self, file):
        """Write the first bands to a file too."""
        self._file = file
        return self

    def write(self, values, row, col):
        """Keep the figures of a block."""
        if self._file is not None:
            self._file.write(values[: len(GAP_BANDS)], row, col)

    def after(self, row, col, inputs, outputs):
        """Count a block once it is known."""
        s, found = self.summary, outputs[0].astype(int)
        there = (found[0] != NO_CELL) & (found[4] >= 0)
        seen = np.isfinite(inputs[0]) & there
        if len(inputs) > 1:
            for counts, flag in ((s.filled_a, STAGE_A), (s.filled_b, STAGE_B)):
                counts += (seen & (inputs[1] == flag)).sum(axis=(1, 2))
            seen &= ~np.isin(inputs[1], FILLED_FLAGS)
        s.cells += int(there.sum())
        s.observed += seen.sum(axis=(1, 2))
        area = self._areas[row : row + there.shape[0], col : col + there.shape[1]] * there
        self._area += area.sum()
        s.missing_share += np.einsum("tyx,yx->t", seen, area)
        s.late += int((there & (found[3] > 0)).sum())
        s.early += int((there & (found[4] < len(seen) - 1)).sum())
        inside = np.bincount(found[1][there]) if there.any() else np.zeros(1, int)
        self._uneven.append(inside)
        rows, columns = slice(-row % s.step, None, s.step), slice(-col % s.step, None, s.step)
        top, left = -(-row // s.step), -(-col // s.step)
        for name, band in zip(GAP_BANDS, found):
            part = np.where(there, band, np.nan)[rows, columns]
            s.map[name][top : top + part.shape[0], left : left + part.shape[1]] = part
        if self._points is not None:
            at = np.argwhere(there)
            self._points.append(np.vstack([at[:, 1] + col, at[:, 0] + row, found[:, there]]))

    def done(self):
        """The finished summary."""
        s = self.summary
        s.missing_share = 1.0 - s.missing_share / self._area
        known = np.flatnonzero(~s.missing)
        common = int(s.missing[known[0] : known[-1] + 1].sum()) if known.size else 0
        s.uneven = int(sum(counts[common + 1 :].sum() for counts in self._uneven))
        if self._points is not None:
            s.points = np.concatenate(self._points, axis=1)
        return s
