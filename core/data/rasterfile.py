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

#: Edge of a tile in cells. Small grids get a smaller tile: TIFF pads tiles.
TILE = 256


class RasterWriter:
    """A GeoTIFF being written; use as a context manager.

    ``bands`` are the band descriptions; ``units`` one unit or one per band;
    ``tags`` go to the data set. Missing values are NaN, or ``nodata`` for
    integer types. The file appears at ``path`` only when the block ends without
    an error.
    """

    def __init__(self, path, grid, bands, *, dtype="float32", nodata=np.nan, units="", tags=None):
        self.path, self.grid, self.bands = str(path), grid, list(bands)
        self.dtype, self.nodata = np.dtype(dtype), nodata
        self.units = [units] * len(self.bands) if isinstance(units, str) else list(units)
        self.tags = dict(tags or {})
        self._lock = threading.Lock()

    @property
    def fill(self):
        """The value that stands for missing in this file."""
        return self.nodata

    def __enter__(self):
        import rasterio
        from rasterio.errors import RasterioError
        from rasterio.transform import Affine

        with ExitStack() as stack:
            partial = stack.enter_context(atomic_path(self.path))
            tile_x, tile_y = (_tile(n) for n in (self.grid.nx, self.grid.ny))
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
            except RasterioError as error:
                raise WriteError("a writable GeoTIFF is expected", error, self.path) from error
            stack.callback(self._file.close)
            # Before the first pixel: later the directory would be written twice.
            self._file.descriptions = tuple(self.bands)
            self._file.units = tuple(self.units)
            self._file.update_tags(AREA_OR_POINT="Area", **self.tags)
            self._exit = stack.pop_all()
        return self

    def write(self, values, row=0, col=0):
        """Write ``values`` (band, y, x) at ``row``, ``col``."""
        from rasterio.errors import RasterioError
        from rasterio.windows import Window

        values = np.asarray(values)
        window = Window(col, row, values.shape[2], values.shape[1])
        try:
            with self._lock:
                self._file.write(values.astype(self.dtype, copy=False), window=window)
        except RasterioError as error:
            raise WriteError(
                "room to write the raster is expected",
                error,
                self.path,
                "Is the disk full, or the file on a lost network drive?",
            ) from error

    def __exit__(self, *exc):
        return self._exit.__exit__(*exc)


def tile_shape(grid):
    """Rows and columns of a tile in the files written for ``grid``."""
    return _tile(grid.ny), _tile(grid.nx)


def _tile(cells):
    return min(TILE, -(-cells // 16) * 16)
