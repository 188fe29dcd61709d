"""Metrics between two stacks: maps, pooled, by basin, and how well the coarse grid is kept."""

from dataclasses import dataclass

import numpy as np

from ..basins.touched import touched_blocks
from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.gdalcache import bounded_cache
from ..data.rasterfile import RasterWriter
from ..data.units import storage_factor
from ..errors import DataError, UnitsError
from ..progress import SILENT
from .metrics import Metrics, Moments, metrics, numbers

BANDS = ("cc", "cc_squared", "nse", "rmse", "bias", "kge", "n", "subgrid_sd")
#: cm by which a fine field may miss the coarse one and still keep its mass (METHODS §7).
CONSERVED = 0.01
#: Cells of a report's map along the longer side, and pairs of its scatter.
MAP_CELLS, SCATTER_PAIRS = 1200, 12_000
#: Pixels of one kernel call.
_CHUNK = 5_000


@dataclass
class StackComparison:
    """What `compare_stacks` found, in ``pair.units``.

    ``months`` pools all months and cells, ``means`` the cells' means over the months,
    both weighted by area; the second is None where the means were taken off.
    ``largest`` and ``kept``: the largest difference, and the share of area and months
    in which it is at most ``tolerance``, `CONSERVED` in the pair's units. ``maps`` are
    bands of every ``step``-th cell, ``pairs`` a sample (simulated, observed) of all
    values. ``basins`` is `Metrics` by
    basin or None, with ``basin_area`` and ``basin_share``.
    """

    pair: object
    months: Metrics
    means: object
    cells: int
    largest: float
    kept: float
    tolerance: float
    maps: dict
    step: int
    pairs: tuple
    basins: object = None
    names: tuple = ()
    basin_area: object = None
    basin_share: object = None

    def quantiles(self, band, shares=(0.1, 0.5, 0.9)):
        """Quantiles over the cells of ``maps`` that have a value."""
        values = self.maps[band]
        values = values[np.isfinite(values)]
        if not values.size:
            return [float("nan")] * len(shares)
        return [float(q) for q in np.quantile(values, shares)]


