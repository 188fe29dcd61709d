"""Tables and layers of results: opened together, then written."""

import math

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsProcessingException,
)

from ..compat import field
from ..values import has_value


def real(value):
    """A float for a table, None where it is missing."""
    return float(value) if value is not None and math.isfinite(value) else None


def write_sinks(algorithm, parameters, context, wanted):
    """Write tables and layers; results by output name.

    ``wanted`` is output: (fields, geometry type, CRS, rows), a row being a list of
    attributes or (attributes, geometry). Outputs that are not asked for are passed
    over. All are opened before a row is written: one that fails leaves no half.
    """
    opened, results = {}, {}
    for name, (columns, kind, crs, _) in wanted.items():
        definition = algorithm.parameterDefinition(name)
        optional = definition.flags() & definition.Flag.FlagOptional
        if optional and not has_value(parameters, name):
            continue
        fields = QgsFields()
        for column, what in columns:
            fields.append(field(column, what))
        sink, results[name] = algorithm.parameterAsSink(
            parameters, name, context, fields, kind, crs
        )
        algorithm.require_sink(sink, name, parameters)
        opened[name] = sink
    for name, sink in opened.items():
        for row in wanted[name][3]:
            feature = QgsFeature()
            if isinstance(row, tuple):
                row, geometry = row
                feature.setGeometry(geometry)
            feature.setAttributes(row)
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(algorithm.writeFeatureError(sink, parameters, name))
    return results
