"""What the literature does for the coarse means, a key away for every network."""

import numpy as np
import pytest
import torch
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.export import dense
from grace_water_toolbox.export.__main__ import main
from grace_water_toolbox.export.convert import check_parity
from grace_water_toolbox.export.evaluating import read_scores
from grace_water_toolbox.export.extrascores import ALONE
from grace_water_toolbox.export.pixelonnx import write_pixel_model
from grace_water_toolbox.export.pixels import Run
from grace_water_toolbox.export.training import Trainer

from .conftest import CONFIG
from .test_pixels import DENSE, contract_of, pixel_config, quiet  # noqa: F401

PATCH = CONFIG.replace("[inputs]", 'truth = "truth.tif"\n[inputs]').replace("[0]", "[0, 1]")
CURES = ("inputs.coarse=conserving", "network.conserves=true")
SOFT = ("network.kind=encoder-decoder", "network.blocks=1", "patches.size=12", "patches.block=24")
NETWORKS = {
    "unet": (),
    "static": (*SOFT, "loss.mode=static"),
    "correlation": (*SOFT, "loss.mode=correlation"),
    "dynamic": (*SOFT, "loss.mode=dynamic"),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_patch_network_takes_the_coarse_field_and_closes_its_means(config_of, kind):
    keys = (*NETWORKS[kind], "train.epochs=1", *CURES)
    config = config_of(PATCH, *keys)
    assert main(["all", config.path, *keys]) == 0
    manifest = config.folder / "model" / "small.json"
    model = load_model(manifest)
    assert [v.role for v in model.contract.inputs] == ["dynamic", "static", "coarse"]
    assert model.contract.inputs[-1].interpolation == "conserving"
    assert model.contract.target.conserves and np.isfinite(model.contract.inputs[-1].range).all()
    rows = read_scores(config)["all"]
    assert rows["model"]["coarse_rmse"] < 0.01 < rows[ALONE]["coarse_rmse"]
    # Each seed alone: closed it is at 0, and what it knew before that has a spread.
    closed, spread = (read_scores(config)[k]["all"] for k in ("seeds", "seeds, uncorrected"))
    assert (
        closed["coarse_rmse"][0] < 0.01 < spread["coarse_rmse"][0] and spread["coarse_rmse"][1] > 0
    )
    card = manifest.with_suffix(".md").read_text()
    assert "| coarse | cm | coarse |" in card and "before correction**" in card
    trainer = Trainer(config, 0, quiet)
    network = trainer.run()
    x = trainer.batches.make(trainer.samples.train[:4]).inputs
    assert check_parity(network, model.files[0].path, x.numpy()) < 1e-4
    with torch.no_grad():
        moved = x.clone()
        moved[:, -1] += 5.0
        assert not torch.allclose(network(x), network(moved), atol=1e-4)


def test_the_layer_needs_no_other_training(config_of):
    plain = config_of(PATCH)
    assert main(["train", plain.path]) == 0
    heard = []
    layered = Trainer(config_of(PATCH, "network.conserves=true"), 0, heard.append)
    layered.run()
    assert any("going on after epoch 3" in line for line in heard)
    assert not any(line.startswith("epoch") for line in heard)


def test_a_dense_network_departs_from_what_the_satellite_saw(pixel_config, tmp_path):  # noqa: F811
    rng = np.random.default_rng(2)
    x = rng.normal(0, 5, (300, 3)).astype(np.float32)
    y = x[:, 0] - np.abs(x[:, 1])
    config = pixel_config(DENSE, "network.passes=rain")
    settings = {"layers": 3, "units": 24, "rate": 0.005, "epochs": 30}
    network = dense.fit(x, y, settings, config, 0)
    assert np.sqrt(np.mean((dense.predict(network, x) - y) ** 2)) < 0.5 * y.std()
    far = x.copy()
    far[:, 0] += 1000.0
    rest = dense.predict(network, x) - x[:, 0]
    # It is neither held at the edge of its range nor seen by the layers.
    np.testing.assert_allclose(dense.predict(network, far) - far[:, 0], rest, atol=1e-3)
    with torch.no_grad():
        part = torch.from_numpy(x)
        own = (
            network.body((part[:, 1:] - network.x_centre[1:]) / network.x_scale[1:])[:, 0]
            * network.y_scale
            + network.y_centre
        )
    np.testing.assert_allclose(rest, own.numpy(), atol=1e-4)
    assert (
        write_pixel_model("dense", network, contract_of(3, "refuse"), tmp_path / "d.onnx", x) < 1e-4
    )
    dense.save(network, tmp_path / "d.pt")
    np.testing.assert_array_equal(
        dense.predict(dense.load(tmp_path / "d.pt"), far), dense.predict(network, far)
    )
    assert Run(config, quiet).contract.beyond == ""


def test_what_a_pixel_model_departs_from_is_one_of_its_inputs(pixel_config):  # noqa: F811
    with pytest.raises(ParameterError, match="rain, elevation"):
        Run(pixel_config(DENSE, "network.passes=snow"), quiet)
    with pytest.raises(ParameterError, match="a network"):
        Run(pixel_config(DENSE, "network.passes=rain", 'network.kind="trees"'), quiet)
