"""Training on a graphics card: the same batches as on the processor, the same learning."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from grace_water_toolbox.export.batches import Batches, home_of
from grace_water_toolbox.export.training import Trainer, weighted_means

from .conftest import CONFIG

cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
CARD, DYNAMIC = "train.device=cuda", ("network.kind=encoder-decoder", "loss.mode=dynamic")
FORMS = pytest.mark.parametrize("form", [(), DYNAMIC], ids=["unet", "encoder-decoder"])


def quiet(text):
    pass


def trainer(config_of, *overrides):
    return Trainer(config_of(CONFIG, *overrides), 0, quiet)


def test_only_a_card_with_room_keeps_the_cube():
    assert home_of(10**18, "cpu") == "cpu"
    if torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
        assert home_of(free // 10, "cuda") == "cuda"
        assert home_of(free, "cuda") == "cpu"


def test_means_weigh_a_batch_by_its_patches():
    parts = [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0, 5.0, 6.0])]
    np.testing.assert_allclose(weighted_means(parts, [3, 1]), [1.75, 2.75, 3.75])


@cuda
@FORMS
def test_a_card_gets_the_batches_of_the_processor(config_of, form):
    made = trainer(config_of, CARD, *form)
    assert made.batches.home == "cuda"
    processor = Batches(made.cube, made.config.patches.size, made.fills, "cpu")
    samples = made.samples.train[:: max(1, len(made.samples.train) // 40)]
    here, there = processor.make(samples), made.batches.make(samples)
    for field in fields(here):
        one, other = getattr(here, field.name), getattr(there, field.name)
        assert other.device.type == "cuda"
        assert torch.equal(one, other.cpu()), field.name


@cuda
@FORMS
def test_a_card_learns_what_the_processor_learns(config_of, form):
    on_card = trainer(config_of, CARD, *form)
    samples = on_card.samples.train[:32]
    first = [p.item() for p in on_card.loss(on_card.batches.make(samples))]
    processor = trainer(config_of, "train.device=cpu", *form)
    expected = [p.item() for p in processor.loss(processor.batches.make(samples))]
    np.testing.assert_allclose(first, expected, rtol=2e-3)


@cuda
@FORMS
def test_half_precision_learns_as_well(config_of, form):
    logs = {}
    for mixed in ("true", "false"):
        made = trainer(config_of, CARD, f"train.mixed={mixed}", f"name=mixed-{mixed}", *form)
        made.run()
        logs[mixed] = [row["loss"] for row in made.log]
    assert np.isfinite(logs["true"]).all() and logs["true"][-1] < logs["true"][0]
    np.testing.assert_allclose(logs["true"][-1], logs["false"][-1], rtol=0.1)


@cuda
def test_a_run_on_a_card_goes_on_from_its_checkpoint(config_of):
    class Killed(Exception):
        pass

    def kill(text):
        if text.startswith("epoch 2"):
            raise Killed

    settings = (CARD, "train.mixed=true", "train.checkpoint_minutes=0.0")
    with pytest.raises(Killed):
        Trainer(config_of(CONFIG, *settings), 0, kill).run()
    again = trainer(config_of, *settings)
    again.run()
    assert [row["epoch"] for row in again.log] == [1, 2, 3]
    assert np.isfinite([row["loss"] for row in again.log]).all()
    assert again.scaler.get_scale() > 0
