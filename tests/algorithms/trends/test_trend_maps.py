"""Classes, stippling and hotspots through Processing, and how QGIS shows them."""

import csv

import numpy as np
import pytest
import rasterio
from qgis.core import QgsProject, QgsVectorLayer

SLOPE = np.array([[-0.2, -0.3, 0.05], [-0.2, 0.5, 0.2], [-0.10, np.nan, 0.2]])
P = np.array([[0.001, 0.001, 0.001], [0.02, 0.001, 0.001], [0.001, np.nan, 0.3]])


@pytest.fixture
def trend(tmp_path):
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.data.rasterfile import RasterWriter

    path = tmp_path / "trend.tif"
    names = ["p_original", "p", "slope_per_month"]
    with RasterWriter(path, Grid(70, 30, 1, 1, 3, 3), names, dtype="float64",
                      units=["", "", "cm/month"]) as file:  # fmt: skip
        file.write(np.stack([0 * P + 0.001, P, SLOPE]))
    return str(path)


@pytest.fixture
def shown(provider):
    """Run an algorithm as the toolbox does; the layer of its ``OUTPUT``."""
    import processing

    QgsProject.instance().clear()

    def call(algorithm, **parameters):
        result = processing.runAndLoadResults(f"gracewater:{algorithm}", parameters)
        layers = QgsProject.instance().mapLayers().values()
        (layer,) = [x for x in layers if x.source().split("|")[0] == result["OUTPUT"]]
        return layer

    yield call
    QgsProject.instance().clear()


def features(path):
    return list(QgsVectorLayer(str(path)).getFeatures())


def test_classes(run, trend, tmp_path, log):
    result = run("trendclasses", log, INPUT=trend, OUTPUT=tmp_path / "c.tif",
                 OUTPUT_TABLE=tmp_path / "t.csv", OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    with rasterio.open(result["OUTPUT"]) as file:
        assert file.read(1).tolist() == [[1, 1, 7], [2, 7, 7], [1, 0, 5]]
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["class"] for r in rows] == ["1", "2", "3", "4", "5", "6", "7", ""]
    assert sum(float(r["share"]) for r in rows[:7]) == pytest.approx(100)
    assert float(rows[0]["share_published"]) == 37.13 and rows[3]["share_published"] == ""
    assert float(rows[1]["share_plain"]) == 0
    assert result["DECREASE"] + result["INCREASE"] + float(rows[7]["share"]) == pytest.approx(100)
    assert "by the plain test" in log.text and "on the sphere" in log.text
    assert "<img " in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_classes_have_a_legend(shown, trend, tmp_path):
    layer = shown("trendclasses", INPUT=trend, OUTPUT=str(tmp_path / "c.tif"))
    classes = layer.renderer().classes()
    assert [c.value for c in classes] == [1, 2, 3, 4, 5, 6, 7]
    assert classes[0].label == "decrease, p < 0.01" and classes[3].label == "no trend"
    assert classes[0].color.red() > classes[0].color.blue()
    assert classes[6].color.blue() > classes[6].color.red()


def test_a_failed_table_leaves_no_raster(refused, trend, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "r.html").mkdir()
    message = refused("trendclasses", folder, INPUT=trend, OUTPUT=folder / "c.tif",
                      OUTPUT_HTML=folder / "r.html")  # fmt: skip
    assert "OUTPUT_HTML: a file is expected" in message


def test_hotspots(run, trend, tmp_path, log):
    result = run("hotspots", log, INPUT=trend, OUTPUT=tmp_path / "h.gpkg")
    found = features(result["OUTPUT"])
    assert [f["direction"] for f in found] == ["increase", "decrease"]
    assert [f["cells"] for f in found] == [2, 2] and [f["hotspot"] for f in found] == [1, 2]
    one = found[1]
    assert one["volume_km3_yr"] == pytest.approx(one["slope_cm_yr"] * one["area_km2"] * 1e-5)
    assert one["slope_cm_month"] == pytest.approx(-0.25, abs=1e-6)
    box = one.geometry().boundingBox()
    assert (box.xMinimum(), box.xMaximum(), box.yMinimum(), box.yMaximum()) == (70, 72, 29, 30)
    assert result["HOTSPOTS"] == 2 and result["LOSS"] == pytest.approx(one["volume_km3_yr"])
    assert "1 hotspots of decrease" in log.text


def test_no_hotspots_is_an_empty_layer_and_a_warning(run, trend, tmp_path, log):
    result = run("hotspots", log, INPUT=trend, MIN_AREA=1e6, OUTPUT=tmp_path / "h.gpkg")
    assert features(result["OUTPUT"]) == [] and result["HOTSPOTS"] == 0
    assert "No hotspot" in log.text


def test_hotspots_are_coloured_by_their_slope(shown, trend, tmp_path):
    layer = shown("hotspots", INPUT=trend, OUTPUT=str(tmp_path / "h.gpkg"))
    renderer = layer.renderer()
    assert renderer.classAttribute() == "slope_cm_month"
    assert renderer.ranges()[0].label().endswith("cm/month")


def test_points(run, shown, trend, tmp_path):
    layer = shown("stippling", INPUT=trend, OUTPUT=str(tmp_path / "p.gpkg"))
    assert layer.featureCount() == 6
    assert {round(f["p"], 4) for f in layer.getFeatures()} == {0.001}
    assert layer.renderer().symbol().color().name() == "#000000"
    assert layer.name() == "p < 0.01"


def test_hatch(shown, trend, tmp_path):
    layer = shown("stippling", INPUT=trend, KIND="hatch", DISTANCE=3.0,
                  OUTPUT=str(tmp_path / "p.gpkg"))  # fmt: skip
    assert [f["cells"] for f in layer.getFeatures()] == [6]
    lines = layer.renderer().symbol().symbolLayer(0)
    assert lines.layerType() == "LinePatternFill" and lines.distance() == 3.0


@pytest.mark.parametrize("algorithm", ["trendclasses", "stippling", "hotspots"])
def test_a_stack_is_no_trend_map(refused, make_stack, tmp_path, algorithm):
    stack = make_stack(tmp_path / "in.tif", np.arange(24.0))
    end = "tif" if algorithm == "trendclasses" else "gpkg"
    message = refused(algorithm, tmp_path, INPUT=stack, OUTPUT=tmp_path / f"out.{end}")
    assert "INPUT: a band described 'p' is expected in INPUT (in.tif)" in message
    assert "Make it with 'Trend map'" in message


@pytest.mark.parametrize("algorithm", ["stippling", "hotspots"])
def test_a_level_of_nothing(refused, trend, tmp_path, algorithm):
    message = refused(algorithm, tmp_path, INPUT=trend, P=0, OUTPUT=tmp_path / "o.gpkg")
    assert "P: a level above 0" in message
