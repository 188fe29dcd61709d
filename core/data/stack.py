"""The monthly stack: the one thing that flows through the toolbox.

A raster with one band a month, complete and in order, NaN = missing, units,
baseline and history in its tags. Between steps it is a GeoTIFF; `MonthlyStack`
reads it block by block, and `to_xarray` gives the labelled array of DESIGN.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ReadError
from . import months as calendar
from .bandmonths import band_months
from .grid import WGS84, Grid
from .openraster import HeldRaster
from .rasterfile import RasterWriter
from .reference import grid_of
from .units import storage_factor


@dataclass(frozen=True)
class StackInfo:
    """What a stack says of itself, apart from its values."""

    grid: Grid
    months: np.ndarray
    units: str = ""
    long_name: str = ""
    baseline: tuple = ()
    history: tuple = ()

    def tags(self):
        """The data set tags that carry this information in a GeoTIFF."""
        tags = {"units": self.units, "long_name": self.long_name}
        if self.baseline:
            tags["baseline"] = "/".join(self.baseline)
        if self.history:
            tags["history"] = "\n".join(self.history)
        return {k: v for k, v in tags.items() if v}

    def labels(self):
        """Descriptions of its bands in a GeoTIFF."""
        return [calendar.month_text(m) for m in self.months]


class MonthlyStack(HeldRaster):
    """A stack opened for reading; use as a context manager or close it.

    ``source`` is anything GDAL opens as a raster with dated bands: our GeoTIFF,
    another GeoTIFF with ISO months as band descriptions, or a
    ``NETCDF:"file":variable`` source. Raises `ReadError`, `TimeAxisError`,
    `GridError`. Reading is safe from several threads.
    """

    def __init__(self, source, name=""):
        super().__init__(source, name or short_name(source))

    def read_header(self):
        """Read ``info``."""
        self.info = self._read_info()

    grid = property(lambda self: self.info.grid)
    months = property(lambda self: self.info.months)
    units = property(lambda self: self.info.units)
    baseline = property(lambda self: self.info.baseline)

    @property
    def variable(self):
        """Name of the NetCDF variable it is read from, empty for another raster."""
        return self._file.tags(1).get("NETCDF_VARNAME", "")

    def _read_info(self):
        file, tags = self._file, self._file.tags()
        grid = grid_of(file, self.name, crs=_crs_of_degrees(tags))
        for scale, offset in set(zip(file.scales, file.offsets)):
            check_scale(scale, offset, self.name)
        months = self._read_months()
        units = tags.get("units") or next((u for u in file.units if u), "") or ""
        baseline = tuple(m for m in tags.get("baseline", "").split("/") if m)
        history = tuple(line for line in tags.get("history", "").split("\n") if line)
        return StackInfo(grid, months, units, tags.get("long_name", ""), baseline, history)

    def _read_months(self):
        months = band_months(self._file, self.name)
        calendar.check_complete(months, self.name)
        return months

    def read(self, row=0, col=0, ny=None, nx=None, bands=None, dtype="float64", scratch=None):
        """Values (time, y, x) of a block, NaN where missing, scale and offset applied.

        With a `Scratch` they are read into its memory, and lost with the next call.
        """
        ny = self.grid.ny - row if ny is None else ny
        nx = self.grid.nx - col if nx is None else nx
        indexes = None if bands is None else [int(b) + 1 for b in bands]
        if indexes == []:
            return np.empty((0, ny, nx), dtype)
        out = None
        if scratch is not None and len(set(self._file.dtypes)) == 1:
            count = self._file.count if indexes is None else len(indexes)
            out = scratch.array((count, ny, nx), self._file.dtypes[0])
        raw = self.pixels(indexes, row, col, ny, nx, out)
        return self._decode(raw, self._file.indexes if indexes is None else indexes, dtype)

    @property
    def layout(self):
        """How a GeoTIFF holds its bands: ``band`` after band, or all of a ``pixel``; else empty."""
        if self._file.driver != "GTiff" or not self._file.interleaving:
            return ""
        return "pixel" if self._file.interleaving.value == "PIXEL" else "band"

    def reopened(self):
        """The same stack through a handle of its own, for another thread; to be closed."""
        return MonthlyStack(self.source, self.name)

    @property
    def in_strips(self):
        """Whether the file holds whole rows and no tiles."""
        return self._file.block_shapes[0][1] >= self.grid.nx

    @property
    def exact_dtype(self):
        """The smallest float type that holds the values as `read` gives them, unrounded."""
        small = ("float32", "int16", "uint16", "int8", "uint8")
        plain = all(d in small for d in self._file.dtypes)
        plain &= all(s == 1.0 for s in self._file.scales)
        plain &= all(o == 0.0 for o in self._file.offsets)
        return "float32" if plain else "float64"

    def _decode(self, raw, indexes, dtype):
        values = raw.astype(dtype, copy=False)
        # Each of these asks GDAL about every band.
        nodatas, scales, offsets = self._file.nodatavals, self._file.scales, self._file.offsets
        for i, band in enumerate(indexes):
            nodata, scale, offset = (one[band - 1] for one in (nodatas, scales, offsets))
            if nodata is not None and _holds(raw.dtype, nodata):
                values[i][raw[i] == raw.dtype.type(nodata)] = np.nan
            if scale != 1.0 or offset != 0.0:
                values[i] = values[i] * scale + offset
        return values

    def read_flags(self, row=0, col=0, ny=None, nx=None):
        """Raw integer flags (time, y, x) of a block of a flag stack."""
        return self.pixels(None, row, col, ny, nx).astype("uint8")

    def to_centimetres(self):
        """Factor from this stack's units to cm of equivalent water height."""
        return storage_factor(self.units, self.name)

    def to_xarray(self):
        """The whole stack as an `xarray.DataArray` (time, y, x), float32."""
        import xarray

        attrs = dict(self.info.tags(), crs=self.grid.crs)
        return xarray.DataArray(
            self.read(dtype="float32"),
            dims=("time", "y", "x"),
            coords={
                "time": self.months.astype("datetime64[ns]"),
                "y": self.grid.y,
                "x": self.grid.x,
            },
            attrs=attrs,
        )


