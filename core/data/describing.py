"""What a stack holds: months with values, range, mean series, mean map."""

from dataclasses import dataclass

import numpy as np

from ..progress import SILENT
from .blocks import MEMORY_BUDGET, plan_blocks
from .stack import StackInfo

#: Cells of the map in a report, along the longer side; larger stacks are thinned.
MAP_CELLS = 1200


@dataclass
class StackDescription:
    """What a stack holds.

    By month: ``cells`` with values, area-weighted ``mean``, ``low`` and ``high``
    (NaN where the month is empty). ``map`` is the temporal mean of every
    ``step``-th cell. ``covered_share`` is the share of the area that ever has a value.
    """

    name: str
    info: StackInfo
    cells: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    map: np.ndarray
    step: int
    covered_share: float

    @property
    def missing(self):
        """Months without a single value."""
        return self.info.months[self.cells == 0]

    @property
    def partial(self):
        """Boolean (month,): values, but in fewer cells than in the fullest month."""
        return (self.cells > 0) & (self.cells < self.cells.max())

    @property
    def range(self):
        """Smallest and largest value, NaN in an empty stack."""
        known = self.cells > 0
        if not known.any():
            return np.nan, np.nan
        return float(self.low[known].min()), float(self.high[known].max())


def describe_stack(stack, progress=SILENT, memory=MEMORY_BUDGET):
    """`StackDescription` of a stack, in its own units, read in blocks.

    The mean of a month is Σ v·a / Σ a over cells with a value, a the cell's area.
    """
    grid, months = stack.grid, stack.months.size
    areas = grid.cell_areas()
    cells, low, high = np.zeros(months, int), np.full(months, np.inf), np.full(months, -np.inf)
    total, weight, ever = np.zeros(months), np.zeros(months), 0.0
    step = max(1, -(-max(grid.nx, grid.ny) // MAP_CELLS))
    picture = np.full((-(-grid.ny // step), -(-grid.nx // step)), np.nan)
    done = 0
    for row, col, ny, nx in plan_blocks(grid, 32 * months, memory):
        progress.check()
        values = stack.read(row, col, ny, nx)
        known = np.isfinite(values)
        area = areas[row : row + ny, col : col + nx]
        filled = np.where(known, values, 0.0)
        cells += known.sum(axis=(1, 2))
        low = np.minimum(low, np.where(known, values, np.inf).min(axis=(1, 2)))
        high = np.maximum(high, np.where(known, values, -np.inf).max(axis=(1, 2)))
        total += np.einsum("tyx,yx->t", filled, area)
        weight += np.einsum("tyx,yx->t", known, area)
        ever += area[known.any(axis=0)].sum()
        # The cells of this block that the map shows.
        rows, columns = slice(-row % step, None, step), slice(-col % step, None, step)
        count = known[:, rows, columns].sum(axis=0)
        part = np.where(
            count > 0, filled[:, rows, columns].sum(axis=0) / np.maximum(count, 1), np.nan
        )
        top, left = -(-row // step), -(-col // step)
        picture[top : top + part.shape[0], left : left + part.shape[1]] = part
        done += ny * nx
        progress.set(done / (grid.nx * grid.ny))
    some = cells > 0
    mean = np.where(some, total / np.where(some, weight, 1.0), np.nan)
    low, high = np.where(some, low, np.nan), np.where(some, high, np.nan)
    share = float(ever / areas.sum())
    return StackDescription(stack.name, stack.info, cells, mean, low, high, picture, step, share)
