"""Lists of rasters among the parameters, item by item."""

import re

from qgis.core import QgsMapLayer, QgsProperty

from ..core.data.sound import check_source
from ..core.errors import ParameterError, ReadError

_NETCDF = re.compile(r"^(NETCDF|HDF5):|\.(nc|nc4|h5|hdf5)$", re.IGNORECASE)


def list_sources(algorithm, parameters, name, context):
    """(source, name of the layer) of each item of a list of rasters.

    NetCDF and HDF5 are passed on as they were written: QGIS opens no such source from a
    list, and takes a file of several variables for a mesh or a table. Their name is empty.
    """
    found = []
    for item in list_items(parameters.get(name)):
        if is_netcdf(item):
            found.append((item, ""))
        else:
            layers = list_layers(algorithm, {name: [item]}, name, context)
            found += [(layer.source(), layer.name()) for layer in layers]
    return found


def is_netcdf(item):
    """Whether an item of a list is a NetCDF or HDF5 source written as text."""
    return isinstance(item, str) and bool(_NETCDF.search(item))


def list_layers(algorithm, parameters, name, context):
    """The raster layers of a list parameter; raises for what QGIS drops without a word."""
    found = []
    for item in list_items(parameters.get(name)):
        if isinstance(item, str):
            check_source(item)
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
