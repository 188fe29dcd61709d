"""Writing a NetCDF classic file with 64-bit offsets, record by record.

A second NetCDF library beside GDAL's crashes QGIS, and the pure-Python writer of
scipy holds the whole array in memory. The format is simple enough to be written
month by month: a header, the arrays without time, then one record a month.
Source: the NetCDF classic format specification (CDF-2).
"""

import struct
from dataclasses import dataclass, field

import numpy as np

from ..errors import ParameterError

#: What one record of a variable may take in this format.
MAX_RECORD_BYTES = 2**32 - 4
_TYPES = {"i1": 1, "S1": 2, "i2": 3, "i4": 4, "f4": 5, "f8": 6}
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12


@dataclass
class CdfVariable:
    """An array: numpy type, dimensions (the record dimension first, if any), attributes.

    ``values`` are those of an array without records, else None.
    """

    name: str
    kind: str
    dims: tuple
    attrs: dict = field(default_factory=dict)
    values: object = None
    begin: int = 0
    size: int = 0


class CdfWriter:
    """The file on a binary stream: everything but the records is written at once.

    ``dimensions`` maps names to sizes; ``record`` names the one along which records
    follow each other. Raises `ParameterError` where a record is too large.
    """

    def __init__(self, stream, dimensions, record, attributes, variables):
        self._stream, self._record = stream, record
        self._dims, self._variables = dict(dimensions), {v.name: v for v in variables}
        for variable in variables:
            sizes = [self._dims[d] for d in variable.dims if d != record]
            variable.size = int(np.prod(sizes, dtype=np.int64)) * np.dtype(variable.kind).itemsize
            if variable.size > MAX_RECORD_BYTES:
                raise ParameterError(
                    f"at most {MAX_RECORD_BYTES} bytes for one month of {variable.name} are "
                    "expected in NetCDF-3",
                    variable.size,
                    remedy="Export a smaller extent, or one GeoTIFF a month.",
                )
        # Twice, because the header holds offsets and its length decides about them.
        begin = len(self._header(attributes))
        fixed = [v for v in variables if record not in v.dims]
        records = [v for v in variables if record in v.dims]
        for variable in (*fixed, *records):
            variable.begin = begin
            begin += _padded(variable.size)
        self.record_bytes = sum(_padded(v.size) for v in records)
        stream.write(self._header(attributes))
        for variable in fixed:
            self._put(variable, variable.begin, variable.values)

    def write(self, name, record, values, offset=0):
        """Write ``values`` of one record of ``name``, from its element ``offset`` on."""
        variable = self._variables[name]
        begin = variable.begin + record * self.record_bytes
        self._put(variable, begin, values, offset)

    def _put(self, variable, begin, values, offset=0):
        kind = np.dtype(variable.kind).newbyteorder(">")
        data = np.ascontiguousarray(values, kind).tobytes()
        offset *= kind.itemsize
        self._stream.seek(begin + offset)
        if offset + len(data) == variable.size:
            data += bytes(_padded(variable.size) - variable.size)
        self._stream.write(data)

    def _header(self, attributes):
        names = list(self._dims)
        parts = [b"CDF\x02", _int(self._dims[self._record])]
        parts += [_int(_DIMENSIONS), _int(len(names))]
        for name in names:
            parts += [_name(name), _int(0 if name == self._record else self._dims[name])]
        parts.append(_attribute_list(attributes))
        parts += [_int(_VARIABLES), _int(len(self._variables))]
        for v in self._variables.values():
            parts += [_name(v.name), _int(len(v.dims)), *(_int(names.index(d)) for d in v.dims)]
            parts += [_attribute_list(v.attrs), _int(_TYPES[v.kind])]
            parts.append(struct.pack(">IQ", min(_padded(v.size), 2**32 - 1), v.begin))
        return b"".join(parts)


def _padded(size):
    return -(-size // 4) * 4


def _int(number):
    return struct.pack(">i", number)


def _text(data):
    return data + bytes(_padded(len(data)) - len(data))


def _name(name):
    data = name.encode("utf-8")
    return _int(len(data)) + _text(data)


def _attribute_list(attributes):
    given = [(k, v) for k, v in attributes.items() if v is not None and v != ""]
    if not given:
        return _int(0) + _int(0)
    parts = [_int(_ATTRIBUTES), _int(len(given))]
    for name, value in given:
        if isinstance(value, str):
            data = value.encode("utf-8")
            parts += [_name(name), _int(_TYPES["S1"]), _int(len(data)), _text(data)]
            continue
        values = np.atleast_1d(value)
        kind = values.dtype.newbyteorder(">")
        parts += [_name(name), _int(_TYPES[values.dtype.str[1:]]), _int(values.size)]
        parts.append(_text(values.astype(kind).tobytes()))
    return b"".join(parts)
