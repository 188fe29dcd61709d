"""A stack written month by month, for sources that hold a month a file."""

from .. import months as calendar
from ..rasterfile import TILE, RasterWriter


class BandWriter(RasterWriter):
    """A stack of which some bands of some rows are written at a time.

    Bands lie apart in our files, so this costs nothing, and memory need not hold
    all months. Every cell of every band has to be written once.
    """

    def write_bands(self, values, first, row=0):
        """Write ``values`` (band, y, x) into the bands from index ``first``, from ``row`` on."""
        self.write(values, row, 0, first)


def band_writer(path, info, name=""):
    """A `BandWriter` for a stack of 32-bit numbers described by ``info``."""
    return BandWriter(
        path,
        info.grid,
        [calendar.month_text(m) for m in info.months],
        units=info.units,
        tags=info.tags(),
        name=name,
    )


def plan_rows(grid, fixed, by_time, time_block, months, memory):
    """Rows of a block, and how many months to read at once.

    ``fixed`` planes of 8 bytes are held for a block whatever its months, ``by_time``
    more for each month read at once; ``time_block`` months lie together in the file,
    so reading fewer would decode them again and again. Whole tiles where they fit.
    """
    together = max(1, min(time_block, months))
    height = int(memory // (8 * grid.nx * (fixed + by_time * together)))
    height = max(1, min(height, grid.ny))
    if TILE < height < grid.ny:
        height -= height % TILE
    left = memory - 8 * grid.nx * height * fixed
    return height, int(max(together, min(months, left // (8 * grid.nx * height * by_time))))
