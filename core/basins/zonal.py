"""Basin means of a whole stack, walked block by block."""

import numpy as np

from ..data.blocks import plan_blocks
from ..errors import GridError
from ..progress import SILENT
from .statistics import CoverageMatrix
from .uncertainty import mean_uncertainty

#: Flags of values that a gap filling made.
FILLED_FLAGS = (1, 2)


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
            "Are longitudes of the layer and of the stack both −180 to 180?",
        )
    return matrix


def stack_basin_series(stack, matrix, min_covered_share=0.5, progress=SILENT, memory=None):
    """`BasinSeries` of every month of a stack, in cm and km³.

    Only blocks that some basin touches are read; memory is bounded by the block.
    """
    factor = stack.to_centimetres()
    total = None
    for _, cells, values in _blocks(stack, matrix, stack.read, progress, memory):
        sums = matrix.accumulate(values * factor, cells)
        total = sums if total is None else total + sums
    if total is None:
        total = matrix.accumulate(np.empty((stack.months.size, 0)), np.empty(0, np.int64))
    return matrix.finish(total, min_covered_share)


def basin_filled(flags, matrix, progress=SILENT, memory=None):
    """Boolean (time, basin): at least half the basin's weight was gap-filled."""
    share = np.zeros((flags.months.size, matrix.weights.shape[0]))
    known = np.zeros_like(share)

    def read(row, col, ny, nx):
        return flags.read_flags(row, col, ny, nx)

    for _, cells, values in _blocks(flags, matrix, read, progress, memory):
        sums = matrix.accumulate(np.isin(values, FILLED_FLAGS).astype(float), cells)
        share += sums.wx
        known += sums.w
    return share >= 0.5 * np.where(known > 0, known, np.inf)


def basin_uncertainty(sigma, matrix, length_km=300.0, progress=SILENT):
    """One sigma of each basin mean and its upper bound (time, basin), cm.

    Errors of cells are correlated over ``length_km`` (see `mean_uncertainty`).
    Only a basin's own window is read.
    """
    factor, grid = sigma.to_centimetres(), sigma.grid
    shape = (sigma.months.size, matrix.weights.shape[0])
    mean, upper = np.full(shape, np.nan), np.full(shape, np.nan)
    for i in range(shape[1]):
        progress.check()
        row = matrix.weights[i]
        if row.nnz:
            rows, cols = np.divmod(row.indices, grid.nx)
            first, left = int(rows.min()), int(cols.min())
            box = (int(rows.max()) - first + 1, int(cols.max()) - left + 1)
            values = sigma.read(first, left, *box)[:, rows - first, cols - left] * factor
            result = mean_uncertainty(
                row.data, values, grid.y[rows], grid.x[cols], length_km=length_km
            )
            mean[:, i], upper[:, i] = result.sigma, result.upper
        progress.set((i + 1) / shape[1])
    return mean, upper


def _blocks(stack, matrix, read, progress, memory):
    grid = stack.grid
    rows, cols = np.divmod(np.unique(matrix.weights.indices), grid.nx)
    planes = 3 * stack.months.size
    plan = plan_blocks(grid, 8 * planes, memory) if memory else plan_blocks(grid, 8 * planes)
    for i, (row, col, ny, nx) in enumerate(plan):
        progress.check()
        inside = (rows >= row) & (rows < row + ny) & (cols >= col) & (cols < col + nx)
        if inside.any():
            # Read no more than the basins' own window inside the block.
            top, left = int(rows[inside].min()), int(cols[inside].min())
            box = (int(rows[inside].max()) - top + 1, int(cols[inside].max()) - left + 1)
            values = read(top, left, *box)
            cells = (
                np.arange(top, top + box[0])[:, None] * grid.nx
                + np.arange(left, left + box[1])[None, :]
            ).ravel()
            yield i, cells, values.reshape(values.shape[0], -1)
        progress.set((i + 1) / len(plan))
