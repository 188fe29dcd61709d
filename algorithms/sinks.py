"""Tables and layers as results, opened once all their rows exist."""

import math

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsProcessingException,
    QgsWkbTypes,
)

from .compat import field
from .layers import flat_polygons
from .values import has_value

WGS84 = "EPSG:4326"


def write_rows(
    algorithm, parameters, name, context, columns, rows, shapes=None, kind=None, crs=None
):
    """Write ``rows`` to the sink ``name``; its id, or '' where it is not wanted.

    ``columns``: (field, kind) with the kinds of `compat.field`; NaN becomes NULL.
    ``shapes``: a geometry a row, of the WKB type ``kind`` in ``crs`` (WKT).
    """
    if not has_value(parameters, name):
        return ""
    fields = fields_of(columns)
    kind = QgsWkbTypes.Type.NoGeometry if kind is None else kind
    system = (
        QgsCoordinateReferenceSystem.fromWkt(crs) if crs else QgsCoordinateReferenceSystem(WGS84)
    )
    sink, dest = algorithm.parameterAsSink(parameters, name, context, fields, kind, system)
    algorithm.require_sink(sink, name, parameters)
    for number, row in enumerate(rows):
        feature = QgsFeature(fields)
        feature.setAttributes([_plain(value) for value in row])
        if shapes is not None:
            feature.setGeometry(shapes[number])
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise QgsProcessingException(algorithm.writeFeatureError(sink, parameters, name))
    return dest


def write_sinks(algorithm, parameters, context, crs, tables):
    """Write tables and polygon layers; the results by output name.

    ``tables`` maps an output's name to ``(columns, rows)`` for a table and to
    ``(columns, rows, geometries)`` for polygons; columns are (name, kind) pairs.
    Optional outputs that are not wanted are left out. All sinks are opened before
    a row is written: one that fails leaves no half.
    """
    opened, results = {}, {}
    for name, (columns, _, *shapes) in tables.items():
        if not has_value(parameters, name):
            continue
        kind = QgsWkbTypes.Type.MultiPolygon if shapes else QgsWkbTypes.Type.NoGeometry
        fields = fields_of(columns)
        sink, results[name] = algorithm.parameterAsSink(
            parameters, name, context, fields, kind, crs
        )
        algorithm.require_sink(sink, name, parameters)
        opened[name] = sink
    for name, sink in opened.items():
        _, rows, *shapes = tables[name]
        for number, row in enumerate(rows):
            feature = QgsFeature()
            feature.setAttributes([_plain(value) for value in row])
            if shapes:
                feature.setGeometry(flat_polygons(shapes[0][number]))
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                message = algorithm.writeFeatureError(sink, parameters, name)
                raise QgsProcessingException(message)
    return results


def fields_of(columns):
    """``QgsFields`` of (name, kind) pairs."""
    fields = QgsFields()
    for name, kind in columns:
        fields.append(field(name, kind))
    return fields


def title_layers(algorithm, context, results, names, title):
    """Name the layers of one basin after it, as 'iterate over this layer' makes many."""
    for name in names:
        path = results.get(name, "")
        if path and context.willLoadLayerOnCompletion(path):
            details = context.layerToLoadOnCompletionDetails(path)
            details.name = f"{algorithm.parameterDefinition(name).description()}: {title}"


def _plain(value):
    """A value as Qt takes it: no numpy types, NULL for NaN."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
