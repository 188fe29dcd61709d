"""Point layers as names and coordinates in the CRS of a stack."""

from dataclasses import dataclass, field

from qgis.core import (
    QgsCsException,
    QgsFeatureRequest,
    QgsWkbTypes,
)

from ...core.errors import DataError, GridError, ParameterError
from ..featurenames import listed, title_of, unused
from ..sourcecrs import transform_to


@dataclass
class Points:
    """Points of a layer: ``names``, ``x``, ``y``; ``skipped`` and ``renamed`` name features."""

    names: list = field(default_factory=list)
    x: list = field(default_factory=list)
    y: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    renamed: list = field(default_factory=list)

    def remarks(self):
        """What was done to the features, one sentence each."""
        texts = (
            (self.skipped, "features without a usable position were left out"),
            (self.renamed, "names occurred before and were numbered"),
        )
        return [f"{len(names)} {text}: {listed(names)}." for names, text in texts if names]


def check_points(source, name, name_field=""):
    """Raise unless a feature source can be used as points named by ``name_field``."""
    if source is None:
        raise DataError("a point layer is expected", "none", name)
    where = f"{name} ({source.sourceName()})"
    if not source.sourceCrs().isValid():
        raise GridError(
            "a layer with a coordinate reference system is expected",
            "none",
            where,
            "Set it with 'Assign projection' or in the layer's properties.",
        )
    kind = QgsWkbTypes.geometryType(source.wkbType())
    if kind != QgsWkbTypes.GeometryType.PointGeometry:
        found = QgsWkbTypes.displayString(source.wkbType())
        raise ParameterError("a point layer is expected", found, where)
    fields = source.fields().names()
    if name_field and name_field not in fields:
        raise ParameterError(
            "a field of the point layer is expected",
            f"{name_field!r} beside {', '.join(fields)}",
            "POINT_FIELD",
        )


def read_points(source, crs_wkt, name_field, context, progress, name="POINTS"):
    """`Points` of a feature source in the CRS ``crs_wkt``; parts of a multipoint one by one.

    Raises `GridError` for a stack's CRS that QGIS does not know, `DataError` without points.
    """
    check_points(source, name, name_field)
    transform = transform_to(source, crs_wkt, context)
    result, taken = Points(), set()
    for feature in source.getFeatures(QgsFeatureRequest()):
        progress.check()
        title = title_of(feature, name_field) or f"point_{feature.id()}"
        geometry = feature.geometry()
        if geometry.isNull() or geometry.isEmpty():
            result.skipped.append(title)
            continue
        for vertex in geometry.vertices():
            try:
                place = transform.transform(vertex.x(), vertex.y())
            except QgsCsException:
                result.skipped.append(title)
                continue
            unique = unused(title, taken)
            if unique != title:
                result.renamed.append(unique)
            taken.add(unique)
            result.names.append(unique)
            result.x.append(place.x())
            result.y.append(place.y())
    if not result.names:
        raise DataError("at least one point is expected", f"none in {source.sourceName()}", name)
    return result
