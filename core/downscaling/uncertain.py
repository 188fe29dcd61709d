"""The least certain cells of each month, given the value of their nearest neighbour.

As published (Li et al., section 3.2): per month, cells whose σ exceeds its 99th percentile
over the domain are low in confidence and get the value of the nearest other cell. It always
takes one cell in a hundred, whether σ is large there or not, and it hides where a model is
unsure; so it is an option, and the cells are counted.
"""

from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.gdalcache import bounded_cache
from ..data.stack import stack_writer
from ..progress import SILENT

#: The percentile of σ above which a cell is replaced.
PERCENTILE = 99.0
#: Cells around a block in which neighbours are looked for first.
HALO = 16


class TopValues:
    """The upper order statistics of numbers that come in parts, from which a percentile follows.

    ``most`` is how many numbers may come in all; only the share above the percentile is kept.
    """

    def __init__(self, most, percentile=PERCENTILE):
        self.percentile, self.count = percentile, 0
        self._keep = int(np.ceil(most * (1 - percentile / 100))) + 2
        self._top = np.empty(0, np.float32)

    def add(self, values):
        """Take the finite ones of ``values``."""
        values = values[np.isfinite(values)].ravel()
        self.count += values.size
        top = np.concatenate([self._top, values])
        if top.size > self._keep:
            top = np.partition(top, top.size - self._keep)[-self._keep :]
        self._top = top

    def value(self):
        """The percentile as `numpy.percentile` has it; NaN without numbers."""
        if not self.count:
            return np.nan
        place = (self.count - 1) * self.percentile / 100
        low = int(np.floor(place))
        top = np.sort(self._top).astype(np.float64)
        first = self.count - top.size
        high = min(low + 1, self.count - 1)
        a, b = top[low - first], top[high - first]
        return a + (b - a) * (place - low)


def thresholds(sigma, progress=SILENT, memory=MEMORY_BUDGET):
    """The 99th percentile of each month of a stack of σ, (month,); NaN in empty months."""
    grid, count = sigma.grid, sigma.months.size
    cells = grid.nx * grid.ny
    # As many months a walk as their upper hundredths fit.
    each = 8 * (int(cells * (1 - PERCENTILE / 100)) + 2)
    batch = int(np.clip(memory // 2 // each, 1, count))
    found = np.full(count, np.nan)
    for first in range(0, count, batch):
        bands = range(first, min(first + batch, count))
        tops = [TopValues(cells) for _ in bands]
        for row, col, ny, nx in plan_blocks(grid, 8 * len(bands), memory // 2):
            progress.check()
            values = sigma.read(row, col, ny, nx, bands=bands, dtype="float32")
            for top, field in zip(tops, values):
                top.add(field)
        found[bands.start : bands.stop] = [top.value() for top in tops]
        progress.set(bands.stop / count)
    return found


def replace_uncertain(fine, sigma, output, *, name="", progress=SILENT, memory=MEMORY_BUDGET):
    """Write ``fine`` with its least certain cells replaced; how many in each month, (month,).

    ``fine`` and ``sigma`` are `MonthlyStack` of one grid and the same months. A cell whose σ is
    above the month's threshold gets the value of the nearest known cell that is not; where
    several are equally near, one of them. Distances count cells. Memory is bounded by
    blocks; the halo grows until the nearest neighbour is surely seen.
    """
    limits = thresholds(sigma, progress.part(0.0, 0.3), memory)
    grid, months = fine.grid, fine.months
    line = f"cells with sigma above its monthly {PERCENTILE:g}th percentile from their neighbours"
    info = replace(fine.info, history=(*fine.info.history, line))
    replaced = np.zeros(months.size, int)
    done = 0
    with ExitStack() as files:
        files.enter_context(bounded_cache())
        writer = files.enter_context(stack_writer(output, info, name=name or output))
        for row, col, ny, nx in plan_blocks(grid, 4 * months.size + 64, memory):
            values = fine.read(row, col, ny, nx, dtype="float32")
            for t in range(months.size):
                progress.check()
                doubt = sigma.read(row, col, ny, nx, bands=[t])[0] > limits[t]
                doubt &= np.isfinite(values[t])
                if doubt.any():
                    values[t][doubt] = _neighbours(fine, sigma, t, limits[t], (row, col), doubt)
                    replaced[t] += int(doubt.sum())
            writer.write(values, row, col)
            done += ny * nx
            progress.set(0.3 + 0.7 * done / (grid.nx * grid.ny))
    return replaced


def _neighbours(fine, sigma, t, limit, corner, doubt):
    """Values for the cells ``doubt`` (y, x) of a block at ``corner``."""
    from scipy.ndimage import distance_transform_edt

    grid, halo = fine.grid, HALO
    (ny, nx), (row, col) = doubt.shape, corner
    while True:
        top, left = max(row - halo, 0), max(col - halo, 0)
        bottom, right = min(row + ny + halo, grid.ny), min(col + nx + halo, grid.nx)
        window = (top, left, bottom - top, right - left)
        whole = window == (0, 0, grid.ny, grid.nx)
        values = fine.read(*window, bands=[t], dtype="float32")[0]
        sure = sigma.read(*window, bands=[t])[0] <= limit
        sure &= np.isfinite(values)
        y, x = np.nonzero(doubt)
        y, x = y + row - top, x + col - left
        if sure.any():
            distance, place = distance_transform_edt(~sure, return_indices=True)
            if whole or distance[y, x].max() <= halo:
                return values[place[0][y, x], place[1][y, x]]
        elif whole:
            # σ without a spread at all: nothing is surer than the rest.
            return values[y, x]
        halo *= 4
