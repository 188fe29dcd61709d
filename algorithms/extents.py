"""EXTENT as the user meant it, across the date line too."""

import re

from qgis.core import QgsCoordinateReferenceSystem

from ..core.errors import GridError

_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_RAW = re.compile(rf"^{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}(\[.*\])?\s*$")


def check_raw_extent(value, name="EXTENT"):
    """Refuse west > east in the raw text: QGIS would silently swap the sides.

    Raises `GridError`; anything that is not raw numbers passes.
    """
    match = _RAW.match(value) if isinstance(value, str) else None
    if not match:
        return
    west, east, south, north = (float(match[i]) for i in range(1, 5))
    if west > east or south > north:
        raise GridError(
            "an extent written west,east,south,north with west < east is expected",
            value.strip(),
            name,
            "Across the date line write the east side beyond 180, for example 170,190,-20,0.",
        )


def read_extent(algorithm, parameters, name, context):
    """(west, south, east, north) in degrees, or None when not given."""
    value = parameters.get(name)
    if value in (None, ""):
        return None
    check_raw_extent(value, name)
    wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
    box = algorithm.parameterAsExtent(parameters, name, context, wgs84)
    if box.isNull():
        return None
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
