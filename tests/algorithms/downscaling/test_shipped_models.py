"""The models that come with the plugin: small, whole, with their scores, and they run."""

import json
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.onnxfacts import sha256
from grace_water_toolbox.core.downscaling.predictorset import predictor_writer

MODELS = Path(__file__).parents[3] / "models"
MANIFESTS = sorted(MODELS.glob("*/*.json"))
PATCH = [p for p in MANIFESTS if json.loads(p.read_text())["contract"]["kind"] == "patch"]
MONTHS = np.arange("2010-01", "2010-03", dtype="datetime64[M]")
EDGES = {"residual-unet-sample": (-40.0, 48.0), "bangladesh-4": (87.24, 26.7)}


def test_together_they_are_small():
    sizes = {p: p.stat().st_size for p in MODELS.rglob("*") if p.is_file()}
    assert sum(sizes.values()) < 15e6
    for manifest in MANIFESTS:
        assert sum(p.stat().st_size for p in manifest.parent.iterdir()) < 5e6


@pytest.mark.parametrize("path", PATCH, ids=lambda p: p.stem)
def test_a_shipped_model_says_what_it_is_worth(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    for file in content["files"]:
        assert sha256(path.parent / file["path"]) == file["sha256"].replace(" ", "")
    contract = load_model(path).contract
    assert contract.training.data and contract.limits
    regions = {name: rows for name, rows in contract.metrics.items() if "model" in rows}
    assert {"all", "held out in time"} <= set(regions)
    for rows in regions.values():
        assert {"model", "replicate", "bilinear", "climatology"} <= set(rows)
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert "## Verdict" in card and "delta (conserving)" in card


def inputs_of(contract, folder, name):
    """A predictor set of random numbers within the training ranges, and a coarse stack."""
    size, rng = 36, np.random.default_rng(0)
    west, north = EDGES.get(name, (10.0, 40.0))
    grid = Grid(west, north, contract.spacing.dx, contract.spacing.dy, size, size)
    variables, bands = [], []
    for v in contract.predictors():
        months = None if v.role == "static" else MONTHS
        variables.append((v.name, v.units, months))
        shape = (1 if months is None else len(MONTHS), size, size)
        bands.append(rng.uniform(*v.range, shape))
    with predictor_writer(folder / "set.tif", grid, variables) as writer:
        writer.write(np.concatenate(bands).astype("float32"))
    coarse = Grid(west, north, 6 * grid.dx, 6 * grid.dy, 6, 6)
    values = rng.normal(0, 5, (len(MONTHS), 6, 6))
    write_stack(folder / "coarse.tif", StackInfo(coarse, MONTHS, "cm"), values)
    return folder / "set.tif", folder / "coarse.tif"


@pytest.mark.parametrize("path", PATCH, ids=lambda p: p.stem)
def test_a_shipped_model_runs(run, tmp_path, path):
    run("inspectmodel", MODEL=str(path), OUTPUT_HTML=str(tmp_path / "model.html"))
    page = (tmp_path / "model.html").read_text(encoding="utf-8")
    contract = load_model(path).contract
    assert all(v.name in page for v in contract.predictors())
    predictors, coarse = inputs_of(contract, tmp_path, path.stem)
    run("downscale", MODEL=str(path), PREDICTORS=str(predictors), INPUT=str(coarse),
        CORRECTION="conserving", OUTPUT=str(tmp_path / "fine.tif"),
        OUTPUT_UNCERTAINTY=str(tmp_path / "sigma.tif"))  # fmt: skip
    with MonthlyStack(str(tmp_path / "fine.tif")) as fine:
        values = fine.read()
    with MonthlyStack(str(coarse)) as stack:
        wanted, step, north = stack.read(), stack.grid.dy / 6, stack.grid.y0
    assert np.isfinite(values).all()
    height = -np.diff(np.sin(np.radians(north - step * np.arange(37))))
    means = (values * height[:, None]).reshape(2, 6, 6, 6, 6).sum(axis=(2, 4))
    means /= 6 * height.reshape(6, 6).sum(axis=1)[:, None]
    np.testing.assert_allclose(means, wanted, atol=0.01)
    with MonthlyStack(str(tmp_path / "sigma.tif")) as sigma:
        assert (sigma.read() > 0).mean() > 0.9
