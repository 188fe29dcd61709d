"""Lists of rasters among the parameters, item by item."""

from qgis.core import QgsMapLayer, QgsProperty

from ..core.errors import ParameterError, ReadError


def list_layers(algorithm, parameters, name, context):
    """The raster layers of a list parameter; raises for what QGIS drops without a word."""
    found = []
    for item in list_items(parameters.get(name)):
        layers = algorithm.parameterAsLayerList({name: [item]}, name, context)
        if len(layers) != 1 or not layers[0].isValid():
            raise ReadError("a raster that QGIS can open is expected", item, name)
        if layers[0].type() != QgsMapLayer.LayerType.RasterLayer:
            raise ParameterError("a raster layer is expected", layers[0].name(), name)
        found.append(layers[0])
    return found


def list_items(value):
    """The items of a list parameter, whichever way it was given."""
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
