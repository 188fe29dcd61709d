"""Rasters opened and read through rasterio, with errors that name them."""

from ..errors import ReadError
from .sound import check_source


def open_raster(source, name=""):
    """The open rasterio data set of anything GDAL opens; `ReadError` naming ``name`` else.

    A damaged NetCDF or HDF5 file is refused before GDAL sees it.
    """
    import rasterio
    from rasterio.errors import RasterioError, RasterioIOError

    check_source(source)
    try:
        return rasterio.open(str(source))
    # Older versions do not count the second among the first.
    except (RasterioError, RasterioIOError) as error:
        raise ReadError("a raster that GDAL can open is expected", error, name or source) from error


def read_window(file, lock, indexes, window, name, **more):
    """Pixels of a window (col, row, nx, ny) as the file holds them; one thread at a time.

    ``indexes``: GDAL's number of a band (y, x), several or None for all (band, y, x).
    Raises `ReadError` naming ``name`` where they cannot be read.
    """
    from rasterio.errors import RasterioError, RasterioIOError
    from rasterio.windows import Window

    try:
        with lock:
            return file.read(indexes, window=Window(*window), **more)
    except (RasterioError, RasterioIOError) as error:
        raise ReadError(
            "readable pixels are expected", error, name, "The file looks damaged."
        ) from error
