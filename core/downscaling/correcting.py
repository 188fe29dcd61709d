"""Residual correction of whole stacks, block by block."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from ..data.agreement import check_same_axes, check_same_baseline, require_units
from ..data.atomic import atomic_paths
from ..data.blasthreads import single_blas_thread
from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.flags import FILLED_FLAGS, OBSERVED, STAGE_A, UNFILLED
from ..data.gdalcache import bounded_cache
from ..data.grid import snap_extent
from ..data.reference import same_crs
from ..data.stack import stack_writer
from ..errors import GridError, ParameterError, TimeAxisError
from ..progress import SILENT
from .residual import INTERPOLATIONS, Closing, Correction, coarse_mean

#: What happens in months the satellite did not observe.
UNOBSERVED = ("keep", "filled", "missing")


@dataclass
class CorrectionSummary:
    """Coarse residuals of each month in the coarse stack's units, NaN where there is none.

    ``before`` and ``after``: root mean square and largest absolute residual, each
    (month,), over coarse cells that the fine field covers by the minimum share.
    """

    months: np.ndarray
    rms_before: np.ndarray
    rms_after: np.ndarray
    most_before: np.ndarray
    most_after: np.ndarray
    corrected: np.ndarray
    cells: int


def check_correction(fine, coarse, flags=None, unobserved="keep", names=("INPUT", "COARSE")):
    """Raise unless ``fine`` can be corrected against ``coarse`` (headers only)."""
    require_units(fine)
    require_units(coarse)
    fine.to_centimetres()
    coarse.to_centimetres()
    if not same_crs(fine.grid, coarse.grid):
        raise GridError(
            f"{names[0]} and {names[1]} must have one coordinate system",
            f"{fine.grid.describe()} and {coarse.grid.describe()}",
        )
    if fine.grid.dx > coarse.grid.dx * (1 + 1e-6) or fine.grid.dy > coarse.grid.dy * (1 + 1e-6):
        raise GridError(
            f"finer cells in {names[0]} than in {names[1]} are expected",
            f"{fine.grid.dx:g} × {fine.grid.dy:g} and {coarse.grid.dx:g} × {coarse.grid.dy:g}",
        )
    check_same_baseline(fine, coarse)
    if not np.intersect1d(fine.months, coarse.months).size:
        raise TimeAxisError(
            f"{names[0]} and {names[1]} must have months in common",
            f"{fine.months[0]} to {fine.months[-1]} and {coarse.months[0]} to {coarse.months[-1]}",
        )
    if flags is not None:
        check_same_axes(coarse, flags)
    if unobserved not in UNOBSERVED:
        raise ParameterError(
            f"one of {', '.join(UNOBSERVED)} is expected", unobserved, "UNOBSERVED"
        )
    _coarse_window(coarse.grid, fine.grid)


def correct_residuals(
    fine,
    coarse,
    output,
    *,
    method="conserving",
    unobserved="keep",
    flags=None,
    min_share=0.5,
    flags_output="",
    line="",
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Write ``fine`` corrected so that its coarse means are those of ``coarse``.

    Parameters
    ----------
    fine, coarse : `MonthlyStack`, storage; other units are converted to those of ``fine``
    method : 'conserving' meets the area-weighted coarse means within 0.01 cm wherever a
        coarse cell is known and at least ``min_share`` of it has fine values; 'spline' is
        the published single pass through the residuals, which does not; 'replicate' gives
        every fine cell the residual of its coarse cell, which conserves and leaves steps;
        'bilinear' does neither.
    unobserved : what happens in months in which ``coarse`` is missing or, by ``flags``,
        filled: 'keep' leaves the fine field as it is, 'filled' corrects against filled
        values where there are some, 'missing' writes no data.
    flags : flag stack of ``coarse``, or None: then its values count as observed

    ``line`` is what the history says in place of the usual.

    ``flags_output``: 0 corrected against an observed coarse month, 1 against a filled
    one, 255 not corrected. Returns a `CorrectionSummary`. Raises as `check_correction`.
    """
    if method not in INTERPOLATIONS:
        raise ParameterError(f"one of {', '.join(INTERPOLATIONS)} is expected", method, "METHOD")
    check_correction(fine, coarse, flags, unobserved)
    window = _coarse_window(coarse.grid, fine.grid)
    correction = Correction(coarse.grid.window(*window), fine.grid)
    goal, state = _goal(fine, coarse, window, flags, unobserved)
    work = _Work(fine, correction, min_share, progress, memory)
    with single_blas_thread(), bounded_cache():
        before, weights = work.means(progress.part(0.0, 0.3))
        closing = Closing(correction, goal - before, method)
        if method == "conserving":
            while not closing.update(work.masked_means(closing, weights)):
                pass
        line = line or (
            f"residual correction against {coarse.name} ({method}; unobserved months: {unobserved})"
        )
        after = work.write(
            closing, state, unobserved, output, flags_output, line, progress.part(0.6, 1.0)
        )
    return _summary(fine.months, goal - before, goal - after, state)


