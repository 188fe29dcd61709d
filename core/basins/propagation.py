"""Uncertainty of the basin means of a whole stack."""

import numpy as np

from ..data.blocks import MEMORY_BUDGET
from ..data.flags import FILLED_FLAGS
from ..errors import located
from ..progress import SILENT
from .mascons import find_mascons
from .touched import gather
from .uncertainty import mean_uncertainty


def basin_uncertainty(
    stack,
    sigma,
    matrix,
    length_km=300.0,
    progress=SILENT,
    memory=None,
    *,
    flags=None,
    components=(),
    correlation="auto",
    mascon_ids=None,
):
    """One sigma of each basin mean, its upper bound, both (time, basin), cm, and the model.

    A month's mean is over the cells that have a value, so theirs are the errors
    that are propagated (`mean_uncertainty`); NaN where no cell of a basin has both
    a value and a sigma. Basins are taken in groups that fit the memory together,
    so that no block is read again for each of them.

    ``stack`` and ``sigma`` (one-sigma of the cells) share grid and months;
    ``length_km`` is the correlation length of the errors. ``flags`` tell where sigma
    is that of a filled value. ``components`` are one-sigma stacks of what was taken
    off the satellite's storage, correlated over ``length_km`` too, their variances
    added. ``correlation`` and ``mascon_ids`` as for `find_mascons`. The third value
    is ``mascon`` or ``gaussian``. Raises `DataError`, `ParameterError` as
    `mean_uncertainty` and `find_mascons` do.
    """
    memory = memory or MEMORY_BUDGET
    touched = matrix.touched
    mascon = find_mascons(stack, touched, correlation, mascon_ids, memory)
    months = stack.months.size
    shape = (months, matrix.weights.shape[0])
    mean, upper = np.full(shape, np.nan), np.full(shape, np.nan)
    # Values, sigma and flags of a group, and five arrays of a basin that may be all of it.
    room = max(1, int(memory // ((8 + len(components)) * 8)))
    done = 0
    for group in _groups(matrix.weights, room // months):
        cells = np.unique(matrix.weights[group].indices)
        lat, lon = cell_positions(stack.grid, cells)
        label = None if mascon is None else mascon[np.searchsorted(touched, cells)]
        step = min(months, max(1, room // cells.size))
        for start in range(0, months, step):
            progress.check()
            bands = range(start, min(months, start + step))
            missing = np.isnan(gather(stack, cells, bands, memory))
            made = None
            if flags is not None:
                made = np.isin(gather(flags, cells, bands, memory), FILLED_FLAGS)
            sources = []
            for number, source in enumerate((sigma, *components)):
                errors = gather(source, cells, bands, memory) * source.to_centimetres()
                errors[missing] = np.nan
                satellite = (label, made) if number == 0 else (None, None)
                sources.append((errors, source.name, *satellite))
            for basin in group:
                progress.check()
                row = matrix.weights[basin]
                place = np.searchsorted(cells, row.indices)
                variance = bound = 0.0
                for errors, name, own, filled in sources:
                    with located(name):
                        one = mean_uncertainty(
                            row.data,
                            errors[:, place],
                            lat[place],
                            lon[place],
                            length_km,
                            None if own is None else own[place],
                            None if filled is None else filled[:, place],
                        )
                    variance, bound = variance + one.sigma**2, bound + one.upper**2
                mean[bands.start : bands.stop, basin] = np.sqrt(variance)
                upper[bands.start : bands.stop, basin] = np.sqrt(bound)
        done += len(group)
        progress.set(done / mean.shape[1])
    return mean, upper, "gaussian" if mascon is None else "mascon"


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
