"""Reading NetCDF and HDF5 through GDAL's multidimensional API.

Inside QGIS the map canvas reads NetCDF through GDAL on other threads; a second
NetCDF library in the process crashed it. So product files are read with GDAL alone.
"""

from pathlib import Path

import numpy as np

from ..errors import ReadError


class MultidimFile:
    """A NetCDF or HDF5 file opened through GDAL's multidimensional API.

    Raises `ReadError` when the file is missing, of another format, or damaged.
    """

    def __init__(self, path):
        from osgeo import gdal

        self.path, self.name = str(path), Path(path).name
        if not Path(path).is_file():
            raise ReadError("an existing file is expected", "none", self.path)
        self._gdal = gdal
        dataset = self._call(gdal.OpenEx, self.path, gdal.OF_MULTIDIM_RASTER)
        if dataset is None:
            raise ReadError("a NetCDF or HDF5 file is expected", "another format", self.name)
        self._dataset = dataset
        self._root = dataset.GetRootGroup()

    def _call(self, function, *args):
        # GDAL reports by exception or by None depending on a global switch that
        # belongs to the host program; both end as a ReadError here.
        try:
            with self._quiet():
                return function(*args)
        except RuntimeError as error:
            raise ReadError(
                "a readable NetCDF or HDF5 file is expected", error, self.name
            ) from error

    def _quiet(self):
        return _QuietErrors(self._gdal)

    def names(self):
        """Names of the arrays in the root group."""
        return list(self._root.GetMDArrayNames() or [])

    def variable(self, name):
        """The array ``name`` as a `Variable`; `ReadError` lists what there is."""
        if name not in self.names():
            raise ReadError(
                f"a variable named {name!r} is expected",
                ", ".join(self.names()) or "no variables",
                self.name,
            )
        return Variable(self, self._call(self._root.OpenMDArray, name), name)

    def attributes(self):
        """Global attributes as a dictionary."""
        return {a.GetName(): a.Read() for a in self._root.GetAttributes()}


class Variable:
    """One array: its dimensions, attributes and values."""

    def __init__(self, file, array, name):
        self._file, self._array, self.name = file, array, name
        dimensions = array.GetDimensions()
        self.dims = [d.GetName() for d in dimensions]
        self.shape = tuple(int(d.GetSize()) for d in dimensions)
        self.attrs = {a.GetName(): a.Read() for a in array.GetAttributes()}
        self.units = array.GetUnit() or self.attribute("units")

    def attribute(self, name, default=""):
        """An attribute, whatever the case of its name (CSR writes ``Units``)."""
        for key, value in self.attrs.items():
            if key.lower() == name.lower():
                return value
        return default

    def read(self, start=None, count=None, dtype="float64"):
        """Values of a block with fill values as NaN, scale and offset applied."""
        start = list(start or [0] * len(self.shape))
        count = list(count or [n - s for n, s in zip(self.shape, start)])
        raw = self._file._call(self._array.ReadAsArray, start, count)
        if raw is None:
            raise ReadError(
                f"readable values of {self.name!r} are expected",
                self._file._gdal.GetLastErrorMsg() or "an unreadable block",
                self._file.name,
                "The file looks truncated or damaged: download it again.",
            )
        values = np.asarray(raw).astype(dtype)
        if raw.dtype.kind in "fiu":
            self._blank_fills(raw, values)
            scale, offset = self._array.GetScale(), self._array.GetOffset()
            if scale not in (None, 1.0) or offset not in (None, 0.0):
                values = values * (1.0 if scale is None else scale) + (offset or 0.0)
        return values

    def _blank_fills(self, raw, values):
        fills = {self._array.GetNoDataValueAsDouble(), self.attribute("missing_value", None)}
        for fill in fills:
            if isinstance(fill, (int, float)) and values.dtype.kind == "f" and fill == fill:
                values[raw == raw.dtype.type(fill)] = np.nan


class _QuietErrors:
    """GDAL errors of this thread go to our exceptions, not to the console."""

    def __init__(self, gdal):
        self._gdal = gdal

    def __enter__(self):
        self._gdal.ErrorReset()
        self._gdal.PushErrorHandler("CPLQuietErrorHandler")

    def __exit__(self, *exc):
        self._gdal.PopErrorHandler()
