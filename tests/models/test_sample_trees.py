"""The shipped trees: what they are, what they say, that they run. No XGBoost is needed."""

import csv
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.session import ModelSession

MODELS = Path(__file__).resolve().parents[2] / "models"
#: Degrees of the cells that a model is used on.
SPACINGS = {"sample-trees": 0.1, "sample-trees-1km": 0.01}


@pytest.fixture(scope="module", params=SPACINGS)
def model(request):
    return load_model(MODELS / request.param / f"{request.param}.json")


def test_files_say_what_xgboost_said(model):
    # Written by ``python -m grace_water_toolbox.export.nativeresults``.
    with Path(__file__).with_name(f"{model.contract.name}-native.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    values = np.array(rows, np.float64)
    assert len(values) >= 24 * len(model.files) and np.isnan(values).any()
    for entry in model.files:
        own = values[(values[:, 0] == entry.stratum) & (values[:, 1] == entry.member)]
        assert len(own) >= 24
        found, _ = ModelSession(entry, model.contract).run(own[:, 2:-1].astype(np.float32))
        scale = np.abs(own[:, -1]).max()
        np.testing.assert_allclose(found, own[:, -1], rtol=0, atol=1e-5 * scale)


def test_the_card_is_honest_and_all_is_small(model):
    name = model.contract.name
    card = (MODELS / name / f"{name}.md").read_text(encoding="utf-8")
    assert "learning the tool" in card and "synthetic" in card
    assert "| space | all |" in card and "| replicate |" in card and "## Verdict" in card
    assert model.contract.spacing.dx == SPACINGS[name]
    assert len({f.member for f in model.files}) == 3
    assert sum(p.stat().st_size for p in (MODELS / name).iterdir()) < 3e6
    assert model.contract.missing == "accept" and len(model.contract.channels) == 19
