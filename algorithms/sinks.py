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

WGS84 = "EPSG:4326"


def wanted(parameters, name):
    """Whether an optional output was asked for."""
    return parameters.get(name) not in (None, "")


def write_rows(
    algorithm, parameters, name, context, columns, rows, shapes=None, kind=None, crs=None
):
    """Write ``rows`` to the sink ``name``; its id, or '' where it is not wanted.

    ``columns``: (field, kind) with the kinds of `compat.field`; NaN becomes NULL.
    ``shapes``: a geometry a row, of the WKB type ``kind`` in ``crs`` (WKT).
    """
    if not wanted(parameters, name):
        return ""
    fields = QgsFields()
    for title, what in columns:
        fields.append(field(title, what))
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


def _plain(value):
    """A value as Qt takes it: no numpy types, NULL for NaN."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
