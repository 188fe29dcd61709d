"""A record turned from maps to rows, once, through a file that nobody sees.

Products store a map a month in one compressed piece, and an import needs the whole series of
some rows. Read from the product, every strip of rows would decode every map again: the time
would grow with the square of the extent. So the maps are decoded once, in order, and laid down
in strips beside the output. The file has no name where the system allows that, and is gone with
the process in any case.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from ..errors import ReadError, WriteError
from ..progress import SILENT

#: Rows of a strip in the file.
STRIP = 16
#: Bytes that are decoded at once: about half a second, since Cancel is asked between.
BATCH = 64 * 2**20
#: The most that a product may hold in one compressed piece: it can only be decoded whole.
LARGEST_PIECE = 512 * 2**20


def needs_turning(variable, height):
    """Whether strips of ``height`` rows of ``variable`` (time, y, x) decode rows in vain."""
    block = variable.block
    return bool(block) and block[1] >= 2 * height and variable.shape[1] > height


def check_pieces(variable, where):
    """Raise `ReadError` where the compressed pieces of a variable are too large to decode."""
    size = int(np.prod(variable.block or (0,), dtype=float)) * 4
    if size > LARGEST_PIECE:
        raise ReadError(
            f"pieces (chunks) of at most {LARGEST_PIECE >> 20} MB are expected in "
            f"{variable.name!r}",
            f"{size >> 20} MB",
            where,
            "Its header is damaged, or it has to be chunked anew, for example with nccopy -c.",
        )


class TurnedVariable:
    """All rows of a `Variable` (time, y, x) in strips; it is read as the variable is.

    ``beside`` is the path in whose folder the file lies; close it when done. Raises
    `WriteError` where there is no room, and what reading the variable raises.
    """

    def __init__(self, variable, beside, progress=SILENT):
        self.name, self.units, self.shape = variable.name, variable.units, variable.shape
        self._kind = np.dtype(variable.plain_dtype)
        self._beside = str(beside)
        try:
            # Kept open for the life of this object.
            self._file = tempfile.TemporaryFile(dir=Path(beside).resolve().parent)  # noqa: SIM115
        except OSError as error:
            raise self._no_room(error) from error
        try:
            self._fill(variable, progress)
        except BaseException:
            self.close()
            raise

    def close(self):
        """Give the room back."""
        self._file.close()

    def _fill(self, variable, progress):
        times, ny, nx = self.shape
        block = variable.block or (1, ny, nx)
        rows = min(ny, max(block[1], 1))
        together = max(1, block[0])
        together *= max(1, BATCH // (8 * together * rows * nx))
        for top in range(0, ny, rows):
            height = min(rows, ny - top)
            for first in range(0, times, together):
                progress.check()
                count = min(together, times - first)
                values = variable.read([first, top, 0], [count, height, nx], self._kind.name)
                try:
                    self._put(values, first, top)
                except OSError as error:
                    raise self._no_room(error) from error
                done = top * times + height * (first + count)
                progress.set(done / (ny * times))

    def _put(self, values, first, top):
        row = top
        while row < top + values.shape[1]:
            start, height = self._strip(row)
            part = values[:, row - top : start + height - top]
            for number, plane in enumerate(part, first):
                self._file.seek(self._place(start, height, number, row - start))
                self._file.write(np.ascontiguousarray(plane).tobytes())
            row += part.shape[1]

    def read(self, start, count, dtype="float64"):
        """Values (time, y, x) of ``count[1]`` rows of all times and columns."""
        _, top, _ = start
        _, ny, nx = count
        out = np.empty((self.shape[0], ny, nx), dtype)
        row = top
        while row < top + ny:
            first, height = self._strip(row)
            self._file.seek(self._place(first, height, 0, 0))
            size = self.shape[0] * height * nx
            strip = np.frombuffer(self._file.read(size * self._kind.itemsize), self._kind)
            strip = strip.reshape(self.shape[0], height, nx)[:, row - first : top + ny - first]
            out[:, row - top : row - top + strip.shape[1]] = strip
            row += strip.shape[1]
        return out

    def _strip(self, row):
        """First row and number of rows of the strip that holds ``row``."""
        first = row // STRIP * STRIP
        return first, min(STRIP, self.shape[1] - first)

    def _place(self, first, height, time, row):
        times, _, nx = self.shape
        return (times * first + time * height + row) * nx * self._kind.itemsize

    def _no_room(self, error):
        return WriteError(
            "room for a temporary copy of the record is expected beside the output",
            os.strerror(error.errno) if error.errno else error,
            self._beside,
            "Is the disk full? Choose another folder or a smaller extent.",
        )
