"""The grid of a raster: where its cells lie, how large they are, who equals whom."""

from dataclasses import dataclass

import numpy as np

from ..errors import GridError

#: Radius of the sphere on which every area is computed, km.
EARTH_RADIUS_KM = 6371.0

#: WGS 84 with longitude first, as every product of this toolbox uses.
WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Grid:
    """A north-up grid: left edge, top edge, positive cell sizes, cells, CRS (WKT)."""

    x0: float
    y0: float
    dx: float
    dy: float
    nx: int
    ny: int
    crs: str = WGS84

    @classmethod
    def from_centres(cls, lon, lat, crs=WGS84):
        """The grid whose cell centres are ``lon`` (rising) and ``lat`` (falling)."""
        lon, lat = np.asarray(lon, float), np.asarray(lat, float)
        dx, dy = _spacing(lon, "longitude"), -_spacing(lat, "latitude")
        return cls(_tidy(lon[0] - dx / 2), _tidy(lat[0] + dy / 2), dx, dy, lon.size, lat.size, crs)

    @property
    def geotransform(self):
        """GDAL's six numbers."""
        return (self.x0, self.dx, 0.0, self.y0, 0.0, -self.dy)

    @property
    def extent(self):
        """West, south, east, north."""
        return (self.x0, self.y0 - self.ny * self.dy, self.x0 + self.nx * self.dx, self.y0)

    @property
    def shape(self):
        """Rows, columns."""
        return (self.ny, self.nx)

    @property
    def x(self):
        """Column centres."""
        return self.x0 + (np.arange(self.nx) + 0.5) * self.dx

    @property
    def y(self):
        """Row centres, north first."""
        return self.y0 - (np.arange(self.ny) + 0.5) * self.dy

    @property
    def is_geographic(self):
        """Whether coordinates are degrees of longitude and latitude."""
        return _srs(self.crs).IsGeographic() == 1

    @property
    def is_global(self):
        """Whether the columns go once around the globe."""
        return self.is_geographic and abs(self.nx * self.dx - 360.0) < 1e-6 * self.dx

    def cell_areas(self):
        """Area of each cell in km², shape (ny, nx), read-only (rows share memory).

        Geographic grids: spherical, R²·Δλ·(sin φ₂ − sin φ₁) with R = 6371 km.
        Projected grids: the planar area, in km² for metres.
        """
        if not self.is_geographic:
            scale = _srs(self.crs).GetLinearUnits() / 1000.0
            return np.broadcast_to(self.dx * self.dy * scale**2, self.shape)
        edges = np.radians(np.clip(self.y0 - np.arange(self.ny + 1) * self.dy, -90, 90))
        rows = EARTH_RADIUS_KM**2 * np.radians(self.dx) * -np.diff(np.sin(edges))
        return np.broadcast_to(rows[:, None], self.shape)

    def window(self, row, col, ny, nx):
        """The grid of a block of this grid."""
        return Grid(
            self.x0 + col * self.dx, self.y0 - row * self.dy, self.dx, self.dy, nx, ny, self.crs
        )

    def describe(self):
        """One line that tells grids apart."""
        west, south, east, north = self.extent
        name = _srs(self.crs).GetName() if self.crs else "no coordinate system"
        return (
            f"{self.nx} × {self.ny} cells of {self.dx:g} × {self.dy:g}, "
            f"x {west:g} to {east:g}, y {south:g} to {north:g}, {name}"
        )

    def difference(self, other):
        """What distinguishes the two grids, or an empty text when they are equal."""
        if self.shape != other.shape:
            return "number of cells"
        if abs(self.dx - other.dx) > 1e-6 * self.dx or abs(self.dy - other.dy) > 1e-6 * self.dy:
            return "cell size"
        if abs(self.x0 - other.x0) > 1e-3 * self.dx or abs(self.y0 - other.y0) > 1e-3 * self.dy:
            return "position"
        if self.crs != other.crs and not _srs(self.crs).IsSame(_srs(other.crs)):
            return "coordinate system"
        return ""


def check_same_grid(first, second, first_name, second_name):
    """Raise `GridError` naming both grids unless they are equal."""
    what = first.difference(second)
    if what:
        raise GridError(
            f"{first_name} and {second_name} must share one grid, but differ in their {what}",
            f"{first_name}: {first.describe()}; {second_name}: {second.describe()}",
            remedy="Bring them to one grid first with 'Align stack' (from another "
            "coordinate system with GDAL 'Warp').",
        )


