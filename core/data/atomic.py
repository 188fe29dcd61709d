"""Files appear whole or not at all."""

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
    the target is a folder or held open elsewhere.
    """
    with atomic_paths([target]) as (partial,):
        yield partial


@contextmanager
def atomic_paths(targets):
    """Yield a temporary path for each of ``targets`` (None for None): all or none appear.

    As `atomic_path`; where one target cannot be replaced, the others get back what
    stood there before. Raises `WriteError` also when two targets are one file.
    """
    wanted = [Path(target) for target in targets if target]
    _check_different(wanted)
    partials = []
    try:
        for target in wanted:
            partials.append(_reserve(target))
        left = iter(partials)
        yield [next(left) if target else None for target in targets]
        _replace(list(zip(partials, wanted)))
    finally:
        for partial in partials:
            _remove_with_sidecars(partial)


def _check_different(targets):
    seen = set()
    for target in targets:
        if target.resolve() in seen:
            raise WriteError("a file of its own for each output is expected", "one", str(target))
        seen.add(target.resolve())


def _reserve(target):
    """An empty temporary file beside the target."""
    if target.is_dir():
        raise WriteError("the name of a file is expected", "a folder", str(target))
    if not target.parent.is_dir():
        raise WriteError(
            "an existing, writable folder is expected", f"no folder {target.parent}", str(target)
        )
    # A long name must not grow beyond what the file system allows.
    partial = target.with_name(f".{target.stem[:40]}.{uuid.uuid4().hex[:12]}.part{target.suffix}")
    try:
        with partial.open("xb"):
            pass
    except OSError as error:
        raise WriteError(
            "a writable folder is expected", error.strerror or error, str(target)
        ) from error
    return partial


def _replace(pairs):
    kept, done = [], []
    target = None
    try:
        for partial, target in pairs:
            if target.is_dir():
                raise IsADirectoryError("a folder of that name")
            if len(pairs) > 1 and target.exists():
                backup = partial.with_name(partial.name + ".old")
                target.replace(backup)
                kept.append((backup, target))
            partial.replace(target)
            done.append(target)
    except OSError as error:
        for appeared in done:
            _remove(appeared)
        for backup, old in kept:
            backup.replace(old)
        raise WriteError(
            "a target that can be replaced is expected",
            error.strerror or error,
            str(target),
            "Close it in other programs and remove its layer from the map, or choose another "
            "name. The old file is unchanged.",
        ) from error
    for backup, _ in kept:
        _remove(backup)
    for old in done:
        _remove_sidecars(old)


def _remove_sidecars(target):
    for end in _SIDECARS:
        side = target.with_name(target.name + end)
        try:
            _remove(side)
        except OSError as error:
            raise WriteError(
                f"{target.name} was written, but its outdated side file cannot be deleted",
                error.strerror or error,
                str(side),
                "Delete it by hand: it holds the statistics of the old file.",
            ) from error


def _remove_with_sidecars(partial):
    _remove(partial)
    for end in _SIDECARS:
        _remove(partial.with_name(partial.name + end))


def _remove(path):
    path.unlink(missing_ok=True)
