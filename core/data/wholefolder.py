"""Files that appear in a folder all together or not at all."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from ..errors import WriteError


@contextmanager
def whole_folder(target):
    """Yield a hidden folder inside ``target``; on success its files move into ``target``.

    ``target`` is made where it is not there (its parent must be), and removed again
    where nothing came of it. Files of the same names are replaced, with their statistics
    (``.aux.xml``), others stay.
    Raises `WriteError`.
    """
    target = Path(target)
    new = not target.exists()
    hidden = None
    try:
        target.mkdir(exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=".part-", dir=target))
        yield hidden
        for path in sorted(hidden.iterdir()):
            path.replace(target / path.name)
            (target / f"{path.name}.aux.xml").unlink(missing_ok=True)
        new = False
    except OSError as error:
        raise WriteError(
            "a folder that can be written is expected",
            error.strerror or error,
            str(target),
            "Close its files in other programs, or choose another folder.",
        ) from error
    finally:
        if hidden is not None:
            shutil.rmtree(hidden, ignore_errors=True)
        if new and target.is_dir() and not any(target.iterdir()):
            target.rmdir()
