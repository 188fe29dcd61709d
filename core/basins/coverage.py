"""How much of every grid cell a polygon covers, exactly.

Signed areas are accumulated along the polygon's edges, split where they cross
grid lines, and summed along the rows, as anti-aliasing font rasterisers do.
Holes and multiparts fall out of the orientation of the rings.
"""

import numpy as np

from ..errors import DataError

# Rounding leaves slivers of about 1e-13 along shared grid lines; at one degree
# 1e-10 of a cell is about a square metre.
SLIVER = 1e-10
# A fraction this far outside 0...1 is no rounding but a wrong geometry.
TOLERANCE = 1e-6
# Cells that are held dense at once while summing along the rows.
DENSE_CELLS = 4_000_000


def orient_rings(parts):
    """Rings with normalised orientation from the parts of a (multi)polygon.

    Parameters
    ----------
    parts : sequence of (exterior, holes)
        ``exterior`` is an (n, 2) array of x, y, closed or not; ``holes`` a
        sequence of such arrays (may be empty).

    Returns
    -------
    list of numpy.ndarray
        float64 (n, 2): exteriors counter-clockwise (positive area), holes
        clockwise (negative area).

    Raises
    ------
    DataError
        A ring is not (n, 2), has fewer than three vertices or is not finite.

    """
    rings = []
    for exterior, holes in parts:
        rings.append(_oriented(exterior, 1.0))
        rings.extend(_oriented(hole, -1.0) for hole in holes)
    return rings


def ring_edges(rings):
    """Start and end points of the edges of all rings, each ring closed.

    Parameters
    ----------
    rings : sequence of (n, 2) arrays, x and y, closed or not

    Returns
    -------
    (x1, y1, x2, y2) : four float64 arrays of one length
        Empty for no rings.

    Raises
    ------
    DataError
        A ring is not (n, 2), has fewer than three vertices or is not finite.

    """
    checked = [_checked(ring) for ring in rings]
    if not checked:
        empty = np.empty(0)
        return empty, empty, empty, empty
    start = np.concatenate(checked)
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in checked])
    return start[:, 0], start[:, 1], end[:, 0], end[:, 1]


def covered_fraction(rings, grid):
    """Exact covered fraction of every cell that a polygon touches.

    An edge piece inside one cell with height h (down positive) and mean
    distance m from the cell's left side covers h(1 − m) of that cell and h of
    every cell to its right. Summed over all pieces, with the interior to the
    left of the direction of travel, this is the covered area in cells.

    What lies above or below the grid is dropped, what lies to its left still
    counts for the cells to the right of it, what lies to its right counts for
    nothing: parts outside change nothing inside. On a geographic grid a
    polygon is also laid down shifted by whole turns wherever it then meets the
    grid, and the coverages are added: 170...190, its split form 170...180 and
    −180...−170, and 0...360 longitudes all give the same. Edges are straight
    in the grid's coordinates; a ring that jumps from 179 to −179 means the long
    way round and must be unwrapped or split by the caller.

    Parameters
    ----------
    rings : sequence of (n, 2) float arrays
        x, y of one polygon or multipolygon, oriented as by `orient_rings`.
    grid : object
        With ``x0`` (left), ``y0`` (top), ``dx``, ``dy`` > 0, ``nx``, ``ny``
        and ``is_geographic``.

    Returns
    -------
    rows, cols : int64 arrays
        Touched cells in row-major order, row 0 at the top.
    fraction : float64 array
        In (0, 1]; slivers under 1e-10 of a cell are left out.

    Raises
    ------
    DataError
        A ring is unusable, or the rings are wrongly oriented or overlap.

    """
    x1, y1, x2, y2 = ring_edges(rings)
    if x1.size == 0:
        return _triplets(np.empty(0, np.int64), np.empty(0), grid.nx)
    v1, v2 = (grid.y0 - y1) / grid.dy, (grid.y0 - y2) / grid.dy
    pieces = []
    for turn in _turns(x1, grid):
        left = grid.x0 - turn
        pieces.append(_cover((x1 - left) / grid.dx, v1, (x2 - left) / grid.dx, v2, grid))
    if not pieces:
        return _triplets(np.empty(0, np.int64), np.empty(0), grid.nx)
    if len(pieces) == 1:
        return _triplets(*pieces[0], grid.nx)
    cells, where = np.unique(np.concatenate([p[0] for p in pieces]), return_inverse=True)
    total = np.bincount(where, np.concatenate([p[1] for p in pieces]), minlength=cells.size)
    return _triplets(cells, np.minimum(total, 1.0), grid.nx)


