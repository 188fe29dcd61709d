"""The shipped dense networks: what they are, what they say, that they do not run away."""

import csv
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.session import ModelSession

FOLDER = Path(__file__).resolve().parents[2] / "models" / "sample-dense"
#: Written by ``python -m grace_water_toolbox.export.nativeresults``, by PyTorch.
NATIVE = Path(__file__).with_name("sample-dense-native.csv")


@pytest.fixture(scope="module")
def model():
    return load_model(FOLDER / "sample-dense.json")


def test_files_say_what_pytorch_said(model):
    """Real rows, rows drawn within the training range, and rows far beyond it."""
    with NATIVE.open(newline="") as file:
        values = np.array(list(csv.reader(file))[1:], np.float64)
    assert len(values) >= 24 * len(model.files)
    far = 0
    for entry in model.files:
        own = values[(values[:, 0] == entry.stratum) & (values[:, 1] == entry.member)]
        assert len(own) >= 24
        low, high = np.array(model.contract.class_ranges[entry.stratum]).T
        far += int(((own[:, 2:-1] < low - (high - low)) | (own[:, 2:-1] > high)).any(axis=1).sum())
        found, _ = ModelSession(entry, model.contract).run(own[:, 2:-1].astype(np.float32))
        scale = np.abs(own[:, -1]).max()
        np.testing.assert_allclose(found, own[:, -1], rtol=0, atol=1e-4 * scale)
    assert far > 5 * len(model.files)


def test_beyond_the_range_of_its_class_a_network_says_what_it_says_at_the_edge(model):
    assert model.contract.beyond == "held"
    rng = np.random.default_rng(0)
    for entry in model.files:
        low, high = np.array(model.contract.class_ranges[entry.stratum]).T
        rows = rng.uniform(low - 500 * (high - low) - 1, high + 500 * (high - low) + 1, (300, 19))
        session = ModelSession(entry, model.contract)
        wild, _ = session.run(rows.astype(np.float32))
        edge, _ = session.run(np.clip(rows, low, high).astype(np.float32))
        np.testing.assert_allclose(wild, edge, atol=1e-4)
        assert np.abs(wild).max() < 100


@pytest.mark.parametrize(
    "region", ["all", "held out in time", "held out in space", "held out in both"]
)
def test_its_last_layer_closes_the_coarse_means_and_the_card_tells_them_without(model, region):
    assert model.contract.target.conserves
    rows = model.contract.metrics[region]
    assert rows["model, corrected"]["coarse_rmse"] < 0.01
    # Nobody is told that the networks alone come below the satellite's noise (1.6 cm).
    assert rows["model"]["coarse_rmse"] > 2.5
    assert "'model, corrected' below" in (FOLDER / "sample-dense.md").read_text(encoding="utf-8")


def test_the_card_is_honest_and_all_is_small(model):
    card = (FOLDER / "sample-dense.md").read_text(encoding="utf-8")
    assert "learning the tool" in card and "synthetic" in card and "cannot extrapolate" in card
    assert "| space | all |" in card and "| replicate |" in card and "## Verdict" in card
    assert len({f.member for f in model.files}) == 3
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 1.5e6
    assert model.contract.missing == "refuse" and len(model.contract.channels) == 19
    scores = model.contract.metrics["held out in both"]
    for name in ("bilinear", "replicate", "delta (conserving)"):
        worse = scores["model, corrected"]["fine_rmse"] >= scores[name]["fine_rmse"]
        assert (f"does not beat '{name}' at fine RMSE" in card) == worse
