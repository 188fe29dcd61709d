"""The twin's reanalysis as monthly files in the shape of ERA5-Land."""

import numpy as np

from ..progress import SILENT
from . import months as calendar
from .newclassic import new_classic
from .sample import NOTE
from .twin_fine import row_blocks
from .twin_views import soil_layers

_EPOCH = np.datetime64("1970-01-01", "s")
#: Variable, its units and long name in the product.
FLUXES = (
    ("tp", "m", "Total precipitation"),
    ("e", "m of water equivalent", "Total evaporation"),
    ("ro", "m", "Runoff"),
    ("t2m", "K", "2 metre temperature"),
)
STORAGES = (
    *((f"swvl{i}", "m**3 m**-3", f"Volumetric soil water layer {i}") for i in (1, 2, 3, 4)),
    ("sd", "m of water equivalent", "Snow depth water equivalent"),
    ("src", "m of water equivalent", "Skin reservoir content"),
)


def write_era5_fluxes(views, path, progress=SILENT):
    """Write ``tp``, ``e``, ``ro`` and ``t2m`` of `twin_views.Views` over all months.

    As in the product: fluxes are means in m a day although their units say m, ``e`` is
    negative where water evaporates, the sea is missing, latitudes fall, the time is
    ``valid_time`` in seconds since 1970. Raises `WriteError`, `DependencyError`.
    """
    days = calendar.days_in_month(views.months)[:, None, None]

    def make(row, ny):
        found = views.reanalysis(row, ny)
        daily = {name: values / 100 / days for name, values in found.items()}
        return {
            "tp": daily["precipitation"],
            "e": -daily["evapotranspiration"],
            "ro": daily["runoff"],
            "t2m": found["temperature"],
        }

    _write(views, path, FLUXES, make, progress)


def write_era5_storages(views, path, progress=SILENT):
    """Write ``swvl1`` to ``swvl4``, ``sd`` and ``src`` over all months, as `write_era5_fluxes`."""

    def make(row, ny):
        found = views.storages(row, ny)
        layers = {f"swvl{i}": v for i, v in enumerate(soil_layers(found["soil"]), 1)}
        return {**layers, "sd": found["snow"] / 100, "src": found["canopy"] / 100}

    _write(views, path, STORAGES, make, progress)


def _write(views, path, variables, make, progress):
    truth = views.truth
    with new_classic(path) as file:
        held = _declare(file, truth, views.months, variables)
        for row, ny in row_blocks(truth, 4):
            progress.check()
            part = slice(row * truth.factor, (row + ny) * truth.factor)
            for name, values in make(row + truth.window[0], ny).items():
                held[name][:, part] = values.astype("float32")
            progress.set((row + ny) / truth.window[2])


def _declare(file, truth, months, variables):
    grid, n = truth.grid, months.size
    file.Conventions = "CF-1.7"
    file.institution = NOTE
    file.title = f"ERA5-Land monthly averaged data, SYNTHETIC (seed {truth.twin.seed})"
    for name, size in (("valid_time", n), ("latitude", grid.ny), ("longitude", grid.nx)):
        file.createDimension(name, size)
    # Seconds fit 32 bits until 2038; the product has 64, which NetCDF-3 lacks.
    time = file.createVariable("valid_time", "i", ("valid_time",))
    time[:] = (months.astype("datetime64[s]") - _EPOCH).astype("int32")
    time.units, time.calendar = "seconds since 1970-01-01", "proleptic_gregorian"
    time.standard_name, time.long_name = "time", "time"
    for name, centres, units in (
        ("latitude", grid.y, "degrees_north"),
        ("longitude", grid.x, "degrees_east"),
    ):
        axis = file.createVariable(name, "d", (name,))
        axis[:] = np.round(centres, 6)
        axis.units, axis.standard_name, axis.long_name = units, name, name
    held = {}
    for name, units, text in variables:
        variable = file.createVariable(name, "f", ("valid_time", "latitude", "longitude"))
        variable.units, variable.long_name = units, f"{text} (SYNTHETIC)"
        variable._FillValue = np.float32("nan")
        variable.GRIB_shortName = name
        held[name] = variable
    return held
