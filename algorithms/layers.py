"""Polygon layers as the rings that the core works on."""

from dataclasses import dataclass, field

import numpy as np
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsWkbTypes,
)

from ..core.basins.coverage import orient_rings
from ..core.errors import DataError, GridError

#: Before a change of CRS edges are split to at most this share of the layer's
#: extent: a straight edge in one CRS is a curve in another.
_DENSIFY_SHARE = 1 / 500


@dataclass
class Polygons:
    """Polygons of a layer in one CRS.

    ``rings`` are the core's ring lists, ``geometries`` the repaired geometries in
    the layer's own CRS (for outputs), ``repaired`` and ``skipped`` name features.
    """

    names: list = field(default_factory=list)
    rings: list = field(default_factory=list)
    geometries: list = field(default_factory=list)
    repaired: list = field(default_factory=list)
    skipped: list = field(default_factory=list)


def check_source(source, name):
    """Raise unless a feature source can be used as polygons."""
    if source is None:
        raise DataError("a polygon layer is expected", "none", name)
    if not source.sourceCrs().isValid():
        raise GridError(
            "a layer with a coordinate reference system is expected",
            "none",
            f"{name} ({source.sourceName()})",
            "Set it with 'Assign projection' or in the layer's properties.",
        )


def read_polygons(source, crs_wkt, name_field, context, progress, name="BASINS"):
    """`Polygons` of a feature source in the CRS ``crs_wkt``.

    Selected features are honoured by the source. Invalid geometries are repaired
    here, whatever QGIS's own setting, so that the toolbox and ``qgis_process``
    give the same result. Raises `GridError` without a CRS, `DataError` without
    polygons.
    """
    check_source(source, name)
    target = QgsCoordinateReferenceSystem.fromWkt(crs_wkt)
    transform = QgsCoordinateTransform(source.sourceCrs(), target, context.transformContext())
    same = not transform.isValid() or transform.isShortCircuited()
    step = 0.0
    if not same:
        box = source.sourceExtent()
        step = max(box.width(), box.height()) * _DENSIFY_SHARE
    result = Polygons()
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    flags = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    for feature in source.getFeatures(request, flags):
        progress.check()
        title = _title(feature, name_field)
        geometry = _polygons_of(feature.geometry())
        if geometry is None:
            result.skipped.append(title)
            continue
        if not geometry.isGeosValid():
            geometry = _polygons_of(geometry.makeValid())
            result.repaired.append(title)
            if geometry is None:
                result.skipped.append(title)
                continue
        result.names.append(_unused(title, result.names))
        result.geometries.append(geometry)
        result.rings.append(orient_rings(_parts(_moved(geometry, transform, same, step, title))))
    if not result.names:
        raise DataError("at least one polygon is expected", f"none in {source.sourceName()}", name)
    return result


def _title(feature, name_field):
    value = feature[name_field] if name_field else None
    if value is None or value == NULL or str(value).strip() == "":
        return f"basin_{feature.id()}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _unused(title, names):
    """``title``, numbered when another feature has it already."""
    unique, number = title, 1
    while unique in names:
        number += 1
        unique = f"{title} ({number})"
    return unique


def _polygons_of(geometry):
    """The polygon parts of a geometry, curves as segments; None when there are none."""
    if geometry is None or geometry.isNull() or geometry.isEmpty():
        return None
    geometry = QgsGeometry(geometry)
    if QgsWkbTypes.isCurvedType(geometry.wkbType()):
        geometry = QgsGeometry(geometry.constGet().segmentize())
    if geometry.type() != QgsWkbTypes.GeometryType.PolygonGeometry:
        geometry.convertGeometryCollectionToSubclass(QgsWkbTypes.GeometryType.PolygonGeometry)
    if geometry.isEmpty() or geometry.type() != QgsWkbTypes.GeometryType.PolygonGeometry:
        return None
    geometry.convertToMultiType()
    return geometry


def _moved(geometry, transform, same, step, title):
    if same:
        return geometry
    moved = geometry.densifyByDistance(step) if step > 0 else QgsGeometry(geometry)
    try:
        moved.transform(transform)
    except QgsCsException as error:
        raise GridError(
            "basins that can be brought to the stack's coordinate system are expected",
            error,
            f"basin {title}",
        ) from error
    if not moved.isGeosValid():
        moved = _polygons_of(moved.makeValid()) or moved
    return moved


def _parts(geometry):
    for polygon in geometry.asMultiPolygon():
        rings = [np.array([(p.x(), p.y()) for p in ring]) for ring in polygon]
        rings = [ring for ring in rings if len(ring) >= 4]
        if rings:
            yield rings[0], rings[1:]
