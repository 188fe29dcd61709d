"""The synthetic twin as files: what the main job needs, and the truth beside it."""

import numpy as np

from .stack import StackInfo, write_stack
from .twin_netcdf import write_grace_netcdf
from .twin_truth import true_basin_trends

NOTE = "SYNTHETIC sample data: an invented region, not an observation"

#: Land-model storages of the twin: parameter, field, what it is.
STORAGES = (
    ("SOILMOISTURE", "soil_moisture", "soil moisture of the land model"),
    ("SNOW", "snow", "snow water equivalent of the land model"),
    ("CANOPY", "canopy", "canopy water of the land model"),
)

#: Columns of the truth table, all in cm/yr but the area.
TRUTH_FIELDS = (
    ("area_km2", "exact basin area, km²"),
    ("imposed_gws", "groundwater trend put in, cm/yr"),
    ("true_tws", "Sen slope of true total storage, cm/yr"),
    ("true_gws", "Sen slope of true groundwater storage, cm/yr"),
    ("resolved_tws", "Sen slope of true total storage as the satellite resolves it, cm/yr"),
    ("leakage", "resolved_tws − true_tws, cm/yr"),
    ("component_error", "trend of the land model's storages minus the true ones, cm/yr"),
)


def write_grace(twin, path):
    """The satellite product (NetCDF)."""
    write_grace_netcdf(twin, path)


def write_storage(twin, field, name, path):
    """One land-model storage, or its ``_sigma``, on the satellite's grid in kg m⁻²."""
    values = coarsen(getattr(twin, f"model_{field}"), twin)
    info = StackInfo(twin.product_grid, twin.months, "kg m-2", f"{name} (synthetic)", (), (NOTE,))
    write_stack(path, info, values)


def write_truth_stack(twin, field, name, path):
    """A true field at the twin's full resolution, cm."""
    from .months import DEFAULT_BASELINE

    info = StackInfo(
        twin.grid, twin.months, "cm", f"{name} (synthetic truth)", DEFAULT_BASELINE, (NOTE,)
    )
    write_stack(path, info, getattr(twin, field))


def coarsen(values, twin):
    """Area-weighted mean (time, y, x) of the fine cells with a value in each coarse cell."""
    factor = round(twin.product_grid.dx / twin.grid.dx)
    areas = twin.grid.cell_areas()[None] * np.isfinite(values)
    shape = (values.shape[0], twin.product_grid.ny, factor, twin.product_grid.nx, factor)
    total = (areas * np.nan_to_num(values)).reshape(shape).sum(axis=(2, 4))
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / areas.reshape(shape).sum(axis=(2, 4))


def truth_rows(twin):
    """One row a basin: its name, then `TRUTH_FIELDS`."""
    return [
        (
            name,
            truth.area_km2,
            truth.imposed,
            truth.tws,
            truth.groundwater,
            truth.resolved_tws,
            truth.leakage,
            truth.component_error,
        )
        for name, truth in true_basin_trends(twin).items()
    ]
