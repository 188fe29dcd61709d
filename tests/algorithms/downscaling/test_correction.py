"""Correct residuals and delta downscaling, through Processing."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.stack import StackInfo, write_stack

from .conftest import FINE, MONTHS


@pytest.fixture
def fine(tmp_path, world):
    values = np.random.default_rng(5).normal(size=(4, 8, 12)).astype("f4")
    info = StackInfo(FINE, MONTHS, "mm", baseline=("2004-01", "2009-12"))
    write_stack(tmp_path / "fine.tif", info, 10 * values)
    return values.astype(float)


def coarse_means(path):
    with rasterio.open(path) as file:
        values = file.read().astype(float)
    height = -np.diff(np.sin(np.radians(40 - 0.5 * np.arange(9))))
    weighted = (values * height[:, None]).reshape(len(values), 2, 4, 3, 4).sum(axis=(2, 4))
    return weighted / (4 * height.reshape(2, 4).sum(axis=1)[:, None])


def test_the_corrected_stack_has_the_coarse_means(run, tmp_path, world, fine):
    got = run(
        "correctresiduals", INPUT=str(tmp_path / "fine.tif"),
        COARSE=str(tmp_path / "coarse.tif"), OUTPUT=str(tmp_path / "o.tif"),
        OUTPUT_FLAGS=str(tmp_path / "f.tif"),
    )  # fmt: skip
    # The fine stack is in mm, the coarse one in cm.
    assert np.abs(coarse_means(got["OUTPUT"]) / 10 - world[2]).max() < 0.01
    with rasterio.open(got["OUTPUT_FLAGS"]) as file:
        assert not file.read().any()


@pytest.mark.parametrize("method", ["conserving", "replicate"])
def test_delta_keeps_the_coarse_means(run, tmp_path, world, fine, method):
    info = StackInfo(FINE, MONTHS, "mm")
    write_stack(tmp_path / "fine.tif", info, 10 * fine + 777)
    got = run(
        "downscaledelta", INPUT=str(tmp_path / "coarse.tif"), FINE=str(tmp_path / "fine.tif"),
        METHOD=method, OUTPUT=str(tmp_path / "o.tif"),
    )  # fmt: skip
    assert np.abs(coarse_means(got["OUTPUT"]) / 10 - world[2]).max() < 0.01


def test_the_published_spline_is_offered_and_does_not(run, tmp_path, world, fine):
    got = run(
        "correctresiduals", INPUT=str(tmp_path / "fine.tif"), METHOD="spline",
        COARSE=str(tmp_path / "coarse.tif"), OUTPUT=str(tmp_path / "o.tif"),
    )  # fmt: skip
    assert np.abs(coarse_means(got["OUTPUT"]) / 10 - world[2]).max() > 0.1


@pytest.mark.parametrize(
    ("algorithm", "change", "word"),
    [
        ("correctresiduals", {"INPUT": "coarse.tif", "COARSE": "fine.tif"}, "finer cells"),
        ("correctresiduals", {"COARSE": "set.tif"}, "month"),
        ("downscaledelta", {"FINE": "coarse.tif", "INPUT": "fine.tif"}, "finer cells"),
        ("downscaledelta", {"BASELINE_START": "2015-01", "BASELINE_END": "2015-12"}, "2015-01"),
    ],
)
def test_what_does_not_fit_is_refused(refused, tmp_path, world, fine, algorithm, change, word):
    given = {"INPUT": "fine.tif", "COARSE": "coarse.tif"}
    if algorithm == "downscaledelta":
        given = {"INPUT": "coarse.tif", "FINE": "fine.tif"}
    given.update(change)
    given = {k: str(tmp_path / v) if v.endswith(".tif") else v for k, v in given.items()}
    message = refused(algorithm, tmp_path, **given, OUTPUT=str(tmp_path / "o.tif"))
    assert word in message
