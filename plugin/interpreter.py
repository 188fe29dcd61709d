"""The Python interpreter that belongs to the Python inside QGIS.

``sys.executable`` is QGIS itself on Windows and macOS: started with ``-m pip`` it would
open a second window. On Linux it is the first ``python3`` on the search path, which may be
of another installation. So names of interpreters are looked up around it, and each is
asked for its version and standard library before it is trusted.
"""

import os
import sys
from pathlib import Path

from qgis.PyQt.QtCore import QProcess

#: Answers with the version, whether pip is there, and a file of the standard library.
_QUESTION = (
    "import sys, os, importlib.util as u; "
    "print(*sys.version_info[:2], u.find_spec('pip') is not None, os.__file__)"
)
_PATIENCE = 20_000  # milliseconds


def find_interpreter(candidates=None, library=os.__file__):
    """The interpreter of this Python and whether it has pip: (path, bool).

    The first with pip that has this standard library, else one of them without pip, else
    the same among other installations of this version; (None, False) where there is none.
    ``candidates``: paths to ask, those of `interpreters` unless given. ``library``: a file
    of the standard library.
    """
    best = (-1, None, False)
    for path in interpreters() if candidates is None else candidates:
        version, has_pip, other = _ask(path)
        if version != sys.version_info[:2]:
            continue
        score = 2 if Path(other).exists() and Path(other).samefile(library) else 0
        best = max(best, (score + has_pip, path, has_pip), key=lambda found: found[0])
        if best[0] == 3:
            break
    return best[1:]


def interpreters(system=None, executable=None, prefixes=None, version=None):
    """Files that may be the interpreter, likeliest first.

    The arguments, those of this process unless given: ``sys.platform``, ``sys.executable``,
    the prefixes of Python, and its (major, minor).
    """
    system = system or sys.platform
    program = Path(sys.executable if executable is None else executable)
    prefixes = [Path(p) for p in prefixes or (sys.exec_prefix, sys.base_exec_prefix)]
    major, minor = version or sys.version_info[:2]
    names = [f"python{major}.{minor}", f"python{major}", "python"]
    beside = program.parent
    if system == "win32":
        # OSGeo4W: bin\qgis-bin.exe beside bin\python3.exe; Python's own in apps\Python312.
        names = [f"{name}.exe" for name in (f"python{major}", "python")]
        folders = [*prefixes, beside, *(p / "Scripts" for p in prefixes)]
    elif system == "darwin":
        # QGIS.app/Contents/MacOS/QGIS: bin/python3 below it (QGIS 3), or a wrapper named
        # python beside it that sets PYTHONHOME (QGIS 4), which goes before what it wraps.
        names = [f"python{major}", "python", f"python{major}.{minor}"]
        folders = [beside / "bin", beside, *(p / "bin" for p in prefixes)]
    else:
        folders = [*(p / "bin" for p in prefixes), beside]
    found = [folder / name for folder in folders for name in names]
    if program.name.lower().startswith("python"):
        found.append(program)
    return [str(p) for p in dict.fromkeys(found) if p.is_file() and os.access(p, os.X_OK)]


def _ask(path):
    """((major, minor), has pip, library) of an interpreter; (None, False, "") if it is none."""
    process = QProcess()
    process.start(path, ["-c", _QUESTION])
    if not process.waitForFinished(_PATIENCE):
        process.kill()
        process.waitForFinished(_PATIENCE)
        return None, False, ""
    text = bytes(process.readAllStandardOutput()).decode(errors="replace").strip()
    words = text.split(" ", 3)
    if len(words) != 4 or not (words[0].isdigit() and words[1].isdigit()):
        return None, False, ""
    return (int(words[0]), int(words[1])), words[2] == "True", words[3]
