"""Basin statistics over every kind of polygon: broken, curved, elsewhere, on the date line."""

import numpy as np
import pytest
from osgeo import ogr
from qgis.core import QgsFeatureRequest, QgsProcessingContext, QgsVectorLayer

from .basinlayers import EQUATOR, GLOBAL, WEST, WEST_MEAN, WHOLE, moved, table, weigh


def test_a_bow_tie_is_repaired_and_counted(statistics, basins, log):
    # Two triangles, in cell 4 and in cell 5.
    tie = "POLYGON((70 -10, 110 10, 110 -10, 70 10, 70 -10))"
    got = statistics(basins(tie, WEST))
    assert got["b1"] == pytest.approx(4.5, rel=1e-7)
    assert got["b2"] == pytest.approx(WEST_MEAN, rel=1e-7)
    assert float(statistics.rows[0]["covered_share"]) == pytest.approx(1)
    (told,) = [text for text in log.warnings if "repaired" in text]
    assert told.startswith("1 ") and "b1" in told and "b2" not in told


@pytest.mark.parametrize("check", [0, 1, 2])
def test_repairs_do_not_depend_on_the_setting_of_qgis(
    basins, stack, tmp_path, provider, log, check
):
    import processing

    tie = "POLYGON((70 -10, 110 10, 110 -10, 70 10, 70 -10))"
    context = QgsProcessingContext()
    kinds = QgsFeatureRequest.InvalidGeometryCheck
    context.setInvalidGeometryCheck(
        [kinds.GeometryNoCheck, kinds.GeometrySkipInvalid, kinds.GeometryAbortOnInvalid][check]
    )
    out = tmp_path / "out.csv"
    given = {"INPUT": stack, "BASINS": basins(tie), "OUTPUT": str(out)}
    processing.run("gracewater:basinstatistics", given, context=context, feedback=log)
    assert float(table(out)[0]["value"]) == pytest.approx(4.5, rel=1e-7)


