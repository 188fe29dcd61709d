"""Reading masks: one band of 0 and 1, whoever wrote it."""

import numpy as np

from ..data.openraster import HeldRaster
from ..data.reference import grid_of
from ..data.stack import short_name
from ..errors import DataError, ParameterError
from .masking import EXCLUDED, KEPT, UNKNOWN


class MaskFile(HeldRaster):
    """A mask opened for reading; use as a context manager or close it.

    Raises `ReadError`, `GridError`, and `ParameterError` for more than one band.
    """

    def __init__(self, source, parameter="MASK"):
        super().__init__(source, f"{parameter} ({short_name(source)})")

    def read_header(self):
        """Read ``grid`` and ``history``."""
        self.grid = grid_of(self._file, self.name)
        if self._file.count != 1:
            raise ParameterError(
                "a mask of one band is expected", f"{self._file.count} bands", self.name,
                "Make a mask with 'Water mask', 'Glacier mask' or 'Combine masks'.",
            )  # fmt: skip
        self.history = [h for h in self._file.tags().get("history", "").split("\n") if h]

    def read(self, row=0, col=0, ny=None, nx=None):
        """uint8 (y, x): 1 excluded, 0 kept, 255 unknown. `DataError` for other values."""
        raw = self.pixels(1, row, col, ny, nx)
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
