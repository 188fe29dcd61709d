"""From the coordinate system of a vector layer to that of a raster."""

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform

from ..core.errors import GridError


def transform_to(source, crs_wkt, context, what="stack", name="INPUT"):
    """The transform of a feature source to the CRS ``crs_wkt`` of the raster ``name``.

    Raises `GridError` for a CRS that QGIS does not know; ``what`` the raster is called.
    """
    target = QgsCoordinateReferenceSystem.fromWkt(crs_wkt)
    transform = QgsCoordinateTransform(source.sourceCrs(), target, context.transformContext())
    if not transform.isValid():
        raise GridError(
            f"a {what} whose coordinate system QGIS knows is expected", crs_wkt[:80], name
        )
    return transform