def test_multipart_and_hole(statistics, basins):
    parts = f"MULTI{WEST[:7]}(({WEST[8:-1]}),((110 -10, 130 -10, 130 10, 110 10, 110 -10)))"
    hole = WHOLE[:-1] + ", (90 -10, 90 10, 110 10, 110 -10, 90 -10))"
    got = statistics(basins(parts, hole))
    assert got["b1"] == pytest.approx(weigh((1, 0), (4, 1), (7, 2), (6, 1)), rel=1e-7)
    ring = [(v, (v - 1) // 3) for v in (1, 2, 3, 4, 6, 7, 8, 9)]
    assert got["b2"] == pytest.approx(weigh(*ring), rel=1e-7)
    assert [row["cells"] for row in statistics.rows] == ["4", "8"]


def test_heights_and_measures_are_dropped(statistics, basins, tmp_path):
    high = "POLYGON ZM((70 -10 5 1, 110 -10 5 1, 110 10 5 1, 70 10 5 1, 70 -10 5 1))"
    summary = tmp_path / "s.gpkg"
    assert statistics(basins(high), OUTPUT_SUMMARY=str(summary))["b1"] == pytest.approx(4.5)
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert not one.geometry().constGet().is3D()


def test_a_curved_polygon(statistics, basins):
    # A disc of 10° around the middle of the border of cells 4 and 5.
    disc = "CURVEPOLYGON(CIRCULARSTRING(80 0, 90 10, 100 0, 90 -10, 80 0))"
    assert statistics(basins(disc))["b1"] == pytest.approx(4.5, abs=1e-6)
    area = 6371.0**2 * np.radians(10) ** 2 * np.pi
    volume = float(statistics.rows[0]["volume_km3"])
    # Near the equator the plate carrée's disc is larger than the sphere's by under 1 %.
    assert 0.99 * area < volume / 4.5e-5 < area


def test_empty_and_missing_geometries_are_skipped(statistics, basins, log, tmp_path):
    summary = tmp_path / "s.gpkg"
    layer = basins("POLYGON EMPTY", WEST, None, file="some.gpkg", names=["none", "west", "null"])
    got = statistics(layer, OUTPUT_SUMMARY=str(summary))
    assert list(got) == ["west"] and got["west"] == pytest.approx(WEST_MEAN, rel=1e-7)
    (told,) = [text for text in log.warnings if "left out" in text]
    assert told.startswith("2 ") and "none" in told and "null" in told
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert one["basin"] == "west" and one.geometry().area() == pytest.approx(1200)


SLANTED = "POLYGON((72 -25, 118 -28, 127 21, 81 27, 72 -25), (90 -5, 95 10, 105 3, 90 -5))"


@pytest.mark.parametrize("epsg", [3857, 3395, 32646])
def test_another_coordinate_system_gives_the_same(statistics, basins, epsg):
    shape = SLANTED if epsg != 32646 else "POLYGON((86 5, 98 3, 99 25, 88 28, 86 5))"
    plain = statistics(basins(shape))["b1"]
    volume = float(statistics.rows[0]["volume_km3"])
    got = statistics(basins(moved(shape, epsg), epsg=epsg, file="moved.gpkg"))["b1"]
    assert got == pytest.approx(plain, abs=1e-3)
    assert float(statistics.rows[0]["volume_km3"]) == pytest.approx(volume, rel=1e-3)
    assert float(statistics.rows[0]["covered_share"]) == pytest.approx(1, abs=1e-6)


def test_long_edges_of_another_system_are_split(statistics, basins):
    # The edges of a box in Mercator are parallels and meridians: four points say it all.
    box = ogr.CreateGeometryFromWkt(moved(EQUATOR, 3857, 1000)).ExportToWkt()
    assert box.count(",") == 4
    assert statistics(basins(box, epsg=3857))["b1"] == pytest.approx(4.5, abs=1e-6)


@pytest.fixture
def world(tmp_path, make_stack):
    """Values are column numbers, 1 at 180° W to 36 at 180° E; the row does not matter."""
    values = np.tile(np.arange(1.0, 37), (1, 18, 1))
    return make_stack(tmp_path / "world.tif", values, grid=GLOBAL)


ACROSS = "POLYGON((170 -10, 190 -10, 190 10, 170 10, 170 -10))"
SPLIT = (
    "MULTIPOLYGON(((170 -10, 180 -10, 180 10, 170 10, 170 -10)),"
    "((-180 -10, -170 -10, -170 10, -180 10, -180 -10)))"
)
NEGATIVE = "POLYGON((-190 -10, -170 -10, -170 10, -190 10, -190 -10))"


def test_across_the_date_line(statistics, basins, world, log):
    got = statistics(basins(ACROSS, SPLIT, NEGATIVE), INPUT=world)
    for name in ("b1", "b2", "b3"):
        assert got[name] == pytest.approx((36 + 1) / 2, rel=1e-7), name
    assert {row["cells"] for row in statistics.rows} == {"4"}
    assert {float(row["covered_share"]) for row in statistics.rows} == {1}
    assert len({round(float(row["volume_km3"]), 4) for row in statistics.rows}) == 1
    assert not [text for text in log.warnings if "outside" in text]


@pytest.mark.parametrize("epsg", [3832, 3857])
def test_across_the_date_line_in_another_system(statistics, basins, world, epsg):
    # 3832 is centred on the Pacific; in 3857 the polygon runs beyond the map's edge.
    if epsg == 3857:
        quarter = 20037508.342789244
        edge = quarter * np.array([17 / 18, 19 / 18])
        y = 1118889.9748579594  # 10° N
        corners = [(edge[0], -y), (edge[1], -y), (edge[1], y), (edge[0], y), (edge[0], -y)]
        shape = "POLYGON((" + ",".join(f"{a} {b}" for a, b in corners) + "))"
    else:
        shape = moved(ACROSS, epsg)
    got = statistics(basins(shape, epsg=epsg), INPUT=world)["b1"]
    assert got == pytest.approx((36 + 1) / 2, abs=1e-3)
    assert {row["cells"] for row in statistics.rows} <= {"4", "6", "8"}


@pytest.mark.parametrize(("epsg", "pole"), [(3031, -90), (3995, 90)])
def test_around_a_pole(statistics, basins, world, epsg, pole):
    # A cap from 60° to the pole, drawn in a polar projection, has every longitude alike.
    edge = np.copysign(60, pole)
    ring = ", ".join(f"{lon} {edge}" for lon in (*range(-180, 180), -180))
    shape = ogr.CreateGeometryFromWkt(moved(f"POLYGON(({ring}))", epsg, 1000))
    statistics(basins(shape.ExportToWkt(), epsg=epsg), INPUT=world)
    row = statistics.rows[0]
    assert row["cells"] == "108"
    assert float(row["value"]) == pytest.approx(18.5, abs=1e-3)
    cap = 2 * np.pi * 6371.0**2 * (1 - np.sin(np.radians(60)))
    assert float(row["volume_km3"]) == pytest.approx(18.5e-5 * cap, rel=1e-3)
