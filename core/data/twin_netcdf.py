"""The twin's satellite record as a file in the shape of a mascon product."""

import numpy as np

from .atomic import atomic_path
from .newclassic import new_classic

FILL = np.float32(-99999.0)
_EPOCH = np.datetime64("2002-01-01", "D")


def write_grace_netcdf(twin, path):
    """Write the 231 solutions of a twin as a GRACE mascon product would be.

    NetCDF-3 with 64-bit offsets: ``lwe_thickness`` and ``uncertainty`` (time,
    lat, lon) in cm, 32-bit, ``land_mask`` (lat, lon), latitude rising,
    longitude 0-360, time in days since 2002-01-01 at the middle of each span
    with ``time_bounds``. Title and long names say that it is synthetic. The
    file appears whole or not at all; the same twin gives the same bytes.

    Raises `WriteError` when the target cannot be written, `DependencyError`
    without scipy.
    """
    with atomic_path(path) as partial, new_classic(partial, path) as file:
        _fill(file, twin)


def _fill(file, twin):
    solutions, grid = twin.solutions, twin.product_grid
    start = (solutions["start"] - _EPOCH).astype(float)
    end = (solutions["end"] - _EPOCH).astype(float)

    file.title = f"SYNTHETIC GRACE/GRACE-FO-like mascon grid, invented region (seed {twin.seed})"
    file.summary = (
        "SYNTHETIC sample data with a known truth; not observed by any satellite. "
        "Only the calendar of months with and without a solution is that of the real missions."
    )
    file.Conventions = "CF-1.6"
    file.time_mean_removed = "2004.000 to 2009.999"
    for name, size in (
        ("time", start.size),
        ("lat", grid.ny),
        ("lon", grid.nx),
        ("bounds", 2),
    ):
        file.createDimension(name, size)

    time = _variable(file, "time", ("time",), "d", (start + end) / 2)
    time.units = "days since 2002-01-01 00:00:00"
    time.calendar = "gregorian"
    time.standard_name = "time"
    time.bounds = "time_bounds"
    _variable(file, "time_bounds", ("time", "bounds"), "d", np.stack([start, end], axis=1))

    lat = _variable(file, "lat", ("lat",), "d", grid.y[::-1])
    lat.units, lat.standard_name = "degrees_north", "latitude"
    lon = _variable(file, "lon", ("lon",), "d", grid.x % 360.0)
    lon.units, lon.standard_name = "degrees_east", "longitude"

    for name, key, long_name in (
        ("lwe_thickness", "values", "Liquid_Water_Equivalent_Thickness (SYNTHETIC)"),
        ("uncertainty", "sigma", "one-sigma uncertainty of lwe_thickness (SYNTHETIC)"),
    ):
        values = np.where(np.isfinite(solutions[key]), solutions[key], FILL)[:, ::-1]
        field = _variable(file, name, ("time", "lat", "lon"), "f", values)
        field.units, field.long_name = "cm", long_name
        field._FillValue = FILL
    land = _variable(file, "land_mask", ("lat", "lon"), "b", twin.product_land[::-1])
    land.units, land.long_name = "1", "1 = land, 0 = sea (SYNTHETIC)"


def _variable(file, name, dimensions, kind, values):
    variable = file.createVariable(name, kind, dimensions)
    variable[:] = values
    return variable
