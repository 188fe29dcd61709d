"""Basin means of a whole stack, walked block by block."""

from contextlib import closing
from functools import partial

import numpy as np

from ..data.ahead import read_ahead
from ..data.blocks import MEMORY_BUDGET
from ..data.flags import FILLED_FLAGS, OBSERVED
from ..data.gdalcache import bounded_cache
from ..errors import DataError, GridError, located
from ..progress import SILENT
from .statistics import CoverageMatrix, PartialSums
from .touched import touched_blocks

#: Flag of a cell that has no value.
NO_VALUE_FLAG = 255
#: Bytes of two blocks: small ones stay near the processor, and what no basin touches is not read.
READ_BUDGET = 128 * 2**20


def coverage_of(stack, basins, names):
    """The `CoverageMatrix` of basins (ring lists) over a stack's grid.

    Raises `GridError` when no basin meets the grid.
    """
    matrix = CoverageMatrix.from_rings(basins, stack.grid, names)
    if len(names) and not matrix.weights.nnz:
        points = np.concatenate([ring for rings in basins for ring in rings])
        west, south = points.min(axis=0)
        east, north = points.max(axis=0)
        raise GridError(
            f"basins that meet the grid of {stack.name} are expected",
            f"basins at x {west:g} to {east:g}, y {south:g} to {north:g}; "
            f"grid {stack.grid.describe()}",
            "BASINS",
            "Do the basins have the right coordinate system?",
        )
    return matrix


def stack_basin_series(stack, matrix, min_covered_share=0.5, progress=SILENT, memory=None):
    """`BasinSeries` of every month of a stack, in cm and km³.

    Only blocks that some basin touches are read; memory is bounded by the block.
    """
    factor = stack.to_centimetres()
    total = add_blocks(stack, matrix, progress, memory)
    total = PartialSums(total.wx * factor, total.w, total.cells)
    return matrix.finish(total, min_covered_share)


def add_blocks(stack, matrix, progress=SILENT, memory=None):
    """`PartialSums` of every month of a stack, in its own units."""
    total = matrix.accumulate(np.empty((stack.months.size, 0)), np.empty(0, np.int64))
    with closing(_blocks(stack, matrix, progress, memory)) as blocks, located(stack.name):
        for cells, columns, values in blocks:
            total += matrix.accumulate(values, cells, columns)
    return total


def basin_filled(flags, matrix, progress=SILENT, memory=None):
    """Boolean (time, basin): at least half of the weight that has a value was gap-filled.

    Raises `DataError` for a stack that holds something else than flags.
    """
    total = matrix.accumulate(np.empty((flags.months.size, 0)), np.empty(0, np.int64))
    # Beside the flags, a byte each, stand the 8 bytes of what is made of them, and tests of both.
    with closing(_blocks(flags, matrix, progress, memory, beside=14)) as blocks:
        for cells, columns, values in blocks:
            made = np.isin(values, FILLED_FLAGS).astype(float)
            made[np.isnan(values) | (values == NO_VALUE_FLAG)] = np.nan
            wrong = ~np.isnan(made) & ~np.isin(values, (OBSERVED, *FILLED_FLAGS))
            if wrong.any():
                raise DataError(
                    "flags of a gap filling (0 observed, 1 and 2 filled, 255 none) are expected",
                    f"{values[wrong][0]:g}",
                    flags.name,
                )
            total += matrix.accumulate(made, cells, columns)
    return (total.w > 0) & (total.wx >= 0.5 * total.w)


def _blocks(stack, matrix, progress, memory, beside=0):
    """Touched cells, the columns that hold them, and values (time, column), block by block.

    ``beside``: bytes that the caller holds for a value.
    """
    months, cells = stack.months.size, matrix.touched
    dtype = stack.exact_dtype
    # Raw values and decoded ones, and one block more that is read ahead.
    size = (6 * np.dtype(dtype).itemsize + beside) * months
    memory = min(READ_BUDGET, memory or MEMORY_BUDGET)
    blocks = list(touched_blocks(stack.grid, cells, size, memory, stack.in_strips))
    reads = (partial(stack.read, *window, dtype=dtype) for window, _, _ in blocks)
    done = 0
    with bounded_cache(), closing(read_ahead(reads)) as values:
        for (_, which, local), block in zip(blocks, values):
            progress.check()
            yield cells[which], local, block.reshape(months, -1)
            done += which.size
            progress.set(done / cells.size)
