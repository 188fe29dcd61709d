"""Basin statistics through QGIS: hand answers, and every kind of polygon layer."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from osgeo import ogr, osr
from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

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


@pytest.fixture
def stack(tmp_path, make_stack):
    return make_stack(tmp_path / "stack.tif", NINE, grid=SMALL)


@pytest.fixture
def basins(tmp_path):
    """Function: shapes -> layer file outside of the folder that runs write to."""
    (tmp_path / "in").mkdir()
    return lambda *shapes, file="basins.gpkg", **more: polygon_file(
        tmp_path / "in" / file, shapes, **more
    )


@pytest.fixture
def statistics(tmp_path, stack, provider, log):
    """Function: run over a layer; means by basin name, in order of the rows. Keeps rows."""
    import processing

    def call(layer, **parameters):
        out = tmp_path / "out.csv"
        given = {"INPUT": stack, "BASINS": layer, "BASIN_FIELD": "name", "OUTPUT": str(out)}
        given.update(parameters)
        call.results = processing.run("gracewater:basinstatistics", given, feedback=log)
        call.rows = table(out)
        return {row["basin"]: number(row["value"]) for row in call.rows}

    return call


@pytest.fixture
def refused_with(refused, tmp_path, stack):
    """Function: run that must fail and leave nothing; the message."""

    def call(layer, **parameters):
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        given = {"INPUT": stack, "BASINS": layer, "BASIN_FIELD": "name"}
        outputs = {
            "OUTPUT": out / "series.csv",
            "OUTPUT_SUMMARY": out / "summary.gpkg",
            "OUTPUT_HTML": out / "report.html",
        }
        return refused("basinstatistics", tmp_path, **{**given, **outputs, **parameters})

    return call


# -- the answer ---------------------------------------------------------------


def test_by_hand(statistics, basins, tmp_path):
    summary = tmp_path / "summary.gpkg"
    got = statistics(basins(WHOLE, EQUATOR, WEST), OUTPUT_SUMMARY=str(summary))
    assert got["b1"] == pytest.approx(5, rel=1e-7)
    assert got["b2"] == pytest.approx(4.5, rel=1e-7)
    assert got["b3"] == pytest.approx(WEST_MEAN, rel=1e-7)
    row = statistics.rows[1]
    assert row["date"] == "2004-01" and row["variable"] == "test" and row["cells"] == "2"
    area = 6371.0**2 * np.radians(40) * 2 * np.sin(np.radians(10))
    assert float(row["volume_km3"]) == pytest.approx(4.5e-5 * area, rel=1e-7)
    assert float(row["covered_share"]) == 1
    assert row["uncertainty"] == row["filled"] == ""
    features = list(QgsVectorLayer(str(summary)).getFeatures())
    assert [f["basin"] for f in features] == ["b1", "b2", "b3"]
    assert features[1]["area_km2"] == pytest.approx(area, rel=1e-9)
    assert features[1].geometry().area() == pytest.approx(800)


def test_one_month_gives_means_and_no_trend(statistics, basins, tmp_path):
    summary, page = tmp_path / "s.gpkg", tmp_path / "r.html"
    statistics(basins(EQUATOR), OUTPUT_SUMMARY=str(summary), OUTPUT_HTML=str(page))
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    for name in ("slope_cm_yr", "slope_lower", "slope_upper", "p", "r1", "n_eff", "volume_km3_yr"):
        assert one[name] is None or one[name] == QVariant(), name
    assert (one["months"], one["first"], one["last"]) == (1, "2004-01", "2004-01")
    assert one["covered_share"] == 1 and one["small"] == 0
    assert "not given" in page.read_text(encoding="utf-8")


def test_columns_and_their_types(statistics, basins, tmp_path, run, stack):
    out, summary = tmp_path / "series.gpkg", tmp_path / "summary.gpkg"
    run("basinstatistics", INPUT=stack, BASINS=basins(WEST), OUTPUT=out, OUTPUT_SUMMARY=summary)
    series = {f.name(): f.typeName() for f in QgsVectorLayer(str(out)).fields()}
    series.pop("fid")
    text = {"basin", "date", "variable"}
    real = {"value", "volume_km3", "covered_share"}
    real |= {"uncertainty", "uncertainty_upper", "volume_uncertainty_km3"}
    assert set(series) == text | real | {"cells", "filled"}
    assert {n for n, t in series.items() if t == "String"} == text
    assert {n for n, t in series.items() if t == "Real"} == real
    assert {n for n, t in series.items() if t.startswith("Integer")} == {"cells", "filled"}
    kinds = {f.name(): f.typeName() for f in QgsVectorLayer(str(summary)).fields()}
    for name in ("wettest", "driest", "months", "small"):
        assert kinds[name].startswith("Integer"), name
    for name in ("basin", "first", "last", "error_model"):
        assert kinds[name] == "String"
    for name in ("area_km2", "slope_cm_yr", "p", "r1", "n_eff", "volume_km3_yr", "amplitude_cm"):
        assert kinds[name] == "Real"
    assert QgsVectorLayer(str(summary)).crs().authid() == "EPSG:4326"


def yearly(months=36):
    """Falling by 2.4 cm a year, highest in April; months 5, 6 and 20 are missing."""
    time = np.arange(months)
    series = -0.2 * time + 6 * np.cos(2 * np.pi * (time - 3) / 12)
    series[[5, 6, 20]] = np.nan
    return series


def test_a_trend_and_its_season(statistics, basins, tmp_path, make_stack):
    values = yearly()[:, None, None] * np.ones((1, 3, 3))
    given = make_stack(tmp_path / "years.tif", values, grid=SMALL)
    summary = tmp_path / "summary.gpkg"
    statistics(basins(EQUATOR), INPUT=given, OUTPUT_SUMMARY=str(summary))
    months = [row["date"] for row in statistics.rows]
    assert months[0] == "2004-01" and months[-1] == "2006-12" and len(months) == 36
    assert all(re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month) for month in months)
    # NaN is NULL, and an empty cell in a text file.
    for row in (statistics.rows[i] for i in (5, 6, 20)):
        assert row["value"] == row["volume_km3"] == "" and float(row["covered_share"]) == 0
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert one["slope_cm_yr"] == pytest.approx(-2.4, abs=1e-4)
    assert one["volume_km3_yr"] == pytest.approx(-2.4e-5 * one["area_km2"], rel=1e-4)
    assert one["amplitude_cm"] == pytest.approx(6, abs=1e-3)
    assert (one["wettest"], one["driest"]) == (4, 10)
    assert (one["first"], one["last"], one["months"]) == ("2004-01", "2006-12", 33)
    # Wholly covered in every month that was observed.
    assert one["covered_share"] == pytest.approx(1)


def test_filled_months_do_not_enter_the_trend(statistics, basins, tmp_path, make_stack):
    series = yearly()
    flags = np.where(np.isnan(series), 1, 0)
    series[np.isnan(series)] = 100
    shape = np.ones((1, 3, 3))
    given = make_stack(tmp_path / "years.tif", series[:, None, None] * shape, grid=SMALL)
    flag = make_stack(
        tmp_path / "f.tif", flags[:, None, None] * shape, grid=SMALL, flags=True, units=""
    )
    summary = tmp_path / "summary.gpkg"
    statistics(basins(EQUATOR), INPUT=given, FLAGS=flag, OUTPUT_SUMMARY=str(summary))
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert one["slope_cm_yr"] == pytest.approx(-2.4, abs=1e-4)
    assert one["months"] == 33
    assert [row["filled"] for row in statistics.rows] == [str(f) for f in flags]
    assert float(statistics.rows[5]["value"]) == pytest.approx(100)


def test_uncertainty(statistics, basins, tmp_path, make_stack):
    sigma = make_stack(tmp_path / "sigma.tif", 20 * np.ones((1, 3, 3)), units="mm", grid=SMALL)
    # Cells 20° apart know nothing of each other; under a huge length they are one.
    statistics(basins(EQUATOR), UNCERTAINTY=sigma)
    assert float(statistics.rows[0]["uncertainty"]) == pytest.approx(2 / np.sqrt(2), rel=1e-5)
    statistics(basins(EQUATOR, file="again.gpkg"), UNCERTAINTY=sigma, CORRELATION_LENGTH=1e7)
    assert float(statistics.rows[0]["uncertainty"]) == pytest.approx(2, rel=1e-5)


def test_the_assumption_about_errors_is_written(statistics, basins, tmp_path, make_stack, log):
    sigma = make_stack(tmp_path / "sigma.tif", 2 * np.ones((1, 3, 3)), grid=SMALL)
    summary, page = tmp_path / "s.gpkg", tmp_path / "r.html"
    outputs = {"OUTPUT_SUMMARY": str(summary), "OUTPUT_HTML": str(page)}
    statistics(basins(EQUATOR), UNCERTAINTY=sigma, **outputs)
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert one["error_model"] == "gaussian 300 km"
    assert one["mean_cm"] == pytest.approx(4.5) and one["mean_uncertainty"] == pytest.approx(
        np.sqrt(2), rel=1e-5
    )
    assert "L = 300 km" in log.text and "L = 300 km" in page.read_text(encoding="utf-8")
    # Both cells carry number 1, so they are one mascon and nothing averages away.
    ids = make_stack(tmp_path / "ids.tif", np.ones((1, 3, 3)), grid=SMALL, units="")
    again = basins(EQUATOR, file="again.gpkg")
    statistics(again, UNCERTAINTY=sigma, MASCONS=ids, **outputs)
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert one["error_model"] == "mascon"
    row = statistics.rows[0]
    assert float(row["uncertainty"]) == pytest.approx(2)
    assert float(row["uncertainty_upper"]) == pytest.approx(2)
    volume = 2e-5 * one["area_km2"]
    assert float(row["volume_uncertainty_km3"]) == pytest.approx(volume, rel=1e-6)
    assert "mascon" in page.read_text(encoding="utf-8")


def test_component_errors_add_in_quadrature(statistics, basins, tmp_path, make_stack):
    sigma = make_stack(tmp_path / "sigma.tif", 3 * np.ones((1, 3, 3)), grid=SMALL)
    snow = make_stack(tmp_path / "snow.tif", 40 * np.ones((1, 3, 3)), units="mm", grid=SMALL)
    given = {"UNCERTAINTY_SNOW": snow, "CORRELATION_LENGTH": 1e7}
    statistics(basins(EQUATOR), UNCERTAINTY=sigma, **given)
    assert float(statistics.rows[0]["uncertainty"]) == pytest.approx(5, rel=1e-5)
    with pytest.raises(QgsProcessingException, match="UNCERTAINTY"):
        statistics(basins(EQUATOR, file="again.gpkg"), **given)


def test_errors_of_filled_months_are_one(statistics, basins, tmp_path, make_stack):
    months = np.ones((3, 1, 1))
    given = make_stack(tmp_path / "v.tif", months * NINE, grid=SMALL)
    sigma = make_stack(tmp_path / "sigma.tif", 2 * months * np.ones((1, 3, 3)), grid=SMALL)
    flags = np.array([0, 1, 1])[:, None, None] * np.ones((1, 3, 3))
    flags = make_stack(tmp_path / "flags.tif", flags, grid=SMALL, flags=True, units="")
    summary = tmp_path / "s.gpkg"
    statistics(
        basins(EQUATOR), INPUT=given, UNCERTAINTY=sigma, FLAGS=flags, OUTPUT_SUMMARY=str(summary)
    )
    got = [float(row["uncertainty"]) for row in statistics.rows]
    assert got == pytest.approx([np.sqrt(2), 2, 2], rel=1e-5)
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert one["mean_uncertainty"] == pytest.approx(np.sqrt(2 + 16) / 3, rel=1e-5)


def test_minimum_share(statistics, basins, tmp_path, make_stack):
    values = NINE.copy()
    values[0, 1, 1] = np.nan
    given = make_stack(tmp_path / "holes.tif", values, grid=SMALL)
    assert statistics(basins(EQUATOR), INPUT=given)["b1"] == 4
    strict = statistics(basins(EQUATOR, file="b.gpkg"), INPUT=given, MIN_COVERED_SHARE=0.51)
    assert np.isnan(strict["b1"])
    assert float(statistics.rows[0]["covered_share"]) == pytest.approx(0.5)
    assert statistics.rows[0]["cells"] == "1"


# -- what is refused ------------------------------------------------------------


def test_a_layer_without_crs_is_refused(refused_with, basins):
    message = refused_with(basins(WEST, epsg=None, file="lost.shp"))
    assert "BASINS" in message and "coordinate reference system" in message


def test_basins_outside_are_refused(refused_with, basins):
    message = refused_with(basins("POLYGON((10 -5, 12 -5, 12 4, 10 4, 10 -5))"))
    assert "BASINS" in message and "stack.tif" in message
    assert "x 10 to 12, y -5 to 4" in message and "x 70 to 130, y -30 to 30" in message


def test_points_are_refused(refused_with, basins):
    assert "polygon" in refused_with(basins("POINT(80 0)"))


def test_an_empty_selection_is_refused(statistics, basins, tmp_path):
    layer = QgsVectorLayer(basins(WEST), "basins")
    source = selected(layer)
    with pytest.raises(QgsProcessingException, match="polygon"):
        statistics(source)
    assert not (tmp_path / "out.csv").exists()


def test_an_unknown_field_is_refused(refused_with, basins):
    message = refused_with(basins(WEST), BASIN_FIELD="nome")
    assert "BASIN_FIELD" in message and "nome" in message and "name" in message


def test_stacks_that_do_not_fit_are_refused(refused_with, basins, tmp_path, make_stack):
    layer = basins(WEST)
    other = make_stack(tmp_path / "shifted.tif", NINE, grid=Grid(80.0, 30.0, 20.0, 20.0, 3, 3))
    assert "grid" in refused_with(layer, UNCERTAINTY=other)
    longer = make_stack(tmp_path / "longer.tif", np.ones((2, 3, 3)), grid=SMALL)
    assert "months" in refused_with(layer, UNCERTAINTY=longer)
    assert "months" in refused_with(layer, FLAGS=longer)
    flux = make_stack(tmp_path / "flux.tif", NINE, units="mm/month", grid=SMALL)
    assert "units" in refused_with(layer, INPUT=flux)
    unknown = make_stack(tmp_path / "unknown.tif", NINE, units="", grid=SMALL)
    assert "units" in refused_with(layer, INPUT=unknown)
    bad = make_stack(tmp_path / "bad.tif", -np.ones((1, 3, 3)), grid=SMALL)
    assert "negative" in refused_with(layer, UNCERTAINTY=bad)


def test_the_layer_itself_is_not_overwritten(statistics, basins):
    layer = basins(WEST)
    before = Path(layer).read_bytes()
    with pytest.raises(QgsProcessingException, match="BASINS"):
        statistics(layer, OUTPUT=layer)
    assert Path(layer).read_bytes() == before


# -- geometries -----------------------------------------------------------------


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


# -- which features, and what they are called -----------------------------------


def selected(layer, *ids, only=True):
    QgsProject.instance().addMapLayer(layer)
    layer.selectByIds(list(ids))
    return QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=only)


def test_selected_features_only(statistics, basins):
    layer = QgsVectorLayer(basins(WHOLE, EQUATOR, WEST), "basins")
    source = selected(layer, 2)
    assert list(statistics(source)) == ["b2"]
    QgsProject.instance().removeMapLayer(layer.id())


def test_a_layer_in_memory_with_one_feature(statistics):
    # What "iterate over this layer" gives: one feature at a time.
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "one", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(EQUATOR))
    feature["name"] = "Indus"
    layer.dataProvider().addFeature(feature)
    assert statistics(layer) == {"Indus": pytest.approx(4.5)}


def test_names_are_made_unique(statistics, basins, log):
    names = ["Nile", "Nile", None, "", " ", "Nile"]
    got = list(statistics(basins(*[WEST] * 6, names=names)))
    assert got == ["Nile", "Nile (2)", "basin_3", "basin_4", "basin_5", "Nile (3)"]


@pytest.mark.parametrize(("kind", "names"), [("integer", [7, 12]), ("real", [7.0, 12.0])])
def test_numbers_as_names(statistics, basins, kind, names):
    got = statistics(basins(WHOLE, WEST, kind=kind, names=names))
    assert list(got) == ["7", "12"]


def test_without_a_field_the_id_is_the_name(statistics, basins):
    assert list(statistics(basins(WEST, WEST), BASIN_FIELD="")) == ["basin_1", "basin_2"]


# -- what is told ---------------------------------------------------------------


def test_warnings(statistics, basins, log, tmp_path):
    small = "POLYGON((80 0, 81 0, 81 1, 80 1, 80 0))"
    half = "POLYGON((120 -10, 140 -10, 140 10, 120 10, 120 -10))"
    away = "POLYGON((0 -10, 20 -10, 20 10, 0 10, 0 -10))"
    page = tmp_path / "report.html"
    got = statistics(basins(small, half, away, WHOLE), OUTPUT_HTML=str(page))
    assert np.isnan(got["b3"]) and got["b2"] == 6
    for text, name in (("smaller", "b1"), ("partly outside", "b2"), ("basin outside", "b3")):
        (told,) = [line for line in log.warnings if text in line]
        assert name in told and "b4" not in told
        assert text in page.read_text(encoding="utf-8")


def test_cancel_leaves_nothing(statistics, basins, log, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    log.cancel()
    with pytest.raises(FileNotFoundError):  # there is no table to read
        statistics(
            basins(WHOLE),
            OUTPUT=str(out / "series.csv"),
            OUTPUT_SUMMARY=str(out / "summary.gpkg"),
            OUTPUT_HTML=str(out / "report.html"),
        )
    assert not list(out.iterdir())
    assert not statistics.results
