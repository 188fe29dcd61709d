"""A stack on the grid of another raster, month by month, block by block."""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import GridError, ParameterError
from ..progress import SILENT
from .blasthreads import single_blas_thread
from .blockmean import nesting
from .blocks import MEMORY_BUDGET, plan_blocks
from .reference import same_crs, written_type
from .separable import METHODS, axis_weights
from .stack import stack_writer

_EPS = 1e-6


@dataclass
class AlignSummary:
    """What an alignment did: cells with values before and after, in the fullest month."""

    cells: int
    method: str
    line: str


def check_alignment(source, target, method, force=False, names=("INPUT", "REFERENCE")):
    """Raise unless ``method`` brings the `Grid` ``source`` to ``target`` honestly.

    Another coordinate system and grids that do not meet raise `GridError`. A mean
    over finer cells, and an interpolation to coarser ones, raise `ParameterError`
    unless ``force``: the first is no mean, the second leaves most cells unread.
    """
    if method not in METHODS:
        raise ParameterError(f"one of {', '.join(METHODS)} is expected", method, "METHOD")
    if not same_crs(source, target):
        raise GridError(
            f"{names[0]} and {names[1]} must have one coordinate system",
            f"{source.describe()} and {target.describe()}",
            remedy=f"Bring {names[1]} to the coordinate system of {names[0]} first "
            "(Raster ▸ Projections ▸ Warp).",
        )
    cells = f"cells of {source.dx:g} × {source.dy:g} to {target.dx:g} × {target.dy:g}"
    finer = target.dx < source.dx * (1 - _EPS) or target.dy < source.dy * (1 - _EPS)
    coarser = target.dx > source.dx * (1 + _EPS) or target.dy > source.dy * (1 + _EPS)
    if method == "mean" and finer and not force:
        raise ParameterError(
            "a reference with coarser or equal cells is expected for 'mean'",
            cells,
            "METHOD",
            "Choose 'nearest' or 'bilinear', which interpolate and say so, or tick FORCE.",
        )
    if method != "mean" and coarser and not force:
        raise ParameterError(
            f"a reference with finer or equal cells is expected for {method!r}",
            cells,
            "METHOD",
            "Choose 'mean', which uses all cells, or tick FORCE.",
        )
    rows, columns = axis_weights("mean", source, target)
    if not (rows.matrix.nnz and columns.matrix.nnz):
        raise GridError(
            f"{names[1]} must meet {names[0]}",
            f"{names[0]}: {source.describe()}; {names[1]}: {target.describe()}",
        )


def check_values(stack, method):
    """dtype and nodata for the aligned stack; classes such as flags cannot be averaged.

    Raises `ParameterError` for whole numbers of 8 bits and another method than ``nearest``.
    """
    kind, fill = written_type(stack)
    if kind == "uint8" and method != "nearest":
        raise ParameterError(
            "METHOD 'nearest' is expected for classes such as the flags of a gap filling",
            method,
            stack.name,
            "With a coarser reference tick FORCE too.",
        )
    return kind, fill


def align_values(values, rows, columns, whole, min_share=0.5):
    """Values (time, y, x) carried over by two sparse matrices.

    ``rows`` (target row, y) and ``columns`` (target column, x) hold weights, ``whole``
    (target row, target column) is the weight of a target cell that is wholly covered.
    v' = W_y v W_xᵀ / W_y m W_xᵀ with m = 1 where v is known and v = 0 elsewhere;
    NaN where W_y m W_xᵀ < ``min_share`` · ``whole`` or nothing is known.
    Returns float64 (time, target row, target column).
    """
    result = np.empty((len(values), *whole.shape))
    least = np.maximum(whole * (min_share - 1e-9), 0.0)
    blocks = nesting(rows, columns)
    if blocks is not None and blocks.worth:
        covered = (blocks.whole > 0) & (blocks.whole >= least)
        for month, field in enumerate(values):
            total, weight = blocks.sums(field, result[month])
            good = covered
            if weight is None:
                weight = blocks.whole
            else:
                good = (weight > 0) & (weight >= least)
            if not good.all():
                weight = np.where(good, weight, np.nan)
            np.divide(total, weight, out=total)
        return result
    result[:] = np.nan
    last, weight = None, None
    for month, field in enumerate(values):
        known = np.isfinite(field)
        if not known.any():
            continue
        # Months mostly share their holes: their weights need no second product.
        if last is None or not np.array_equal(known, last):
            last, weight = known, _carry(known.astype(float), rows, columns)
            good = (weight > 0) & (weight >= least)
        total = _carry(np.where(known, field, 0.0), rows, columns)
        np.divide(total, weight, out=result[month], where=good)
    return result


