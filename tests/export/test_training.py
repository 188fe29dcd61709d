"""Training: the same twice, the same when cut off, and the same in ONNX."""

import numpy as np
import pytest
import torch
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.session import ModelSession
from grace_water_toolbox.core.errors import ModelError
from grace_water_toolbox.export.__main__ import main
from grace_water_toolbox.export.convert import check_parity, finished_contract, to_onnx
from grace_water_toolbox.export.extrascores import ALONE
from grace_water_toolbox.export.networks import EncoderDecoder, UNet, parameter_count
from grace_water_toolbox.export.training import Trainer

from .conftest import CONFIG


def quiet(text):
    pass


def weights(network):
    return torch.cat([p.detach().reshape(-1) for p in network.state_dict().values()])


def test_one_seed_gives_one_result(config_of):
    first = weights(Trainer(config_of(), 0, quiet).run())
    (config_of().folder / "seed0" / "checkpoint.pt").unlink()
    torch.testing.assert_close(weights(Trainer(config_of(), 0, quiet).run()), first, rtol=0, atol=0)
    assert not torch.equal(weights(Trainer(config_of(), 1, quiet).run()), first)


@pytest.mark.parametrize("mode", ["static", "dynamic"])
def test_a_run_that_was_cut_off_ends_like_one_that_was_not(config_of, mode):
    text = CONFIG if mode == "static" else CONFIG + '[loss]\nmode = "dynamic"\n'
    whole = Trainer(config_of(text), 0, quiet)
    expected = weights(whole.run())
    (config_of(text).folder / "seed0" / "checkpoint.pt").unlink()

    class Killed(Exception):
        pass

    def kill(text):
        if text.startswith("epoch 2"):
            raise Killed

    cut = Trainer(config_of(text, "train.checkpoint_minutes=0.0"), 0, kill)
    with pytest.raises(Killed):
        cut.run()
    went_on = Trainer(config_of(text), 0, quiet)
    torch.testing.assert_close(weights(went_on.run()), expected, rtol=0, atol=0)
    assert [row["epoch"] for row in went_on.log] == [1, 2, 3]


def test_the_loss_falls(config_of):
    trainer = Trainer(config_of(CONFIG, "train.epochs=15"), 0, quiet)
    trainer.run()
    assert trainer.log[-1]["loss"] < 0.7 * trainer.log[0]["loss"]


def test_the_file_says_what_the_network_says(config_of, tmp_path):
    trainer = Trainer(config_of(), 0, quiet)
    network = trainer.run()
    batch = trainer.batches.make(trainer.samples.train[:5])
    contract = finished_contract(trainer)
    path = to_onnx(network, contract, tmp_path / "m.onnx", batch.inputs.numpy())
    model = load_model(path)
    mean, _ = ModelSession(model.files[0], model.contract).run(batch.inputs.numpy())
    with torch.no_grad():
        np.testing.assert_allclose(mean, network(batch.inputs).numpy(), rtol=1e-4, atol=1e-4)
    assert contract.inputs[0].range[1] > 100 and model.contract == contract
    with torch.no_grad():
        network.head.bias += 1.0
    with pytest.raises(ModelError, match="within"):
        check_parity(network, path, batch.inputs.numpy())


@pytest.mark.parametrize("size", [30, 32, 48, 31])
def test_networks_keep_the_size_of_the_patch(size):
    percentiles = np.array([[0.0, 1.0]] * 12)
    for network in (UNet(percentiles, 1.0), EncoderDecoder(percentiles, 1.0)):
        with torch.no_grad():
            assert network.eval()(torch.zeros(2, 12, size, size)).shape == (2, size, size)


def test_the_published_u_net_has_its_parameters():
    """Double convolutions 64 … 512, transposed convolutions, 1 × 1 head, counted by hand."""

    def double(a, b):
        return 9 * a * b + 2 * b + 9 * b * b + 2 * b

    down = double(12, 64) + double(64, 128) + double(128, 256) + double(256, 512)
    up = sum(4 * a * b + b + double(a, b) for a, b in ((512, 256), (256, 128), (128, 64)))
    network = UNet(np.array([[0.0, 1.0]] * 12), 1.0)
    assert parameter_count(network) == down + up + 64 + 1 == 7_705_345


def test_scaling_is_in_the_graph():
    network = UNet(np.array([[10.0, 20.0], [0.0, 0.0]]), 1.0, (4, 8))
    scaled = network.scale(torch.tensor([15.0, 3.0]).reshape(1, 2, 1, 1))
    assert scaled.flatten().tolist() == [0.5, 3.0]


def test_one_command_goes_from_stacks_to_a_scored_model(config_of, capsys):
    text = CONFIG.replace(
        'patterns = ["pattern.tif"]', 'patterns = ["pattern.tif"]\ntruth = "truth.tif"'
    )
    text = text.replace("seeds = [0]", "seeds = [0, 1]")
    text += '[split]\nkind = "held-out"\ntest_start = "2004-11"\n'
    config = config_of(text)
    assert main(["all", config.path]) == 0
    manifest = config.folder / "model" / "small.json"
    model = load_model(manifest)
    assert len(model.files) == 2 and "held out in both" in model.contract.metrics
    scores = model.contract.metrics["held out in both"]
    assert scores["model, corrected"]["coarse_rmse"] < 0.01
    assert scores["replicate"]["subgrid_sd"] == pytest.approx(0, abs=1e-5)
    card = manifest.with_suffix(".md").read_text()
    assert "fine RMSE" in card and "| replicate |" in card
    assert (config.folder / "seed0" / "losses.png").stat().st_size > 1000


def test_a_network_that_conserves_is_judged_with_its_last_layer(config_of, capsys):
    text = CONFIG.replace(
        'patterns = ["pattern.tif"]', 'patterns = ["pattern.tif"]\ntruth = "truth.tif"'
    )
    text = text.replace("seeds = [0]", "seeds = [0, 1]").replace(
        'kind = "unet"', 'kind = "unet"\nconserves = true\nadds = "conserving"'
    )
    text = text.replace("variables =", 'coarse = "conserving"\nvariables =')
    config = config_of(text)
    assert main(["all", config.path]) == 0
    manifest = config.folder / "model" / "small.json"
    contract = load_model(manifest).contract
    assert contract.target.conserves and contract.needs_coarse
    rows = contract.metrics["all"]
    assert "model, corrected" not in rows
    assert rows["model"]["coarse_rmse"] < 0.01 < rows[ALONE]["coarse_rmse"]
    # A member alone is another field than the mean of both, with the same coarse means.
    mean, spread = contract.metrics["seeds"]["all"]["fine_rmse"]
    assert spread > 0 and rows["model"]["fine_rmse"] < mean + spread
    card = manifest.with_suffix(".md").read_text()
    assert "Each seed alone" in card and f"| {ALONE} |" in card
    assert f"against {rows['bilinear']['fine_rmse']:.2f} cm, all" in card
    # What is added in training is what inference adds.
    batch_of = Trainer(config, 0, quiet)
    chosen = batch_of.samples.train[:4]
    channel = batch_of.batches.make(chosen).inputs[:, -1].numpy()
    assert channel.std(axis=(1, 2)).min() > 0
    assert main(["train", config.path, "inputs.coarse=bilinear"]) == 1
    assert "network.adds" in capsys.readouterr().err


def test_a_wrong_configuration_is_named(config_of, capsys):
    config = config_of()
    assert main(["train", config.path, "network.kind=resnet"]) == 1
    assert "network.kind" in capsys.readouterr().err
    assert main(["convert", config.path]) == 1
