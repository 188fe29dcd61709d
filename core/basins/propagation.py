"""Uncertainty of the basin means of a whole stack."""

import numpy as np

from ..data.blocks import MEMORY_BUDGET
from ..errors import located
from ..progress import SILENT
from .touched import gather
from .uncertainty import mean_uncertainty


def basin_uncertainty(stack, sigma, matrix, length_km=300.0, progress=SILENT, memory=None):
    """One sigma of each basin mean and its upper bound, both (time, basin), cm.

    A month's mean is over the cells that have a value, so theirs are the errors
    that are propagated (`mean_uncertainty`); NaN where no cell of a basin has both
    a value and a sigma. Basins are taken in groups that fit the memory together,
    so that no block is read again for each of them.

    ``stack`` and ``sigma`` (one-sigma of the cells) share grid and months;
    ``length_km`` is the correlation length of the errors. Raises `DataError`,
    `ParameterError` as `mean_uncertainty` does.
    """
    memory, factor = memory or MEMORY_BUDGET, sigma.to_centimetres()
    months = stack.months.size
    mean, upper = (np.full((months, matrix.weights.shape[0]), np.nan) for _ in range(2))
    # Values and sigma of a group, and four arrays of a basin that may be all of it.
    room = max(1, int(memory // (6 * 8)))
    done = 0
    for group in _groups(matrix.weights, room // months):
        cells = np.unique(matrix.weights[group].indices)
        lat, lon = cell_positions(stack.grid, cells)
        step = min(months, max(1, room // cells.size))
        for start in range(0, months, step):
            progress.check()
            bands = range(start, min(months, start + step))
            errors = gather(sigma, cells, bands, memory) * factor
            errors[np.isnan(gather(stack, cells, bands, memory))] = np.nan
            for basin in group:
                progress.check()
                row = matrix.weights[basin]
                place = np.searchsorted(cells, row.indices)
                with located(sigma.name):
                    one = mean_uncertainty(
                        row.data, errors[:, place], lat[place], lon[place], length_km
                    )
                mean[bands.start : bands.stop, basin] = one.sigma
                upper[bands.start : bands.stop, basin] = one.upper
        done += len(group)
        progress.set(done / mean.shape[1])
    return mean, upper


def cell_positions(grid, cells):
    """Latitude and longitude (degrees) of the centres of cells ``row * nx + column``."""
    rows, cols = np.divmod(cells, grid.nx)
    x, y = grid.x[cols], grid.y[rows]
    if grid.is_geographic:
        return y, x
    from osgeo import osr

    systems = []
    for definition in (grid.crs, "EPSG:4326"):
        system = osr.SpatialReference()
        system.SetFromUserInput(definition)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        systems.append(system)
    points = osr.CoordinateTransformation(*systems).TransformPoints(np.column_stack([x, y]))
    points = np.asarray(points, float).reshape(-1, 3)
    return points[:, 1], points[:, 0]


def _groups(weights, room):
    """Lists of touched basins, neighbours together, of at most ``room`` cells or one basin."""
    count = np.diff(weights.indptr)
    touched = np.flatnonzero(count)
    first = weights.indices[weights.indptr[touched]]
    groups, size = [], 0
    for basin in touched[np.argsort(first, kind="stable")].tolist():
        if not groups or size + count[basin] > room:
            groups.append([])
            size = 0
        groups[-1].append(basin)
        size += count[basin]
    return groups
