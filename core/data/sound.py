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
from .sidecar import check_sums, sidecars

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

    Reads the structure, not the values: cost grows with objects and chunks. Only where
    a checksum file lies beside it is the whole file read.
    """
    path = Path(path)
    try:
        key = _state(path)
        if key in _SOUND:
            return
        classic, length = check_whole(path), path.stat().st_size
        with path.open("rb") as stream:
            place = None if classic else find_superblock(stream, length)
            if place is not None:
                _walk(stream, length, place, path.name)
        if classic or place is not None:
            check_sums(path)
    except OSError as error:
        raise ReadError("a readable file is expected", error.strerror, path) from error
    _SOUND[key] = True
    while len(_SOUND) > _KEPT:
        _SOUND.popitem(last=False)


def _state(path):
    """What changes when a file or a checksum file beside it does."""
    stats = [(str(p), p.stat()) for p in (path, *sidecars(path))]
    return tuple((name, s.st_size, s.st_mtime_ns, s.st_ino) for name, s in stats)


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
