"""Means, profiles, seasonality, amplitude and phase through Processing, and how they look."""

import csv

import numpy as np
import pytest
import rasterio
from qgis.core import QgsProject, QgsSingleBandPseudoColorRenderer

T = np.arange(72.0)
#: Highest in the middle of April, around a step of one cm a year.
VALUES = 4 * np.cos(2 * np.pi * (T - 3) / 12) + np.floor(T / 12)


@pytest.fixture
def stack(make_stack, tmp_path):
    values = np.stack([VALUES, -2 * VALUES, VALUES + 3, np.full(72, np.nan)], axis=1)
    return make_stack(
        tmp_path / "in.tif", values.reshape(72, 2, 2), baseline=("2004-01", "2009-12")
    )


@pytest.fixture
def shown(provider):
    import processing

    QgsProject.instance().clear()

    def call(algorithm, **parameters):
        result = processing.runAndLoadResults(f"gracewater:{algorithm}", parameters)
        layers = list(QgsProject.instance().mapLayers().values())
        return {
            name: layer for name, value in result.items() for layer in layers
            if layer.source().split("|")[0] == value
        }  # fmt: skip

    yield call
    QgsProject.instance().clear()


def rows_of(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def labels(layer):
    renderer = layer.renderer()
    assert isinstance(renderer, QgsSingleBandPseudoColorRenderer) and renderer.band() == 1
    return [i.label for i in renderer.shader().rasterShaderFunction().colorRampItemList()]


def test_seasonality(run, stack, tmp_path, log):
    result = run("seasonality", log, INPUT=stack, OUTPUT=tmp_path / "s.tif",
                 OUTPUT_TABLE=tmp_path / "t.csv", OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    with rasterio.open(tmp_path / "s.tif") as file:
        share, within, between, years = file.read()
    np.testing.assert_allclose(within[0, 0], 4 * np.sqrt(6 / 11), rtol=1e-6)
    np.testing.assert_allclose(between[0, 0], np.std(np.arange(6), ddof=1), rtol=1e-6)
    assert np.isnan(share[1, 1]) and years[0, 0] == 6
    assert [r["share_published"] for r in rows_of(tmp_path / "t.csv")] == ["52.3", "26.09"]
    assert result["ABOVE_50"] == 100 and result["ABOVE_66"] == 0
    assert "77 %" in log.text and "published 52.30" in log.text
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "77 %" in page and "52.30" in page and "26.09" in page


def test_the_legend_of_seasonality_names_what_noise_scores(shown, stack, tmp_path):
    (layer,) = shown("seasonality", INPUT=stack, OUTPUT=str(tmp_path / "s.tif")).values()
    assert any("77 %" in label for label in labels(layer))


def test_help_says_what_noise_scores(provider):
    assert "WHITE NOISE SCORES 77 %" in provider.algorithm("seasonality").shortHelpString()


def test_amplitude_and_phase(run, stack, tmp_path, log):
    run("amplitudephase", log, INPUT=stack, OUTPUT=tmp_path / "a.tif",
        OUTPUT_PHASE=tmp_path / "p.tif", MIN_AMPLITUDE=5)  # fmt: skip
    with rasterio.open(tmp_path / "a.tif") as a, rasterio.open(tmp_path / "p.tif") as p:
        np.testing.assert_allclose(a.read(1)[0], [4, 8], rtol=0.1)
        peak = p.read(1)
    assert np.isnan(peak[0, 0])  # too small
    assert int(peak[0, 1]) == 10  # the lowest of the other is the highest of this one
    assert "2 cells are below" in log.text


def test_phases_are_coloured_by_month(shown, stack, tmp_path):
    layers = shown("amplitudephase", INPUT=stack, OUTPUT=str(tmp_path / "a.tif"),
                   OUTPUT_PHASE=str(tmp_path / "p.tif"))  # fmt: skip
    assert labels(layers["OUTPUT_PHASE"])[0] == "January"
    assert labels(layers["OUTPUT_PHASE"])[-1] == "December"
    assert labels(layers["OUTPUT"])[-1].endswith(" cm")
    shader = layers["OUTPUT_PHASE"].renderer().shader().rasterShaderFunction()
    for value, name in ((1.2, "January"), (4.5, "April"), (12.9, "December")):
        _, red, green, blue, _ = shader.shade(value)
        item = next(i for i in shader.colorRampItemList() if i.label == name)
        assert (red, green, blue) == item.color.getRgb()[:3]


def test_mean_anomaly(run, stack, tmp_path, log):
    run("meananomaly", log, INPUT=stack, START="2005-01", OUTPUT=tmp_path / "m.tif",
        OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    with rasterio.open(tmp_path / "m.tif") as file:
        np.testing.assert_allclose(file.read(1), [[3, -6], [6, np.nan]], atol=1e-5)
    assert "3 cells, 2005-01 to 2009-12" in log.text
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count("<img ") == 2
    log.warnings.clear()
    run("meananomaly", log, INPUT=stack, OUTPUT=tmp_path / "n.tif")
    assert "months of the baseline" in log.text


def test_the_mean_is_red_below_and_blue_above(shown, stack, tmp_path):
    (layer,) = shown("meananomaly", INPUT=stack, OUTPUT=str(tmp_path / "m.tif")).values()
    assert labels(layer)[0].startswith("-") and labels(layer)[-1].endswith(" cm")
    assert layer.name() == "Mean of 2004-01 to 2009-12"


def test_profile_of_a_stack_and_of_a_band(run, stack, tmp_path, log):
    run("latitudeprofile", log, INPUT=stack, OUTPUT=tmp_path / "p.csv",
        OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    rows = rows_of(tmp_path / "p.csv")
    assert [float(r["latitude"]) for r in rows] == [29.5, 28.5]
    np.testing.assert_allclose([float(r["mean"]) for r in rows], [-1.25, 5.5], atol=1e-5)
    assert [r["cells"] for r in rows] == ["2", "1"] and rows[0]["unit"] == "cm"
    assert "mean of 2004-01 to 2009-12" in log.text
    run("meananomaly", INPUT=stack, OUTPUT=tmp_path / "m.tif")
    run("latitudeprofile", INPUT=tmp_path / "m.tif", BAND="mean", STEP=2, OUTPUT=tmp_path / "q.csv")
    (row,) = rows_of(tmp_path / "q.csv")
    assert (row["south"], row["north"], row["cells"]) == ("28", "30", "3")


@pytest.mark.parametrize(
    ("algorithm", "given", "texts"),
    [
        ("seasonality", {"MIN_YEARS": 7}, ["at least 7 whole calendar years"]),
        ("seasonality", {"START": "2004"}, ["START: a month written YYYY-MM"]),
        ("amplitudephase", {"START": "2009-01"}, ["at least 24 months", "found 12"]),
        ("meananomaly", {"START": "2030-01"}, ["at least 1 months"]),
        ("latitudeprofile", {"BAND": "slope"}, ["BAND: a band described 'slope'", "2004-01"]),
        ("latitudeprofile", {"STEP": 100}, ["STEP"]),
    ],
)
def test_refusals(refused, stack, tmp_path, algorithm, given, texts):
    end = "csv" if algorithm == "latitudeprofile" else "tif"
    message = refused(algorithm, tmp_path, INPUT=stack, OUTPUT=tmp_path / f"out.{end}", **given)
    for text in texts:
        assert text in message, message
