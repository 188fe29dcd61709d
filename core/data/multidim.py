"""Reading NetCDF and HDF5 through GDAL's multidimensional API.

Inside QGIS the map canvas reads NetCDF through GDAL on other threads; a second
NetCDF library in the process crashed it. So product files are read with GDAL alone.
"""

from pathlib import Path

import numpy as np

from ..errors import ReadError
from .gdalerrors import quiet_errors
from .sound import check_sound

#: Endings of HDF5 files that the NetCDF library may not read, such as GSFC's.
_HDF5 = (".h5", ".hdf5", ".he5", ".hdf")
#: What the NetCDF library puts where floating-point numbers were never written.
_DEFAULT_FILL = 9.9692099683868690e36


class MultidimFile:
    """A NetCDF or HDF5 file opened through GDAL's multidimensional API.

    Raises `ReadError` when the file is missing, of another format, or damaged.
    """

    def __init__(self, path):
        from osgeo import gdal

        self.path, self.name = str(path), Path(path).name
        if not Path(path).is_file():
            raise ReadError("an existing file is expected", "none", self.path)
        check_sound(path)
        self._gdal = gdal
        dataset = self._open()
        if dataset is None:
            raise ReadError(
                "a NetCDF or HDF5 file is expected",
                "another format",
                self.name,
                "If it should be one, it is truncated or damaged: download it again.",
            )
        self._dataset = dataset
        self._root = dataset.GetRootGroup()
        if self._root is None:
            raise ReadError("a file with arrays is expected", "none", self.name)

    def _open(self):
        # One driver at a time: what the NetCDF library refuses as damaged can end the
        # process in the other one, which only plain HDF5 files need.
        drivers = [["netCDF"]] + [["HDF5"]] * (Path(self.path).suffix.lower() in _HDF5)
        flags = self._gdal.OF_MULTIDIM_RASTER
        for number, names in enumerate(drivers, 1):
            try:
                dataset = self._call(self._gdal.OpenEx, self.path, flags, names)
            except ReadError:
                if number == len(drivers):
                    raise
                continue
            if dataset is not None:
                return dataset
        return None

    def _call(self, function, *args):
        # GDAL reports by exception or by None depending on a global switch that
        # belongs to the host program; both end as a ReadError here.
        try:
            with quiet_errors():
                return function(*args)
        except RuntimeError as error:
            raise ReadError(
                "a readable NetCDF or HDF5 file is expected", error, self.name
            ) from error

    def names(self):
        """Names of the arrays in the root group."""
        return list(self._call(self._root.GetMDArrayNames) or [])

    def variable(self, name):
        """The array ``name`` as a `Variable`; `ReadError` lists what there is."""
        if name not in self.names():
            raise ReadError(
                f"a variable named {name!r} is expected",
                ", ".join(self.names()) or "no variables",
                self.name,
            )
        array = self._call(self._root.OpenMDArray, name)
        if array is None:
            raise ReadError(f"a readable variable {name!r} is expected", "none", self.name)
        return Variable(self, array, name)

    def groups(self):
        """Names of the groups in the root group."""
        return list(self._call(self._root.GetGroupNames) or [])

    def grouped(self, group, name):
        """The array ``name`` of a group as a `Variable`; `ReadError` lists what there is."""
        inside = self._call(self._root.OpenGroup, group) if group in self.groups() else None
        names = list(self._call(inside.GetMDArrayNames) or []) if inside is not None else []
        if name not in names:
            raise ReadError(
                f"a variable named '/{group}/{name}' is expected",
                ", ".join(names) or f"none in '/{group}'",
                self.name,
            )
        return Variable(self, self._call(inside.OpenMDArray, name), f"/{group}/{name}")

    def attributes(self):
        """Global attributes as a dictionary."""
        return self._call(_attributes, self._root)


