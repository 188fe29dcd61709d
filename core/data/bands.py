"""Rasters whose bands have names, such as a trend map: found by name, never by number."""

import numpy as np

from ..errors import ParameterError
from .openraster import HeldRaster
from .reference import grid_of
from .stack import short_name

#: Bytes of one strip of rows, all planes together.
STRIP_BYTES = 256 * 2**20


class BandFile(HeldRaster):
    """A raster opened for reading by the descriptions of its bands.

    Use as a context manager or close it. ``names`` are the descriptions; a band
    without one is called ``band 3``. Raises `ReadError`, `GridError`.
    """

    def __init__(self, source, parameter="INPUT"):
        super().__init__(source, f"{parameter} ({short_name(source)})")

    def read_header(self):
        """Read ``grid``, ``names``, ``tags`` and ``history``."""
        self.grid = grid_of(self._file, self.name)
        self.names = tuple(d or f"band {i}" for i, d in enumerate(self._file.descriptions, 1))
        self.tags = self._file.tags()
        self.history = tuple(h for h in self.tags.get("history", "").split("\n") if h)

    def index(self, name, parameter="BAND", remedy=""):
        """GDAL's number of the band described ``name``. Raises `ParameterError`."""
        if name in self.names:
            return self.names.index(name) + 1
        shown = ", ".join(self.names[:12]) + (" …" if len(self.names) > 12 else "")
        raise ParameterError(
            f"a band described {name!r} is expected in {self.name}", shown, parameter, remedy
        )

    def unit(self, name):
        """The unit of a band, else that of the raster; empty where none is stated."""
        own = self._file.units[self.index(name) - 1]
        return own or (self.tags.get("units", "") if len(self.names) == 1 else "")

    def read(self, names, row=0, col=0, ny=None, nx=None):
        """Values (band, y, x), float64, NaN where missing, scale and offset applied."""
        indexes = [self.index(name) for name in names]
        raw = self.pixels(indexes, row, col, ny, nx)
        values = raw.astype(np.float64)
        for plane, stored, index in zip(values, raw, indexes):
            nodata = self._file.nodatavals[index - 1]
            if nodata is not None and np.isfinite(nodata):
                plane[stored == nodata] = np.nan
            scale, offset = self._file.scales[index - 1], self._file.offsets[index - 1]
            if scale != 1.0 or offset != 0.0:
                plane *= scale
                plane += offset
        values[~np.isfinite(values)] = np.nan
        return values


def strips(grid, planes, memory=None):
    """Yield (row, ny): strips of whole rows, ``planes`` numbers of 8 bytes a cell in memory."""
    rows = max(1, int((memory or STRIP_BYTES) // (8 * max(1, planes) * grid.nx)))
    if rows > 256:
        # Whole tiles, so that none is decoded twice.
        rows = rows // 256 * 256
    for row in range(0, grid.ny, rows):
        yield row, min(rows, grid.ny - row)
