"""Series of a stack at points, read from the few cells that are needed."""

from dataclasses import dataclass

import numpy as np

from ..errors import GridError, ParameterError
from ..progress import SILENT
from .agreement import check_same_axes
from .blocks import MEMORY_BUDGET
from .flags import FILLED_FLAGS
from .rasterfile import tile_shape
from .stack import StackInfo

METHODS = ("nearest", "bilinear")
_EPS = 1e-6


@dataclass
class PointSeries:
    """Series at points inside the stack.

    ``value`` and ``sigma`` (or None) are (time, point) in the stack's units, ``filled``
    (or None) tells gap-filled months; ``inside`` marks, among all points given, those
    that the columns stand for.
    """

    info: StackInfo
    names: list
    inside: np.ndarray
    value: np.ndarray
    sigma: object
    filled: object
    method: str

    @property
    def empty(self):
        """Names of the points without a single value."""
        none = ~np.isfinite(self.value).any(axis=0)
        return [name for name, gone in zip(self.names, none) if gone]


def check_point_inputs(stack, sigma=None, flags=None):
    """Raise unless uncertainty and flags have the stack's grid and months (headers only)."""
    for other in (sigma, flags):
        if other is not None:
            check_same_axes(stack, other)


def point_series(
    stack, x, y, names, *, method="nearest", sigma=None, flags=None, progress=SILENT, memory=None
):
    """`PointSeries` of points (x, y) in the stack's coordinate system.

    ``nearest`` is the value of the cell a point lies in; ``bilinear`` weighs the four
    cells around it, of which those with values must hold half of the weight. The
    uncertainty is carried over alike: for fully correlated errors, an upper bound.
    Flags are those of the cell. Raises `GridError` where all points lie outside.
    """
    if method not in METHODS:
        raise ParameterError(f"one of {', '.join(METHODS)} is expected", method, "METHOD")
    check_point_inputs(stack, sigma, flags)
    rows, columns, inside = _positions(stack.grid, np.asarray(x, float), np.asarray(y, float))
    if not inside.any():
        raise GridError(
            f"points inside {stack.name} are expected",
            f"{inside.size} points, all outside of {stack.grid.describe()}",
            "POINTS",
            "Do the points have the right coordinate system?",
        )
    rows, columns = rows[inside], columns[inside]
    share = [stack is not None for stack in (stack, sigma, flags)]
    parts = [progress.part(i / sum(share), (i + 1) / sum(share)) for i in range(sum(share))]
    memory = memory or MEMORY_BUDGET
    cells = _neighbours(stack.grid, rows, columns, method)
    value = _sample(stack, *cells, parts[0], memory)
    errors = None
    if sigma is not None:
        errors = _sample(sigma, *cells, parts[1], memory)
        errors *= sigma.to_centimetres() / stack.to_centimetres() if _other(sigma, stack) else 1.0
    filled = None
    if flags is not None:
        own = _neighbours(stack.grid, rows, columns, "nearest")
        filled = np.isin(_sample(flags, *own, parts[-1], memory), FILLED_FLAGS)
    chosen = [name for name, good in zip(names, inside) if good]
    return PointSeries(stack.info, chosen, inside, value, errors, filled, method)


def _other(sigma, stack):
    return sigma.units.strip() not in ("", stack.units.strip())


def cells_of_points(grid, x, y):
    """Row and column (point,) of the cell each point lies in, and which points lie inside.

    Longitudes may be of any turn. Cells of points outside mean nothing.
    """
    rows, columns, inside = _positions(grid, np.asarray(x, float), np.asarray(y, float))
    safe = [np.where(inside, p, 0.0) for p in (rows, columns)]
    cells = _neighbours(grid, *safe, "nearest")
    return cells[0][0], cells[1][0], inside


def _positions(grid, x, y):
    """Rows and columns, in cells from the upper left corner, and which points lie inside."""
    columns, rows = (x - grid.x0) / grid.dx, (grid.y0 - y) / grid.dy
    if grid.is_geographic:
        turn = 360.0 / grid.dx
        columns = np.mod(columns + _EPS, turn) - _EPS
    with np.errstate(invalid="ignore"):
        inside = (columns >= -_EPS) & (columns <= grid.nx + _EPS)
        inside &= (rows >= -_EPS) & (rows <= grid.ny + _EPS)
    return rows, columns, inside


def _neighbours(grid, rows, columns, method):
    """Rows, columns and weights (neighbour, point) of the cells a point is made of."""
    if method == "nearest":
        row = np.clip(np.floor(rows + _EPS), 0, grid.ny - 1)
        column = np.clip(np.floor(columns + _EPS), 0, grid.nx - 1)
        one = np.ones((1, rows.size))
        return row.astype(int)[None], column.astype(int)[None], one
    rows, columns = rows - 0.5, columns - 0.5
    rows = np.clip(rows, 0, grid.ny - 1)
    if not grid.is_global:
        columns = np.clip(columns, 0, grid.nx - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - top, columns - left
    bottom, beside = np.minimum(top + 1, grid.ny - 1), left + 1
    if grid.is_global:
        left, beside = left % grid.nx, beside % grid.nx
    beside = np.minimum(beside, grid.nx - 1)
    return (
        np.stack([top, top, bottom, bottom]),
        np.stack([left, beside, left, beside]),
        np.stack([(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right]),
    )


def _sample(stack, rows, columns, weights, progress, memory):
    """Weighted values (time, point); NaN where cells with values hold less than half."""
    months = stack.months.size
    cells, where = np.unique(rows * stack.grid.nx + columns, return_inverse=True)
    where = where.reshape(rows.shape)
    series = np.empty((months, cells.size))
    done = 0
    for row, col, ny, nx, members in _windows(stack.grid, cells):
        local = (cells[members] // stack.grid.nx - row, cells[members] % stack.grid.nx - col)
        batch = max(1, int(memory // (16 * ny * nx)))
        for first in range(0, months, batch):
            progress.check()
            bands = range(first, min(first + batch, months))
            values = stack.read(row, col, ny, nx, bands=bands)
            series[first : first + batch, members] = values[:, local[0], local[1]]
        done += members.size
        progress.set(done / cells.size)
    total, weight = np.zeros((months, weights.shape[1])), np.zeros((months, weights.shape[1]))
    for cell, share in zip(where, weights):
        values = series[:, cell]
        known = np.isfinite(values) & (share > 0)
        total += np.where(known, values, 0.0) * share
        weight += known * share
    return np.where(weight >= 0.5 - 1e-9, total / np.where(weight > 0, weight, 1.0), np.nan)


def _windows(grid, cells):
    """The smallest window of each file tile that holds cells, and which cells it holds."""
    tile_y, tile_x = tile_shape(grid)
    rows, columns = cells // grid.nx, cells % grid.nx
    tiles = rows // tile_y * (-(-grid.nx // tile_x)) + columns // tile_x
    order = np.argsort(tiles, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(tiles[order])) + 1):
        row, col = rows[members].min(), columns[members].min()
        ny, nx = rows[members].max() - row + 1, columns[members].max() - col + 1
        yield int(row), int(col), int(ny), int(nx), members