def stack_writer(path, info, dtype="float32", nodata=np.nan, **more):
    """A `RasterWriter` for a stack described by ``info``; ``more`` as it takes them."""
    return RasterWriter(
        path,
        info.grid,
        info.labels(),
        dtype=dtype,
        nodata=nodata,
        units=info.units,
        tags=info.tags(),
        **more,
    )


def write_stack(path, info, values):
    """Write a small stack, ``values`` (time, y, x), in one go."""
    with stack_writer(path, info) as writer:
        writer.write(values)


def short_name(source):
    """The part of a source that a person recognises."""
    text = str(source)
    if text.upper().startswith(("NETCDF:", "HDF5:")):
        return text
    return Path(text.split("|")[0]).name or text


def check_scale(scale, offset, name):
    """Raise `ReadError` for the scale and the offset of a band that cannot be meant."""
    if not (np.isfinite(scale) and scale != 0 and np.isfinite(offset)):
        raise ReadError(
            "a finite scale other than 0 and a finite offset are expected",
            f"{scale:g} and {offset:g}",
            name,
            "Its header is damaged, or it was written wrongly.",
        )


def _crs_of_degrees(tags):
    """WGS 84 for a NetCDF that says degrees east and north but no datum, else nothing."""
    stated = {value for key, value in tags.items() if key.endswith("#units")}
    return WGS84 if {"degrees_east", "degrees_north"} <= stated else ""


def _holds(dtype, value):
    """Whether ``dtype`` can hold ``value``; NaN needs no search."""
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return bool(limits.min <= value <= limits.max)
