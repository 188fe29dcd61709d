"""The blocks of a raster that basins touch, and the cells in them."""

import numpy as np

from ..data.blocks import plan_blocks
from ..data.gdalcache import bounded_cache
from ..data.openraster import open_raster
from ..errors import GridError


def touched_blocks(grid, cells, bytes_per_cell, memory, strips=False):
    """Yield the blocks of ``grid`` that hold some of ``cells``, trimmed to those.

    Parameters
    ----------
    grid : Grid
    cells : (n,) int array
        Cell numbers ``row * nx + column``, rising, each once.
    bytes_per_cell, memory : int
        As for `plan_blocks`.
    strips : bool
        The file holds whole rows and no tiles (`MonthlyStack.in_strips`): then blocks are whole
        rows, where memory allows one, so that no strip is decoded for several blocks.

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
    for row, col, ny, nx in _plan(grid, bytes_per_cell, memory, strips):
        start, stop = np.searchsorted(rows, [row, row + ny])
        part = cols[start:stop]
        which = start + np.flatnonzero((part >= col) & (part < col + nx))
        if which.size == 0:
            continue
        r, c = rows[which], cols[which]
        top, left = int(r.min()), int(c.min())
        height, width = int(r.max()) - top + 1, int(c.max()) - left + 1
        yield (top, left, height, width), which, (r - top) * width + (c - left)


def _plan(grid, bytes_per_cell, memory, strips):
    height = int(memory // max(1, bytes_per_cell * grid.nx))
    if not strips or not height:
        return plan_blocks(grid, bytes_per_cell, memory)
    tops = range(0, grid.ny, height)
    return [(top, 0, min(height, grid.ny - top), grid.nx) for top in tops]


def gather(stack, cells, bands, memory):
    """Values (band, cell) of a stack at ``cells`` (rising), NaN where missing."""
    values = np.empty((len(bands), cells.size))
    # A block is held raw and decoded while its cells are taken out.
    size, strips = 16 * len(bands), stack.in_strips
    for window, which, local in touched_blocks(stack.grid, cells, size, memory, strips):
        block = stack.read(*window, bands=bands).reshape(len(bands), -1)
        values[:, which] = block[:, local]
    return values


def first_band(source, grid, cells, where, memory):
    """Yield cells and values (cell,) of a raster's first band at ``cells`` (rising), by blocks.

    NaN where the raster has no data; scale and offset applied. Raises `GridError` when it
    cannot be read, and what `open_raster` raises.
    """
    from rasterio.errors import RasterioError, RasterioIOError
    from rasterio.windows import Window

    try:
        with bounded_cache(), open_raster(source, where) as file:
            scale, offset = file.scales[0], file.offsets[0]
            strips = file.block_shapes[0][1] >= grid.nx
            for window, which, local in touched_blocks(grid, cells, 24, memory, strips):
                row, col, ny, nx = window
                block = file.read(1, window=Window(col, row, nx, ny), masked=True)
                values = block.astype(float).filled(np.nan).ravel()[local]
                yield cells[which], values * scale + offset
    except (RasterioError, RasterioIOError) as error:
        raise GridError("a readable raster is expected", error, where) from error
