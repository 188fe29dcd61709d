"""Polygon layers as the rings that the core works on."""

from dataclasses import dataclass, field

import numpy as np
from qgis.core import (
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsWkbTypes,
)

from ..core.basins.coverage import orient_rings
from ..core.basins.wrapping import unwrap_parts
from ..core.errors import DataError, GridError, ParameterError, located
from .featurenames import listed, title_of, unused
from .sourcecrs import transform_to

#: Before a change of CRS edges are split to at most this share of the layer's
#: extent: a straight edge in one CRS is a curve in another.
DENSIFY_SHARE = 1 / 500


@dataclass
class Polygons:
    """Polygons of a layer in one CRS.

    ``rings`` are the core's ring lists, ``geometries`` the repaired geometries in
    the layer's own CRS (for outputs), ``titles`` the names before equal ones were
    numbered, ``repaired``, ``skipped``, ``unnamed`` and
    ``renamed`` name features. ``transform`` and ``step`` are those of `rings_of`.
    """

    names: list = field(default_factory=list)
    titles: list = field(default_factory=list)
    rings: list = field(default_factory=list)
    geometries: list = field(default_factory=list)
    repaired: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    unnamed: list = field(default_factory=list)
    renamed: list = field(default_factory=list)
    transform: object = None
    step: float = 0.0

    def remarks(self):
        """What was done to the features, one sentence each."""
        texts = (
            (self.repaired, "geometries were invalid and repaired"),
            (self.skipped, "features without a polygon were left out"),
            (self.unnamed, "features without a name were named after their id"),
            (self.renamed, "names occurred before and were numbered"),
        )
        return [f"{len(names)} {text}: {listed(names)}." for names, text in texts if names]


def check_source(source, name, name_field=""):
    """Raise unless a feature source can be used as polygons named by ``name_field``."""
    if source is None:
        raise DataError("a polygon layer is expected", "none", name)
    if not source.sourceCrs().isValid():
        raise GridError(
            "a layer with a coordinate reference system is expected",
            "none",
            f"{name} ({source.sourceName()})",
            "Set it with 'Assign projection' or in the layer's properties.",
        )
    if QgsWkbTypes.geometryType(source.wkbType()) in (
        QgsWkbTypes.GeometryType.PointGeometry,
        QgsWkbTypes.GeometryType.LineGeometry,
        QgsWkbTypes.GeometryType.NullGeometry,
    ):
        found = QgsWkbTypes.displayString(source.wkbType())
        raise ParameterError(
            "a polygon layer is expected", found, f"{name} ({source.sourceName()})"
        )
    fields = source.fields().names()
    if name_field and name_field not in fields:
        raise ParameterError(
            "a field of the polygon layer is expected",
            f"{name_field!r} beside {', '.join(fields)}",
            f"{name}_FIELD".replace("S_FIELD", "_FIELD"),
        )


def read_polygons(source, crs_wkt, name_field, context, progress, name="BASINS"):
    """`Polygons` of a feature source in the CRS ``crs_wkt``.

    Selected features are honoured by the source. Invalid geometries are repaired
    here, whatever QGIS's own setting, so that the toolbox and ``qgis_process``
    give the same result. Raises `GridError` without a CRS, `DataError` without
    polygons.
    """
    check_source(source, name, name_field)
    transform = transform_to(source, crs_wkt, context)
    same = transform.isShortCircuited()
    step = 0.0
    if not same:
        box = source.sourceExtent()
        step = max(box.width(), box.height()) * DENSIFY_SHARE
    result, taken = Polygons(transform=None if same else transform, step=step), set()
    request = QgsFeatureRequest()
    request.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck)
    flags = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    for feature in source.getFeatures(request, flags):
        progress.check()
        title = title_of(feature, name_field)
        unnamed = not title
        title = title or f"basin_{feature.id()}"
        geometry = polygons_of(feature.geometry())
        if geometry is None:
            result.skipped.append(title)
            continue
        if not geometry.isGeosValid():
            geometry = polygons_of(geometry.makeValid())
            if geometry is None:
                result.skipped.append(title)
                continue
            result.repaired.append(title)
        if unnamed:
            result.unnamed.append(title)
        unique = unused(title, taken)
        if unique != title:
            result.renamed.append(unique)
        taken.add(unique)
        with located(f"basin {unique}"):
            rings = rings_of(geometry, result.transform, step)
        result.names.append(unique)
        result.titles.append(title)
        result.geometries.append(geometry)
        result.rings.append(rings)
    if not result.names:
        raise DataError("at least one polygon is expected", f"none in {source.sourceName()}", name)
    return result


def flat_polygons(geometry):
    """A copy without z and m, for outputs that have neither."""
    flat = geometry.constGet().clone()
    flat.dropZValue()
    flat.dropMValue()
    return QgsGeometry(flat)


def polygons_of(geometry):
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


def rings_of(geometry, transform, step):
    """The core's rings of a polygon, brought to another CRS where there is a transform."""
    if transform is None:
        return orient_rings(_parts(geometry))
    box = geometry.boundingBox()
    step = step or max(box.width(), box.height()) * DENSIFY_SHARE
    moved = geometry.densifyByDistance(step)
    # A single part comes back as a plain polygon.
    moved.convertToMultiType()
    try:
        moved.transform(transform)
    except QgsCsException as error:
        raise GridError(
            "a basin that can be brought to the stack's coordinate system is expected", error
        ) from error
    if transform.destinationCrs().isGeographic():
        return orient_rings(unwrap_parts(_parts(moved)))
    if not moved.isGeosValid():
        moved = polygons_of(moved.makeValid()) or moved
    return orient_rings(_parts(moved))


def _parts(geometry):
    """(exterior, holes) of each polygon, as arrays; rings of no area are dropped."""
    for polygon in geometry.asMultiPolygon():
        rings = [np.array([(p.x(), p.y()) for p in ring]) for ring in polygon]
        rings = [ring for ring in rings if len(ring) >= 4]
        if rings:
            yield rings[0], rings[1:]
