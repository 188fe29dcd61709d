"""Files appear whole or not at all."""

import os
import re
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import WriteError

#: Side files that describe the replaced raster and would show its old statistics.
_SIDECARS = (".aux.xml", ".ovr", ".msk")
#: Age in seconds from which a temporary file belongs to a run that was killed.
STALE_SECONDS = 86400.0
#: Characters of the target's name in that of its temporary file: a long name must
#: not grow beyond what the file system allows.
_STEM = 40
_BACKUP = ".old"
_PARTIAL = re.compile(r"\..+\.[0-9a-f]{12}\.part(?:\.[^.]+)?")


@contextmanager
def atomic_path(target):
    """Yield a temporary path beside ``target``; on success it replaces the target.

    On any error or cancellation the temporary file is deleted and what stood at
    ``target`` is kept. A killed process leaves its temporary file, under a hidden
    name; the next run with this target deletes it once it is a day old. Raises
    `WriteError` when the folder cannot be written or the target is a folder or held
    open elsewhere.
    """
    with atomic_paths([target]) as (partial,):
        yield partial


@contextmanager
def atomic_paths(targets):
    """Yield a temporary path for each of ``targets`` (None for None): all or none appear.

    As `atomic_path`; where one target cannot be replaced, the others get back what
    stood there before. A target that is itself such a temporary path is written as it
    is: whoever reserved it replaces or deletes it. Raises `WriteError` also when two
    targets are one file.
    """
    wanted = [Path(target) for target in targets if target]
    _check_different(wanted)
    reserved = {}
    try:
        for target in wanted:
            if not _is_reserved(target):
                reserved[target] = _reserve(target)
        yield [target and reserved.get(Path(target), Path(target)) for target in targets]
        _replace([(partial, target) for target, partial in reserved.items()])
    finally:
        for partial in reserved.values():
            _remove_with_sidecars(partial)


@contextmanager
def scratch_path(target):
    """Yield a temporary path beside ``target`` that is deleted in any case.

    For what lies between two steps and is as large as the result: beside it there is
    room if there is room at all. Raises as `atomic_path`.
    """
    partial = _reserve(Path(target))
    try:
        yield partial
    finally:
        _remove_with_sidecars(partial)


def _is_reserved(path):
    """Whether a path is the temporary one of a target further out."""
    return bool(_PARTIAL.fullmatch(path.name)) and path.is_file()


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
    _sweep(target)
    partial = target.with_name(
        f".{target.stem[:_STEM]}.{uuid.uuid4().hex[:12]}.part{target.suffix}"
    )
    try:
        with partial.open("xb"):
            pass
    except OSError as error:
        raise WriteError(
            "a writable folder is expected", error.strerror or error, str(target)
        ) from error
    return partial


def _sweep(target):
    """Delete what killed runs left beside the target; what cannot be deleted stays."""
    name = re.compile(
        rf"\.{re.escape(target.stem[:_STEM])}\.[0-9a-f]{{12}}\.part{re.escape(target.suffix)}"
        rf"(?P<end>{'|'.join(map(re.escape, (*_SIDECARS, _BACKUP)))})?"
    )
    # A backup may be all that is left of a target, this one or one whose name begins alike.
    spare = not target.exists() or len(target.stem) > _STEM
    with suppress(OSError):
        for path in target.parent.iterdir():
            found = name.fullmatch(path.name)
            if not found or (found["end"] == _BACKUP and spare):
                continue
            with suppress(OSError):
                state = path.stat()
                # A backup is as old as its content, but its name is new.
                kept = found["end"] == _BACKUP
                changed = max(state.st_mtime, state.st_ctime) if kept else state.st_mtime
                if time.time() - changed > STALE_SECONDS:
                    path.unlink()


def _back_up(target, backup):
    """Keep what stands at the target under a second name, if possible beside its own."""
    # Windows lets nobody delete the second name of a file that is open elsewhere.
    if os.name != "nt":
        with suppress(OSError):
            os.link(target, backup)
            return
    target.replace(backup)


def _replace(pairs):
    kept, done = [], []
    target = None
    try:
        for partial, target in pairs:
            if target.is_dir():
                raise IsADirectoryError("a folder of that name")
            if len(pairs) > 1 and target.exists():
                backup = partial.with_name(partial.name + _BACKUP)
                _back_up(target, backup)
                kept.append((backup, target))
            partial.replace(target)
            done.append(target)
    except OSError as error:
        for appeared in set(done) - {old for _, old in kept}:
            _remove(appeared)
        for backup, old in kept:
            if old in done or not old.exists():
                backup.replace(old)
            _remove(backup)
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
