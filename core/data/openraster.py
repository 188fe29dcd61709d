"""Rasters opened and read through rasterio, with errors that name them."""

import threading

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


class HeldRaster:
    """A raster held open for reading: a context manager, or close it. Safe in threads.

    A subclass reads the header in ``read_header``, among it ``grid``. Raises `ReadError`,
    and what ``read_header`` raises.
    """

    def __init__(self, source, name):
        self.source, self.name = str(source), name
        self._lock = threading.Lock()
        self._file = open_raster(self.source, name)
        try:
            self.read_header()
        except UnicodeDecodeError as error:
            self._file.close()
            raise ReadError(
                "readable descriptions and tags are expected",
                error.reason,
                name,
                "The file looks damaged.",
            ) from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def read_header(self):
        """Take from the open file what it says of itself."""

    def close(self):
        """Release the file, once no thread reads it any more."""
        with self._lock:
            self._file.close()

    def pixels(self, indexes, row=0, col=0, ny=None, nx=None, out=None):
        """Pixels of a block as the file holds them; ``indexes`` as in `read_window`.

        Into ``out`` where it is given, an array (band, y, x).
        """
        ny = self.grid.ny - row if ny is None else ny
        nx = self.grid.nx - col if nx is None else nx
        return read_window(self._file, self._lock, indexes, (col, row, nx, ny), self.name, out=out)


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
