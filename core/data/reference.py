"""The grid of a raster that other rasters are brought to, whatever it holds."""

import dataclasses

import numpy as np

from ..errors import GridError
from .grid import Grid
from .openraster import open_raster


def read_grid(source, name):
    """The `Grid` of any north-up raster that GDAL opens; ``name`` is for messages.

    The raster need not be a stack: only its cells count. Raises `ReadError` and
    `GridError`.
    """
    with open_raster(source, name) as file:
        return grid_of(file, name)


def grid_of(file, name, crs=""):
    """The `Grid` of an open raster; ``crs`` is taken where the file states none.

    Raises `GridError` naming ``name`` for a raster without a place, rotated or flipped.
    """
    t = file.transform
    if t.is_identity:
        raise GridError("a georeferenced raster is expected", "no position", name)
    if t.b or t.d or t.e >= 0 or t.a <= 0:
        raise GridError("a north-up raster is expected", "a rotated or flipped one", name)
    crs = file.crs.to_wkt() if file.crs else crs
    if not crs:
        raise GridError(
            "a raster with a coordinate reference system is expected",
            "none",
            name,
            "Assign one first (Raster ▸ Projections ▸ Assign projection).",
        )
    return Grid(t.c, t.f, t.a, -t.e, file.width, file.height, crs)


def same_crs(first, second):
    """Whether two grids have one coordinate system."""
    return not dataclasses.replace(first, crs=second.crs).difference(first)


def written_type(stack):
    """dtype and nodata for a stack made from another one: classes stay classes."""
    kind, _ = pixel_type(stack.source, stack.name)
    if kind == np.uint8:
        return "uint8", 255
    return ("float64" if kind == np.float64 else "float32"), np.nan


def pixel_type(source, name):
    """The numpy dtype and the nodata value (or None) of a raster's first band."""
    with open_raster(source, name) as file:
        return np.dtype(file.dtypes[0]), file.nodatavals[0]
