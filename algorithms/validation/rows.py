"""Columns of tables as plain Python values: what CSV, databases and QGIS hold, made alike."""

from qgis.core import NULL, QgsFeatureRequest
from qgis.PyQt.QtCore import QDate, QDateTime, Qt

from ...core.errors import ParameterError


def plain(value):
    """A value of an attribute: NULL as None, dates as ISO text, the rest as it is."""
    if value is None or value == NULL:
        return None
    if isinstance(value, QDateTime):
        return value.date().toString(Qt.DateFormat.ISODate)
    if isinstance(value, QDate):
        return value.toString(Qt.DateFormat.ISODate)
    return value


def check_fields(source, wanted, where):
    """Raise `ParameterError` unless ``source`` has the fields; ``wanted`` is parameter: field."""
    names = source.fields().names()
    for parameter, name in wanted.items():
        if name and name not in names:
            raise ParameterError(
                f"a field of {where} is expected",
                f"{name!r} beside {', '.join(names) or 'no field at all'}",
                parameter,
            )


def read_columns(source, fields, progress, geometry=False):
    """Lists by field of all rows of a source or layer; with ``geometry`` also its geometries."""
    request = QgsFeatureRequest()
    if not geometry:
        flags = getattr(QgsFeatureRequest, "Flag", QgsFeatureRequest)
        request.setFlags(flags.NoGeometry)
    columns = {name: [] for name in fields}
    shapes = []
    for number, feature in enumerate(source.getFeatures(request)):
        if number % 1000 == 0:
            progress.check()
        for name in fields:
            columns[name].append(plain(feature[name]))
        if geometry:
            shapes.append(feature.geometry())
    return (columns, shapes) if geometry else columns
