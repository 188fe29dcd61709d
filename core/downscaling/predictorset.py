"""The predictor set: all predictors of a model on one fine grid, in one file.

A GeoTIFF like a stack, but with several variables: the bands of a variable that
changes are named ``precipitation 2004-01``, those of one that does not ``elevation``.
Each band states its unit. A month of a variable that is not there is not known.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from ..data.months import month_text, parse_month
from ..data.openraster import HeldRaster
from ..data.rasterfile import RasterWriter
from ..data.reference import grid_of
from ..data.stack import short_name
from ..errors import ReadError

KIND = "gracewater predictors"
_DATED = re.compile(r"^(?P<name>\S+) (?P<month>\d{4}-\d{2})$")
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


@dataclass
class Predictor:
    """One variable of a set: its unit, and the band of each month (or of all)."""

    name: str
    units: str
    bands: dict = field(default_factory=dict)
    band: int = 0

    @property
    def is_static(self):
        """Whether one band serves all months."""
        return bool(self.band)

    @property
    def months(self):
        """Months with a band, in order, datetime64[M]."""
        return np.array(sorted(self.bands), dtype="datetime64[M]")


def band_names(name, months=None):
    """Band descriptions of a variable: one a month, or one alone for ``months`` None."""
    return [name] if months is None else [f"{name} {month_text(m)}" for m in months]


class PredictorSet(HeldRaster):
    """A predictor set opened for reading; use as a context manager. Safe in threads.

    Raises `ReadError` for a raster that is no predictor set and `GridError` for one
    without a place on the globe.
    """

    def __init__(self, source, name=""):
        super().__init__(source, name or short_name(source))

    def read_header(self):
        """Read ``grid``, ``variables`` and ``history``."""
        file = self._file
        self.grid = grid_of(file, self.name)
        self.variables = {}
        for band, (text, units) in enumerate(zip(file.descriptions, file.units), 1):
            dated = _DATED.match(text or "")
            name = dated["name"] if dated else text
            if not name or not _NAME.match(name):
                raise ReadError(
                    "a predictor set, whose bands are named like 'precipitation 2004-01' or "
                    "'elevation', is expected",
                    f"band {band} named {text or 'nothing'!r}",
                    self.name,
                    "Make one with 'Prepare predictors'.",
                )
            entry = self.variables.setdefault(name, Predictor(name, units or ""))
            if dated:
                entry.bands[parse_month(dated["month"], self.name)] = band
            else:
                entry.band = band
        # Each of these asks GDAL about every band, of which there may be thousands.
        self._nodata = file.nodatavals
        self.history = tuple(x for x in file.tags().get("history", "").split("\n") if x)

    def bands_at(self, name, month):
        """Number of the band of a variable at a month, 0 where there is none."""
        entry = self.variables.get(name)
        if entry is None:
            return 0
        return entry.band or entry.bands.get(np.datetime64(month, "M"), 0)

    def read(self, bands, row=0, col=0, ny=None, nx=None):
        """float32 (band, y, x) of a block, NaN where missing; band 0 reads as NaN."""
        ny = self.grid.ny - row if ny is None else ny
        nx = self.grid.nx - col if nx is None else nx
        out = np.full((len(bands), ny, nx), np.nan, dtype=np.float32)
        there = [i for i, band in enumerate(bands) if band]
        if not there:
            return out
        raw = self.pixels([int(bands[i]) for i in there], row, col, ny, nx)
        for i, values in zip(there, raw):
            nodata = self._nodata[int(bands[i]) - 1]
            out[i] = values
            if nodata is not None and not np.isnan(nodata):
                out[i][values == nodata] = np.nan
        return out


def predictor_writer(path, grid, variables, history=(), **more):
    """A `RasterWriter` for a predictor set; write (band, y, x) in the order of the bands.

    ``variables``: sequence of (name, units, months or None for a static one).
    """
    names, units = [], []
    for name, unit, months in variables:
        if not _NAME.match(name):
            raise ReadError("a name of letters, digits and _ is expected", name, "PREDICTORS")
        bands = band_names(name, months)
        names += bands
        units += [unit] * len(bands)
    tags = {"kind": KIND, "history": "\n".join(history)}
    return RasterWriter(path, grid, names, units=units, tags=tags, **more)
