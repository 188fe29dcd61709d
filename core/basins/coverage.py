"""How much of every grid cell a polygon covers, exactly.

Signed areas are accumulated along the polygon's edges, split where they cross
grid lines, and summed along the rows, as anti-aliasing font rasterisers do.
Holes and multiparts fall out of the orientation of the rings.
"""

import numpy as np

from ..errors import DataError, located
from .edgepieces import EdgePieces

# Edges that are split at once: some tens of megabytes.
BATCH_EDGES = 100_000


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
    # Many times faster than to roll each.
    end = np.concatenate([part for ring in checked for part in (ring[1:], ring[:1])])
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
    ((cells, fraction),) = covered_cells([rings], grid)
    rows, cols = np.divmod(cells, grid.nx)
    return rows, cols, fraction


def covered_cells(polygons, grid, names=None):
    """`covered_fraction` of many polygons in few passes: numpy's overhead once, not for each.

    Parameters
    ----------
    polygons : sequence of ring lists
    grid : object
        As for `covered_fraction`.
    names : sequence of str, optional
        Where an error is said to lie; nothing by default.

    Yields
    ------
    cells : int64 array
        Cells of one polygon after the other, ``row * nx + column``, rising.
    fraction : float64 array

    """
    batch, size = [], 0
    for number, rings in enumerate(polygons):
        with located("" if names is None else names[number]):
            edges = ring_edges(rings)
        batch.append(edges)
        size += edges[0].size
        if size >= BATCH_EDGES:
            yield from _covered(batch, grid, names, number + 1 - len(batch))
            batch, size = [], 0
    if batch:
        yield from _covered(batch, grid, names, len(polygons) - len(batch))


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


def _covered(batch, grid, names, first):
    """Cells and fractions of each of a batch of polygons, given as edges."""
    laid = [_laid(edges, grid) for edges in batch]
    windows = [window for one in laid for window, _ in one]
    edges = [edges for one in laid for _, edges in one]
    pieces = EdgePieces(windows, edges)
    place = 0
    for number, one in enumerate(laid, first):
        with located("" if names is None else names[number]):
            parts = [pieces.cover(place + k, grid.nx) for k in range(len(one))]
        place += len(one)
        if not parts:
            yield np.empty(0, np.int64), np.empty(0)
        elif len(parts) == 1:
            yield parts[0]
        else:
            cells = np.concatenate([p[0] for p in parts])
            cells, where = np.unique(cells, return_inverse=True)
            share = np.concatenate([p[1] for p in parts])
            total = np.bincount(where.ravel(), share, minlength=cells.size)
            yield cells, np.minimum(total, 1.0)


def _laid(edges, grid):
    """Windows (top, left, height, width) that a polygon meets, one a turn, and its edges there.

    Edges are (4, edge): u to the right, v down, in cells from the window's corner.
    """
    x1, y1, x2, y2 = edges
    found = []
    if x1.size == 0:
        return found
    v1, v2 = (grid.y0 - y1) / grid.dy, (grid.y0 - y2) / grid.dy
    top, bottom = max(0, np.floor(v1.min())), min(grid.ny, np.ceil(v1.max()))
    for turn in _turns(x1, grid):
        u1, u2 = (x1 - (grid.x0 - turn)) / grid.dx, (x2 - (grid.x0 - turn)) / grid.dx
        left, right = max(0, np.floor(u1.min())), min(grid.nx, np.ceil(u1.max()))
        if right > left and bottom > top:
            window = (int(top), int(left), int(bottom - top), int(right - left))
            found.append((window, np.stack([u1 - left, v1 - top, u2 - left, v2 - top])))
    return found
