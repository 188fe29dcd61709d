"""The fine grid of a predictor set: that of a reference, or the model's own lattice."""

import numpy as np

from ..data.grid import Grid, snap_extent
from ..errors import GridError, ParameterError
from .channels import check_spacing

_EPS = 1e-6


def choose_grid(layers, contract=None, reference=None, extent=None, spacing=0.0):
    """The `Grid` of a predictor set.

    ``reference`` is (grid, name) or None: its cells, cut to ``extent`` (west, south, east,
    north; snaps outward). Without it, ``extent`` on the lattice whose lines are multiples
    of the model's (or the given) ``spacing``. Without both, the cells of the first layer
    that has the model's spacing. Raises `GridError`, `ParameterError`.
    """
    if not layers:
        raise ParameterError("at least one layer is expected", "none", "PREDICTORS")
    if reference is not None:
        grid, name = reference
        if contract is not None:
            check_spacing(contract, grid, name)
        if extent is not None:
            grid = grid.window(*snap_extent(grid, extent))
        return grid
    dx, dy = (contract.spacing.dx, contract.spacing.dy) if contract else (spacing, spacing)
    if extent is not None and dx > 0:
        return _lattice(layers, contract, extent, dx, dy)
    for layer in layers:
        if _fits(layer.grid, contract):
            grid = layer.grid
            return grid if extent is None else grid.window(*snap_extent(grid, extent))
    wanted = f"cells of {dx:g} × {dy:g} {contract.spacing.units}" if contract else "cells"
    raise ParameterError(
        f"a reference grid or an extent is expected: no layer has {wanted}",
        "; ".join(f"#{x.number} {x.grid.dx:g} × {x.grid.dy:g}" for x in layers),
        "REFERENCE",
        "With EXTENT alone the model's own cells are used.",
    )


def _fits(grid, contract):
    if contract is None:
        return True
    try:
        check_spacing(contract, grid, "")
    except GridError:
        return False
    return True


def _lattice(layers, contract, extent, dx, dy):
    crs = layers[0].grid.crs
    degrees = contract is None or contract.spacing.units == "degree"
    if not degrees or not layers[0].grid.is_geographic:
        raise ParameterError(
            "a reference grid is expected where cells are not in degrees", "none", "REFERENCE"
        )
    west, south, east, north = extent
    if not (west < east and south < north and np.isfinite(extent).all()):
        raise GridError(
            "an extent with west < east and south < north is expected",
            f"{west:g}, {east:g}, {south:g}, {north:g}",
            "EXTENT",
        )
    south, north = max(south, -90.0), min(north, 90.0)
    left, right = np.floor(west / dx + _EPS), np.ceil(east / dx - _EPS)
    bottom, top = np.floor(south / dy + _EPS), np.ceil(north / dy - _EPS)
    columns = min(int(right - left), round(360.0 / dx))
    return Grid(left * dx, top * dy, dx, dy, columns, int(top - bottom), crs)
