"""Means of a map by latitude, weighted by area."""

from dataclasses import dataclass

import numpy as np

from ..data.bands import strips
from ..errors import DataError, ParameterError
from ..progress import SILENT


@dataclass
class LatitudeProfile:
    """A profile, north first; arrays (belt,).

    ``north``, ``south`` degrees; ``mean`` and ``sd`` between cells, both weighted by area,
    ``low`` and ``high`` of any cell, ``cells`` that touch the belt, ``area_km2`` with a
    value; NaN where a belt has none.
    """

    north: np.ndarray
    south: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cells: np.ndarray
    area_km2: np.ndarray
    sphere: bool

    @property
    def latitude(self):
        """Middle of each belt, degrees."""
        return (self.north + self.south) / 2


def belts(grid, step=0.0):
    """Edges of the belts, degrees, north first: multiples of ``step``, 0 for the cell height.

    Raises `ParameterError` for a step outside 0…90, and 0 on a projected grid.
    """
    if not 0.0 <= step <= 90.0 or (step == 0.0 and not grid.is_geographic):
        raise ParameterError(
            "a width of belts above 0 and up to 90 degrees is expected", f"{step:g}", "STEP"
        )
    if step == 0.0:
        edges = grid.y0 - np.arange(grid.ny + 1) * grid.dy
        return np.clip(edges, -90.0, 90.0)
    # Where a projected grid has its highest latitude, only all of its cells can tell.
    top, bottom = (grid.y0, grid.extent[1]) if grid.is_geographic else (90.0, -90.0)
    top, bottom = min(90.0, top), max(-90.0, bottom)
    first, last = np.ceil(top / step - 1e-9), np.floor(bottom / step + 1e-9)
    return np.clip(np.arange(first, last - 0.5, -1.0) * step, -90.0, 90.0)


def latitude_profile(grid, read, step=0.0, planes=4, progress=SILENT, memory=None):
    """`LatitudeProfile` of what ``read(row, ny)`` returns, (ny, nx), NaN = missing.

    Longitude and latitude: the mean over a belt is Σ v·a / Σ a with a the spherical area of
    the part of the cell inside the belt, R²·Δλ·(sin φ₂ − sin φ₁). Projected grids: cells
    belong to the belt of their centre's latitude and weigh as their planar area. ``step``
    as in `belts`, of which those beyond the values of a projected grid are left out;
    ``planes`` numbers of 8 bytes that ``read`` holds a cell. Raises
    `DataError` without any value.
    """
    edges = belts(grid, step)
    n = edges.size - 1
    weigh = _Sphere(grid, edges) if grid.is_geographic else _Plane(grid, edges)
    total, square, area, cells = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    # Squares of deviations from a value near the data: no digits are lost to a large mean.
    shift = None
    for row, ny in strips(grid, planes + 6, memory):
        progress.check()
        values = read(row, ny)
        known = np.isfinite(values)
        if shift is None and known.any():
            shift = float(values[known].mean())
        filled = np.where(known, values - (shift or 0.0), 0.0)
        sums = weigh.sums(row, ny, known, filled, filled**2)
        for target, more in zip((cells, area, total, square), sums):
            target += more
        for belt, inside in weigh.members(row, ny):
            part = values[inside][known[inside]]
            if part.size:
                low[belt], high[belt] = min(low[belt], part.min()), max(high[belt], part.max())
        progress.set((row + ny) / grid.ny)
    some = area > 0
    if not some.any():
        raise DataError("a map with values is expected", "none", "INPUT")
    weight = np.where(some, area, 1.0)
    mean = total / weight
    sd = np.sqrt(np.maximum(square / weight - mean**2, 0.0))
    mean, sd, low, high = (
        np.where(some, v, np.nan) for v in (mean + (shift or 0.0), sd, low, high)
    )
    columns = edges[:-1], edges[1:], mean, sd, low, high, cells.astype(int), area
    if not grid.is_geographic:
        inside = np.flatnonzero(some)
        columns = (column[inside[0] : inside[-1] + 1] for column in columns)
    return LatitudeProfile(*columns, grid.is_geographic)


class _Sphere:
    """Rows of cells share their latitude, and belts cut them on the sphere."""

    def __init__(self, grid, edges):
        self.grid, self.edges = grid, edges

    def _overlap(self, row, ny):
        """Share of each row's area inside each belt (belt, row), and the rows' cell areas."""
        grid = self.grid
        lines = np.clip(grid.y0 - (row + np.arange(ny + 1)) * grid.dy, -90.0, 90.0)
        sine, cut = np.sin(np.radians(lines)), np.sin(np.radians(self.edges))
        inside = np.minimum(sine[None, :-1], cut[:-1, None]) - np.maximum(
            sine[None, 1:], cut[1:, None]
        )
        height = sine[:-1] - sine[1:]
        share = np.where(inside > 1e-9 * height, inside, 0.0) / np.where(height > 0, height, 1.0)
        return share, grid.cell_areas()[row : row + ny, 0]

    def sums(self, row, ny, known, *values):
        share, area = self._overlap(row, ny)
        cells = (share > 0).astype(float) @ known.sum(axis=1)
        weights = share * area
        return [cells, weights @ known.sum(axis=1), *(weights @ v.sum(axis=1) for v in values)]

    def members(self, row, ny):
        share, _ = self._overlap(row, ny)
        for belt in np.flatnonzero(share.any(axis=1)):
            yield belt, np.flatnonzero(share[belt])


class _Plane:
    """Every cell has a latitude of its own."""

    def __init__(self, grid, edges):
        self.grid, self.edges = grid, edges
        self._area = float(grid.cell_areas()[0, 0])
        self._last = (None, None)

    def _belts(self, row, ny):
        if self._last[0] != (row, ny):
            latitude = _latitudes(self.grid, row, ny)
            belt = np.searchsorted(-self.edges, -latitude, side="right") - 1
            # The last edge belongs to the last belt.
            belt = np.where(latitude == self.edges[-1], self.edges.size - 2, belt)
            belt[~np.isfinite(latitude)] = -1
            self._last = ((row, ny), belt)
        return self._last[1]

    def sums(self, row, ny, known, *values):
        belt, n = self._belts(row, ny), self.edges.size - 1
        inside = known & (belt >= 0) & (belt < n)
        which = belt[inside]
        cells = np.bincount(which, minlength=n).astype(float)
        sums = [np.bincount(which, v[inside], n) * self._area for v in values]
        return [cells, cells * self._area, *sums]

    def members(self, row, ny):
        belt = self._belts(row, ny)
        for one in np.unique(belt[(belt >= 0) & (belt < self.edges.size - 1)]):
            yield one, belt == one


def _latitudes(grid, row, ny):
    """Latitude of each cell's centre (ny, nx), NaN where the projection has none."""
    from osgeo import osr

    source, target = osr.SpatialReference(), osr.SpatialReference()
    source.SetFromUserInput(grid.crs)
    target.ImportFromEPSG(4326)
    for system in (source, target):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    change = osr.CoordinateTransformation(source, target)
    x, y = np.meshgrid(grid.x, grid.y[row : row + ny])
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    latitude = np.array(change.TransformPoints(points.tolist()))[:, 1].reshape(x.shape)
    return np.where(np.abs(latitude) <= 90.0, latitude, np.nan)
