"""Files appear whole or not at all."""

import os
import uuid
from contextlib import contextmanager
from pathlib import Path

from ..errors import WriteError

#: Side files that describe the replaced raster and would show its old statistics.
_SIDECARS = (".aux.xml", ".ovr", ".msk")


@contextmanager
def atomic_path(target):
    """Yield a temporary path beside ``target``; on success it replaces the target.

    On any error or cancellation the temporary file is deleted and what stood at
    ``target`` is kept. Raises `WriteError` when the folder cannot be written or
    the target is held open elsewhere.
    """
    target = Path(target)
    if not target.parent.is_dir():
        raise WriteError(
            "an existing, writable folder is expected", str(target.parent), str(target)
        )
    partial = target.with_name(f".{target.stem}.{uuid.uuid4().hex[:12]}.part{target.suffix}")
    try:
        try:
            with partial.open("xb"):
                pass
        except OSError as error:
            raise WriteError("a writable folder is expected", error, str(target)) from error
        yield partial
        _replace(partial, target)
    finally:
        _remove(partial)
        for end in _SIDECARS:
            _remove(partial.with_name(partial.name + end))


def _replace(partial, target):
    try:
        os.replace(partial, target)
    except OSError as error:
        raise WriteError(
            "a target that can be replaced is expected",
            error,
            str(target),
            "Close it in other programs and remove its layer from the map, or choose another "
            "name. The old file is unchanged.",
        ) from error
    for end in _SIDECARS:
        _remove(target.with_name(target.name + end))


def _remove(path):
    path.unlink(missing_ok=True)
