"""A map without a month, such as elevation or clay, where a stack could stand."""

from dataclasses import dataclass

import numpy as np

from ..errors import ReadError, TimeAxisError
from . import months as calendar
from .openraster import open_raster
from .stack import MonthlyStack, StackInfo


@dataclass(frozen=True)
class MapInfo(StackInfo):
    """What a map says of itself; its one month is not a time."""

    label: str = ""

    def labels(self):
        """The description of its band."""
        return [self.label]


class StaticMap(MonthlyStack):
    """A raster of one band without a month, read as a stack of one."""

    def _read_info(self):
        info = super()._read_info()
        label = self._file.descriptions[0] or info.long_name or "map"
        return MapInfo(**{**vars(info), "label": label})

    def _read_months(self):
        if self._file.count != 1:
            raise TimeAxisError(
                "one band is expected in a map", f"{self._file.count} bands", self.name
            )
        return np.array(["NaT"], "datetime64[M]")


def open_stack_or_map(source, name=""):
    """`MonthlyStack`, or `StaticMap` for a raster of one band that names no month."""
    from rasterio.errors import RasterioError, RasterioIOError

    try:
        with open_raster(source, name) as file:
            tags = {**file.tags(), **file.tags(1)}
            # A time without a unit, such as a lone 0, is no date.
            timed = "NETCDF_DIM_time" in tags and {"time#units", "time#Units"} & set(tags)
            dated = calendar.is_month(file.descriptions[0]) or timed
            single = file.count == 1 and not dated
    except (ReadError, RasterioError, RasterioIOError):
        # The stack says what is wrong.
        single = False
    return (StaticMap if single else MonthlyStack)(source, name)
