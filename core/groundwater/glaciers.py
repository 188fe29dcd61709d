"""Ice that glaciers gain or lose, as a layer of water on the cells of a grid."""

from dataclasses import dataclass

import numpy as np

from ..basins.area import planar_area_km2, ring_area_km2
from ..errors import DataError, ParameterError, located
from ..masks.outlines import outline_cells
from ..progress import SILENT

ICE_DENSITY = 850.0
WATER_DENSITY = 1000.0
#: What a table of changes holds: km³ of ice, Gt of water, m of ice.
QUANTITIES = ("volume", "mass", "thickness")
CM_PER_KM = 1e5


@dataclass(frozen=True)
class GlacierCells:
    """Glaciers on a grid: ``areas`` csr (glacier, cell) in km², ``area_km2`` whole areas."""

    areas: object
    area_km2: np.ndarray

    @property
    def share(self):
        """Glacier area of each cell (cell,), km²."""
        return np.asarray(self.areas.sum(axis=0)).ravel()


def glacier_cells(outlines, groups, grid, progress=SILENT, overlaps=()):
    """`GlacierCells` of outlines on a grid, outlines of one group together.

    Ice counts once: where outlines overlap, each has the part of the union's area in a cell
    that its own area is of the sum of theirs.

    Parameters
    ----------
    outlines : list of ring lists
        As from `orient_rings`, in the grid's CRS.
    groups : (outline,) int array
        Number 0… of the glacier (or region) each belongs to.
    grid : Grid
    overlaps : list of (outline numbers, ring list of their union)
        Outlines that overlap, each in one set at most.

    Returns
    -------
    GlacierCells
        Areas of ice in each cell, exact on the sphere. What lies outside the grid counts
        in ``area_km2`` only, and there overlaps count as often as they occur.

    """
    from scipy.sparse import coo_matrix

    cell_areas = np.broadcast_to(grid.cell_areas(), grid.shape)
    count = int(np.max(groups, initial=-1)) + 1
    whole = np.zeros(count)
    columns, areas = [], []
    for number, (rings, group) in enumerate(zip(outlines, groups)):
        progress.check()
        with located(f"outline {number + 1}"):
            cells, inside = _ice(rings, grid, cell_areas)
        if grid.is_geographic:
            exact = ring_area_km2(rings)
        else:
            unit = 1000.0 * np.sqrt(cell_areas[0, 0] / (grid.dx * grid.dy))
            exact = planar_area_km2(rings, unit)
        # Rounding must not make a glacier smaller than its cells.
        whole[group] += max(exact, inside.sum())
        columns.append(cells)
        areas.append(inside)
        progress.set((number + 1) / len(outlines))
    shape = (count, grid.ny * grid.nx)
    if not columns:
        return GlacierCells(coo_matrix(shape).tocsr(), whole)
    for numbers, union in overlaps:
        progress.check()
        share = _once([columns[i] for i in numbers], [areas[i] for i in numbers],
                      *_ice(union, grid, cell_areas))  # fmt: skip
        for i, part in zip(numbers, share):
            whole[groups[i]] -= (areas[i] * (1.0 - part)).sum()
            areas[i] = areas[i] * part
    rows = np.repeat(groups, [one.size for one in columns])
    data = (np.concatenate(areas), (rows, np.concatenate(columns)))
    return GlacierCells(coo_matrix(data, shape=shape).tocsr(), whole)


def _ice(rings, grid, cell_areas):
    """Cells that an outline touches and the area of it in each, km²."""
    row, col, fraction = outline_cells(rings, grid)
    return row * grid.nx + col, fraction * cell_areas[row, col]


def _once(columns, areas, cells, union):
    """For each outline: area of the union over the sum of all outlines, in its cells."""
    place = [np.searchsorted(cells, one) for one in columns]
    # A sliver of an outline may be too small to be kept in the union, or the reverse.
    known = [(at < cells.size) & (cells[np.minimum(at, cells.size - 1)] == one)
             for at, one in zip(place, columns)]  # fmt: skip
    total = np.zeros(cells.size)
    for at, there, area in zip(place, known, areas):
        total[at[there]] += area[there]
    share = np.minimum(np.divide(union, total, out=np.ones_like(total), where=total > 0), 1.0)
    # Rounding is no overlap.
    share[share > 1.0 - 1e-9] = 1.0
    parts = [np.ones(one.size) for one in columns]
    for part, at, there in zip(parts, place, known):
        part[there] = share[at[there]]
    return parts


def thickness_change(change, area_km2, quantity, density=ICE_DENSITY):
    """Mean change of ice thickness (time, glacier) in m: h = V / A (U1 Eq. 1).

    ``change`` (time, glacier): km³ of ice for ``volume``, Gt for ``mass``, m of ice for
    ``thickness``; ``area_km2`` (glacier,). Raises `ParameterError`.
    """
    if quantity not in QUANTITIES:
        raise ParameterError(f"one of {', '.join(QUANTITIES)} is expected", quantity, "QUANTITY")
    if not density > 0:
        raise ParameterError("a positive density is expected", density, "DENSITY")
    if quantity == "thickness":
        return np.asarray(change, dtype=np.float64)
    area = np.where(area_km2 > 0, area_km2, np.nan)
    volume = change if quantity == "volume" else change * WATER_DENSITY / density
    return volume / area * 1000.0


def water_layer(thickness, areas, cell_areas, density=ICE_DENSITY):
    """Water equivalent of glacier changes on the whole cell, cm (time, cell).

        LWE = h ρ_ice / ρ_water,   LWE′ = Σ_glaciers LWE · A_g / A_grid     (U1 Eqs 2–4)

    ``thickness`` (time, glacier) in m of ice, NaN = unknown; ``areas`` csr (glacier, cell)
    of ice in km²; ``cell_areas`` (cell,) km². A cell without ice has 0, one with a
    glacier of unknown change NaN.
    """
    known = np.isfinite(thickness)
    water = np.where(known, thickness, 0.0) * (density / WATER_DENSITY) * 100.0
    spread = areas.T.tocsr()
    layer = (spread @ water.T).T / cell_areas
    if not known.all():
        missing = (spread @ (~known).T.astype(float)).T
        layer[missing > 0] = np.nan
    return layer


def on_months(dates, values, months):
    """Values (month,) of a series at dated months, on a straight line in between.

    ``dates`` (n,) datetime64[M] rising, ``values`` (n,) NaN = missing; NaN before the first
    and after the last value. Raises `DataError` for a series without a value.
    """
    known = np.isfinite(values)
    if not known.any():
        raise DataError("a series with a value is expected", "none")
    x = np.asarray(dates, "datetime64[M]")[known].astype(float)
    return np.interp(
        np.asarray(months, "datetime64[M]").astype(float), x, values[known], np.nan, np.nan
    )
