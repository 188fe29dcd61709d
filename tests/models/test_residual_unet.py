"""The shipped U-Net of the sample twin: what its scores say, and that it conserves unasked."""

import json
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.downscaling.domain import choose_domain, choose_months
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet, predictor_writer
from grace_water_toolbox.core.downscaling.product import make_product
from grace_water_toolbox.core.downscaling.running import Job, downscale

FOLDER = Path(__file__).resolve().parents[2] / "models" / "residual-unet-sample"
MANIFEST = FOLDER / "residual-unet-sample.json"
MONTHS = np.arange("2010-01", "2010-03", dtype="datetime64[M]")
FINE = Grid(-40.0, 48.0, 0.1, 0.1, 90, 60)
COARSE = Grid(-40.0, 48.0, 3.0, 3.0, 3, 2)
REGIONS = ("all", "held out in time", "held out in space", "held out in both")


@pytest.fixture(scope="module")
def metrics():
    return json.loads(MANIFEST.read_text(encoding="utf-8"))["contract"]["metrics"]


@pytest.mark.parametrize("region", REGIONS)
def test_in_the_world_it_was_chosen_in_it_beats_delta_by_more_than_seeds_differ(metrics, region):
    rows = metrics[region]
    mean, spread = metrics["seeds"][region]["fine_rmse"]
    for name in ("delta (conserving)", "delta (replicate)", "bilinear", "replicate"):
        assert mean + 2 * spread < rows[name]["fine_rmse"]
        assert (rows[name]["within_cc"] or 0.0) < rows["model"]["within_cc"]
    noise = metrics["members"][region]["stated noise, cm"]
    assert rows["model"]["coarse_rmse"] < 0.01 < noise
    # Nobody is told that the network knew the coarse field without its last layer.
    assert rows["model without its last layer"]["coarse_rmse"] > noise


@pytest.fixture
def job(tmp_path):
    """The model over random predictors within its training ranges, two months, 2 × 3 cells."""
    model, rng = load_model(MANIFEST), np.random.default_rng(1)
    variables, bands = [], []
    for v in model.contract.predictors():
        months = None if v.role == "static" else MONTHS
        variables.append((v.name, v.units, months))
        bands.append(rng.uniform(*v.range, (1 if months is None else 2, *FINE.shape)))
    with predictor_writer(tmp_path / "set.tif", FINE, variables) as writer:
        writer.write(np.concatenate(bands).astype("float32"))
    write_stack(
        tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "cm"), rng.normal(0, 5, (2, 2, 3))
    )
    with (
        PredictorSet(str(tmp_path / "set.tif")) as predictors,
        MonthlyStack(str(tmp_path / "coarse.tif")) as coarse,
    ):
        months, usable = choose_months(model.contract, predictors, "", "")
        yield Job(model, predictors, choose_domain(FINE), months, usable, coarse)


def read(path):
    with MonthlyStack(str(path)) as stack:
        return stack.read()


def test_its_last_layer_gives_the_coarse_means_in_blocks_as_in_one(job, tmp_path):
    make_product(job, tmp_path / "whole.tif", std_output=tmp_path / "sigma.tif")
    make_product(job, tmp_path / "blocks.tif", memory=2_000_000)
    downscale(job, tmp_path / "network.tif")
    whole, network = read(tmp_path / "whole.tif"), read(tmp_path / "network.tif")
    np.testing.assert_allclose(read(tmp_path / "blocks.tif"), whole, atol=2e-4)
    height = -np.diff(np.sin(np.radians(48.0 - 0.1 * np.arange(61)))).reshape(2, 30, 1, 1)

    def means(values):
        weighted = values.reshape(2, 2, 30, 3, 30) * height
        return weighted.sum(axis=(2, 4)) / (30 * height.sum(axis=(1, 3)))

    wanted = job.coarse.read()
    np.testing.assert_allclose(means(whole), wanted, atol=0.01)
    assert np.abs(means(network) - wanted).max() > 1
    # The layer is smooth: what the network says within a cell stays.
    added = whole - network
    assert np.abs(np.diff(added, axis=2)).max() < 0.1 * np.abs(np.diff(network, axis=2)).max()