def _checked(ring):
    ring = np.asarray(ring, dtype=np.float64)
    if ring.ndim != 2 or ring.shape[1] != 2 or ring.shape[0] < 3:
        raise DataError(
            "a ring is an array of at least three x, y vertices",
            f"an array of shape {ring.shape}",
            remedy="Repair the geometry or drop its z and m values.",
        )
    if not np.isfinite(ring).all():
        raise DataError(
            "ring coordinates are finite numbers",
            "NaN or infinity",
            remedy="Repair the geometry, or check its transformation to the grid's CRS.",
        )
    return ring


def _oriented(ring, sign):
    ring = _checked(ring)
    # About the first vertex: far from the origin the products would cancel.
    x, y = (ring - ring[0]).T
    twice = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    return ring[::-1].copy() if twice * sign < 0 else ring


def _turns(x, grid):
    """Shifts (multiples of 360) that bring the polygon onto the grid."""
    if not grid.is_geographic:
        return [0.0]
    first = np.floor((grid.x0 - x.max()) / 360.0) + 1
    last = np.ceil((grid.x0 + grid.nx * grid.dx - x.min()) / 360.0) - 1
    return 360.0 * np.arange(first, last + 1)


def _triplets(cells, fraction, nx):
    rows, cols = np.divmod(cells, nx)
    return rows, cols, fraction


def _cover(u1, v1, u2, v2, grid):
    """Flat cell numbers and fractions; u to the right, v down, in cells."""
    left, right = max(0, np.floor(u1.min())), min(grid.nx, np.ceil(u1.max()))
    top, bottom = max(0, np.floor(v1.min())), min(grid.ny, np.ceil(v1.max()))
    if right <= left or bottom <= top:
        return np.empty(0, np.int64), np.empty(0)
    left, top = int(left), int(top)
    width, height = int(right) - left, int(bottom) - top
    edges = (u1 - left, v1 - top, u2 - left, v2 - top)
    row, col, near, far = _pieces(*edges, width, height)

    step = max(1, DENSE_CELLS // (width + 1))
    order = np.argsort(row, kind="stable")
    row, col, near, far = row[order], col[order], near[order], far[order]
    cells, fractions = [], []
    for start in range(0, height, step):
        stop = min(height, start + step)
        part = slice(*np.searchsorted(row, [start, stop]))
        flat = (row[part] - start) * (width + 1) + col[part]
        size = (stop - start) * (width + 1)
        dense = np.bincount(flat, near[part], minlength=size)
        dense += np.bincount(flat + 1, far[part], minlength=size)
        dense = np.cumsum(dense.reshape(stop - start, width + 1), axis=1)[:, :width]
        _check_range(dense)
        r, c = np.nonzero(dense > SLIVER)
        fractions.append(np.minimum(dense[r, c], 1.0))
        cells.append((r + (start + top)).astype(np.int64) * grid.nx + (c + left))
    return np.concatenate(cells), np.concatenate(fractions)


def _pieces(u1, v1, u2, v2, width, height):
    """Cell and signed area (in the cell, to its right) of every edge piece."""
    keep = (v1 != v2) & (np.minimum(u1, u2) < width)
    keep &= (np.maximum(v1, v2) > 0) & (np.minimum(v1, v2) < height)
    u1, v1, u2, v2 = u1[keep], v1[keep], u2[keep], v2[keep]
    ends = np.arange(u1.size)
    across_u, t_u = _crossings(u1, u2, width)
    across_v, t_v = _crossings(v1, v2, height)
    edge = np.concatenate([ends, across_u, across_v, ends])
    t = np.concatenate([np.zeros(ends.size), t_u, t_v, np.ones(ends.size)])
    order = np.lexsort((t, edge))
    edge, t = edge[order], t[order]
    # This form meets both ends exactly, so neighbouring edges share them.
    u = (1 - t) * u1[edge] + t * u2[edge]
    v = (1 - t) * v1[edge] + t * v2[edge]
    drop = np.diff(v)
    middle_u, middle_v = (u[1:] + u[:-1]) / 2, (v[1:] + v[:-1]) / 2
    inside = (edge[1:] == edge[:-1]) & (drop != 0) & (middle_u < width)
    inside &= (middle_v >= 0) & (middle_v < height)
    drop, middle_u, middle_v = drop[inside], middle_u[inside], middle_v[inside]
    # Left of the window is as good as on its left side.
    middle_u = np.maximum(middle_u, 0.0)
    col = np.floor(middle_u).astype(np.int64)
    far = drop * (middle_u - col)
    return np.floor(middle_v).astype(np.int64), col, drop - far, far


def _crossings(a, b, n):
    """Edge numbers and positions 0...1 where a coordinate passes 0, 1, … n."""
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
