"""Wells averaged in the cells of a grid and held against the stack there."""

from dataclasses import dataclass

import numpy as np

from ..basins.touched import touched_blocks
from ..data.alignedview import AlignedView
from ..data.blocks import MEMORY_BUDGET
from ..progress import SILENT
from .metrics import Metrics, metrics
from .trends import common_trends


@dataclass
class WellCells:
    """Cells that hold wells; arrays (cell,) or (time, cell), storage in cm.

    ``observed`` is the mean over the wells of a cell of level anomaly × specific
    yield (of level anomaly alone where there is no specific yield), ``predicted``
    the stack's anomaly over the same months. Trends are per year.
    """

    row: np.ndarray
    col: np.ndarray
    wells: np.ndarray
    months: np.ndarray
    specific_yield: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    metrics: Metrics
    trend_predicted: np.ndarray
    trend_observed: np.ndarray
    raw_season: np.ndarray


def cell_series(stack, grid, rows, cols, bands, progress=SILENT, memory=None):
    """Series (month, cell) in cm of a stack at cells of ``grid``: area-weighted means.

    ``rows`` and ``cols`` in the order of the cells' numbers, each cell once.
    """
    view, memory = AlignedView(stack, grid), memory or MEMORY_BUDGET
    factor, series = view.to_centimetres(), np.full((len(bands), rows.size), np.nan)
    if view.same:
        # Rows and columns of cells rise, each once.
        cells = rows * grid.nx + cols
        for window, which, local in touched_blocks(grid, cells, 24 * len(bands), memory):
            progress.check()
            values = stack.read(*window, bands=bands).reshape(len(bands), -1)
            series[:, which] = factor * values[:, local]
        return series
    batch = max(1, int(memory // (24 * view.ratio)))
    for i, (row, col) in enumerate(zip(rows, cols)):
        progress.check()
        for first in range(0, len(bands), batch):
            part = bands[first : first + batch]
            values = view.read(int(row), int(col), 1, 1, bands=part)
            series[first : first + batch, i] = factor * values[:, 0, 0]
        progress.set((i + 1) / rows.size)
    return series


def average_wells(level, predicted, which, cells, min_months, specific_yield=None):
    """Mean storage anomaly (time, cell) of the wells in each of ``cells`` cells.

    Parameters
    ----------
    level : (time, well) cm, NaN = missing
    predicted : (time, cell) cm
    which : (well,) int, the cell of each well
    min_months : a well needs as many months in common with its cell's prediction
    specific_yield : (well,), or None: levels as they are

    Each well becomes an anomaly to its own mean over the months that its cell's
    prediction has too, times its specific yield; the wells of a cell are averaged
    month by month, each with the same weight (METHODS §10; Zhang et al., 2.5.2).
    Returns ``(observed, used)``: (time, cell) with NaN where no well has a value,
    and which wells took part.
    """
    shared = np.isfinite(level) & np.isfinite(predicted[:, which])
    months = shared.sum(axis=0)
    used = months >= max(1, min_months)
    factor = np.ones(which.size) if specific_yield is None else specific_yield
    used &= np.isfinite(factor)
    mean = np.where(shared, level, 0.0).sum(axis=0) / np.maximum(months, 1)
    storage = np.where(shared & used, (level - mean) * factor, np.nan)
    total, number = np.zeros((len(level), cells)), np.zeros((len(level), cells))
    for w in np.flatnonzero(used):
        good = np.isfinite(storage[:, w])
        total[good, which[w]] += storage[good, w]
        number[good, which[w]] += 1
    return np.where(number > 0, total / np.where(number > 0, number, 1.0), np.nan), used


def compare_cells(level, predicted, which, rows, cols, min_months, min_years, specific_yield):
    """`WellCells` and which wells took part; arguments as `average_wells` takes them."""
    observed, used = average_wells(level, predicted, which, rows.size, min_months, specific_yield)
    seen = np.isfinite(observed)
    months = seen.sum(axis=0)
    predicted = np.where(seen, predicted, np.nan)
    simulated, observed = (_anomaly(v, months) for v in (predicted, observed))
    trend_simulated, trend_observed, raw = common_trends(simulated, observed, min_years)
    sums = np.zeros((2, rows.size))
    for w in np.flatnonzero(used):
        sums[:, which[w]] += (1.0, np.nan if specific_yield is None else specific_yield[w])
    mean_yield = np.where(sums[0] > 0, sums[1] / np.maximum(sums[0], 1), np.nan)
    return WellCells(
        rows, cols, sums[0].astype(int), months, mean_yield, simulated, observed,
        metrics(simulated, observed), trend_simulated, trend_observed, raw,
    ), used  # fmt: skip


def _anomaly(values, months):
    return values - np.where(np.isfinite(values), values, 0.0).sum(axis=0) / np.maximum(months, 1)