class Variable:
    """One array: its dimensions, attributes and values."""

    def __init__(self, file, array, name):
        self._file, self._array, self.name = file, array, name
        dimensions = array.GetDimensions()
        self.dims = [d.GetName() for d in dimensions]
        self.shape = tuple(int(d.GetSize()) for d in dimensions)
        self.attrs = file._call(_attributes, array)
        self.units = array.GetUnit() or self.attribute("units")

    @property
    def block(self):
        """Elements along each dimension that the file stores together (0: it does not say)."""
        return tuple(int(n) for n in self._array.GetBlockSize() or ())

    @property
    def plain_dtype(self):
        """The type that holds the values as `read` gives them, without loss."""
        return (
            "float32"
            if self._numbers() == np.float32 and self._packing() == (1.0, 0.0)
            else "float64"
        )

    def attribute(self, name, default=""):
        """An attribute, whatever the case of its name (CSR writes ``Units``)."""
        for key, value in self.attrs.items():
            if key.lower() == name.lower():
                return value
        # GDAL leaves 'Units' out of the list as if it were 'units', but never reads it.
        spellings = (name, name.capitalize(), name.upper())
        found = (self._stated(spelling) for spelling in spellings)
        return next((value for value in found if value is not None), default)

    def read(self, start=None, count=None, dtype="float64"):
        """Values of a block with fill values as NaN, scale and offset applied."""
        start = list(start or [0] * len(self.shape))
        count = list(count or [n - s for n, s in zip(self.shape, start)])
        raw = self._raw(start, count)
        values = raw.astype(dtype)
        if values.dtype.kind == "f":
            for fill in self._fills(raw.dtype):
                values[raw == fill] = np.nan
        scale, offset = self._packing()
        return values if (scale, offset) == (1.0, 0.0) else values * scale + offset

    def _packing(self):
        """Scale and offset; GDAL's HDF5 driver leaves them to the reader."""
        pair = []
        for found, name, none in (
            (self._array.GetScale(), "scale_factor", 1.0),
            (self._array.GetOffset(), "add_offset", 0.0),
        ):
            stated = self._stated(name) if found is None else found
            number = np.ravel(none if stated is None else stated)[0]
            pair.append(float(number) if isinstance(number, (int, float, np.number)) else none)
        return tuple(pair)

    def _raw(self, start, count):
        """Numbers as the file holds them."""
        kind = self._numbers()
        if 0 in count:
            return np.empty(count, kind)
        # Not ReadAsArray: where the host has GDAL's exceptions switched off it hands
        # out memory that was never filled when a block cannot be read.
        content = self._file._call(self._array.Read, start, count)
        if content is None:
            raise ReadError(
                f"readable values of {self.name!r} are expected",
                self._file._gdal.GetLastErrorMsg() or "an unreadable block",
                self._file.name,
                "The file looks truncated or damaged: download it again.",
            )
        return np.frombuffer(content, kind).reshape(count)

    def _numbers(self):
        """The type of the numbers in the file."""
        from osgeo import gdal_array

        kind = gdal_array.GDALTypeCodeToNumericTypeCode(
            self._array.GetDataType().GetNumericDataType()
        )
        if kind is None:
            raise ReadError(f"numbers in {self.name!r} are expected", "others", self._file.name)
        return kind

    def _fills(self, kind):
        """The numbers that stand for missing, as far as ``kind`` can hold them."""
        declared = self._stated("_FillValue")
        found = [self._array.GetNoDataValueAsDouble(), self._stated("missing_value"), declared]
        if kind.kind == "f" and declared is None:
            found.append(_DEFAULT_FILL)
        limits = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
        return {
            kind.type(number)
            for fill in found
            if fill is not None
            for number in np.ravel(fill).tolist()
            if isinstance(number, (int, float)) and limits.min <= number <= limits.max
        }

    def _stated(self, name):
        """An attribute that GDAL does not list because it interprets it, or None."""
        try:
            with quiet_errors():
                attribute = self._array.GetAttribute(name)
                return None if attribute is None else attribute.Read()
        except RuntimeError:
            return None


def _attributes(holder):
    return {a.GetName(): a.Read() for a in holder.GetAttributes()}
