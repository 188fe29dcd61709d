"""Writing multi-band GeoTIFFs block by block, atomically.

Tiled, band-interleaved (a pixel-interleaved file of 265 months takes a hundred
times longer to open one month), compressed, BigTIFF when needed.
"""

import os
import threading
from contextlib import ExitStack

import numpy as np

from ..errors import WriteError
from .atomic import atomic_path
from .gdalcache import closed, opened, written
from .gdalerrors import quiet_errors
from .geotiff import close, create, describe, flush_bands, write_pixels

#: Edge of a tile in cells. Small grids get a smaller tile: TIFF pads tiles.
TILE = 256


class RasterWriter:
    """A GeoTIFF being written; use as a context manager.

    ``bands`` are the band descriptions; ``units`` one unit or one per band;
    ``tags`` go to the data set. Missing values are NaN, or ``nodata`` for
    integer types. The file appears at ``path`` only when the block ends without
    an error and every tile arrived on the disk. ``name`` stands for the path in
    messages. ``tile_rows`` is for those who write strips of rows less high than a
    tile: 16, 32, 64 or 128. ``scale`` is what readers multiply the written numbers by.
    """

    def __init__(
        self,
        path,
        grid,
        bands,
        *,
        dtype="float32",
        nodata=np.nan,
        units="",
        tags=None,
        name="",
        tile_rows=TILE,
        scale=1.0,
    ):
        self.path, self.grid, self.bands = str(path), grid, list(bands)
        self.name = str(name or path)
        self.dtype, self.nodata = np.dtype(dtype), nodata
        self.units = [units] * len(self.bands) if isinstance(units, str) else list(units)
        self.tags = dict(tags or {})
        self.tile_rows, self.scale = tile_rows, scale
        self._lock = threading.Lock()

    @property
    def fill(self):
        """The value that stands for missing in this file."""
        return self.nodata

    def __enter__(self):
        with ExitStack() as stack:
            partial = os.fspath(stack.enter_context(atomic_path(self.path)))
            self._tile = _tile_rows(self.grid, self.tile_rows), _tile(self.grid.nx)
            self._file = create(
                partial, self.grid, len(self.bands), self.dtype.name, self._tile, self.name
            )
            stack.callback(self._close)
            opened(self)
            stack.callback(closed, self)
            # Before the first pixel: later the directory would be written twice.
            describe(self._file, self.bands, self.units, self.nodata, self.scale, self.tags)
            self._partial = partial
            self._exit = stack.pop_all()
        return self

    def write(self, values, row=0, col=0, first=None):
        """Write ``values`` (band, y, x) at ``row``, ``col``.

        All bands; with ``first``, those from that one on (0 is the first).
        """
        values = np.asarray(values)
        if values.ndim != 3 or (first is None and values.shape[0] != len(self.bands)):
            raise ValueError(f"{len(self.bands)} bands, not an array of shape {values.shape}")
        values = np.ascontiguousarray(values, self.dtype)
        bands = [(first or 0) + i + 1 for i in range(len(values))]
        ny, nx = values.shape[1:]
        with self._lock:
            if values.size:
                failure = write_pixels(self._file, values, (col, row, nx, ny), bands)
                if failure:
                    raise self._no_room(failure)
            whole = self._ends_tiles(row + ny, col + nx)
        written(self, values.nbytes, whole)

    def flush(self):
        """Compress and write what waits in GDAL's cache, in this thread."""
        with self._lock:
            failure = "" if self._file is None else flush_bands(self._file)
        if failure:
            raise self._no_room(failure)

    def _ends_tiles(self, bottom, right):
        """Whether a window ends where tiles do, so that those it began before are complete."""
        tile_y, tile_x = self._tile
        return (bottom % tile_y == 0 or bottom == self.grid.ny) and (
            right % tile_x == 0 or right == self.grid.nx
        )

    def _close(self):
        with self._lock, quiet_errors():
            if self._file is not None:
                close(self._file)
                self._file = None

    def __exit__(self, kind, error, trace):
        if kind is not None:
            return self._exit.__exit__(kind, error, trace)
        with self._exit:
            self.flush()
            self._close()
            self._check_written()
        return None

    def _check_written(self):
        # GDAL does not say of every tile whether it could be written: a full disk would
        # leave a file with holes.
        import rasterio
        from rasterio.errors import RasterioError, RasterioIOError

        size = os.path.getsize(self._partial)  # noqa: PTH202
        try:
            with rasterio.open(self._partial) as file:
                whole = file.count == len(self.bands) and all(
                    _tile_end(file, band, row, col) <= size
                    for band, (height, width) in enumerate(file.block_shapes, 1)
                    for row in range(-(-file.height // height))
                    for col in range(-(-file.width // width))
                )
        except (RasterioError, RasterioIOError) as error:
            raise self._no_room(error) from error
        if not whole:
            raise self._no_room("a file that lacks pixels")

    def _no_room(self, found):
        return WriteError(
            "room to write the raster is expected",
            found,
            self.name,
            "Is the disk full, or the file on a lost network drive?",
        )


def _tile_end(file, band, row, col):
    """The byte behind a tile, infinity for a tile that was never written."""
    offset, size = (
        int(file.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=band) or 0)
        for what in ("OFFSET", "SIZE")
    )
    return offset + size if offset and size else float("inf")


def tile_shape(grid):
    """Rows and columns of a tile in the files written for ``grid``."""
    return _tile(grid.ny), _tile(grid.nx)


def _tile_rows(grid, at_most):
    return min(at_most, _tile(grid.ny))


def _tile(cells):
    return min(TILE, -(-cells // 16) * 16)
