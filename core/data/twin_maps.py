"""Maps of the twin's land as products have them: relief, soil, irrigation, people."""

import numpy as np

from .rasterfile import RasterWriter
from .sample import NOTE
from .twin_fields import smooth_noise
from .twin_land import land_field
from .twin_local import whole_grid
from .twin_streams import extra_stream

#: Soil of SoilGrids 2.0: name, factor from the true field's units to the mapped ones, those.
SOILS = (
    ("clay", 10.0, "g kg-1"),
    ("silt", 10.0, "g kg-1"),
    ("sand", 10.0, "g kg-1"),
    ("cfvo", 10.0, "cm3 dm-3"),
    ("cec", 1.0, "mmol kg-1"),
    ("phh2o", 10.0, "pH x 10"),
    ("soc", 10.0, "dg kg-1"),
    ("nitrogen", 100.0, "cg kg-1"),
)
SOIL_NODATA = -32768
#: Relative one-sigma of a soil map in the lowland, more of it for each km of height.
SOIL_ERROR, SOIL_ERROR_KM = 0.10, 0.06
#: Errors: elevation m; irrigation relative; its share from groundwater; population relative.
DEM_ERROR, IRRIGATION_ERROR, SHARE_ERROR, PEOPLE_ERROR = 5.0, 0.15, 0.08, 0.20
ERROR_KM = 30.0
#: Name, units, type and no-data value of the other maps.
OTHERS = (
    ("dem", "m", "int16", -32768),
    ("irrigation", "%", "float32", -9.0),
    ("irrigation_groundwater", "%", "float32", -9.0),
    ("population", "persons km-2", "float32", -9999.0),
)
#: 90 % of a normal distribution lies within this times sigma to both sides.
_Q95 = 1.6449


def land_maps(seed):
    """Maps (y, x) on the whole 0.1 degree region by name, in their mapped units.

    The errors of the maps go with the seed, the land does not. Clay, silt and sand
    add up to 1000 g/kg.
    """
    grid = whole_grid()
    rng = extra_stream(seed, "maps")

    def error():
        """Half of the variance over 30 km, half in each cell on its own."""
        wide = smooth_noise(rng, 1, ERROR_KM, grid)[0]
        return np.sqrt(0.5) * (wide + rng.standard_normal(grid.shape))

    sigma = soil_sigma()
    found = {}
    for name, factor, _ in SOILS:
        # pH is a logarithm already: a tenth of the relative error.
        share = sigma * (0.1 if name == "phh2o" else 1.0)
        found[name] = factor * land_field(name) * np.exp(share * error())
    texture = 1000.0 / (found["clay"] + found["silt"] + found["sand"])
    for name in ("clay", "silt", "sand"):
        found[name] = found[name] * texture
    found["cfvo"] = np.minimum(found["cfvo"], 900.0)
    found["dem"] = land_field("elevation") + DEM_ERROR * error()
    irrigated = land_field("irrigation") * np.exp(IRRIGATION_ERROR * error())
    found["irrigation"] = np.clip(100 * irrigated, 0.0, 100.0)
    supply = land_field("from_ground") + SHARE_ERROR * error()
    found["irrigation_groundwater"] = np.clip(100 * supply, 0.0, 100.0)
    found["population"] = land_field("population") * np.exp(PEOPLE_ERROR * error())
    return found


def soil_sigma():
    """Relative one-sigma (y, x) of the soil maps (of pH a tenth of it)."""
    return SOIL_ERROR + SOIL_ERROR_KM * land_field("elevation") / 1000


def soil_uncertainty(name):
    """Stated uncertainty (y, x) as SoilGrids has it: 10 (Q0.95 - Q0.05) / Q0.5."""
    sigma = soil_sigma() * (0.1 if name == "phh2o" else 1.0)
    return 10 * (np.exp(_Q95 * sigma) - np.exp(-_Q95 * sigma))


def write_map(truth, maps, name, path):
    """Write a map of `land_maps` on the grid of a `FineTruth`, the sea without data."""
    for soil, _, units in SOILS:
        if soil == name:
            _write(truth, maps, name, f"{name}_0-30cm_mean", units, "int16", SOIL_NODATA, path)
            return
    units, kind, nodata = next(o[1:] for o in OTHERS if o[0] == name)
    _write(truth, maps, name, name, units, kind, nodata, path)


def write_soil_uncertainty(truth, name, path):
    """Write `soil_uncertainty` on the grid of a `FineTruth`."""
    label = f"{name}_0-30cm_uncertainty"
    _write(
        truth,
        {label: soil_uncertainty(name)},
        label,
        label,
        "10 (Q95-Q05)/Q50",
        "int16",
        SOIL_NODATA,
        path,
    )


def _write(truth, maps, name, label, units, kind, nodata, path):
    row, _, ny, _ = truth.window
    values = truth.of_map(maps, name)
    values = np.rint(values) if kind == "int16" else values
    values = np.where(truth.land(row, ny), values, nodata)
    tags = {"units": units, "long_name": f"{label} (synthetic)", "history": NOTE}
    with RasterWriter(
        path, truth.grid, [label], dtype=kind, nodata=nodata, units=units, tags=tags
    ) as writer:
        writer.write(values[None])
