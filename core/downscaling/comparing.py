"""How downscaled stacks differ: at the coarse grid, within coarse cells, and from a truth.

    A x   area-weighted mean over a coarse cell,   x′ = x − U A x   what is finer than it

Against the coarse field G: RMSE, correlation and bias of A x. Of the fine structure: the
sub-grid standard deviation √(A x′²). Against a truth T where there is one: RMSE,
correlation and bias of x, and of x′ alone (METHODS §7 and §10).
"""

import numpy as np

from ..data.agreement import check_same_baseline, require_units
from ..data.blasthreads import single_blas_thread
from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.grid import check_same_grid, snap_extent
from ..data.months import parse_month
from ..data.reference import same_crs
from ..errors import DataError, GridError, TimeAxisError
from ..progress import SILENT
from ..validation.metrics import Moments
from .residual import Correction, coarse_mean
from .scores import Scores, agreement, root_mean_square
from .splines import spline_field


def compare_downscaling(
    stacks,
    coarse,
    *,
    truth=None,
    months=None,
    inside=None,
    min_share=0.5,
    where="",
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """`Scores` of each of ``stacks`` (name → `MonthlyStack`, one grid) in one walk.

    Parameters
    ----------
    coarse : `MonthlyStack`, the coarse field
    truth : `MonthlyStack` on the fine grid, or None
    months : datetime64[M] to score, or None for all that all have
    inside : (y, x) bool or function of a block, the fine cells to score, or None
    min_share : a coarse cell counts where at least this share of it has values
    where : name of what ``inside`` stands for, in errors

    Values are converted to cm. Only cells and months that every stack (and the truth) has
    are scored, so that no stack gains by leaving out what is hard. Raises `GridError`,
    `TimeAxisError`, `UnitsError`, `DataError`.
    """
    stacks = dict(stacks)
    first = next(iter(stacks.values()))
    every = [*stacks.values(), *([truth] if truth is not None else [])]
    _check_grids(every, coarse)
    chosen = _months(every, coarse, months)
    window = snap_extent(coarse.grid, first.grid.extent)
    correction = Correction(coarse.grid.window(*window), first.grid)
    work = _Comparison(every, coarse, window, correction, chosen, inside, min_share)
    with single_blas_thread():
        work.coarse_means(progress.part(0.0, 0.5), memory)
        work.fine_scores(progress.part(0.5, 1.0), memory)
    if not work.cells:
        raise DataError("at least one cell that all stacks have is expected", "none", where)
    return [work.scores(i, name, truth is not None) for i, name in enumerate(stacks)]


def check_comparison(stacks, coarse, truth=None, period=("", "")):
    """Months (datetime64[M]) that can be scored; raises where headers do not fit.

    ``stacks`` maps names to stacks; ``period`` is the first and last month, empty: all.
    """
    every = [*stacks.values(), *([truth] if truth is not None else [])]
    _check_grids(every, coarse)
    for stack in (*every, coarse):
        require_units(stack)
        stack.to_centimetres()
        check_same_baseline(stack, coarse)
    months = _months(every, coarse, None)
    first, last = period
    if first:
        months = months[months >= parse_month(first, "START")]
    if last:
        months = months[months <= parse_month(last, "END")]
    if not months.size:
        raise TimeAxisError(
            f"months from {first or 'the first'} to {last or 'the last'} that all stacks have are "
            "expected",
            "none",
        )
    return months


def _check_grids(every, coarse):
    fine = every[0]
    for stack in every[1:]:
        check_same_grid(fine.grid, stack.grid, fine.name, stack.name)
    cells = fine.grid, coarse.grid
    if not same_crs(*cells):
        raise GridError(
            f"{fine.name} and {coarse.name} must have one coordinate system",
            " and ".join(grid.describe() for grid in cells),
        )
    if not (cells[0].dx < cells[1].dx * (1 - 1e-6) and cells[0].dy < cells[1].dy * (1 - 1e-6)):
        raise GridError(
            f"finer cells in {fine.name} than in {coarse.name} are expected",
            " and ".join(f"{grid.dx:g} × {grid.dy:g}" for grid in cells),
        )


def _months(every, coarse, months):
    chosen = every[0].months
    for stack in (*every[1:], coarse):
        chosen = np.intersect1d(chosen, stack.months)
    if months is not None:
        chosen = np.intersect1d(chosen, np.asarray(months, "datetime64[M]"))
    if not chosen.size:
        raise TimeAxisError("months that all stacks have are expected", "none in common")
    return chosen


class _Comparison:
    def __init__(self, every, coarse, window, correction, months, inside, min_share):
        self.every, self.correction, self.months = every, correction, months
        self.inside, self.min_share = inside, min_share
        self.factors = [s.to_centimetres() for s in every]
        self.bands = [np.searchsorted(s.months, months) for s in every]
        row, col, ny, nx = window
        columns = np.arange(col, col + nx) % coarse.grid.nx
        bands = np.searchsorted(coarse.months, months)
        values = coarse.read(row, 0, ny, coarse.grid.nx, bands=bands)[:, :, columns]
        self.goal = values * coarse.to_centimetres()
        self.areas = np.asarray(correction.coarse.cell_areas())
        self.fine_areas = np.asarray(correction.fine.cell_areas())
        count = len(every)
        self.means = None
        none = Moments.of(np.empty(0), np.empty(0))
        self.coarse_moments, self.fine_moments, self.within_moments = (
            [none] * count for _ in range(3)
        )
        self.cells = 0

    def _blocks(self, share, memory):
        grid, done = self.correction.fine, 0
        # Of each stack the values, what is taken off them and pairs with the truth; masks;
        # what moments are made of.
        planes = 3 * len(self.every) + 12
        for block in plan_blocks(grid, 8 * planes * self.months.size, memory):
            share.check()
            row, col, ny, nx = block
            fields = [
                s.read(row, col, ny, nx, bands=b) * f
                for s, b, f in zip(self.every, self.bands, self.factors)
            ]
            known = np.all([np.isfinite(f) for f in fields], axis=0)
            if callable(self.inside):
                known &= self.inside(row, col, ny, nx)
            elif self.inside is not None:
                known &= self.inside[row : row + ny, col : col + nx]
            for values in fields:
                values[~known] = np.nan
            yield block, fields, known
            done += ny * nx
            share.set(done / (grid.nx * grid.ny))

    def coarse_means(self, share, memory):
        """Coarse means of every stack over common cells, and their scores."""
        shape = (self.months.size, *self.correction.whole.shape)
        totals, weights = [np.zeros(shape) for _ in self.every], np.zeros(shape)
        for (row, col, _, _), values_of, _ in self._blocks(share, memory):
            block_weights = None
            for total, values in zip(totals, values_of):
                part, block_weights = self.correction.sums(values, row, col, block_weights)
                total += part
            weights += block_weights
        self.means = [
            coarse_mean(t, weights, self.correction.whole, self.min_share) for t in totals
        ]
        for i, mean in enumerate(self.means):
            use = np.isfinite(mean) & np.isfinite(self.goal)
            w = np.broadcast_to(self.areas, mean.shape)[use]
            self.coarse_moments[i] += Moments.of(mean[use], self.goal[use], w)

    def fine_scores(self, share, memory):
        """Moments of fine values and of their departures from the coarse means."""
        near_y, near_x = self.correction.near_y, self.correction.near_x
        for (row, col, ny, nx), values_of, known in self._blocks(share, memory):
            rows, columns = near_y[row : row + ny], near_x[col : col + nx]
            up = [_spread(mean, rows, columns) for mean in self.means]
            use = known & np.isfinite(up[0])
            self.cells += int(use.any(axis=0).sum())
            w = np.broadcast_to(self.fine_areas[row : row + ny, col : col + nx], use.shape)[use]
            truth, truth_up = values_of[-1][use], up[-1][use]
            for i, values in enumerate(values_of):
                x = values[use]
                self.fine_moments[i] += Moments.of(x, truth, w)
                self.within_moments[i] += Moments.of(x - up[i][use], truth - truth_up, w)

    def scores(self, i, name, has_truth):
        """`Scores` of the i-th stack."""
        within = self.within_moments[i]
        rmse, cc, bias = agreement(self.coarse_moments[i])
        found = Scores(
            name, rmse, cc, bias, root_mean_square(within.w, within.x, within.xx),
            cells=self.cells, months=self.months.size,
        )  # fmt: skip
        if has_truth:
            found.truth_subgrid_sd = root_mean_square(within.w, within.y, within.yy)
            found.fine_rmse, found.fine_cc, found.fine_bias = agreement(self.fine_moments[i])
            found.within_rmse, found.within_cc, _ = agreement(within)
        return found


def _spread(mean, rows, columns):
    """Coarse means on fine cells, NaN where the coarse cell has none."""
    known = np.isfinite(mean)
    values = np.stack([spline_field(rows, columns, np.where(k, m, 0.0))
                       for k, m in zip(known, mean)])  # fmt: skip
    there = np.stack([spline_field(rows, columns, k.astype(float)) for k in known])
    values[there < 0.5] = np.nan
    return values