def compare_stacks(pair, output, progress=SILENT, memory=MEMORY_BUDGET):
    """Write the metrics of every cell of a `StackPair`; return a `StackComparison`.

    ``output``: one float32 raster with bands `BANDS`. ``subgrid_sd`` is the mean over
    the months of the area-weighted standard deviation of the finer stack's cells in
    a coarse cell; missing where the grids are equal. Raises `DataError` where the
    stacks have no value in common.
    """
    grid, unit, months = pair.grid, pair.units, pair.months.size
    step = max(1, -(-max(grid.nx, grid.ny) // MAP_CELLS))
    shape = (-(-grid.ny // step), -(-grid.nx // step))
    maps = {band: np.full(shape, np.nan) for band in BANDS}
    area = grid.cell_areas()
    sums = _Sums(_tolerance(pair))
    units = ["", "", "", unit, unit, "", "months", unit]
    line = (
        f"metrics of {pair.simulated.name} against {pair.observed.name}, {pair.months[0]} to "
        f"{pair.months[-1]}"
    )
    tags = {"long_name": "agreement of two stacks", "history": line, "units": unit}
    per_cell = 8 * months * (14 + 5 * pair.ratio)
    done = 0
    with RasterWriter(output, grid, BANDS, units=units, tags=tags) as writer, bounded_cache():
        for row, col, ny, nx in plan_blocks(grid, per_cell, memory):
            progress.check()
            s, o, spread = pair.read((row, col, ny, nx), progress.check)
            weight = area[row : row + ny, col : col + nx].ravel()
            planes = _planes(s, o, spread, weight, sums, progress.check)
            writer.write(planes.reshape(len(BANDS), ny, nx), row, col)
            _thin(maps, planes.reshape(len(BANDS), ny, nx), row, col, step)
            done += ny * nx
            progress.set(done / (grid.nx * grid.ny))
        if not sums.cells:
            raise DataError(
                "values in common are expected", "none",
                f"{pair.simulated.name} and {pair.observed.name}",
            )  # fmt: skip
    # With each cell's mean taken off there are no means to compare.
    means = None if pair.rebase else numbers(sums.means.metrics())
    return StackComparison(
        pair, numbers(sums.months.metrics()), means, sums.cells,
        sums.largest, sums.kept / sums.months.w, sums.tolerance, maps, step, tuple(sums.pairs),
    )  # fmt: skip


def compare_basins(
    pair, result, matrix, names, min_covered_share=0.5, progress=SILENT, memory=None
):
    """Add the metrics of basin means to a `StackComparison`.

    A month's means are over the cells that both stacks have; both must cover
    ``min_covered_share`` of the basin. ``matrix`` is the basins' `CoverageMatrix` on the
    pair's grid (`coverage_of` the pair's ``simulated``).
    """
    months = pair.months.size
    cells = matrix.touched
    none = np.empty(0, np.int64)
    totals = [matrix.accumulate(np.empty((months, 0)), none) for _ in range(2)]
    size, done = 8 * months * (14 + 5 * pair.ratio), 0
    with bounded_cache():
        for window, which, local in touched_blocks(pair.grid, cells, size, memory or MEMORY_BUDGET):
            progress.check()
            for k, values in enumerate(pair.read(window, progress.check)[:2]):
                flat = values.reshape(months, -1)[:, local]
                totals[k] = totals[k] + matrix.accumulate(flat, cells[which])
            done += which.size
            progress.set(done / cells.size)
    simulated, observed = (matrix.finish(t, min_covered_share) for t in totals)
    result.basins = metrics(simulated.mean, observed.mean)
    result.names, result.basin_area = tuple(names), matrix.area_km2
    share = observed.covered_share
    result.basin_share = share.sum(axis=0) / np.maximum((share > 0).sum(axis=0), 1)
    return result


def _tolerance(pair):
    """`CONSERVED` in the pair's units; the bare number where these are of no storage."""
    try:
        return CONSERVED / storage_factor(pair.units, "")
    except UnitsError:
        return CONSERVED


class _Sums:
    """What adds up over parts of the stacks."""

    def __init__(self, tolerance):
        self.tolerance = tolerance
        self.months = self.means = Moments.of(np.empty(0), np.empty(0))
        self.cells, self.largest, self.kept = 0, 0.0, 0.0
        self.pairs, self.stride, self.seen = np.empty((2, 0)), 1, 0

    def add(self, moments, s, o, weight):
        """Pixels (time, pixel) with their `Moments` and areas (pixel,)."""
        self.months = self.months + moments.pooled(weight)
        some = moments.n > 0
        self.means = self.means + Moments.of(moments.x[some], moments.y[some], weight[some])
        self.cells += int(some.sum())
        away = np.abs(s - o)
        if some.any():
            self.largest = max(self.largest, float(np.nanmax(away[:, some])))
            self.kept += float(((away <= self.tolerance).sum(axis=0) * weight).sum())
        known = np.isfinite(s)
        self._pick(np.stack([s[known], o[known]]))

    def _pick(self, pairs):
        """Keep every stride-th pair; twice as far apart whenever there are too many."""
        start = -self.seen % self.stride
        self.seen += pairs.shape[1]
        self.pairs = np.concatenate([self.pairs, pairs[:, start :: self.stride]], axis=1)
        while self.pairs.shape[1] > SCATTER_PAIRS:
            self.pairs, self.stride = self.pairs[:, ::2], 2 * self.stride


def _planes(s, o, spread, weight, sums, check):
    """Bands (band, pixel) of a block; what adds up goes to ``sums``."""
    months, pixels = s.shape[0], s[0].size
    s, o = s.reshape(months, -1), o.reshape(months, -1)
    planes = np.full((len(BANDS), pixels), np.nan)
    for first in range(0, pixels, _CHUNK):
        check()
        part = slice(first, first + _CHUNK)
        moments = Moments.of(s[:, part], o[:, part])
        m = moments.metrics()
        planes[:7, part] = (m.cc, m.cc2, m.nse, m.rmse, m.bias, m.kge, m.n)
        sums.add(moments, s[:, part], o[:, part], weight[part])
    if spread is not None:
        spread = np.where(np.isfinite(s), spread.reshape(months, -1), 0.0)
        planes[7] = spread.sum(axis=0) / np.maximum(planes[6], 1)
    planes[:, planes[6] == 0] = np.nan
    return planes


def _thin(maps, planes, row, col, step):
    rows, cols = slice(-row % step, None, step), slice(-col % step, None, step)
    top, left = -(-row // step), -(-col // step)
    for band, plane in zip(BANDS, planes):
        part = plane[rows, cols]
        maps[band][top : top + part.shape[0], left : left + part.shape[1]] = part
