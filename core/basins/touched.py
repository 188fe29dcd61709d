"""The blocks of a raster that basins touch, and the cells in them."""

import numpy as np

from ..data.blocks import plan_blocks


def touched_blocks(grid, cells, bytes_per_cell, memory):
    """Yield the blocks of ``grid`` that hold some of ``cells``, trimmed to those.

    Parameters
    ----------
    grid : Grid
    cells : (n,) int array
        Cell numbers ``row * nx + column``, rising, each once.
    bytes_per_cell, memory : int
        As for `plan_blocks`.

    Yields
    ------
    window : (row, col, ny, nx)
        As `MonthlyStack.read` takes it.
    which : (k,) int array
        Positions in ``cells`` of the cells in this block.
    local : (k,) int array
        Their numbers in the window, row by row.

    """
    rows, cols = np.divmod(cells, grid.nx)
    for row, col, ny, nx in plan_blocks(grid, bytes_per_cell, memory):
        start, stop = np.searchsorted(rows, [row, row + ny])
        part = cols[start:stop]
        which = start + np.flatnonzero((part >= col) & (part < col + nx))
        if which.size == 0:
            continue
        r, c = rows[which], cols[which]
        top, left = int(r.min()), int(c.min())
        height, width = int(r.max()) - top + 1, int(c.max()) - left + 1
        yield (top, left, height, width), which, (r - top) * width + (c - left)


def gather(stack, cells, bands, memory):
    """Values (band, cell) of a stack at ``cells`` (rising), NaN where missing."""
    values = np.empty((len(bands), cells.size))
    # A block is held raw and decoded while its cells are taken out.
    for window, which, local in touched_blocks(stack.grid, cells, 16 * len(bands), memory):
        block = stack.read(*window, bands=bands).reshape(len(bands), -1)
        values[:, which] = block[:, local]
    return values
