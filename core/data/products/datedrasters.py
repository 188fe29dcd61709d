"""A month a raster, the month in the file's name; and a stack as a series."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import GridError, ReadError, TimeAxisError
from ..grid import Grid
from ..openraster import open_raster
from ..reference import grid_of
from ..stack import check_scale
from .cf import check_one_unit
from .latlon import MAX_SIDE
from .quantities import check_fills
from .record import FileRecord

ENDINGS = (".tif", ".tiff")
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?(?!\d)"
)


@dataclass(frozen=True)
class RasterFile:
    """One raster of one month."""

    path: str
    months: np.ndarray
    grid: Grid
    units: str
    block: int = 1
    title: str = ""

    @property
    def name(self):
        """The name of the file."""
        return Path(self.path).name


def month_of_name(name):
    """The month in a file's name (YYYY-MM, YYYY_MM or YYYYMM, with or without a day).

    Raises `TimeAxisError` where there is none, or more than one.
    """
    found = {f"{year}-{month}" for year, month in _DATE.findall(Path(name).stem)}
    if len(found) != 1:
        raise TimeAxisError(
            "one month, YYYY-MM or YYYYMM, is expected in the file's name",
            " and ".join(sorted(found)) or "none",
            Path(name).name,
        )
    return np.datetime64(found.pop(), "M")


def inspect_raster(path):
    """`RasterFile` of a north-up raster with one band; raises the core's errors."""
    month = month_of_name(path)
    name = Path(path).name
    with open_raster(path, Path(path).name) as file:
        if file.count != 1:
            raise ReadError("one band a file is expected", f"{file.count} bands", name)
        if max(file.width, file.height) > MAX_SIDE:
            raise GridError(
                f"at most {MAX_SIDE} rows and columns are expected",
                f"{file.width} × {file.height}",
                name,
                "Cut it to the region first.",
            )
        grid = grid_of(file, name)
        check_scale(file.scales[0], file.offsets[0], name)
        try:
            units = file.tags().get("units") or file.units[0] or ""
        except UnicodeDecodeError as error:
            raise ReadError(
                "readable tags are expected", error.reason, name, "The file looks damaged."
            ) from error
    return RasterFile(str(path), np.array([month]), grid, units)


class RasterRecord(FileRecord):
    """Dated rasters, one month a file."""

    variable = title = ""

    def __init__(self, paths, progress):
        super().__init__(paths, inspect_raster, progress)
        self.units = check_one_unit(self.files)

    def read(self, indexes, row, ny, columns):
        """Values (month, y, x) of the months at ``indexes``; NaN for months without a file."""
        from rasterio.errors import RasterioError, RasterioIOError
        from rasterio.windows import Window

        out = np.full((len(indexes), ny, columns.size), np.nan)
        left, right = int(columns.min()), int(columns.max()) + 1
        for raster, _, targets in self.runs(indexes):
            self.check()
            with open_raster(raster.path, Path(raster.path).name) as file:
                try:
                    raw = file.read(1, window=Window(left, row, right - left, ny))
                except (RasterioError, RasterioIOError) as error:
                    raise ReadError(
                        "readable pixels are expected",
                        error,
                        raster.name,
                        "The file looks truncated or damaged.",
                    ) from error
                values = raw.astype(float)
                nodata = file.nodata
                if nodata is not None and not np.isnan(nodata):
                    # Compared as the file holds it: −3.4e38 written in 32 bits is another number.
                    values[values == float(np.array(nodata).astype(raw.dtype))] = np.nan
                values = values * file.scales[0] + file.offsets[0]
            check_fills(values, raster.name)
            out[targets[0]] = values[:, columns - left]
        return out


class StackRecord:
    """A monthly stack as a series, such as a newer import of the same product."""

    def __init__(self, stack):
        self._stack = stack
        self.name, self.grid, self.months = stack.name, stack.grid, stack.months
        self.present = np.ones(self.months.size, bool)
        self.missing, self.block, self.variable = self.months[:0], 1, ""
        self.units, self.title = stack.units, stack.info.long_name
        self.baseline, self.files = stack.baseline, [stack]

    def read(self, indexes, row, ny, columns):
        """Values (month, y, x) of the months at ``indexes``."""
        left, right = int(columns.min()), int(columns.max()) + 1
        values = self._stack.read(row, left, ny, right - left, bands=indexes)
        return values[:, :, columns - left]
