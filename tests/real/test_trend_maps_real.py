"""Maps from trends and records on the real grid, South Asia: against plain numpy."""

import csv

import numpy as np
import pytest
import rasterio
from qgis.core import QgsVectorLayer

pytestmark = pytest.mark.real

EXTENT = "60,100,5,40"


@pytest.fixture(scope="module")
def made(run, csr, tmp_path_factory):
    """The record of the region, gaps left in, and its trend map by both tests."""
    folder = tmp_path_factory.mktemp("maps")
    run("importgrace", INPUT=csr, EXTENT=EXTENT, NOISY="missing", OUTPUT=folder / "twsa.tif")
    run("trendmap", INPUT=folder / "twsa.tif", DESEASONALISE="harmonic", TEST="yue-wang",
        OUTPUT=folder / "trend.tif")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def bands(made):
    with rasterio.open(made / "trend.tif") as file:
        found = dict(zip(file.descriptions, file.read()))
        west, north = file.bounds.left, file.bounds.top
    assert found["p"].shape == (35, 40)
    edges = np.radians(north - np.arange(36))
    area = 6371.0**2 * np.radians(1) * -np.diff(np.sin(edges))[:, None] * np.ones((1, 40))
    return found, area, west, north


def test_shares_equal_plain_numpy(run, made, bands):
    found, area, *_ = bands
    run("trendclasses", INPUT=made / "trend.tif", OUTPUT=made / "classes.tif",
        OUTPUT_TABLE=made / "shares.csv")  # fmt: skip
    with (made / "shares.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    slope = found["slope_per_month"]
    for p, column in ((found["p"], "share"), (found["p_original"], "share_plain")):
        sure_loss = 100 * area[(p < 0.01) & (slope < 0)].sum() / area.sum()
        sure_gain = 100 * area[(p < 0.01) & (slope > 0)].sum() / area.sum()
        assert float(rows[0][column]) == pytest.approx(sure_loss, abs=1e-6)
        assert float(rows[6][column]) == pytest.approx(sure_gain, abs=1e-6)
        assert sum(float(r[column]) for r in rows[:7]) == pytest.approx(100)
    # The correction takes certainty away, never adds it.
    sure, plain = (sum(float(rows[i][c]) for i in (0, 6)) for c in ("share", "share_plain"))
    assert 20 < sure < plain - 10


def test_hotspots_hold_all_of_the_volume_and_northwest_india(run, made, bands):
    found, area, west, north = bands
    result = run("hotspots", INPUT=made / "trend.tif", OUTPUT=made / "hotspots.gpkg")
    slope, p = found["slope_per_month"], found["p"]
    loss = (p < 0.01) & (slope < -0.10)
    assert result["LOSS"] == pytest.approx(12e-5 * (slope * area)[loss].sum(), rel=1e-9)
    # Around Delhi, 77° E 29° N, groundwater is lost: the best known of all hotspots.
    assert loss[int(north - 29), int(77 - west)]
    features = list(QgsVectorLayer(str(made / "hotspots.gpkg")).getFeatures())
    (delhi,) = [f for f in features if f.geometry().boundingBox().contains(77.5, 28.5)
                and f["direction"] == "decrease"]  # fmt: skip
    assert -25 < delhi["volume_km3_yr"] < -5


def test_points_are_the_significant_cells(run, made, bands):
    found, *_ = bands
    result = run("stippling", INPUT=made / "trend.tif", SPACING=1, OUTPUT=made / "points.gpkg")
    assert result["FEATURES"] == (found["p"] < 0.01).sum()


def test_the_profile_is_the_mean_of_the_rows(run, made, bands):
    found, *_ = bands
    run("latitudeprofile", INPUT=made / "trend.tif", BAND="slope_per_year",
        OUTPUT=made / "profile.csv")  # fmt: skip
    with (made / "profile.csv").open(encoding="utf-8") as file:
        rows = [float(r["mean"]) for r in csv.DictReader(file)]
    np.testing.assert_allclose(rows, found["slope_per_year"].mean(axis=1), rtol=1e-9)


def test_the_monsoon_peaks_in_autumn(run, made):
    run("amplitudephase", INPUT=made / "twsa.tif", MIN_AMPLITUDE=3, OUTPUT=made / "amplitude.tif",
        OUTPUT_PHASE=made / "phase.tif")  # fmt: skip
    with rasterio.open(made / "phase.tif") as file:
        (peak,) = next(file.sample([(90.5, 24.5)], 1))
    with rasterio.open(made / "amplitude.tif") as file:
        amplitude, _, explained, months = next(file.sample([(90.5, 24.5)]))
    assert 9 <= peak < 11 and amplitude > 10 and explained > 0.7 and months == 226


def test_seasonality_of_years_observed_in_full(run, made):
    result = run("seasonality", INPUT=made / "twsa.tif", OUTPUT=made / "season.tif")
    with rasterio.open(made / "season.tif") as file:
        share, within, between, years = file.read()
    # Whole calendar years without a missing or a noise month.
    assert years.min() == years.max() == 11
    np.testing.assert_allclose(share, 100 * within / (within + between), rtol=1e-5)
    assert 0 < result["ABOVE_66"] < result["ABOVE_50"] < 100
