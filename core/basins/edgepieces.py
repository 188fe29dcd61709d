"""Polygon edges split where they cross grid lines, and summed along the rows of a window."""

import numpy as np

from ..errors import DataError

# Rounding leaves slivers of about 1e-13 along shared grid lines; at one degree
# 1e-10 of a cell is about a square metre.
SLIVER = 1e-10
# A fraction this far outside 0...1 is no rounding but a wrong geometry.
TOLERANCE = 1e-6
# Cells that are held dense at once while summing along the rows.
DENSE_CELLS = 4_000_000


class EdgePieces:
    """Edge pieces inside single cells, of all windows of a batch.

    ``windows`` are (top, left, height, width) in cells, ``edges`` (4, edge) of each: u1, v1,
    u2, v2 from the window's corner, u to the right and v down, in cells.
    """

    def __init__(self, windows, edges):
        self.windows = windows
        self.starts = np.zeros(len(windows) + 1, np.int64)
        if not windows:
            return
        owner = np.repeat(np.arange(len(windows)), [e.shape[1] for e in edges])
        _, _, height, width = np.array(windows, dtype=np.float64).T
        found = _pieces(*np.concatenate(edges, axis=1), width[owner], height[owner])
        edge, self.row, self.col, self.near, self.far = found
        self.starts = np.searchsorted(owner[edge], np.arange(len(windows) + 1))

    def cover(self, number, nx):
        """Flat cell numbers and fractions of one window."""
        top, left, height, width = self.windows[number]
        mine = slice(self.starts[number], self.starts[number + 1])
        row, col, near, far = (a[mine] for a in (self.row, self.col, self.near, self.far))
        step = max(1, DENSE_CELLS // (width + 1))
        if step < height:
            order = np.argsort(row, kind="stable")
            row, col, near, far = row[order], col[order], near[order], far[order]
        cells, fractions = [], []
        for start in range(0, height, step):
            stop = min(height, start + step)
            part = slice(*np.searchsorted(row, [start, stop])) if step < height else slice(None)
            flat = (row[part] - start) * (width + 1) + col[part]
            size = (stop - start) * (width + 1)
            dense = np.bincount(flat, near[part], minlength=size)
            dense += np.bincount(flat + 1, far[part], minlength=size)
            dense = np.cumsum(dense.reshape(stop - start, width + 1), axis=1)[:, :width]
            _check_range(dense)
            r, c = np.nonzero(dense > SLIVER)
            fractions.append(np.minimum(dense[r, c], 1.0))
            cells.append((r + (start + top)).astype(np.int64) * nx + (c + left))
        return np.concatenate(cells), np.concatenate(fractions)


def _pieces(u1, v1, u2, v2, width, height):
    """Edge, cell and signed area (in the cell, to its right) of every edge piece.

    All arguments (edge,), the last two of the edge's window.
    """
    keep = (v1 != v2) & (np.minimum(u1, u2) < width)
    keep &= (np.maximum(v1, v2) > 0) & (np.minimum(v1, v2) < height)
    kept = np.flatnonzero(keep)
    u1, v1, u2, v2, width, height = (a[kept] for a in (u1, v1, u2, v2, width, height))
    across_u, t_u = _crossings(u1, u2, width)
    across_v, t_v = _crossings(v1, v2, height)
    edge, t = np.concatenate([across_u, across_v]), np.concatenate([t_u, t_v])
    order = np.lexsort((t, edge))
    edge, t = edge[order], t[order]
    # Start, crossings in order and end of each edge, edge after edge.
    count = np.bincount(edge, minlength=kept.size)
    first = np.cumsum(count + 2) - (count + 2)
    along = np.zeros(edge.size + 2 * kept.size)
    along[first[edge] + 1 + np.arange(edge.size) - (np.cumsum(count) - count)[edge]] = t
    along[first + count + 1] = 1.0
    edge, t = np.repeat(np.arange(kept.size), count + 2), along
    # This form meets both ends exactly, so neighbouring edges share them.
    u = (1 - t) * u1[edge] + t * u2[edge]
    v = (1 - t) * v1[edge] + t * v2[edge]
    drop = np.diff(v)
    middle_u, middle_v = (u[1:] + u[:-1]) / 2, (v[1:] + v[:-1]) / 2
    inside = (edge[1:] == edge[:-1]) & (drop != 0) & (middle_u < width[edge[1:]])
    inside &= (middle_v >= 0) & (middle_v < height[edge[1:]])
    drop, middle_u, middle_v = drop[inside], middle_u[inside], middle_v[inside]
    # Left of the window is as good as on its left side.
    middle_u = np.maximum(middle_u, 0.0)
    col = np.floor(middle_u).astype(np.int64)
    far = drop * (middle_u - col)
    row = np.floor(middle_v).astype(np.int64)
    return kept[edge[1:][inside]], row, col, drop - far, far


def _crossings(a, b, n):
    """Edge numbers and positions 0...1 where a coordinate passes 0, 1, … n (edge,)."""
    first = np.maximum(np.floor(np.minimum(a, b)) + 1, 0)
    last = np.minimum(np.ceil(np.maximum(a, b)) - 1, n)
    count = np.maximum(last - first + 1, 0).astype(np.int64)
    edge = np.repeat(np.arange(a.size), count)
    nth = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
    line = first[edge] + nth
    return edge, (line - a[edge]) / (b - a)[edge]


def _check_range(dense):
    low, high = dense.min(), dense.max()
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise DataError(
            "covered fractions lie between 0 and 1",
            f"{low:.3g} to {high:.3g}: rings overlap, cross themselves or are wrongly oriented",
            remedy="Repair the geometry (MakeValid) and orient its rings.",
        )
