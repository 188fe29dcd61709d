"""Every kind of outline through the algorithm, beside exactextract on its plain form.

exactextract knows neither the date line nor other coordinate systems nor invalid
rings, so it is given what OGR makes of them: split at 180°, densified and transformed,
repaired. Both read one random field of one degree.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from osgeo import ogr, osr

ogr.UseExceptions()

GRID = Grid(-180.0, 90.0, 1.0, 1.0, 360, 180)
ACROSS = "POLYGON((171.3 -12.2, 188.7 -9.4, 186.1 11.8, 174.9 8.3, 171.3 -12.2))"
WEST = "POLYGON((160 -30, 180 -30, 180 30, 160 30, 160 -30))"
EAST = "POLYGON((-180 -30, -160 -30, -160 30, -180 30, -180 -30))"
SLANTED = "POLYGON((72.2 -25.1, 118.4 -28.3, 127.7 21.6, 81.9 27.2, 72.2 -25.1))"
HOLE = SLANTED[:-1] + ", (90.3 -5.2, 95.1 10.4, 105.8 3.3, 90.3 -5.2))"
PARTS = (
    "MULTIPOLYGON(((10.2 40.1, 14.7 40.4, 12.3 44.8, 10.2 40.1)),"
    "((20.5 50.5, 21.9 50.1, 21.2 51.7, 20.5 50.5), (21.0 50.5, 21.4 50.5, 21.2 50.9, 21.0 50.5)))"
)
TIE = "POLYGON((30.1 -4.2, 39.6 5.3, 39.6 -4.2, 30.1 5.3, 30.1 -4.2))"
SPIKE = "POLYGON((50 10, 56 10, 56 14, 53 14, 53 19, 53 14, 50 14, 50 10))"
TINY = "POLYGON((77.312 12.221, 77.318 12.224, 77.315 12.231, 77.312 12.221))"
CUT_TINY = "POLYGON((77.98 12.98, 78.03 12.99, 78.01 13.02, 77.98 12.98))"
POLAR = "POLYGON((-40 70, 40 68, 120 71, 60 82, -30 84, -40 70))"


def split(wkt):
    """The shape cut at 180°, its eastern part brought to −180…."""
    shape = ogr.CreateGeometryFromWkt(wkt)
    inside, beyond = (
        shape.Intersection(
            ogr.CreateGeometryFromWkt(
                f"POLYGON(({west} -90,{west + 360} -90,{west + 360} 90,{west} 90,{west} -90))"
            )
        )
        for west in (-180, 180)
    )
    points = beyond.GetGeometryRef(0)
    for i in range(points.GetPointCount()):
        points.SetPoint_2D(i, points.GetX(i) - 360, points.GetY(i))
    return inside.Union(beyond).ExportToWkt()


def systems(epsg):
    both = [osr.SpatialReference(), osr.SpatialReference()]
    for system, code in zip(both, (4326, epsg)):
        system.ImportFromEPSG(code)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return both


def moved(wkt, epsg, back=False, step=None):
    """The shape in another system (or back in degrees), its edges split first."""
    shape = ogr.CreateGeometryFromWkt(wkt)
    if step:
        shape.Segmentize(step)
    pair = systems(epsg)
    shape.Transform(osr.CoordinateTransformation(*(pair[::-1] if back else pair)))
    return shape.ExportToWkt()


def repaired(wkt):
    """The valid form of a shape without the lines and points that repairing leaves over."""
    shape = ogr.CreateGeometryFromWkt(wkt).MakeValid()
    if shape.GetGeometryType() != ogr.wkbGeometryCollection:
        return shape.ExportToWkt()
    parts = [shape.GetGeometryRef(i) for i in range(shape.GetGeometryCount())]
    (area,) = [part for part in parts if part.GetDimension() == 2]
    return area.ExportToWkt()


#: name: (WKT in the layer, its EPSG, WKT for the peer, tolerance of the mean)
CASES = {
    "across 180°": (ACROSS, 4326, split(ACROSS), 1e-6),
    "either side of 180°": (f"MULTI{WEST[:7]}({WEST[7:]},{EAST[7:]})", 4326,
                            f"MULTI{WEST[:7]}({WEST[7:]},{EAST[7:]})", 1e-6),
    "multipart with a hole": (PARTS, 4326, PARTS, 1e-6),
    "hole": (HOLE, 4326, HOLE, 1e-6),
    "bow tie": (TIE, 4326, repaired(TIE), 1e-6),
    "spike": (SPIKE, 4326, repaired(SPIKE), 1e-6),
    "smaller than a cell": (TINY, 4326, TINY, 1e-6),
    "smaller than a cell, in four": (CUT_TINY, 4326, CUT_TINY, 1e-6),
    "high latitude": (POLAR, 4326, POLAR, 1e-6),
    "Mercator": (moved(HOLE, 3857), 3857, moved(moved(HOLE, 3857), 3857, True, 2_000), 2e-5),
    "UTM": (moved(CUT_TINY, 32643), 32643,
            moved(moved(CUT_TINY, 32643), 32643, True, 20), 2e-5),
    "polar stereographic": (moved(POLAR, 3995), 3995,
                            moved(moved(POLAR, 3995), 3995, True, 2_000), 2e-5),
    "Mercator, invalid": (moved(TIE, 3857), 3857,
                          moved(repaired(moved(TIE, 3857)), 3857, True, 2_000), 2e-5),
}  # fmt: skip


@pytest.fixture(scope="module")
def field():
    return np.random.default_rng(0).uniform(-1, 1, (180, 360)).astype("float32")


@pytest.fixture(scope="module")
def means(field, run, make_stack, tmp_path_factory):
    """Function: WKT, EPSG -> mean, area by volume, cells of the algorithm."""
    folder = tmp_path_factory.mktemp("outlines")
    stack = make_stack(folder / "stack.tif", field[None], grid=GRID)
    number = iter(range(1000))

    def call(wkt, epsg):
        path = folder / f"b{next(number)}.gpkg"
        source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
        layer = source.CreateLayer("basins", systems(epsg)[1], ogr.wkbUnknown)
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
        del layer, source
        out = path.with_suffix(".csv")
        run("basinstatistics", INPUT=stack, BASINS=path, OUTPUT=out)
        with Path(out).open(newline="", encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
        return float(row["value"]), float(row["covered_share"]), int(row["cells"])

    return call


def peer(field, wkt):
    """Area-weighted mean and number of cells of exactextract."""
    exactextract = pytest.importorskip("exactextract")
    from exactextract.feature import JSONFeatureSource
    from exactextract.raster import NumPyRasterSource

    box = (-180, -90, 180, 90)
    values = NumPyRasterSource(field.astype(float), *box, name="v")
    areas = np.ascontiguousarray(np.broadcast_to(GRID.cell_areas(), GRID.shape))
    weights = NumPyRasterSource(areas, *box, name="w")
    shape = json.loads(ogr.CreateGeometryFromWkt(wkt).ExportToJson())
    features = JSONFeatureSource([{"type": "Feature", "properties": {}, "geometry": shape}])
    (one,) = exactextract.exact_extract(
        values, features, ["weighted_mean", "coverage"], weights=weights
    )
    found = one["properties"]
    (mean,) = (v for k, v in found.items() if "weighted_mean" in k)
    (coverage,) = (v for k, v in found.items() if "coverage" in k)
    return mean, int((np.asarray(coverage) > 1e-6).sum())


@pytest.mark.parametrize("name", CASES)
def test_equals_exactextract(means, field, name):
    wkt, epsg, plain, tolerance = CASES[name]
    got, share, cells = means(wkt, epsg)
    expected, touched = peer(field, plain)
    assert got == pytest.approx(expected, abs=tolerance)
    assert share == pytest.approx(1, abs=1e-6)
    assert abs(cells - touched) <= (0 if epsg == 4326 else 2)


def test_the_cases_are_what_they_say():
    assert not ogr.CreateGeometryFromWkt(CASES["bow tie"][0]).IsValid()
    assert not ogr.CreateGeometryFromWkt(CASES["Mercator, invalid"][0]).IsValid()
    assert ogr.CreateGeometryFromWkt(CASES["across 180°"][2]).GetGeometryCount() == 2
    assert ogr.CreateGeometryFromWkt(TINY).Area() < 1e-4
    assert ogr.CreateGeometryFromWkt(HOLE).GetGeometryCount() == 2
