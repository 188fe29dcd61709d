"""Trend map through Processing, and how QGIS shows it."""

import numpy as np
import pytest
import rasterio
from qgis.core import QgsProject, QgsSingleBandPseudoColorRenderer

T = np.arange(60.0)
SEASON = 4 * np.sin(2 * np.pi * T / 12)
BANDS = [
    "slope_per_year",
    "slope_per_month",
    "lower_per_year",
    "upper_per_year",
    "p",
    "z",
    "s",
    "r1",
    "n",
]


def bands_of(path):
    with rasterio.open(path) as file:
        return dict(zip(file.descriptions, file.read()[:, 0, 0])), file.dtypes, file.nodata


def test_bands(run, make_stack, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", SEASON + 0.1 * T)
    result = run("trendmap", log, INPUT=stack, OUTPUT=tmp_path / "out.tif")
    bands, kinds, nodata = bands_of(result["OUTPUT"])
    assert list(bands) == BANDS and set(kinds) == {"float64"} and np.isnan(nodata)
    np.testing.assert_allclose(bands["slope_per_year"], 1.2, rtol=1e-4)
    np.testing.assert_allclose(bands["slope_per_month"], 0.1, rtol=1e-4)
    assert bands["n"] == 60 and bands["p"] < 1e-10
    assert "1 cells, 60 months 2004-01 to 2008-12; p < 0.01 in 100 % of the cells" in log.text


@pytest.mark.parametrize("test", ["hamed-rao", "yue-wang"])
def test_corrected_tests(run, make_stack, tmp_path, log, test):
    # Half a swing in the whole record: a trend to the plain test, persistence to the others.
    swing = np.sin(2 * np.pi * T / 100) + np.random.default_rng(1).normal(0, 0.1, 60)
    stack = make_stack(tmp_path / "in.tif", swing)
    plain, _, _ = bands_of(run("trendmap", INPUT=stack, OUTPUT=tmp_path / "plain.tif")["OUTPUT"])
    result = run("trendmap", log, INPUT=stack, TEST=test, OUTPUT=tmp_path / "out.tif")
    bands, _, _ = bands_of(result["OUTPUT"])
    assert list(bands) == [*BANDS, "p_original", "variance_factor"]
    assert bands["p_original"] == plain["p"] and bands["p"] > 0.01 > plain["p"]
    assert bands["variance_factor"] > 1
    assert f"p < 0.01 in 0 % of the cells by {test}, in 100 % by the plain test" in log.text


def test_flags_start_and_end(run, make_stack, tmp_path):
    values, flags = 0.1 * T, np.zeros(60)
    values[40:45], flags[40:45] = 99, 2
    stack = make_stack(tmp_path / "in.tif", values)
    marks = make_stack(tmp_path / "flags.tif", flags, units="", flags=True)
    result = run("trendmap", INPUT=stack, FLAGS=marks, DESEASONALISE="none", START="2005-01",
                 END="2008-11", OUTPUT=tmp_path / "out.tif")  # fmt: skip
    bands, _, _ = bands_of(result["OUTPUT"])
    assert bands["n"] == 47 - 5
    np.testing.assert_allclose(bands["slope_per_month"], 0.1, rtol=1e-5)


def test_uncertainty_and_filled_months(run, make_stack, tmp_path):
    flags = np.zeros(60)
    flags[40:45] = 2
    stack = make_stack(tmp_path / "in.tif", SEASON + 0.1 * T)
    marks = make_stack(tmp_path / "flags.tif", flags, units="", flags=True)
    sigma = make_stack(tmp_path / "sigma.tif", np.full(60, 2.0))
    given = {"INPUT": stack, "FLAGS": marks, "UNCERTAINTY": sigma, "OUTPUT": tmp_path / "out.tif"}
    aside, _, _ = bands_of(run("trendmap", DRAWS=50, **given)["OUTPUT"])
    used, _, _ = bands_of(run("trendmap", FILLED="use", **given)["OUTPUT"])
    assert list(aside) == [*BANDS, "drawn_lower_per_year", "drawn_upper_per_year"] == list(used)
    assert aside["n"] == 55 and used["n"] == 60
    for bands in (aside, used):
        assert bands["drawn_lower_per_year"] < 1.15 < 1.25 < bands["drawn_upper_per_year"]


def test_harmonic_works_with_gaps_where_stl_refuses(run, refused, make_stack, tmp_path):
    values = SEASON + 0.1 * T
    values[[5, 6, 30]] = np.nan
    stack = make_stack(tmp_path / "in.tif", values)
    message = refused("trendmap", tmp_path, INPUT=stack, OUTPUT=tmp_path / "out.tif")
    assert "INPUT (in.tif): complete series are expected for STL" in message
    assert "1 of 1 series with missing months" in message and "'harmonic'" in message
    run("trendmap", INPUT=stack, DESEASONALISE="harmonic", OUTPUT=tmp_path / "out.tif")
    bands, _, _ = bands_of(tmp_path / "out.tif")
    np.testing.assert_allclose(bands["slope_per_year"], 1.2, atol=1e-3)
    assert bands["n"] == 57


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (
            {"START": "2007-06"},
            ["INPUT (in.tif): at least 24 months", "found 19 between"],
        ),
        ({"END": "2008"}, ["END: a month written YYYY-MM", "'2008'"]),
        ({"DESEASONALISE": "loess"}, ["DESEASONALISE"]),
    ],
)
def test_refusals(refused, make_stack, tmp_path, given, texts):
    stack = make_stack(tmp_path / "in.tif", SEASON)
    message = refused("trendmap", tmp_path, INPUT=stack, OUTPUT=tmp_path / "out.tif", **given)
    for text in texts:
        assert text in message, message


def test_the_loaded_layer_is_styled(provider, make_stack, tmp_path):
    import processing

    values = np.stack([0.1 * T, -0.3 * T], axis=1).reshape(60, 1, 2)
    stack = make_stack(tmp_path / "in.tif", values)
    QgsProject.instance().clear()
    result = processing.runAndLoadResults("gracewater:trendmap", {
        "INPUT": stack, "DESEASONALISE": "none", "OUTPUT": str(tmp_path / "out.tif"),
    })  # fmt: skip
    try:
        (layer,) = QgsProject.instance().mapLayers().values()
        assert layer.source() == result["OUTPUT"]
        renderer = layer.renderer()
        assert isinstance(renderer, QgsSingleBandPseudoColorRenderer) and renderer.band() == 1
        low, high = renderer.classificationMin(), renderer.classificationMax()
        assert low == -high and high == pytest.approx(4)  # 3.6 cm/yr, rounded up to read well
        items = renderer.shader().rasterShaderFunction().colorRampItemList()
        assert items[0].label == "-4 cm/yr" and items[-1].label == "4 cm/yr"
        assert items[len(items) // 2].value == 0
        # Loss is red, gain is blue.
        assert items[0].color.red() > items[0].color.blue()
        assert items[-1].color.blue() > items[-1].color.red()
    finally:
        QgsProject.instance().clear()
