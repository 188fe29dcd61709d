"""Class rasters of the twin's region: surface water and aquifers. No seed matters here."""

import numpy as np

from ..basins.coverage import covered_fraction
from .grid import Grid
from .rasterfile import RasterWriter
from .sample import NOTE
from .twin_local import LAKE
from .twin_region import FINE_GRID, basin_rings, land_mask
from .twin_wells import AQUIFERS

#: Classes of the yearly surface water raster.
NO_DATA, LAND, SEASONAL, PERMANENT = 0, 1, 2, 3
#: Around the lake falls dry what lies within this times its half axes.
SEASONAL_REACH = 1.2
#: WHYMAP classes of the land outside the basins, in bands from west to east.
OUTER_AQUIFERS = (11, 13, 22, 25, 34)


def _cells(factor):
    """A grid ``factor`` times finer than 0.5 degree, and land on it (0.5 degree cells)."""
    coarse = FINE_GRID
    step = coarse.dx / factor
    grid = Grid(coarse.x0, coarse.y0, step, step, coarse.nx * factor, coarse.ny * factor)
    return grid, np.repeat(np.repeat(land_mask(), factor, 0), factor, 1)


def water_classes():
    """(grid, uint8 (y, x)) at 0.01 degree: 0 sea (no data), 1 land, 2 seasonal, 3 permanent.

    Permanent is where the centre lies in the lake's outline.
    """
    grid, land = _cells(50)
    lon, lat, a, b = LAKE
    reach = np.hypot((grid.x[None, :] - lon) / a, (grid.y[:, None] - lat) / b)
    classes = np.where(reach < 1, PERMANENT, np.where(reach < SEASONAL_REACH, SEASONAL, LAND))
    return grid, np.where(land, classes, NO_DATA).astype("uint8")


def aquifer_classes(size="small"):
    """(grid, uint8 (y, x)): WHYMAP classes, 0 over the sea (no data).

    Cells of 0.1 degree, of 0.01 for the size ``kilometre``.

    A cell belongs to the basin that covers most of it where one covers half.
    """
    grid, land = _cells(50 if size == "kilometre" else 5)
    bands = np.linspace(0, len(OUTER_AQUIFERS), grid.nx, endpoint=False).astype(int)
    classes = np.broadcast_to(np.array(OUTER_AQUIFERS)[bands], grid.shape).copy()
    most = np.full(grid.shape, 0.5)
    for name, rings in basin_rings().items():
        share = np.zeros(grid.shape)
        rows, cols, fraction = covered_fraction(rings, grid)
        share[rows, cols] = fraction
        classes[share >= most] = AQUIFERS[name][0]
        most = np.maximum(most, share)
    return grid, np.where(land, classes, NO_DATA).astype("uint8")


def write_classes(found, label, path):
    """Write the (grid, classes) of one of the above as a Byte raster with 0 as no data."""
    grid, classes = found
    tags = {"long_name": f"{label} (synthetic)", "history": NOTE}
    with RasterWriter(path, grid, [label], dtype="uint8", nodata=NO_DATA, tags=tags) as writer:
        writer.write(classes[None])
