"""Metrics between two stacks: maps, pooled, by basin, and how well the coarse grid is kept."""

from dataclasses import dataclass

import numpy as np

from ..basins.touched import touched_blocks
from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.gdalcache import bounded_cache
from ..data.rasterfile import RasterWriter
from ..errors import DataError
from ..progress import SILENT
from .metrics import Metrics, Moments, metrics, numbers

BANDS = ("cc", "cc_squared", "nse", "rmse", "bias", "kge", "n", "subgrid_sd")
#: cm by which a fine field may miss the coarse one and still keep its mass (METHODS §7).
CONSERVED = 0.01
#: Cells of a report's map along the longer side, and pairs of its scatter.
MAP_CELLS, SCATTER_PAIRS = 1200, 12_000
#: Pixels of one kernel call.
_CHUNK = 20_000


@dataclass
class StackComparison:
    """What `compare_stacks` found, in ``pair.units``.

    ``months`` pools all months and cells, ``means`` the cells' means over the months,
    both weighted by area. ``largest`` and ``kept``: the largest difference, and the
    share of area and months in which it is at most `CONSERVED`. ``maps`` are bands
    of every ``step``-th cell, ``pairs`` a sample (simulated, observed) of all values.
    ``basins`` is `Metrics` by basin or None, with ``basin_area`` and ``basin_share``.
    """

    pair: object
    months: Metrics
    means: Metrics
    cells: int
    largest: float
    kept: float
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
    sums = _Sums(max(1, grid.nx * grid.ny * months // SCATTER_PAIRS))
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
            planes = _planes(s, o, spread, progress.check)
            writer.write(planes.reshape(len(BANDS), ny, nx), row, col)
            sums.add(s, o, area[row : row + ny, col : col + nx], progress.check)
            _thin(maps, planes.reshape(len(BANDS), ny, nx), row, col, step)
            done += ny * nx
            progress.set(done / (grid.nx * grid.ny))
        if not sums.cells:
            raise DataError(
                "values in common are expected", "none",
                f"{pair.simulated.name} and {pair.observed.name}",
            )  # fmt: skip
    return StackComparison(
        pair, numbers(sums.months.metrics()), numbers(sums.means.metrics()), sums.cells,
        sums.largest, sums.kept / sums.months.w, maps, step, sums.sample(),
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
    cells = np.unique(matrix.weights.indices)
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


class _Sums:
    """What adds up over blocks."""

    def __init__(self, stride):
        self.stride, self.seen, self.picked = stride, 0, []
        self.months = self.means = Moments.of(np.empty(0), np.empty(0))
        self.cells, self.largest, self.kept = 0, 0.0, 0.0

    def add(self, s, o, area, check):
        """One block (time, y, x)."""
        both = np.isfinite(s)
        weight = np.broadcast_to(area, s.shape)
        self.months = self.months + Moments.of(s.ravel(), o.ravel(), weight.ravel())
        check()
        n = both.sum(axis=0)
        some = n > 0
        mean_s, mean_o = (np.where(both, v, 0.0).sum(axis=0)[some] / n[some] for v in (s, o))
        self.means = self.means + Moments.of(mean_s, mean_o, np.asarray(area)[some])
        self.cells += int(some.sum())
        away = np.abs(s - o)[both]
        if away.size:
            self.largest = max(self.largest, float(away.max()))
            self.kept += float(weight[both][away <= CONSERVED].sum())
        # Every stride-th of all values, wherever a block begins.
        start = -self.seen % self.stride
        x, y = s.ravel()[start :: self.stride], o.ravel()[start :: self.stride]
        good = np.isfinite(x)
        self.picked.append((x[good], y[good]))
        self.seen += s.size

    def sample(self):
        """(simulated, observed) of the sampled pairs."""
        return tuple(np.concatenate([p[k] for p in self.picked]) for k in range(2))


def _planes(s, o, spread, check):
    """Bands (band, pixel) of a block."""
    months, pixels = s.shape[0], s[0].size
    s, o = s.reshape(months, -1), o.reshape(months, -1)
    planes = np.full((len(BANDS), pixels), np.nan)
    for first in range(0, pixels, _CHUNK):
        check()
        part = slice(first, first + _CHUNK)
        m = metrics(s[:, part], o[:, part])
        planes[:7, part] = (m.cc, m.cc2, m.nse, m.rmse, m.bias, m.kge, m.n)
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