def snap_extent(grid, extent):
    """Row, column, rows and columns of the cells that ``extent`` touches.

    ``extent`` is (west, south, east, north); it snaps outward to whole cells. On
    a grid around the globe the column may start anywhere and run across ±180°
    (take columns modulo ``nx``). Raises `GridError` where nothing is touched.
    """
    west, south, east, north = (float(v) for v in extent)
    if not (west < east and south < north and np.isfinite([west, south, east, north]).all()):
        raise GridError(
            "an extent with west < east and south < north is expected",
            f"{west:g}, {east:g}, {south:g}, {north:g}",
            "EXTENT",
            "Across the date line write the east side beyond 180, for example 170 to 190.",
        )
    eps = 1e-9
    top = int(np.floor((grid.y0 - north) / grid.dy + eps))
    bottom = int(np.ceil((grid.y0 - south) / grid.dy - eps))
    left = int(np.floor((west - grid.x0) / grid.dx + eps))
    right = int(np.ceil((east - grid.x0) / grid.dx - eps))
    top, bottom = max(top, 0), min(bottom, grid.ny)
    if grid.is_global:
        # 200 to 210 is -160 to -150; 170 to 190 stays, so that it is one piece.
        if right - left >= grid.nx:
            left, right = 0, grid.nx
        turn = left // grid.nx * grid.nx
        left, right = left - turn, right - turn
    else:
        left, right = max(left, 0), min(right, grid.nx)
    if bottom <= top or right <= left:
        raise GridError(
            "an extent that meets the data is expected",
            f"{west:g}, {east:g}, {south:g}, {north:g} beside {grid.describe()}",
            "EXTENT",
        )
    return top, left, bottom - top, right - left


def edge_in_degrees(grid):
    """Longitudes and latitudes (point,) around the edge of a grid, a point at each cell's corner.

    Longitudes go on across the date line. What its projection cannot reach is infinite.
    Raises `GridError` without a coordinate system.
    """
    from osgeo import osr

    west, south, east, north = grid.extent
    x, y = np.linspace(west, east, grid.nx + 1), np.linspace(north, south, grid.ny + 1)
    xs = np.concatenate([x, np.full(grid.ny, east), x[-2::-1], np.full(grid.ny, west)])
    ys = np.concatenate([np.full(x.size, north), y[1:], np.full(grid.nx, south), y[-2::-1]])
    turn = osr.CoordinateTransformation(_srs(grid.crs), _srs(WGS84))
    points = np.array(turn.TransformPoints(np.stack([xs, ys], axis=1).tolist()))
    return np.unwrap(points[:, 0], period=360.0), points[:, 1]


def _spacing(centres, name):
    if centres.size < 2:
        raise GridError(f"at least two {name} centres are expected", centres.size)
    if not np.isfinite(centres).all():
        raise GridError(f"finite {name} centres are expected", "missing values")
    step = (centres[-1] - centres[0]) / (centres.size - 1)
    # 32-bit coordinates are only good to about 1e-5 degrees.
    if step == 0 or np.max(np.abs(np.diff(centres) - step)) > max(1e-3 * abs(step), 2e-5):
        raise GridError(f"evenly spaced {name} centres are expected", "uneven spacing")
    step = float(step)
    # 0.25000002 is 0.25 written in 32 bits.
    near = round(step * 3600) / 3600
    return near if near and abs(near - step) < 1e-5 * abs(step) else step


def _tidy(edge):
    """An edge in whole seconds of arc where only 32-bit rounding parts it from them."""
    near = round(edge * 3600) / 3600
    return near if abs(near - edge) < 2e-5 else float(edge)


def _srs(crs):
    from osgeo import osr

    if not crs:
        raise GridError("a coordinate reference system is expected", "none")
    srs = osr.SpatialReference()
    # GDAL < 4 returns an error code unless exceptions are on; both are handled.
    try:
        failed = srs.SetFromUserInput(crs)
    except RuntimeError:
        failed = 1
    if failed:
        raise GridError("a readable coordinate reference system is expected", crs[:80])
    srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return srs