class AlignedReader:
    """Reads a stack on another `Grid` without writing it there first.

    The method follows from the cells: ``finer`` (``bilinear`` or ``nearest``) to finer or
    equal ones, the area-weighted ``mean`` to coarser ones; ``line`` says which. ``names``
    are those of the stack and of the target in messages. Raises as `check_alignment`.
    Reading is safe from several threads.
    """

    def __init__(
        self, stack, target, min_share=0.5, names=("INPUT", "REFERENCE"), finer="bilinear"
    ):
        self.stack, self.target, self.min_share = stack, target, min_share
        coarser = target.dx > stack.grid.dx * (1 + _EPS) or target.dy > stack.grid.dy * (1 + _EPS)
        self.method = "mean" if coarser else finer
        check_alignment(stack.grid, target, self.method, False, names)
        self.same = not stack.grid.difference(target)
        self._y, self._x = axis_weights(self.method, stack.grid, target)
        self.line = "on one grid" if self.same else _line(stack, target, self.method, min_share)

    def read(self, row, col, ny, nx, bands=None):
        """Values (time, y, x) of a block of the target, NaN where the stack has too little."""
        if self.same:
            return self.stack.read(row, col, ny, nx, bands=bands)
        bands = range(self.stack.months.size) if bands is None else bands
        row_runs, weights_y = self._y.part(row, ny)
        column_runs, weights_x = self._x.part(col, nx)
        if not (row_runs and column_runs):
            return np.full((len(bands), ny, nx), np.nan)
        whole = np.outer(self._y.whole[row : row + ny], self._x.whole[col : col + nx])
        source = read_runs(self.stack, row_runs, column_runs, bands)
        return align_values(source, weights_y, weights_x, whole, self.min_share)


def _carry(field, rows, columns):
    return (columns @ (rows @ field).T).T


def align_stack(
    stack,
    target,
    output,
    *,
    method="mean",
    min_share=0.5,
    force=False,
    names=("INPUT", "REFERENCE"),
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Write ``stack`` on the `Grid` ``target``; months, units and baseline are kept.

    ``mean``: area-weighted mean over the overlaps, so the area-weighted sum over
    fully covered cells is conserved. ``nearest`` and ``bilinear`` interpolate, and
    the history says so. A target cell gets a value where at least ``min_share`` of
    its area (or of its interpolation weight) has one. Returns an `AlignSummary`.
    Raises as `check_alignment`.
    """
    check_alignment(stack.grid, target, method, force, names)
    kind, fill = check_values(stack, method)
    if not 0.0 <= min_share <= 1.0:
        raise ParameterError("a share from 0 to 1 is expected", min_share, "MIN_SHARE")
    y, x = axis_weights(method, stack.grid, target)
    line = _line(stack, target, method, min_share)
    info = replace(stack.info, grid=target, history=(*stack.info.history, line))
    months, done, cells = stack.months.size, 0, np.zeros(stack.months.size, int)
    ratio = max(1.0, target.dx / stack.grid.dx) * max(1.0, target.dy / stack.grid.dy)
    # Half of the budget for one month of source cells (three copies), half for the results.
    per_cell = 2 * max(24 * ratio, 16 * months)
    with stack_writer(output, info, kind, fill) as writer, single_blas_thread():
        for row, col, ny, nx in plan_blocks(target, per_cell, memory):
            row_runs, weights_y = y.part(row, ny)
            column_runs, weights_x = x.part(col, nx)
            whole = np.outer(y.whole[row : row + ny], x.whole[col : col + nx])
            values = np.full((months, ny, nx), np.nan)
            size = weights_y.shape[1] * weights_x.shape[1]
            if size:
                batch = max(1, int(memory // 2 // (24 * size)))
                for first in range(0, months, batch):
                    progress.check()
                    bands = range(first, min(first + batch, months))
                    source = read_runs(stack, row_runs, column_runs, bands)
                    values[first : first + batch] = align_values(
                        source, weights_y, weights_x, whole, min_share
                    )
                    part = (bands[-1] + 1) / months * ny * nx
                    progress.set((done + part) / (target.nx * target.ny))
            known = np.isfinite(values)
            cells += known.sum(axis=(1, 2))
            writer.write(np.where(known, values, fill), row, col)
            done += ny * nx
    return AlignSummary(int(cells.max()), method, line)


def read_runs(stack, row_runs, column_runs, bands):
    """The needed source cells (month, y, x); runs part at the ends of a turn."""
    strips = [
        [stack.read(row, col, ny, nx, bands=bands) for col, nx in column_runs]
        for row, ny in row_runs
    ]
    strips = [np.concatenate(s, axis=2) if len(s) > 1 else s[0] for s in strips]
    return np.concatenate(strips, axis=1) if len(strips) > 1 else strips[0]


def _line(stack, target, method, min_share):
    step = f"from {stack.grid.dx:g} x {stack.grid.dy:g} to {target.describe()}"
    if method == "mean":
        return (
            f"aligned by area-weighted mean {step}; cells with values on at least "
            f"{100 * min_share:g} % of their area"
        )
    return f"aligned by {method} {step}; interpolated, no new detail"
