"""Rasters that this project did not write, and the grid of those it did."""

import numpy as np
from grace_water_toolbox.core.data.grid import Grid

GRID = Grid(-180.0, 90.0, 0.5, 0.25, 20, 30)
MONTHS = np.arange("2003-11", "2004-04", dtype="datetime64[M]")


def write_raster(path, raw, *, names=None, crs="EPSG:4326", transform=None, nodata=None, **bands):
    """A GeoTIFF that this project did not write."""
    import rasterio
    from rasterio.transform import from_origin

    raw = np.asarray(raw)
    with rasterio.open(
        path, "w", driver="GTiff", count=raw.shape[0], height=raw.shape[1], width=raw.shape[2],
        dtype=raw.dtype.name, crs=crs, nodata=nodata,
        transform=from_origin(0, 10, 1, 1) if transform is None else transform,
    ) as file:  # fmt: skip
        file.write(raw)
        if names:
            file.descriptions = names
        for key, value in bands.items():
            setattr(file, key, value)
    return path
