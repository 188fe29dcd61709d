"""The core's rings as QGIS geometries."""

from qgis.core import QgsGeometry, QgsPointXY


def multipolygon(parts):
    """A multipolygon of ``parts``: (exterior, holes) with rings (n, 2)."""
    return QgsGeometry.fromMultiPolygonXY(
        [[_ring(ring) for ring in (exterior, *holes)] for exterior, holes in parts]
    )


def point(x, y):
    """A point."""
    return QgsGeometry.fromPointXY(QgsPointXY(float(x), float(y)))


def _ring(ring):
    return [QgsPointXY(x, y) for x, y in ring.tolist()]
