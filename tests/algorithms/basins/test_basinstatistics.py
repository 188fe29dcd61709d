"""Basin statistics through QGIS: hand answers."""

import re

import numpy as np
import pytest
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from .basinlayers import EQUATOR, NINE, SMALL, WEST, WEST_MEAN, WHOLE

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
