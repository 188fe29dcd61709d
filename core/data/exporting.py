"""A stack as one CF NetCDF file, month by month."""

import re

import numpy as np

from ..errors import GridError, ParameterError, WriteError
from ..progress import SILENT
from . import months as calendar
from .atomic import atomic_path
from .blocks import MEMORY_BUDGET
from .cdf import CdfVariable, CdfWriter
from .classic import check_whole
from .grid import EARTH_RADIUS_KM
from .rasterfile import tile_shape
from .reference import pixel_type

EPOCH = np.datetime64("2002-01-01", "D")
#: What the NetCDF library itself takes for "never written".
FILL = {"f4": np.float32(9.9692099683868690e36), "f8": 9.9692099683868690e36, "i2": np.int16(255)}
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


def variable_name(info):
    """A NetCDF name made from what a stack holds; ``lwe_thickness`` for total storage."""
    text = info.long_name.lower()
    if text.startswith("terrestrial water storage"):
        return "lwe_thickness"
    slug = re.sub(r"[^a-z0-9]+", "_", text.split(",")[0]).strip("_")[:40].rstrip("_")
    return slug if _NAME.match(slug) else "value"


def check_export(stack, variable=""):
    """The name of the variable; raises unless the stack fits a CF grid (headers only)."""
    if not stack.grid.is_geographic:
        raise GridError(
            "a stack in degrees of longitude and latitude is expected for NetCDF",
            stack.grid.describe(),
            stack.name,
            "Bring it to EPSG:4326 first (Raster ▸ Projections ▸ Warp), or export GeoTIFFs.",
        )
    name = variable or variable_name(stack.info)
    taken = ("time", "lat", "lon", "time_bnds", "lat_bnds", "lon_bnds", "crs", "bnds")
    if not _NAME.match(name) or name in taken:
        raise ParameterError(
            "a name of letters, digits and underscores is expected", repr(name), "VARIABLE"
        )
    return name


def export_netcdf(stack, output, *, variable="", progress=SILENT, memory=MEMORY_BUDGET):
    """Write a stack as CF-1.8 NetCDF-3 (64-bit offsets), one record a month.

    Coordinates lat (north first), lon and time in days since 2002-01-01 at the middle of
    the calendar month, all with bounds; units, long name, baseline and history are kept;
    a month without observation is a record of fill values. 32-bit stacks stay 32-bit.
    Returns the name of the variable. Raises as `check_export`, `ParameterError` for a
    month of more than 4 GiB, `WriteError`.
    """
    name = check_export(stack, variable)
    kind = _kind(stack)
    grid, height = stack.grid, strip_rows(stack.grid, memory)
    with atomic_path(output) as partial:
        try:
            with partial.open("wb") as stream:
                dimensions = {
                    "time": stack.months.size, "lat": grid.ny, "lon": grid.nx, "bnds": 2,
                }  # fmt: skip
                file = CdfWriter(
                    stream, dimensions, "time", _global(stack.info), _variables(stack, name, kind)
                )
                edges = _days(np.append(stack.months, stack.months[-1] + 1))
                for month in range(stack.months.size):
                    file.write("time", month, (edges[month] + edges[month + 1]) / 2)
                    file.write("time_bnds", month, edges[month : month + 2])
                    for row in range(0, grid.ny, height):
                        progress.check()
                        ny = min(height, grid.ny - row)
                        values = stack.read(row, 0, ny, grid.nx, bands=[month])[0]
                        values = np.where(np.isfinite(values), values, FILL[kind])
                        file.write(name, month, values, row * grid.nx)
                    progress.set((month + 1) / stack.months.size)
            check_whole(partial)
        except OSError as error:
            raise WriteError(
                "room to write the file is expected", error, str(output), "Is the disk full?"
            ) from error
    return name


def _kind(stack):
    kind, _ = pixel_type(stack.source, stack.name)
    return {"uint8": "i2", "float32": "f4"}.get(kind.name, "f8")


def strip_rows(grid, memory):
    """Rows read at once: whole tiles where memory allows."""
    tile, _ = tile_shape(grid)
    rows = max(1, int(memory // (24 * grid.nx)))
    return rows // tile * tile or rows


def _days(months):
    return (months.astype("datetime64[D]") - EPOCH).astype(float)


def _global(info):
    return {
        "Conventions": "CF-1.8",
        "title": info.long_name,
        "source": "GRACE Water Toolbox",
        "history": "\n".join(info.history),
    }


def _variables(stack, name, kind):
    grid, info = stack.grid, stack.info
    field = {
        "long_name": info.long_name or name,
        "units": info.units or "1",
        "_FillValue": FILL[kind],
        "grid_mapping": "crs",
    }
    if info.baseline:
        field["baseline"] = "/".join(info.baseline)
        field["comment"] = f"anomaly to the mean of {' to '.join(info.baseline)}"
    if kind == "i2" and info.long_name.startswith("0 observed"):
        field["flag_values"] = np.array([0, 1, 2], "i2")
        field["flag_meanings"] = "observed filled_stage_a filled_stage_b"
    y, x = grid.y0 - np.arange(grid.ny + 1) * grid.dy, grid.x0 + np.arange(grid.nx + 1) * grid.dx
    return [
        CdfVariable("time", "f8", ("time",), {
            "units": f"days since {EPOCH}", "calendar": "standard", "standard_name": "time",
            "long_name": "middle of the calendar month", "axis": "T", "bounds": "time_bnds",
        }),
        CdfVariable("time_bnds", "f8", ("time", "bnds")),
        CdfVariable("lat", "f8", ("lat",), {
            "units": "degrees_north", "standard_name": "latitude", "long_name": "latitude",
            "axis": "Y", "bounds": "lat_bnds",
        }, grid.y),
        CdfVariable("lat_bnds", "f8", ("lat", "bnds"), {}, np.stack([y[:-1], y[1:]], 1)),
        CdfVariable("lon", "f8", ("lon",), {
            "units": "degrees_east", "standard_name": "longitude", "long_name": "longitude",
            "axis": "X", "bounds": "lon_bnds",
        }, grid.x),
        CdfVariable("lon_bnds", "f8", ("lon", "bnds"), {}, np.stack([x[:-1], x[1:]], 1)),
        CdfVariable("crs", "i4", (), _crs(grid), 0),
        CdfVariable(name, kind, ("time", "lat", "lon"), field),
    ]  # fmt: skip


def _crs(grid):
    from osgeo import osr

    srs = osr.SpatialReference()
    srs.SetFromUserInput(grid.crs)
    transform = " ".join(repr(float(v)) for v in grid.geotransform)
    return {
        "grid_mapping_name": "latitude_longitude",
        "longitude_of_prime_meridian": 0.0,
        "semi_major_axis": srs.GetSemiMajor() or 1000 * EARTH_RADIUS_KM,
        "inverse_flattening": srs.GetInvFlattening() or None,
        "crs_wkt": srs.ExportToWkt(),
        "spatial_ref": srs.ExportToWkt(),
        "GeoTransform": transform,
    }


def month_file(prefix, month):
    """The name of the GeoTIFF of a month."""
    return f"{prefix}_{calendar.month_text(month)}.tif"
