"""The few differences between QGIS 3.22 and newer versions, in one place."""

from qgis.core import Qgis, QgsField
from qgis.PyQt.QtCore import QVariant

try:
    from qgis.PyQt.QtCore import QMetaType
except ImportError:
    QMetaType = None

_NEW_FIELDS = Qgis.QGIS_VERSION_INT >= 33800 and QMetaType is not None
_KINDS = {"text": "QString", "integer": "Int", "real": "Double"}
_OLD_KINDS = {"text": "String", "integer": "Int", "real": "Double"}


def field(name, kind):
    """A ``QgsField`` of kind 'text', 'integer' or 'real'."""
    if _NEW_FIELDS:
        return QgsField(name, getattr(QMetaType.Type, _KINDS[kind]))
    return QgsField(name, getattr(QVariant, _OLD_KINDS[kind]))
