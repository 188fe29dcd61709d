"""Reading masks: one band of 0 and 1, whoever wrote it."""

import threading

import numpy as np

from ..data.openraster import open_raster, read_window
from ..data.reference import read_grid
from ..data.stack import short_name
from ..errors import DataError, ParameterError
from .masking import EXCLUDED, KEPT, UNKNOWN


class MaskFile:
    """A mask opened for reading; use as a context manager or close it.

    Raises `ReadError`, `GridError`, and `ParameterError` for more than one band.
    """

    def __init__(self, source, parameter="MASK"):
        self.name = f"{parameter} ({short_name(source)})"
        self.grid = read_grid(source, self.name)
        self._lock = threading.Lock()
        self._file = open_raster(source, self.name)
        if self._file.count != 1:
            count = self._file.count
            self._file.close()
            raise ParameterError(
                "a mask of one band is expected", f"{count} bands", self.name,
                "Make a mask with 'Water mask', 'Glacier mask' or 'Combine masks'.",
            )  # fmt: skip
        self.history = [h for h in self._file.tags().get("history", "").split("\n") if h]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        """Release the file."""
        self._file.close()

    def read(self, row=0, col=0, ny=None, nx=None):
        """uint8 (y, x): 1 excluded, 0 kept, 255 unknown. `DataError` for other values."""
        ny = self.grid.ny - row if ny is None else ny
        nx = self.grid.nx - col if nx is None else nx
        raw = read_window(self._file, self._lock, 1, (col, row, nx, ny), self.name)
        nodata = self._file.nodatavals[0]
        mask = np.full(raw.shape, UNKNOWN, np.uint8)
        known = np.isfinite(raw) if raw.dtype.kind == "f" else np.ones(raw.shape, bool)
        if nodata is not None and np.isfinite(nodata):
            known &= raw != nodata
        for value in (KEPT, EXCLUDED):
            # A file whose nodata value is 0 means "not in the mask" by it.
            mask[(raw == value) & (known | (nodata == value))] = value
        wrong = known & (mask == UNKNOWN) & (raw != UNKNOWN)
        if wrong.any():
            raise DataError(
                "a mask of 0 (kept), 1 (excluded) and no data is expected",
                f"the value {raw[wrong][0]:g}",
                self.name,
                "Make a mask with 'Water mask', 'Glacier mask' or 'Combine masks'.",
            )
        return mask
