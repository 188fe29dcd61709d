"""Basin means of a whole stack, walked block by block."""

import numpy as np

from ..data.blocks import MEMORY_BUDGET
from ..data.flags import FILLED_FLAGS, OBSERVED
from ..data.handles import THREADS, sum_in_parts
from ..data.scratch import Scratch
from ..errors import DataError, GridError, located
from ..progress import SILENT
from .series import PartialSums
from .statistics import CoverageMatrix
from .touched import touched_blocks

#: Flag of a cell that has no value.
NO_VALUE_FLAG = 255
#: Bytes of the blocks of all threads: small ones stay near the processor, and what no basin
#: touches is not read.
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
    return _sums(stack, matrix, progress, memory)


def basin_filled(flags, matrix, progress=SILENT, memory=None):
    """Boolean (time, basin): at least half of the weight that has a value was gap-filled.

    Raises `DataError` for a stack that holds something else than flags.
    """

    def filled(values):
        made = np.isin(values, FILLED_FLAGS).astype(float)
        made[np.isnan(values) | (values == NO_VALUE_FLAG)] = np.nan
        wrong = ~np.isnan(made) & ~np.isin(values, (OBSERVED, *FILLED_FLAGS))
        if wrong.any():
            raise DataError(
                "flags of a gap filling (0 observed, 1 and 2 filled, 255 none) are expected",
                f"{values[wrong][0]:g}",
            )
        return made

    # Beside the flags, a byte each, stand the 8 bytes of what is made of them, and tests of both.
    total = _sums(flags, matrix, progress, memory, filled, beside=14)
    return (total.w > 0) & (total.wx >= 0.5 * total.w)


def _sums(stack, matrix, progress, memory, made=None, beside=0):
    """`PartialSums` of every month of what ``made`` makes of a block's values (time, column).

    ``beside``: bytes that it holds for a value.
    """
    cells, dtype = matrix.touched, stack.exact_dtype
    # Raw values and decoded ones, and what summing takes.
    size = (4 * np.dtype(dtype).itemsize + beside) * stack.months.size
    memory = min(READ_BUDGET, memory or MEMORY_BUDGET)
    if stack.layout == "pixel":  # each thread holds a block with all bands
        memory //= THREADS
    blocks = list(touched_blocks(stack.grid, cells, size, memory, stack.in_strips))

    scratch = Scratch()

    def work(own, bands, block):
        window, which, local = block
        values = own.read(*window, bands=bands, dtype=dtype, scratch=scratch)
        values = values.reshape(bands.size, -1)
        with located(stack.name):
            return matrix.accumulate(made(values) if made else values, cells[which], local)

    shape = (stack.months.size, matrix.weights.shape[0])
    total = PartialSums(np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64))
    for bands, part in sum_in_parts(stack, blocks, work, progress):
        for whole, one in zip(vars(total).values(), vars(part).values()):
            whole[bands] += one
    return total
