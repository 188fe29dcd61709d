"""Deseasonalise through Processing."""

import numpy as np
import pytest
from qgis.core import QgsProject, QgsSingleBandPseudoColorRenderer

T = np.arange(60.0)
SEASON = 4 * np.sin(2 * np.pi * T / 12)


@pytest.mark.parametrize("method", ["stl", "stl-robust", "harmonic"])
def test_stack_and_season(run, make_stack, read_stack, tmp_path, log, method):
    stack = make_stack(tmp_path / "in.tif", SEASON + 0.1 * T)
    result = run("deseasonalise", log, INPUT=stack, METHOD=method, OUTPUT=tmp_path / "out.tif",
                 OUTPUT_SEASONAL=tmp_path / "season.tif")  # fmt: skip
    rest, info = read_stack(result["OUTPUT"])
    season, _ = read_stack(result["OUTPUT_SEASONAL"])
    np.testing.assert_allclose(rest[:, 0, 0], 0.1 * T, atol=1e-4)
    np.testing.assert_allclose(season[:, 0, 0], SEASON, atol=1e-4)
    assert info.units == "cm" and str(info.months[0]) == "2004-01"
    share = 100 * SEASON.var() / (SEASON + 0.1 * T).var()
    assert f"1 cells, 60 months. The season holds {share:.0f} % of the variance" in log.text


def test_flags_and_windows(run, make_stack, read_stack, tmp_path):
    flags = np.zeros(60)
    flags[10:13] = 2
    stack = make_stack(tmp_path / "in.tif", SEASON + 0.1 * T)
    marks = make_stack(tmp_path / "flags.tif", flags, units="", flags=True)
    result = run("deseasonalise", INPUT=stack, FLAGS=marks, SEASONAL_WINDOW=13, TREND_WINDOW=25,
                 OUTPUT=tmp_path / "out.tif")  # fmt: skip
    assert set(result) == {"OUTPUT"}
    rest, info = read_stack(result["OUTPUT"])
    assert np.flatnonzero(np.isnan(rest[:, 0, 0])).tolist() == [10, 11, 12]
    assert "windows 13 years and 25 months" in info.history[-1]


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ({"METHOD": "loess"}, ["METHOD"]),
        ({"SEASONAL_WINDOW": 8}, ["SEASONAL_WINDOW: an odd number of years", "8"]),
        ({"TREND_WINDOW": 24}, ["TREND_WINDOW: an odd number of months", "24"]),
    ],
)
def test_refusals(refused, make_stack, tmp_path, given, texts):
    stack = make_stack(tmp_path / "in.tif", SEASON)
    message = refused("deseasonalise", tmp_path, INPUT=stack, OUTPUT=tmp_path / "out.tif", **given)
    for text in texts:
        assert text in message, message


def test_gaps_are_refused_with_the_way_out(refused, make_stack, tmp_path):
    values = SEASON.copy()
    values[3] = np.nan
    stack = make_stack(tmp_path / "in.tif", values)
    message = refused("deseasonalise", tmp_path, INPUT=stack, OUTPUT=tmp_path / "out.tif")
    assert "complete series are expected for STL" in message and "'harmonic'" in message


def test_the_loaded_layer_is_styled(provider, make_stack, tmp_path):
    import processing

    values = np.stack([0.1 * T + SEASON, -0.3 * T + SEASON], axis=1).reshape(60, 1, 2)
    stack = make_stack(tmp_path / "in.tif", values)
    QgsProject.instance().clear()
    processing.runAndLoadResults("gracewater:deseasonalise", {
        "INPUT": stack, "OUTPUT": str(tmp_path / "out.tif"),
        "OUTPUT_SEASONAL": str(tmp_path / "season.tif"),
    })  # fmt: skip
    try:
        layers = list(QgsProject.instance().mapLayers().values())
        assert len(layers) == 2
        for layer in layers:
            renderer = layer.renderer()
            assert isinstance(renderer, QgsSingleBandPseudoColorRenderer)
            assert renderer.classificationMin() == -renderer.classificationMax()
    finally:
        QgsProject.instance().clear()