def _coarse_window(coarse, fine):
    """(row, col, ny, nx) of the coarse cells that the fine grid touches."""
    return snap_extent(coarse, fine.extent)


def _goal(fine, coarse, window, flags, unobserved):
    """Coarse values (time, cy, cx) to agree with, in the units of ``fine``, and per-month state."""
    row, col, ny, nx = window
    columns = np.arange(col, col + nx) % coarse.grid.nx
    factor = coarse.to_centimetres() / fine.to_centimetres()
    goal = np.full((fine.months.size, ny, nx), np.nan)
    state = np.full(fine.months.size, UNFILLED, dtype=np.uint8)
    _, here, there = np.intersect1d(fine.months, coarse.months, return_indices=True)
    for t, band in zip(here, there):
        values = coarse.read(row, 0, ny, coarse.grid.nx, bands=[band])[0][:, columns] * factor
        filled = False
        if flags is not None:
            marks = flags.read_flags(row, 0, ny, coarse.grid.nx)[band][:, columns]
            filled = bool(np.isin(marks, FILLED_FLAGS).any())
        if not np.isfinite(values).any() or (filled and unobserved != "filled"):
            continue
        goal[t] = values
        state[t] = STAGE_A if filled else OBSERVED
    return goal, state


class _Work:
    """Walks over the blocks of the fine stack."""

    def __init__(self, fine, correction, min_share, progress, memory):
        self.fine, self.correction, self.min_share = fine, correction, min_share
        self.progress = progress
        self.blocks = plan_blocks(fine.grid, 8 * 5 * fine.months.size, memory)

    def _walk(self, share):
        total, done = self.fine.grid.nx * self.fine.grid.ny, 0
        for block in self.blocks:
            self.progress.check()
            yield block
            done += block[2] * block[3]
            if share is not None:
                share.set(done / total)

    def _empty(self):
        shape = (self.fine.months.size, *self.correction.whole.shape)
        return np.zeros(shape), np.zeros(shape)

    def means(self, share):
        """Coarse means of the fine field, and the weights of its mask."""
        total, weights = self._empty()
        for row, col, ny, nx in self._walk(share):
            t, w = self.correction.sums(self.fine.read(row, col, ny, nx), row, col)
            total += t
            weights += w
        return coarse_mean(total, weights, self.correction.whole, self.min_share), weights

    def masked_means(self, closing, weights):
        """Coarse means of the correction over the cells where the fine field is known."""
        total, _ = self._empty()
        for row, col, ny, nx in self._walk(None):
            field = closing.field(row, col, ny, nx)
            field[~np.isfinite(self.fine.read(row, col, ny, nx))] = np.nan
            total += self.correction.sums(field, row, col, weights=weights)[0]
        return coarse_mean(total, weights, self.correction.whole, self.min_share)

    def write(self, closing, state, unobserved, output, flags_output, line, share):
        """Write the corrected stack; returns its coarse means."""
        info = replace(self.fine.info, history=(*self.fine.info.history, line))
        flag_info = replace(
            info,
            units="",
            long_name="0 corrected, observed month; 1 corrected, filled month; 255 not corrected",
            baseline=(),
        )
        total, weights = self._empty()
        with ExitStack() as files:
            paths = files.enter_context(atomic_paths([output, flags_output]))
            writer = files.enter_context(stack_writer(paths[0], info, name=output))
            marks = None
            if flags_output:
                marks = files.enter_context(
                    stack_writer(paths[1], flag_info, "uint8", UNFILLED, name=flags_output)
                )
            for row, col, ny, nx in self._walk(share):
                values = self.fine.read(row, col, ny, nx)
                field = closing.field(row, col, ny, nx)
                values = np.where((state != UNFILLED)[:, None, None], values + field, values)
                if unobserved == "missing":
                    values[state == UNFILLED] = np.nan
                # Judged as it is stored.
                values = values.astype(np.float32)
                t, w = self.correction.sums(values.astype(float), row, col)
                total += t
                weights += w
                writer.write(values, row, col)
                if marks is not None:
                    known = np.isfinite(values)
                    marks.write(np.where(known, state[:, None, None], UNFILLED), row, col)
        return coarse_mean(total, weights, self.correction.whole, self.min_share)


def _summary(months, before, after, state):
    known = np.isfinite(before).reshape(months.size, -1)
    flat = [np.where(known, r.reshape(months.size, -1), np.nan) for r in (before, after)]
    some = known.any(axis=1)
    rms = [np.full(months.size, np.nan) for _ in range(2)]
    most = [np.full(months.size, np.nan) for _ in range(2)]
    for i, residual in enumerate(flat):
        rms[i][some] = np.sqrt(np.nanmean(residual[some] ** 2, axis=1))
        most[i][some] = np.nanmax(np.abs(residual[some]), axis=1)
    return CorrectionSummary(months, *rms, *most, state != UNFILLED, int(known.sum(axis=1).max()))
