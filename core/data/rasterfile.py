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
from .gdalcache import closed, written

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
        import rasterio
        from rasterio.errors import RasterioError, RasterioIOError
        from rasterio.transform import Affine

        with ExitStack() as stack:
            partial = stack.enter_context(atomic_path(self.path))
            tile_x, tile_y = _tile(self.grid.nx), min(self.tile_rows, _tile(self.grid.ny))
            self._tile = tile_y, tile_x
            try:
                self._file = rasterio.open(
                    os.fspath(partial),
                    "w",
                    driver="GTiff",
                    width=self.grid.nx,
                    height=self.grid.ny,
                    count=len(self.bands),
                    dtype=self.dtype.name,
                    crs=self.grid.crs or None,
                    transform=Affine.from_gdal(*self.grid.geotransform),
                    nodata=self.nodata,
                    tiled=True,
                    blockxsize=tile_x,
                    blockysize=tile_y,
                    interleave="band",
                    compress="deflate",
                    zlevel=1,
                    predictor=3 if self.dtype.kind == "f" else 2,
                    bigtiff="if_safer",
                )
            except (RasterioError, RasterioIOError) as error:
                raise WriteError("a writable GeoTIFF is expected", error, self.name) from error
            stack.callback(closed, self)
            stack.callback(self._file.close)
            # Before the first pixel: later the directory would be written twice.
            self._file.descriptions = tuple(self.bands)
            self._file.units = tuple(self.units)
            if self.scale != 1.0:
                self._file.scales = (self.scale,) * len(self.bands)
            self._file.update_tags(AREA_OR_POINT="Area", **self.tags)
            self._partial = os.fspath(partial)
            self._exit = stack.pop_all()
        return self

    def write(self, values, row=0, col=0, first=None):
        """Write ``values`` (band, y, x) at ``row``, ``col``.

        All bands; with ``first``, those from that one on (0 is the first).
        """
        from rasterio.errors import RasterioError, RasterioIOError
        from rasterio.windows import Window

        values = np.asarray(values)
        if values.ndim != 3 or (first is None and values.shape[0] != len(self.bands)):
            raise ValueError(f"{len(self.bands)} bands, not an array of shape {values.shape}")
        indexes = None if first is None else [first + i + 1 for i in range(len(values))]
        window = Window(col, row, values.shape[2], values.shape[1])
        try:
            with self._lock:
                self._file.write(values.astype(self.dtype, copy=False), indexes, window=window)
                written(self, values.size * self.dtype.itemsize, self._ends_tiles(window))
        except (RasterioError, RasterioIOError) as error:
            raise self._no_room(error) from error

    def _ends_tiles(self, window):
        """Whether a window ends where tiles do, so that those it began before are complete."""
        bottom, right = window.row_off + window.height, window.col_off + window.width
        tile_y, tile_x = self._tile
        return (bottom % tile_y == 0 or bottom == self.grid.ny) and (
            right % tile_x == 0 or right == self.grid.nx
        )

    def __exit__(self, kind, error, trace):
        if kind is not None:
            return self._exit.__exit__(kind, error, trace)
        with self._exit:
            self._file.close()
            self._check_written()
        return None

    def _check_written(self):
        # Most tiles are written while the file is being closed, and rasterio does
        # not say when that failed: a full disk would leave a file with holes.
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


def _tile(cells):
    return min(TILE, -(-cells // 16) * 16)
