"""The block engine: walks rasters in spatial blocks and runs kernels on pixels.

Two sizes matter and they are not the same. A *block* is what is read and
written at once: whole tiles, as many as the memory budget allows. A *chunk*
(`chunks.py`) is the pixels given to one kernel call, sized by time.
"""

from ..progress import SILENT
from .chunks import ChunkRunner
from .gdalcache import bounded_cache
from .rasterfile import tile_shape

#: Bytes that the arrays of one block may take.
MEMORY_BUDGET = 512 * 2**20


def plan_blocks(grid, bytes_per_cell, memory=MEMORY_BUDGET):
    """List of (row, col, ny, nx) covering ``grid``: whole tiles where memory allows.

    Parts of a tile follow each other, so that no tile is decoded or written twice.
    """
    tile_y, tile_x = tile_shape(grid)
    cells = max(1, int(memory // max(1, bytes_per_cell)))
    if cells >= grid.nx * min(tile_y, grid.ny):
        width, height = grid.nx, max(tile_y, cells // grid.nx // tile_y * tile_y)
    elif cells >= tile_x * tile_y:
        width, height = cells // tile_y // tile_x * tile_x, tile_y
    else:
        width = min(tile_x, grid.nx)
        parts = -(-tile_y // max(1, cells // width))
        height = -(-tile_y // parts)
    strip = max(height, tile_y)
    return [
        (row, col, min(height, strip - (row - top), grid.ny - row), min(width, grid.nx - col))
        for top in range(0, grid.ny, strip)
        for col in range(0, grid.nx, width)
        for row in range(top, min(top + strip, grid.ny), height)
    ]


def run_blocks(
    grid, reads, kernel, writers, *, planes, after=None, progress=SILENT, memory=None, **chunking
):
    """Run ``kernel`` over every pixel of ``grid`` and write what it returns.

    Parameters
    ----------
    reads : functions ``(row, col, ny, nx) -> (band, y, x)``, such as
        `MonthlyStack.read`, one for each input.
    kernel : ``kernel(*inputs, check) -> tuple`` of arrays (band, pixel), one for
        each writer; inputs are (band, pixel). It sees only pixels in which the
        first input has a finite value, the others get the writers' fill. It
        calls ``check()`` now and then, which raises `Cancelled`.
    writers : open `RasterWriter` objects, or None for an unwanted output.
    planes : number of 8-byte values held for one cell, for the memory budget.
    after : called for each block with ``(row, col, inputs, outputs)`` once it is
        written, arrays (band, y, x) of all its cells: for sums over a whole raster
        that must count what a `Journal` restored as well, and repeated series as
        often as they occur.
    chunking : ``seconds``, ``threads``, ``unique``, ``journal`` of `ChunkRunner`.
    """
    blocks = plan_blocks(grid, 8 * planes, memory or MEMORY_BUDGET)
    total, done = grid.nx * grid.ny, 0
    fills = [None if w is None else (len(w.bands), w.dtype, w.fill) for w in writers]
    runner = ChunkRunner(kernel, fills, **chunking)
    with bounded_cache():
        for row, col, ny, nx in blocks:
            progress.check()
            inputs = [read(row, col, ny, nx).reshape(-1, ny * nx) for read in reads]
            share = progress.part(done / total, (done + ny * nx) / total)
            outputs = runner.run(inputs, share)
            for writer, values in zip(writers, outputs):
                if writer is not None:
                    writer.write(values.reshape(-1, ny, nx), row, col)
            if after is not None:
                shaped = [v if v is None else v.reshape(-1, ny, nx) for v in outputs]
                after(row, col, [v.reshape(-1, ny, nx) for v in inputs], shaped)
            done += ny * nx
            progress.set(done / total)
    return runner
