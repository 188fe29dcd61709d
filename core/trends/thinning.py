"""A picture's worth of a raster, however large it is."""

import numpy as np

from ..data.bands import BandFile, strips

#: Cells along the longer side that a picture can show.
CELLS = 1200


def picture_of(file, band):
    """Every n-th cell of a band of a `BandFile`, (y, x), and the extent of the raster."""
    step = max(1, -(-max(file.grid.shape) // CELLS))
    rows = [
        file.read([band], row, 0, ny)[0][-row % step :: step, ::step]
        for row, ny in strips(file.grid, 4)
    ]
    return np.concatenate(rows), file.grid.extent


def common_limit(paths, band):
    """The larger 98th percentile of |values| of a band in several rasters, for one colour scale.

    None where no raster holds a value.
    """
    limits = []
    for path in paths:
        with BandFile(path) as file:
            values = np.abs(picture_of(file, band)[0])
        if np.isfinite(values).any():
            limits.append(float(np.nanpercentile(values, 98)))
    return max(limits, default=None)
