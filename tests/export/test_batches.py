"""A batch against the cube, patch by patch; networks that pass an input on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.export.batches import Batches
from grace_water_toolbox.export.networks import build_network
from grace_water_toolbox.export.training import Trainer

from .conftest import CONFIG


def test_a_batch_holds_what_the_cube_has(config_of):
    trainer = Trainer(config_of(), 0, lambda text: None)
    cube, n = trainer.cube, 6
    samples = np.array([(3, 0, 0), (3, 5, 40), (11, 18, 42), (0, 7, 13)])
    batch = trainer.batches.make(samples)
    for i, (t, r, c) in enumerate(samples):
        x = cube.inputs(t, r, c, n, n)
        known = np.isfinite(x)
        filled = np.where(known, x, np.asarray(trainer.fills)[:, None, None])
        np.testing.assert_array_equal(batch.inputs[i], filled.astype(np.float32))
        np.testing.assert_array_equal(batch.valid[i], known.all(axis=0))
        coarse, cells = cube.coarse_at(t, r, c, n, n)
        np.testing.assert_array_equal(batch.coarse_valid[i], np.isfinite(coarse))
        np.testing.assert_array_equal(batch.coarse[i], np.nan_to_num(coarse))
        np.testing.assert_array_equal(batch.cells[i], cells)
        whole = [[(cells == k).sum() == (cube.cells == k).sum() for k in row] for row in cells]
        np.testing.assert_array_equal(batch.whole[i], np.array(whole) & (cells >= 0))
        source = np.array(cube.patterns[0, t, r : r + n, c : c + n])
        low, high = cube.bounds[0, t]
        good = np.isfinite(source) & (source >= low) & (source <= high)
        np.testing.assert_array_equal(batch.pattern_valid[i, 0], good)
        np.testing.assert_array_equal(batch.patterns[i, 0], np.where(good, source, 0))
        area = np.broadcast_to(cube.area[r : r + n, None], (n, n))
        expected = np.where(known.all(axis=0), area, 0).astype(np.float32)
        np.testing.assert_array_equal(batch.weight[i], expected)


def test_a_network_starts_from_the_field_it_passes_on(config_of):
    config = config_of(CONFIG, "network.passes=rain", "inputs.years=true")
    network = build_network(config, np.array([[0.0, 1.0]] * 3), 5.0).eval()
    x = torch.rand(2, 3, 6, 6)
    with torch.no_grad():
        torch.testing.assert_close(network(x), x[:, 0])
        torch.nn.init.ones_(network.network.head.weight)
        moved = network(x) - x[:, 0]
        # What it adds comes from the other inputs.
        x[:, 0] += 1000.0
        torch.testing.assert_close(network(x) - x[:, 0], moved, atol=1e-3, rtol=0)
        x[:, 2] += 1.0
        assert not torch.allclose(network(x) - x[:, 0], moved, atol=1e-3)


def test_only_an_input_can_be_passed_on(config_of):
    config = config_of(CONFIG, "network.passes=snow")
    with pytest.raises(ParameterError, match="rain, elevation"):
        build_network(config, np.array([[0.0, 1.0]] * 2), 1.0)


def test_years_count_from_the_middle_of_the_baseline(config_of):
    trainer = Trainer(config_of(CONFIG, "inputs.years=true"), 0, lambda text: None)
    batch = trainer.batches.make(np.array([(0, 0, 0), (6, 0, 0)]))
    assert batch.inputs[0, 2].unique().item() == -3.0
    assert batch.inputs[1, 2].unique().item() == -2.5


def test_what_lies_in_no_coarse_cell_completes_none(config_of):
    cube = Trainer(config_of(), 0, lambda text: None).cube
    # A patch with half of coarse cell 0 and as many cells outside the coarse grid.
    cells = np.where(cube.cells == 1, -1, cube.cells)
    batches = Batches(replace(cube, cells=cells), 6, np.zeros(2))
    half, whole = (batches.make(np.array([(0, 0, column)])) for column in (3, 0))
    assert (half.cells == 0).sum() == (half.cells < 0).sum() == 18
    assert not half.whole.any()
    assert whole.whole.all()
