"""Basins on nine cells, as files of every kind, and what is read back from tables."""

import csv
from pathlib import Path

import numpy as np
from grace_water_toolbox.core.data.grid import Grid
from osgeo import ogr, osr

ogr.UseExceptions()

#: Three by three cells of 20 degrees around the equator; values 1…9 from the north-west.
SMALL = Grid(70.0, 30.0, 20.0, 20.0, 3, 3)
GLOBAL = Grid(-180.0, 90.0, 10.0, 10.0, 36, 18)
NINE = np.arange(1.0, 10).reshape(1, 3, 3)
WHOLE = "POLYGON((70 -30, 130 -30, 130 30, 70 30, 70 -30))"
EQUATOR = "POLYGON((70 -10, 110 -10, 110 10, 70 10, 70 -10))"  # cells 4 and 5
WEST = "POLYGON((70 -30, 90 -30, 90 30, 70 30, 70 -30))"  # cells 1, 4 and 7


def weigh(*cells):
    """The mean of values of cells, weighted by their area; cells are (value, row)."""
    edge = np.sin(np.radians([30, 10, -10, -30]))
    area = {row: edge[row] - edge[row + 1] for row in range(3)}
    values, weights = zip(*((value, area[row]) for value, row in cells))
    return np.average(values, weights=weights)


WEST_MEAN = weigh((1, 0), (4, 1), (7, 2))


def polygon_file(path, shapes, epsg=4326, names=None, kind="text"):
    """A layer of WKT ``shapes`` in a file; field ``name`` holds ``names``. Its path as text."""
    driver = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}
    source = ogr.GetDriverByName(driver[Path(path).suffix]).CreateDataSource(str(path))
    system = None
    if epsg:
        system = osr.SpatialReference()
        system.ImportFromEPSG(epsg)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    layer = source.CreateLayer("basins", system, ogr.wkbUnknown)
    fields = {"text": ogr.OFTString, "integer": ogr.OFTInteger64, "real": ogr.OFTReal}
    layer.CreateField(ogr.FieldDefn("name", fields[kind]))
    names = [f"b{i + 1}" for i in range(len(shapes))] if names is None else names
    for shape, name in zip(shapes, names):
        feature = ogr.Feature(layer.GetLayerDefn())
        if name is not None:
            feature["name"] = name
        if shape is not None:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(shape))
        layer.CreateFeature(feature)
    del layer, source
    return str(path)


def table(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text else np.nan


# -- coordinate systems and the date line -------------------------------------


def moved(wkt, epsg, step=0.1):
    """A shape drawn in degrees, brought to another system, its edges split before."""
    shape = ogr.CreateGeometryFromWkt(wkt)
    shape.Segmentize(step)
    systems = [osr.SpatialReference(), osr.SpatialReference()]
    for system, code in zip(systems, (4326, epsg)):
        system.ImportFromEPSG(code)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    shape.Transform(osr.CoordinateTransformation(*systems))
    return shape.ExportToWkt()
