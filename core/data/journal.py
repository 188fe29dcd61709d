"""What a run has finished, so that a killed one can go on where it stopped.

A hidden file beside the target, `.NAME.KEY.resume`, to which every finished chunk
is appended. The key stands for the method and its settings; each chunk names the
values it was computed from, by a hash of their bits. So a run goes on only from
results that it would compute again.
"""

import hashlib
import json
import os
import re
import time
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..errors import WriteError
from .atomic import STALE_SECONDS

_MAGIC = b"GWTj"
_HEAD = len(_MAGIC) + 12
_STEM = 40


class Journal:
    """The finished chunks of one run; use as a context manager.

    On success the file is deleted; on an error or Cancel too, unless ``keep``. Only
    a process that was killed leaves it behind, and the next run with the same
    target, settings and values goes on from it. One of other settings is deleted
    once it is a day old. ``settings`` is any text that tells runs apart.
    """

    def __init__(self, target, settings, keep=False):
        target = Path(target)
        key = hashlib.blake2b(settings.encode(), digest_size=6).hexdigest()
        self._stem = f".{target.stem[:_STEM]}."
        self.path = target.with_name(f"{self._stem}{key}.resume")
        self.keep = keep
        self.restored = 0
        self._index = {}
        self._file = None

    def __enter__(self):
        self._sweep()
        try:
            # Opened for reading and appending: what stands there stays.
            self._file = self.path.open("a+b")
            self._file.truncate(self._read_index())
        except OSError as error:
            if self._file is not None:
                self._file.close()
            raise WriteError(
                "a writable folder is expected", error.strerror or error, str(self.path.parent)
            ) from error
        return self

    def __exit__(self, kind, error, trace):
        self._file.close()
        if kind is None or not self.keep:
            with suppress(OSError):
                self.path.unlink()

    def block_key(self, inputs, outputs=()):
        """The key of a block: a hash of its values' bits and types and of what is wanted."""
        digest = hashlib.blake2b(repr(outputs).encode(), digest_size=16)
        for values in inputs:
            digest.update(f"{values.dtype.str}{values.shape}".encode())
            digest.update(np.ascontiguousarray(values))
        return digest.hexdigest()

    def finished(self, block):
        """Yield ``(columns, arrays)`` for each finished chunk of a block, None where unwanted."""
        for head, offset in self._index.get(block, ()):
            self._file.seek(offset)
            columns = self._array("int64", [head["columns"]])
            yield columns, [spec and self._array(*spec) for spec in head["arrays"]]

    def add(self, block, columns, arrays):
        """Append a finished chunk; a full disk costs the continuation, not the run."""
        columns = np.asarray(columns, dtype="int64")
        given = [values if values is None else np.ascontiguousarray(values) for values in arrays]
        head = {
            "block": block,
            "columns": int(columns.size),
            "arrays": [v if v is None else [v.dtype.str, list(v.shape)] for v in given],
        }
        text = json.dumps(head).encode()
        data = b"".join([columns.tobytes(), *(v.tobytes() for v in given if v is not None)])
        sizes = np.array([len(text), len(data), zlib.crc32(data, zlib.crc32(text))], dtype="<u4")
        with suppress(OSError):
            self._file.write(_MAGIC + sizes.tobytes() + text + data)
            # To the system, so that it outlives the process.
            self._file.flush()

    def _array(self, dtype, shape):
        dtype = np.dtype(dtype)
        size = int(np.prod(shape)) * dtype.itemsize
        return np.frombuffer(self._file.read(size), dtype).reshape(shape)

    def _read_index(self):
        """Find the whole records; returns where they end, a half-written one is cut off."""
        end = 0
        size = self._file.seek(0, os.SEEK_END)
        while end + _HEAD <= size:
            self._file.seek(end)
            start = self._file.read(_HEAD)
            text_size, data_size, check = np.frombuffer(start[len(_MAGIC) :], "<u4").tolist()
            stop = end + _HEAD + text_size + data_size
            if start[: len(_MAGIC)] != _MAGIC or stop > size:
                break
            text = self._file.read(text_size)
            if zlib.crc32(self._file.read(data_size), zlib.crc32(text)) != check:
                break
            head = json.loads(text)
            self._index.setdefault(head["block"], []).append((head, end + _HEAD + text_size))
            end = stop
        self._file.seek(0, os.SEEK_END)
        return end

    def _sweep(self):
        """Delete the files of killed runs with other settings, once they are old."""
        name = re.compile(re.escape(self._stem) + r"[0-9a-f]{12}\.resume")
        with suppress(OSError):
            for path in self.path.parent.iterdir():
                if not name.fullmatch(path.name) or path == self.path:
                    continue
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime > STALE_SECONDS:
                        path.unlink()
