"""Which cells and which months a downscaling run makes."""

from dataclasses import dataclass

import numpy as np

from ..data.grid import Grid, edge_in_degrees, snap_extent
from ..data.months import month_text, parse_month
from ..errors import TimeAxisError
from .channels import check_predictors, usable_months


@dataclass(frozen=True)
class Domain:
    """A window of the predictors' grid: first row and column there, and its own grid."""

    row: int
    col: int
    grid: Grid

    @property
    def window(self):
        """(row, col, ny, nx) in the predictors' grid."""
        return self.row, self.col, self.grid.ny, self.grid.nx


def choose_domain(grid, extent=None):
    """The `Domain` of ``extent`` (west, south, east, north), or all of ``grid``.

    The extent snaps outward to whole cells and is never resampled; on a grid around
    the globe it may cross 180° (170 to 190). Raises `GridError`.
    """
    row, col, ny, nx = (0, 0, grid.ny, grid.nx) if extent is None else snap_extent(grid, extent)
    return Domain(row, col, grid.window(row, col, ny, nx))


def reaches_beyond(grid, training):
    """Whether a `Grid` leaves the region of training, (west, east, south, north) in degrees.

    The edge of a grid in metres is brought to degrees, a point at each cell, so that its
    sides may bend. A region in metres (beyond what degrees can be) is in a system that the
    contract does not name: only a grid in metres is held against it.
    """
    left, right, bottom, top = training
    west, south, east, north = grid.extent
    degrees = max(abs(left), abs(right)) <= 540 and max(abs(bottom), abs(top)) <= 90
    if degrees and not grid.is_geographic:
        lon, lat = edge_in_degrees(grid)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            return True
        west, south, east, north = lon.min(), lat.min(), lon.max(), lat.max()
    elif not degrees and grid.is_geographic:
        return False
    turns = (-360, 0, 360) if degrees else (0,)
    slack = 1e-6 if degrees else 1e-3
    inside = any(left - slack <= west + turn and east + turn <= right + slack for turn in turns)
    return not (inside and south >= bottom - slack and north <= top + slack)


def choose_months(contract, predictors, start="", end="", coarse=None):
    """Complete month axis of a run and which of its months can be made.

    From ``start`` to ``end`` (``YYYY-MM``; empty: the predictors' first and last usable
    month, or those of the ``coarse`` stack where no predictor changes by month). Returns
    (months, usable), datetime64[M]; months without all predictors and lags stay bands of
    NaN. Raises as `check_predictors`, and `TimeAxisError` where none can be made.
    """
    check_predictors(contract, predictors)
    dated = [
        predictors.variables[v.name].months
        for v in contract.predictors()
        if not predictors.variables[v.name].is_static
    ]
    known = np.unique(np.concatenate(dated)) if dated else np.empty(0, "datetime64[M]")
    if not dated and coarse is not None:
        known = coarse.months
    if not known.size and not (start and end):
        raise TimeAxisError(
            "START and END, or a coarse stack in INPUT, are expected where no predictor changes "
            "by month",
            "none",
        )
    first = parse_month(start, "START") if start else known[0]
    last = parse_month(end, "END") if end else known[-1]
    months = np.arange(first, last + 1)
    usable = usable_months(contract, predictors, months)
    if not usable.size:
        span = f"{month_text(known[0])} to {month_text(known[-1])}" if known.size else "none"
        raise TimeAxisError(
            f"at least one month from {first} to {last} with every predictor"
            + (" and its lags" if any(v.lags != (0,) for v in contract.inputs) else "")
            + " is expected",
            f"predictors for {span}",
            predictors.name,
        )
    if not start:
        months = months[months >= usable[0]]
    if not end:
        months = months[months <= usable[-1]]
    return months, usable
