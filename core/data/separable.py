"""Weights between two grids, one matrix for the rows and one for the columns.

On grids whose lines are parallel the weight of a source cell in a target cell is
a product of one factor for latitude and one for longitude. So a field is carried
over as W_y · field · W_xᵀ, with two thin matrices in place of one huge one.
"""

import numpy as np

from ..errors import ParameterError

METHODS = ("mean", "nearest", "bilinear")
#: Share of a cell by which positions may be off through rounding.
_EPS = 1e-6


def axis_weights(method, source, target):
    """``(rows, columns)``: two `AxisWeights` that carry ``source`` to ``target`` (`Grid`).

    ``mean`` weighs by the area of the overlap (on the sphere for geographic grids),
    ``nearest`` takes the cell that holds the target's centre, ``bilinear`` the four
    centres around it (beyond the outermost centres their own value). Longitudes
    that differ by whole turns are the same place. Raises `ParameterError`.
    """
    if method not in METHODS:
        raise ParameterError(f"one of {', '.join(METHODS)} is expected", method, "METHOD")
    turn = 360.0 / source.dx if source.is_geographic else 0.0
    # Positions in source cells, from the top and from the left.
    top, left = (source.y0 - target.y0) / source.dy, (target.x0 - source.x0) / source.dx
    rows = top + np.arange(target.ny + 1) * (target.dy / source.dy)
    columns = left + np.arange(target.nx + 1) * (target.dx / source.dx)
    if method == "mean":
        height = _heights(source) if source.is_geographic else None
        y = _overlaps(rows, source.ny, 0.0, height)
        return y, _overlaps(columns, source.nx, turn, None)
    pick = _nearest if method == "nearest" else _between
    around = turn if source.is_global else 0.0
    y = pick((rows[1:] + rows[:-1]) / 2, source.ny, 0.0, False)
    return y, pick((columns[1:] + columns[:-1]) / 2, source.nx, turn, bool(around))


class AxisWeights:
    """A sparse matrix (target, source) along one axis, and the weight of a whole target cell."""

    def __init__(self, target, source, weight, shape, whole):
        from scipy.sparse import csr_matrix

        # Entries of one pair (the two ends of a turn) are added up.
        self.matrix = csr_matrix((weight, (target, source)), shape=shape)
        self.matrix.sum_duplicates()
        self.whole = np.broadcast_to(np.asarray(whole, float), (shape[0],))

    def part(self, begin, count):
        """``(runs, weights)`` for a run of targets.

        ``runs`` are (begin, count) of the source cells that are needed, ``weights``
        the matrix (target, needed source cell).
        """
        rows = self.matrix[begin : begin + count]
        needed = np.unique(rows.indices)
        breaks = np.flatnonzero(np.diff(needed) > 1) + 1
        runs = [(int(r[0]), r.size) for r in np.split(needed, breaks) if r.size]
        return runs, rows[:, needed].tocsr()


def _heights(grid):
    """f(position) → sine of latitude at positions counted in rows from the top."""

    def height(position):
        return np.sin(np.radians(np.clip(grid.y0 - position * grid.dy, -90.0, 90.0)))

    return height


def _overlaps(edges, cells, turn, height):
    """Overlap of the intervals between ``edges`` with the cells [0, 1], [1, 2], …"""
    near = np.round(edges)
    edges = np.where(np.abs(edges - near) < _EPS, near, edges)
    low, high = edges[:-1], edges[1:]
    targets, sources, weights = [], [], []
    for shift in _shifts(low[0], high[-1], cells, turn):
        a, b = np.clip(low + shift, 0, cells), np.clip(high + shift, 0, cells)
        first, last = np.floor(a).astype(int), np.ceil(b).astype(int)
        count = np.where(b > a, last - first, 0)
        target = np.repeat(np.arange(low.size), count)
        begin = np.cumsum(count) - count
        source = np.arange(count.sum()) - np.repeat(begin - first, count)
        start, end = np.maximum(a[target], source), np.minimum(b[target], source + 1)
        targets.append(target)
        sources.append(source)
        weights.append(end - start if height is None else height(start) - height(end))
    whole = high - low if height is None else height(low) - height(high)
    return AxisWeights(
        np.concatenate(targets),
        np.concatenate(sources),
        np.concatenate(weights),
        (low.size, cells),
        whole,
    )


def _shifts(low, high, cells, turn):
    """Whole turns, in cells, that bring the targets [low, high] over the cells."""
    if not turn:
        return [0.0]
    first, last = np.ceil(-high / turn), np.floor((cells - low) / turn)
    turns = np.arange(first, last + 1)
    return [t * turn for t in turns] or [0.0]


def _wrapped(position, cells, turn):
    """Positions moved by whole turns into [0, turn), and whether they lie in the cells."""
    if turn:
        position = np.mod(position + _EPS, turn) - _EPS
    return position, (position >= -_EPS) & (position < cells + _EPS)


def _nearest(centres, cells, turn, around):
    position, inside = _wrapped(centres, cells, turn)
    source = np.clip(np.floor(position + _EPS).astype(int), 0, cells - 1)
    target = np.flatnonzero(inside)
    return AxisWeights(target, source[target], np.ones(target.size), (centres.size, cells), 1.0)


def _between(centres, cells, turn, around):
    position, inside = _wrapped(centres, cells, turn)
    # 0 is the first source centre.
    position = position - 0.5
    if not around:
        position = np.clip(position, 0, cells - 1)
    left = np.floor(position).astype(int)
    share = position - left
    right = (left + 1) % cells if around else np.minimum(left + 1, cells - 1)
    target = np.flatnonzero(inside)
    return AxisWeights(
        np.concatenate([target, target]),
        np.concatenate([left[target] % cells, right[target]]),
        np.concatenate([1 - share[target], share[target]]),
        (centres.size, cells),
        1.0,
    )
