"""How long a classic NetCDF file (NetCDF-3) has to be.

The NetCDF library reads zeros behind the end of a truncated NetCDF-3 file and
reports nothing: a broken download would become a record of zeros. The header
says where every array ends, so the length can be checked before anything is read.
"""

import struct
from pathlib import Path

from ..errors import ReadError

_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
#: A variable may run over a dimension more than once; a thousand is the library's bound.
_REPEATED = 1024
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}


def check_whole(path):
    """Raise `ReadError` where a NetCDF-3 file ends before its arrays do.

    Whether it is one: files of any other format pass. Source: the NetCDF classic format
    specification (CDF-1, CDF-2 and CDF-5).
    """
    with Path(path).open("rb") as stream:
        magic = stream.read(4)
        if len(magic) < 4 or magic[:3] != b"CDF" or magic[3] not in (1, 2, 5):
            return False
        length = Path(path).stat().st_size
        try:
            needed = _Header(stream, magic[3], length).end()
        except (struct.error, KeyError, IndexError, ValueError) as error:
            raise _not_whole(path, "a whole header", length) from error
    if length < needed:
        raise _not_whole(path, f"{needed} bytes", length)
    return True


def _not_whole(path, expected, length):
    return ReadError(
        f"a NetCDF file with {expected} is expected",
        f"{length} bytes",
        Path(path).name,
        "It is truncated or damaged: download it again.",
    )


class _Header:
    """The header, read item by item in the order of the specification."""

    def __init__(self, stream, version, length):
        self._stream, self._length = stream, length
        self._count = ">q" if version == 5 else ">i"
        self._offset = ">i" if version == 1 else ">q"

    def end(self):
        """The byte at which the last array ends."""
        records = self._number(self._count)
        sizes = [self._dimension() for _ in range(self._list(_DIMENSIONS))]
        self._attributes()
        variables = [self._variable(sizes) for _ in range(self._list(_VARIABLES))]
        single = [v for v in variables if v[2]]
        # Records of a lone record variable follow each other without padding.
        step = single[0][1] if len(single) == 1 else sum(-(-v[1] // 4) * 4 for v in single)
        ends = [0]
        for begin, size, is_record in variables:
            # An unlimited length of -1 means that the file was being streamed.
            if not is_record:
                ends.append(begin + size if size else 0)
            elif records > 0:
                ends.append(begin + (records - 1) * step + size)
        return max(ends)

    def _number(self, form):
        return struct.unpack(form, self._stream.read(struct.calcsize(form)))[0]

    def _list(self, tag):
        """The length of the list of ``tag``; absent lists have the length 0."""
        found, count = self._number(">i"), self._number(self._count)
        if found not in (tag, 0) or (found == 0 and count) or not 0 <= count <= self._length:
            raise ValueError(found)
        return count

    def _index(self, count):
        found = self._number(self._count)
        if not 0 <= found < count:
            raise IndexError(found)
        return found

    def _padded(self, size):
        size = -(-size // 4) * 4
        if not 0 <= size <= self._length - self._stream.tell():
            raise IndexError(size)
        self._stream.seek(size, 1)

    def _name(self):
        self._padded(self._number(self._count))

    def _dimension(self):
        self._name()
        size = self._number(self._count)
        if size < 0:
            raise ValueError(size)
        return size

    def _attributes(self):
        for _ in range(self._list(_ATTRIBUTES)):
            self._name()
            kind = _TYPE_BYTES[self._number(">i")]
            self._padded(kind * self._number(self._count))

    def _variable(self, sizes):
        """Where a variable begins, its bytes (of one record), whether it has records."""
        self._name()
        count = self._number(self._count)
        if not 0 <= count <= len(sizes) + _REPEATED:
            raise ValueError(count)
        dims = [sizes[self._index(len(sizes))] for _ in range(count)]
        self._attributes()
        size = _TYPE_BYTES[self._number(">i")]
        self._number(self._count)  # its size as stated, which overflows for large arrays
        begin = self._number(self._offset)
        is_record = bool(dims) and dims[0] == 0
        for n in dims[1:] if is_record else dims:
            size *= n
        return begin, size, is_record
