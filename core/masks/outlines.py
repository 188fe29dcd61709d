"""Area share of every grid cell that polygons cover, for many polygons at little memory."""

import numpy as np

from ..basins.coverage import covered_fraction
from ..data.grid import Grid
from ..progress import SILENT

#: Largest error of a cell's share from a curve drawn straight, for an edge through the cell.
_CURVE = 1e-6
#: Vertices that are united in one go; a second of work, so that Cancel is felt.
VERTICES = 100_000


def outline_fraction(rings, grid):
    """Share of each cell's area, 0 to 1, that a polygon covers, (ny, nx).

    On a geographic grid the share is that of the area on the sphere,
    R² ∫∫ cos φ dλ dφ, not of square degrees: at 64° N the two differ by up to a
    percent in a cell of one degree. Edges are straight in longitude and latitude.

    Parameters
    ----------
    rings : sequence of (n, 2) arrays
        x, y, oriented as by `coverage.orient_rings`; polygons must not overlap.
    grid : Grid

    Raises
    ------
    DataError
        From `coverage.covered_fraction`: unusable or overlapping rings.

    """
    cover = np.zeros(grid.shape)
    rows, cols, fraction = outline_cells(rings, grid)
    cover[rows, cols] = fraction
    return cover


def outline_cells(rings, grid):
    """Rows, columns and shares of the cells that `outline_fraction` covers, and no others."""
    if grid.is_geographic:
        rings, grid = area_rings(rings, grid), _unit_rows(grid)
    return covered_fraction(rings, grid)


def area_rings(rings, grid):
    """Rings in (longitude, −position), the position counted in rows of a geographic grid.

    Within row k, from φ_k down to φ_k+1, the position of latitude φ is
    k + (sin φ_k − sin φ) / (sin φ_k − sin φ_k+1), so equal positions are equal areas on
    the sphere. Edges become curves; they are split where they cross every m-th part of
    a row, which keeps the error of a cell's share below 1e-6 · tan φ.
    """
    parts = max(1, int(np.ceil(np.sqrt(np.radians(grid.dy) / (8 * _CURVE)))))
    step = grid.dy / parts
    result = []
    for ring in rings:
        x, y = _split(np.asarray(ring, float), grid.y0, step, parts * grid.ny).T
        result.append(np.column_stack([x, -_row_position(y, grid)]))
    return result


def _unit_rows(grid):
    return Grid(grid.x0, 0.0, grid.dx, 1.0, grid.nx, grid.ny, grid.crs)


def _row_position(lat, grid):
    straight = (grid.y0 - lat) / grid.dy
    row = np.clip(np.floor(straight), 0, grid.ny - 1)
    top = np.clip(grid.y0 - row * grid.dy, -90, 90)
    height = _sine_step(top, np.clip(grid.y0 - (row + 1) * grid.dy, -90, 90))
    below = _sine_step(top, np.clip(lat, -90, 90))
    inside = (straight > 0) & (straight < grid.ny) & (height > 0)
    curved = row + np.divide(below, height, out=np.zeros_like(lat), where=height > 0)
    return np.where(inside, curved, straight)


def _sine_step(upper, lower):
    """sin(upper) − sin(lower) in degrees, without cancelling near the poles."""
    upper, lower = np.radians(upper), np.radians(lower)
    return 2 * np.cos((upper + lower) / 2) * np.sin((upper - lower) / 2)


def _split(ring, top, step, lines):
    """The ring with a vertex wherever an edge crosses a line of latitude."""
    end = np.roll(ring, -1, axis=0)
    a, b = (top - ring[:, 1]) / step, (top - end[:, 1]) / step
    first = np.maximum(np.floor(np.minimum(a, b)) + 1, 0)
    last = np.minimum(np.ceil(np.maximum(a, b)) - 1, lines)
    count = np.maximum(last - first + 1, 0).astype(np.int64)
    if not count.any():
        return ring
    crossing = np.repeat(np.arange(len(ring)), count)
    nth = np.arange(crossing.size) - np.repeat(np.cumsum(count) - count, count)
    t = (first[crossing] + nth - a[crossing]) / (b - a)[crossing]
    edge = np.concatenate([np.arange(len(ring)), crossing])
    t = np.concatenate([np.zeros(len(ring)), t])
    order = np.lexsort((t, edge))
    edge, t = edge[order], t[order][:, None]
    return (1 - t) * ring[edge] + t * end[edge]


