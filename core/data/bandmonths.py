"""The month of each band of a raster: from its description, or from a NetCDF time axis."""

import numpy as np

from ..errors import TimeAxisError
from . import months as calendar


def band_months(file, name):
    """Months (datetime64[M]) of the bands of an open raster, in their order.

    A band is described ``2004-01``, or GDAL tags it with a time of a NetCDF axis whose
    units it passes on. Raises `TimeAxisError` naming ``name`` where neither is so.
    """
    descriptions = file.descriptions
    if all(calendar.is_month(d) for d in descriptions):
        return np.array([calendar.parse_month(d) for d in descriptions], "datetime64[M]")
    tags = file.tags()
    stamps = [file.tags(i).get("NETCDF_DIM_time") for i in file.indexes]
    units = tags.get("time#units") or tags.get("time#Units")
    if units and all(stamps):
        from .timeaxis import decode_times

        kind = tags.get("time#calendar", "")
        times = decode_times(np.array(stamps, float), units, name, kind)
        return times.astype("datetime64[M]")
    raise TimeAxisError(
        "bands with a month each are expected (band descriptions such as 2004-01)",
        f"{file.count} bands described {descriptions[0]!r} and so on",
        name,
        "Import the file with 'Import GRACE', or write the months into the band descriptions.",
    )
