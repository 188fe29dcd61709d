"""The one door to a user's NetCDF and HDF5 files: checked first, opened by a library then.

A damaged header must be an error in a dialog. Left to the libraries it can end QGIS,
and with it whatever the user has not saved.
"""

import re
from collections import OrderedDict
from pathlib import Path

from ..errors import ReadError
from .classic import check_whole
from .hdf5.source import Damage, Source
from .hdf5.superblock import find_superblock
from .hdf5.walk import Walk

_SUBSET = re.compile(r"(?:NETCDF|HDF5):(.+)", re.IGNORECASE | re.DOTALL)
#: Files that were found sound, by what changes when they do.
_SOUND: OrderedDict = OrderedDict()
_KEPT = 256


def check_source(source):
    """As `check_sound` for a raster source: a path, or ``NETCDF:"path":variable``."""
    path = _path_of(str(source))
    if path.is_file():
        check_sound(path)


def _path_of(source):
    subset = _SUBSET.match(source)
    if subset is None:
        return Path(source.split("|")[0])
    path = Path(subset[1].strip('"'))
    # Without quotes the path may hold colons, as on Windows; the last one may be its own.
    return path if path.is_file() else Path(subset[1].rpartition(":")[0].strip('"'))


def check_sound(path):
    """Raise `ReadError` where a NetCDF or HDF5 file is damaged; other files pass.

    Reads the structure, not the values: cost grows with objects and chunks.
    """
    path = Path(path)
    try:
        stat = path.stat()
        key = (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if key in _SOUND:
            return
        check_whole(path)
        with path.open("rb") as stream:
            place = find_superblock(stream, stat.st_size)
            if place is not None:
                _walk(stream, stat.st_size, place, path.name)
    except OSError as error:
        raise ReadError("a readable file is expected", error.strerror or error, path) from error
    _SOUND[key] = True
    while len(_SOUND) > _KEPT:
        _SOUND.popitem(last=False)


def _walk(stream, length, place, name):
    try:
        Walk(Source(stream, length), place).run()
    except Damage as damage:
        raise ReadError(
            "a NetCDF-4 or HDF5 file that is built as its format says is expected",
            f"{damage.what}, at byte {damage.offset}",
            name,
            "It is truncated or damaged: download it again.",
        ) from damage
