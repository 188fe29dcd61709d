"""Where patches lie on a domain, and which of them a cell listens to.

Patches stand on a lattice fixed by the whole domain, not by the block at hand: so the
size of blocks changes nothing. The last patch of a row is moved back to end with the
domain. A domain smaller than a patch gets one patch, padded.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Axis:
    """Patches along one axis: first cells, size, and the cells each one serves."""

    starts: np.ndarray
    size: int
    first: np.ndarray
    last: np.ndarray

    def touching(self, begin, end):
        """Indexes of the patches that serve a cell of ``begin`` … ``end`` − 1."""
        return np.flatnonzero((self.first < end) & (self.last > begin))


def axis_patches(cells, size, overlap, blend):
    """`Axis` for ``cells`` cells, patches of ``size`` that share ``overlap`` cells.

    With blend ``average`` a patch serves all its cells. With ``crop`` the border
    between two neighbours is the middle of what they share, so that at least
    ``overlap`` // 2 cells at each side of a patch are dropped, except at the edges of
    the domain.
    """
    if cells <= size:
        starts = np.array([0])
    else:
        starts = np.append(np.arange(0, cells - size, size - overlap), cells - size)
    first, last = starts.copy(), np.minimum(starts + size, cells)
    if blend == "crop":
        middle = (starts[:-1] + size + starts[1:]) // 2
        first[1:], last[:-1] = middle, middle
    return Axis(starts, size, first, last)


def blended(axis_y, axis_x, row, col, ny, nx):
    """The patches of a block: list of (i, j), indexes into the two axes."""
    rows, columns = axis_y.touching(row, row + ny), axis_x.touching(col, col + nx)
    return [(int(i), int(j)) for i in rows for j in columns]


def served(axis, index, begin, count):
    """Slices into the block and into the patch for the cells that a patch serves there."""
    low = max(int(axis.first[index]), begin)
    high = min(int(axis.last[index]), begin + count)
    start = int(axis.starts[index])
    return slice(low - begin, high - begin), slice(low - start, high - start)
