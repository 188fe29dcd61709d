"""Attribution through Processing, and how QGIS shows it."""

import csv

import numpy as np
import pytest
import rasterio
from qgis.core import QgsProject

T = np.arange(72.0)


@pytest.fixture
def stacks(make_stack, tmp_path):
    natural = (0.02 * T + 2 * np.cos(T * np.pi / 6))[:, None, None] + np.zeros((2, 2))
    pumping = np.array([[-0.3, 0.0], [0.0, 0.2]])
    gwsa = natural + pumping * T[:, None, None]
    return {
        "INPUT": make_stack(tmp_path / "gwsa.tif", gwsa, baseline=("2004-01", "2009-12")),
        "BACKGROUND": make_stack(tmp_path / "natural.tif", 10 * natural + 500, "mm"),
    }


def test_run(run, stacks, tmp_path, log):
    result = run("attribution", log, **stacks, OUTPUT=tmp_path / "r.tif",
                 OUTPUT_TOTAL=tmp_path / "t.tif", OUTPUT_NATURAL=tmp_path / "b.tif",
                 OUTPUT_STACK=tmp_path / "s.tif", OUTPUT_TABLE=tmp_path / "shares.csv",
                 OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    slopes = {}
    for name in "rtb":
        with rasterio.open(tmp_path / f"{name}.tif") as file:
            assert file.descriptions[:2] == ("slope_per_year", "slope_per_month")
            slopes[name] = file.read(2)
    np.testing.assert_allclose(slopes["r"], [[-0.3, 0], [0, 0.2]], atol=1e-5)
    np.testing.assert_allclose(slopes["b"], 0.02, atol=1e-5)
    np.testing.assert_allclose(slopes["t"], [[-0.28, 0.02], [0.02, 0.22]], atol=1e-5)
    with rasterio.open(tmp_path / "s.tif") as file:
        assert file.count == 72 and file.tags()["units"] == "cm"
    with (tmp_path / "shares.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["class"] for r in rows] == list("1234567")
    assert float(rows[0]["stays"]) == 100 and rows[1]["stays"] == ""
    assert sum(float(r["share_residual"]) for r in rows) == pytest.approx(100)
    assert result["VOLUME_RESIDUAL"] < 0 < result["VOLUME_BACKGROUND"]
    assert "4 cells, 72 months" in log.text and "on one grid" in log.text
    assert "model&#x27;s own error" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_its_maps_are_trend_maps(run, stacks, tmp_path):
    run("attribution", **stacks, OUTPUT=tmp_path / "r.tif")
    run("trendclasses", INPUT=tmp_path / "r.tif", OUTPUT=tmp_path / "c.tif")
    with rasterio.open(tmp_path / "c.tif") as file:
        assert file.read(1)[[0, 1], [0, 1]].tolist() == [1, 7]
    found = run("hotspots", INPUT=tmp_path / "r.tif", OUTPUT=tmp_path / "h.gpkg")
    assert found["HOTSPOTS"] == 2


def test_layers_are_styled(provider, stacks, tmp_path):
    import processing

    QgsProject.instance().clear()
    outputs = {n: str(tmp_path / f"{n}.tif") for n in ("OUTPUT", "OUTPUT_TOTAL", "OUTPUT_STACK")}
    processing.runAndLoadResults("gracewater:attribution", {**stacks, **outputs})
    try:
        layers = {x.source(): x for x in QgsProject.instance().mapLayers().values()}
        for name, unit in zip(outputs, ("cm/yr", "cm/yr", "cm")):
            renderer = layers[outputs[name]].renderer()
            assert renderer.classificationMin() == -renderer.classificationMax()
            if unit == "cm/yr":
                # The total reaches 0.28 × 12 = 3.36 cm/yr, the residual 3.6: one scale for both.
                assert renderer.classificationMax() == 4
            items = renderer.shader().rasterShaderFunction().colorRampItemList()
            assert items[-1].label.endswith(f" {unit}")
    finally:
        QgsProject.instance().clear()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"BASELINE_START": "2020-01", "BASELINE_END": "2021-12"}, "Choose BASELINE_START"),
        ({"START": "2009-01"}, "at least 24 months that both"),
        ({"DESEASONALISE": "loess"}, "DESEASONALISE"),
    ],
)
def test_refusals(refused, stacks, tmp_path, given, text):
    message = refused("attribution", tmp_path, **stacks, OUTPUT=tmp_path / "r.tif", **given)
    assert text in message


def test_gaps_in_the_background_are_refused_for_stl(refused, stacks, make_stack, tmp_path):
    values = 0.1 * T
    values[7] = np.nan
    gappy = make_stack(tmp_path / "gappy.tif", np.broadcast_to(values[:, None, None], (72, 2, 2)))
    message = refused("attribution", tmp_path, INPUT=stacks["INPUT"], BACKGROUND=gappy,
                      OUTPUT=tmp_path / "r.tif")  # fmt: skip
    assert "gappy.tif" in message and "'harmonic'" in message
