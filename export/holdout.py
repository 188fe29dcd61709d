"""Places and times that pixel models never learn from, so that the whole chain can be scored."""

import numpy as np

from ..core.data.months import parse_month
from ..core.data.separable import axis_weights
from ..core.data.stack import MonthlyStack
from .folds import space_blocks


class Holdout:
    """Blocks of coarse cells and a span of months that the split ``held-out`` keeps away.

    ``blocks`` (y, x) bool on the coarse grid, ``held`` (month,) bool; with the split
    ``paper`` both are empty. ``extent`` is (west, east, south, north) of the coarse grid.
    """

    def __init__(self, config, months, shape):
        self.months = months
        self.blocks = np.zeros(shape, bool)
        self.held = np.zeros(months.size, bool)
        self.extent, self.spacing, self.grid = (), 0.0, None
        if not config.wells.file:
            with MonthlyStack(str(config.file(config.data.coarse))) as coarse:
                self.grid = coarse.grid
            west, south, east, north = self.grid.extent
            self.extent, self.spacing = (west, east, south, north), self.grid.dx
        split = config.split
        if split.kind != "held-out":
            return
        numbers = space_blocks(np.arange(self.blocks.size), shape, config.search.block)
        names = np.unique(numbers)
        count = round(names.size * split.test_blocks)
        chosen = np.random.default_rng(split.seed).choice(names, count, replace=False)
        self.blocks = np.isin(numbers, chosen).reshape(shape)
        if split.test_start or split.test_end:
            first = parse_month(split.test_start or str(months[0]), "split.test_start")
            last = parse_month(split.test_end or str(months[-1]), "split.test_end")
            self.held = (months >= first) & (months <= last)

    def training(self, table):
        """(row,) bool, rows of a `Table` that a model may learn from."""
        return ~(self.held[table.month] | self.blocks.ravel()[table.cell])

    def fine_blocks(self, fine):
        """(y, x) bool, cells of the fine `Grid` in held-out blocks."""
        y, x = (axis.matrix for axis in axis_weights("nearest", self.grid, fine))
        return (y @ self.blocks.astype(float) @ x.T) > 0.5