def touching_groups(boxes):
    """Index arrays of boxes (n, 4) that meet, directly or through others: a group each.

    Boxes of different groups have no point in common, so what lies in them needs no union.
    """
    west, south, east, north = np.asarray(boxes, float).reshape(-1, 4).T
    order = np.argsort(west, kind="stable")
    # From west to east, a box can only meet later ones that begin before it ends.
    stops = np.searchsorted(west[order], east[order], side="right")
    leader = np.arange(order.size)

    def lead(i):
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for first, stop in enumerate(stops):
        i, later = order[first], order[first + 1 : stop]
        for j in later[(south[later] <= north[i]) & (north[later] >= south[i])]:
            leader[lead(j)] = lead(i)
    leaders = np.array([lead(i) for i in range(order.size)], int)
    by_group = np.argsort(leaders, kind="stable")
    return np.split(by_group, np.flatnonzero(np.diff(leaders[by_group])) + 1)


class Outlines:
    """Many polygons, of which only those near a window are held at a time.

    ``boxes`` (polygon, 4) are west, south, east, north in the target's coordinates,
    ``vertices`` their numbers of vertices, ``fetch(indices)`` gives the oriented rings
    of the union of some polygons: where outlines overlap, an area counts once.
    """

    def __init__(self, boxes, vertices, fetch, limit=VERTICES):
        self.boxes = np.asarray(boxes, float).reshape(-1, 4)
        self.vertices = np.asarray(vertices, np.int64)
        self.fetch, self.limit = fetch, limit

    def near(self, grid, among=None):
        """Indices of the polygons whose boxes meet ``grid``, whole turns apart too."""
        index = np.arange(len(self.boxes)) if among is None else among
        west, south, east, north = self.boxes[index].T
        left, bottom, right, top = grid.extent
        meets = (south <= top) & (north >= bottom)
        if grid.is_geographic:
            meets &= np.ceil((left - east) / 360.0) <= np.floor((right - west) / 360.0)
        else:
            meets &= (west <= right) & (east >= left)
        return index[meets]

    def fraction(self, grid, progress=SILENT):
        """`outline_fraction` of the union of all polygons, (ny, nx)."""
        cover = np.zeros(grid.shape)
        left = [(0, 0, grid.ny, grid.nx, self.near(grid))]
        done = 0
        while left:
            progress.check()
            row, col, ny, nx, index = left.pop()
            halves = self._halves(grid, row, col, ny, nx, index)
            if halves:
                left.extend(halves)
                continue
            if index.size:
                window = grid.window(row, col, ny, nx)
                rings = self.fetch(index)
                cover[row : row + ny, col : col + nx] = outline_fraction(rings, window)
            done += ny * nx
            progress.set(done / (grid.nx * grid.ny))
        return cover

    def _halves(self, grid, row, col, ny, nx, index):
        """Two halves of a window with too many vertices, or nothing where that does not help."""
        weight = self.vertices[index].sum()
        if weight <= self.limit or index.size < 2 or ny * nx < 2:
            return []
        if (nx * grid.dx >= ny * grid.dy and nx > 1) or ny == 1:
            cut = [(row, col, ny, nx // 2), (row, col + nx // 2, ny, nx - nx // 2)]
        else:
            cut = [(row, col, ny // 2, nx), (row + ny // 2, col, ny - ny // 2, nx)]
        parts = [(*w, self.near(grid.window(*w), index)) for w in cut]
        # A few large polygons lie in both halves: then halving only repeats the work.
        if sum(self.vertices[p[-1]].sum() for p in parts) > 1.5 * weight:
            return []
        return parts
