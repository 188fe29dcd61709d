"""Specific yield of wells: one value, a raster, a field, or regions."""

import numpy as np

from ..data.openraster import open_raster
from ..data.points import cells_of_points
from ..data.reference import read_grid
from ..errors import DataError, ParameterError, ReadError

#: Zhang et al., Table 2: south, north, west, east, specific yield. The first that
#: holds a point counts, since the boxes overlap (METHODS §10).
REGIONS = (
    ("Asia", 10, 80, 60, 150, 0.11),
    ("Europe and Middle East", 35, 75, -25, 60, 0.14),
    ("North America", 15, 75, -170, -50, 0.16),
    ("South America", -60, 15, -90, -30, 0.18),
    ("Africa", -35, 35, -20, 55, 0.08),
    ("Australia and Oceania", -50, 0, 110, 180, 0.09),
)
ELSEWHERE = 0.15


def regional_yield(lon, lat):
    """Specific yield (point,) by region of `REGIONS`; 0.15 elsewhere.

    ``lon``, ``lat`` in degrees, longitudes of any turn. Sides belong to a box.
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    lon = np.mod(lon + 180.0, 360.0) - 180.0
    result = np.full(lat.shape, ELSEWHERE)
    for _, south, north, west, east, value in reversed(REGIONS):
        # 180° E is −180°.
        inside = ((lon >= west) & (lon <= east)) | ((east == 180) & (lon == -180))
        result[inside & (lat >= south) & (lat <= north)] = value
    return result


def checked_yield(values, where):
    """Specific yields (well,), NaN where unknown; refuses what is no share.

    Raises `DataError` for values outside 0…1, such as percent, or where all are missing.
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    if not known.any():
        raise DataError("a specific yield at one well at least is expected", "none", where)
    low, high = values[known].min(), values[known].max()
    if low <= 0 or high > 1:
        raise DataError(
            "specific yields as shares above 0 and up to 1 are expected",
            f"{low:g} to {high:g}",
            where,
            "Divide percent by 100. Mark cells without a specific yield as no data.",
        )
    return values


def one_yield(value, count):
    """The same specific yield for all wells; `ParameterError` outside 0…1."""
    if not 0 < value <= 1:
        raise ParameterError(
            "a specific yield above 0 and up to 1 is expected", value, "SPECIFIC_YIELD"
        )
    return np.full(count, float(value))


def sample_raster(source, name, x, y):
    """Values (point,) of the first band of a raster at points in its own CRS.

    NaN outside and where the raster has no data. Raises `ReadError`, `GridError`.
    """
    from rasterio.errors import RasterioError, RasterioIOError
    from rasterio.windows import Window

    rows, columns, inside = cells_of_points(read_grid(source, name), x, y)
    result = np.full(inside.shape, np.nan)
    try:
        with open_raster(source, name) as file:
            scale, offset = file.scales[0], file.offsets[0]
            for i in np.flatnonzero(inside):
                window = Window(int(columns[i]), int(rows[i]), 1, 1)
                value = file.read(1, window=window, masked=True)[0, 0]
                if value is not np.ma.masked and np.isfinite(value):
                    result[i] = float(value) * scale + offset
    except (RasterioError, RasterioIOError) as error:
        raise ReadError("readable pixels are expected", error, name) from error
    return result
