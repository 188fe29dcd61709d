"""Where a model applies: classes of an aquifer map, and the user's area of interest."""

import threading

import numpy as np

from ..data.openraster import open_raster, read_window
from ..data.reference import read_grid, same_crs
from ..data.separable import axis_weights
from ..errors import DataError, GridError, ParameterError
from ..masks.outlines import outline_fraction

#: Class of cells that lie in no class.
NO_CLASS = 0


class ClassRaster:
    """Classes of a raster on the cells of a `Grid`: that of the cell which holds the centre.

    Calling it with (row, col, ny, nx) gives int32 (ny, nx), `NO_CLASS` where there is none.
    Raises `ReadError`, `GridError`.
    """

    def __init__(self, source, grid, name="STRATA"):
        self.grid, self.name = grid, name
        own = read_grid(source, name)
        if not same_crs(own, grid):
            raise GridError(
                f"{name} in the coordinate system of the predictors is expected",
                f"{own.describe()} and {grid.describe()}",
                name,
                "Bring it there first (Raster ▸ Projections ▸ Warp, nearest neighbour).",
            )
        self._y, self._x = axis_weights("nearest", own, grid)
        if not (self._y.matrix.nnz and self._x.matrix.nnz):
            raise GridError(
                f"{name} must meet the predictors", f"{own.describe()} and {grid.describe()}", name
            )
        self._file = open_raster(source, name)
        self._lock = threading.Lock()

    def close(self):
        """Release the file."""
        self._file.close()

    def __call__(self, row, col, ny, nx):
        """Classes of a window, int32 (ny, nx)."""
        out = np.full((ny, nx), NO_CLASS, dtype=np.int32)
        rows, y = _picked(self._y, row, ny)
        columns, x = _picked(self._x, col, nx)
        if not (rows.size and columns.size):
            return out
        window = (int(x.min()), int(y.min()), int(np.ptp(x)) + 1, int(np.ptp(y)) + 1)
        values = read_window(self._file, self._lock, 1, window, self.name, masked=True)
        numbers = np.ma.filled(np.ma.masked_invalid(values), NO_CLASS)
        if (numbers != np.round(numbers)).any():
            raise DataError("whole numbers as classes are expected", "others", self.name)
        out[np.ix_(rows, columns)] = numbers[np.ix_(y - y.min(), x - x.min())]
        return out


def _picked(axis, begin, count):
    """Targets of a run that have a source cell, and which one."""
    part = axis.matrix[begin : begin + count].tocoo()
    order = np.argsort(part.row)
    return part.row[order], part.col[order]


class ClassPolygons:
    """Classes of polygons on a `Grid`: that of the polygon over a cell's centre.

    ``rings`` (one list of rings a polygon) in the grid's coordinates, ``classes`` their
    whole numbers; of overlapping polygons the last counts.
    """

    def __init__(self, rings, classes, grid):
        self.rings, self.grid = rings, grid
        self.classes = []
        for value in classes:
            try:
                number = int(str(value).strip())
            except ValueError as error:
                raise ParameterError(
                    "a field of whole numbers is expected", repr(str(value)), "STRATA_FIELD"
                ) from error
            self.classes.append(number)

    def __call__(self, row, col, ny, nx):
        """Classes of a window, int32 (ny, nx)."""
        from rasterio.features import rasterize
        from rasterio.transform import Affine

        part = self.grid.window(row, col, ny, nx)
        west, south, east, north = part.extent
        shapes = []
        for rings, number in zip(self.rings, self.classes):
            x = np.concatenate([r[:, 0] for r in rings])
            y = np.concatenate([r[:, 1] for r in rings])
            if y.min() > north or y.max() < south:
                continue
            turns = (-360.0, 0.0, 360.0) if self.grid.is_geographic else (0.0,)
            for turn in turns:
                if x.min() + turn <= east and x.max() + turn >= west:
                    shapes.append((_geometry(rings, turn), number))
        if not shapes:
            return np.full((ny, nx), NO_CLASS, dtype=np.int32)
        return rasterize(
            shapes, (ny, nx), fill=NO_CLASS, transform=Affine.from_gdal(*part.geotransform),
            dtype="int32",
        )  # fmt: skip


def _geometry(rings, turn):
    """GeoJSON of oriented rings: each exterior (counter-clockwise) with the holes after it."""
    polygons = []
    for ring in rings:
        moved = ring + np.array([turn, 0.0])
        around = np.roll(moved, -1, axis=0)
        area = np.sum(moved[:, 0] * around[:, 1] - around[:, 0] * moved[:, 1])
        if area > 0 or not polygons:
            polygons.append([moved.tolist()])
        else:
            polygons[-1].append(moved.tolist())
    return {"type": "MultiPolygon", "coordinates": polygons}


class AreaOfInterest:
    """Cells of a `Grid` at least half of which polygons cover (by area on the sphere)."""

    def __init__(self, rings, grid, least=0.5):
        self.rings, self.grid, self.least = rings, grid, least

    def __call__(self, row, col, ny, nx):
        """Boolean (ny, nx)."""
        share = np.zeros((ny, nx))
        part = self.grid.window(row, col, ny, nx)
        for rings in self.rings:
            share = np.maximum(share, outline_fraction(rings, part))
        return share >= self.least
