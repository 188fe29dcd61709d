"""The twin's land model as monthly files in the shape of GLDAS-2.1 Noah."""

from pathlib import Path

import numpy as np

from ..progress import SILENT
from .newclassic import new_classic
from .sample import NOTE, coarsen

FILL = np.float32(-9999.0)
_EPOCH = np.datetime64("2000-01-01", "D")
#: Soil layers of Noah: variable, share of the thickness, how much more it varies.
SOIL_LAYERS = (
    ("SoilMoi0_10cm_inst", 0.05, 0.4),
    ("SoilMoi10_40cm_inst", 0.15, 0.3),
    ("SoilMoi40_100cm_inst", 0.30, 0.1),
    ("SoilMoi100_200cm_inst", 0.50, 0.0),
)
_LONG_NAMES = {"SWE_inst": "Snow depth water equivalent", "CanopInt_inst": "Plant canopy water"}


def soil_layers(soil):
    """Soil moisture (time, y, x) split among the layers of `SOIL_LAYERS`; they add up to it.

    A layer's share is that of its thickness times (soil / mean over time)^e,
    normalised: shallow soil answers most. Never negative; NaN stays NaN.
    """
    mean = soil.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        wetness = np.maximum(soil / mean, 0.05)
    parts = [share * wetness**power for _, share, power in SOIL_LAYERS]
    total = sum(parts)
    return {name: soil * part / total for (name, _, _), part in zip(SOIL_LAYERS, parts)}


def gldas_layers(twin):
    """The variables of the monthly files, (time, y, x) in kg m-2 on the product grid."""
    layers = soil_layers(coarsen(twin.model_soil_moisture, twin))
    layers["SWE_inst"] = coarsen(twin.model_snow, twin)
    layers["CanopInt_inst"] = coarsen(twin.model_canopy, twin)
    return layers


def gldas_name(month):
    """The name of a month's file, as NASA names 1 degree files of version 2.1."""
    return f"GLDAS_NOAH10_M.A{str(month).replace('-', '')}.021.nc4"


def write_gldas(twin, folder, progress=SILENT):
    """Write one file a month into ``folder``; returns their names.

    Names, variables, units, time bounds, rising latitudes and the fill value -9999
    are those of NASA's monthly Noah files. The format behind the name is NetCDF-3
    (NASA's is NetCDF-4). The same twin gives the same bytes. Raises `WriteError`,
    `DependencyError` without scipy.
    """
    layers = gldas_layers(twin)
    names = [gldas_name(month) for month in twin.months]
    for t, (name, month) in enumerate(zip(names, twin.months)):
        progress.check()
        with new_classic(Path(folder) / name) as file:
            _fill(file, twin, month, {k: v[t] for k, v in layers.items()})
        progress.set((t + 1) / len(names))
    return names


def _fill(file, twin, month, layers):
    grid = twin.product_grid
    begin = (month.astype("datetime64[D]") - _EPOCH).astype(float)
    end = ((month + 1).astype("datetime64[D]") - _EPOCH).astype(float)
    file.missing_value = FILL
    file.title = "GLDAS2.1 LIS land surface model output monthly mean (SYNTHETIC)"
    file.institution = f"{NOTE} (seed {twin.seed})"
    file.source = "Noah_v3.6 shape, SYNTHETIC"
    file.conventions = "CF-1.6"
    file.MAP_PROJECTION = "EQUIDISTANT CYLINDRICAL"
    file.SOUTH_WEST_CORNER_LAT = float(grid.y[-1])
    file.SOUTH_WEST_CORNER_LON = float(grid.x[0])
    file.DX, file.DY = grid.dx, grid.dy
    for name, size in (("time", 1), ("lat", grid.ny), ("lon", grid.nx), ("bnds", 2)):
        file.createDimension(name, size)
    time = file.createVariable("time", "d", ("time",))
    time[:] = begin
    time.units = "days since 2000-01-01 00:00:00"
    time.long_name, time.bounds = "time", "time_bnds"
    file.createVariable("time_bnds", "d", ("time", "bnds"))[:] = [[begin, end]]
    for name, centres, axis in (("lat", grid.y[::-1], "north"), ("lon", grid.x, "east")):
        variable = file.createVariable(name, "f", (name,))
        variable[:] = centres
        variable.units = f"degrees_{axis}"
        variable._FillValue = variable.missing_value = FILL
    for name, values in layers.items():
        variable = file.createVariable(name, "f", ("time", "lat", "lon"))
        variable[:] = np.where(np.isfinite(values), values, FILL)[None, ::-1]
        variable.units = "kg m-2"
        variable.long_name = f"{_LONG_NAMES.get(name, 'Soil moisture')} (SYNTHETIC)"
        variable.cell_methods = "time: mean"
        variable.scale_factor, variable.add_offset = np.float32(1), np.float32(0)
        variable._FillValue = variable.missing_value = FILL
