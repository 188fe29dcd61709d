"""A raster that a user gives as a predictor: what it is called, its unit, its months."""

import re
from pathlib import Path

from ..data.static import open_stack_or_map

_SUBDATASET = re.compile(r'^(?:NETCDF|HDF5):"?(?P<path>.+?)"?:(?P<variable>[^:"]+)$', re.IGNORECASE)


class Layer:
    """An opened predictor layer; close it.

    ``number`` in the list from 1; ``names`` by which a mapping may call it: the layer's
    own, NetCDF variable or file, label of a map's band. Raises as `open_stack_or_map`.
    """

    def __init__(self, source, name="", number=1):
        self.source, self.number = str(source), number
        part = _SUBDATASET.match(self.source)
        stem = part["variable"] if part else Path(self.source.split("|")[0]).stem
        self.name = name or stem
        self.stack = open_stack_or_map(self.source, f"PREDICTORS #{number} ({self.name})")
        info = self.stack.info
        self.long_name, self.units = info.long_name, self.stack.units
        label = getattr(info, "label", "")
        self.is_map = hasattr(info, "label")
        self.names = tuple(
            dict.fromkeys(n for n in (self.name, stem, self.stack.variable, label) if n)
        )
        self.months = self.stack.months[:0] if self.is_map else self.stack.months

    grid = property(lambda self: self.stack.grid)

    def close(self):
        """Release the file."""
        self.stack.close()
