"""One BLAS thread while our own threads work.

The block engine runs one kernel per core. OpenBLAS would start its own threads
inside each of them, for matrices of 48 × 48: with two cores the gap filling
ran five times slower that way. The setting is looked up in the library numpy
has already loaded; where it cannot be found nothing is changed.
"""

import ctypes
import os
import sys
import threading
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

_LIBRARIES = ("libblas.so.3", "libopenblas.so.0", "libopenblas.dylib", "libopenblas.dll")
_PREFIXES = ("", "scipy_")
_SUFFIXES = ("", "64_")

_lock = threading.Lock()
_users = 0
_before: dict = {}


@contextmanager
def single_blas_thread():
    """Hold BLAS to one thread inside the block; nested and concurrent use is safe."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            for i, (get, put) in enumerate(_controls()):
                _before[i] = get()
                put(1)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                for i, (_, put) in enumerate(_controls()):
                    put(_before[i])


def blas_threads():
    """Threads of each BLAS library found, for tests."""
    return [get() for get, _ in _controls()]


@lru_cache(maxsize=1)
def _controls():
    found = {}
    for name in (*_bundled(), *_LIBRARIES):
        library = _loaded(name)
        if library is None:
            continue
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                put = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", None)
                get = getattr(library, f"{prefix}openblas_get_num_threads{suffix}", None)
                if put is not None and get is not None:
                    put.argtypes, put.restype = [ctypes.c_int], None
                    get.argtypes, get.restype = [], ctypes.c_int
                    address = ctypes.cast(put, ctypes.c_void_p).value
                    found.setdefault(address, (get, put))
    return tuple(found.values())


def _bundled():
    """OpenBLAS inside numpy's wheel, on every platform."""
    package = Path(np.__file__).parent
    folders = (package.parent / "numpy.libs", package / ".dylibs")
    return [str(path) for folder in folders for path in sorted(folder.glob("*openblas*"))]


def _loaded(name):
    """A handle of a library that the process has loaded already, or None."""
    try:
        if sys.platform == "win32":
            return ctypes.CDLL(name) if os.path.isabs(name) else None  # noqa: PTH117
        return ctypes.CDLL(name, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
    except OSError:
        return None
