"""The search of the loss weights: its criterion by hand, and as a step of the command."""

import json
import math

import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError
from grace_water_toolbox.export.__main__ import main
from grace_water_toolbox.export.config import read_config
from grace_water_toolbox.export.searching import Trial, choose, mean_uncertainty, search, settled
from grace_water_toolbox.export.training import Trainer

from .conftest import CONFIG


def trial(coarse_weight, pattern_weight, coarse, watched, pattern=1.0):
    return Trial(coarse_weight, pattern_weight, coarse, watched, pattern, pattern)


def test_most_detail_among_those_below_the_uncertainty():
    trials = [
        trial(2.0, 1.0, 1.0, 1.2),
        trial(1.0, 1.0, 1.5, 1.9),
        trial(1.0, 1.5, 1.8, 2.1),  # its validation is above
        trial(1.0, 2.0, 2.0, 1.9),  # its training is above
    ]
    assert choose(trials, 1.96) == (trials[1], True)
    assert choose(trials, 2.2) == (trials[3], True)


def test_the_limit_itself_is_not_below():
    trials = [trial(2.0, 1.0, 1.0, 1.2), trial(1.0, 1.0, 1.96, 1.0)]
    assert choose(trials, 1.96)[0] is trials[0]


def test_equal_ratios_are_told_apart_by_detail():
    trials = [trial(2.0, 2.0, 1.0, 1.0, 3.0), trial(1.0, 1.0, 1.0, 1.0, 2.0)]
    assert choose(trials, 1.96)[0] is trials[1]


def test_where_none_is_below_the_closest_is_taken_and_said():
    trials = [trial(1.0, 1.0, 3.0, 4.0), trial(2.0, 1.0, 3.0, 3.5)]
    assert choose(trials, 1.96) == (trials[1], False)
    assert not trial(1.0, 1.0, 1.0, math.nan).below(1.96)


def test_the_step_trains_each_pair_and_training_takes_what_it_chose(config_of, capsys):
    config = config_of(CONFIG, "train.epochs=1", "loss.grid=[[2.0, 1.0], [1.0, 2.0]]")
    assert settled(config).loss.coarse == 1.0
    texts = ["data.uncertainty=sigma.tif", "train.epochs=1", "loss.grid=[[2.0, 1.0], [1.0, 2.0]]"]
    given = [config.path, *texts]
    _write_sigma(config)
    assert main(["search", *given]) == 0
    found = json.loads((config.folder / "search.json").read_text())
    assert len(found["trials"]) == 2
    assert found["mean stated uncertainty, cm"] == pytest.approx(1.5)
    taken = settled(read_config(config.path, texts))
    assert taken.loss.coarse == found["chosen"]["coarse_weight"]
    assert taken.loss.pattern == found["chosen"]["pattern_weight"]
    # Another learning rate is another search.
    assert settled(read_config(config.path, [*texts, "train.rate=0.5"])).loss.pattern == 1.0


def test_without_a_grid_there_is_nothing_to_search(config_of):
    assert search(config_of()) is None


def test_no_uncertainty_no_criterion(config_of):
    cube = Trainer(config_of(), 0, lambda text: None).cube
    with pytest.raises(DataError, match="uncertainties"):
        mean_uncertainty(cube)


def _write_sigma(config):
    from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack

    with MonthlyStack(str(config.file("coarse.tif"))) as coarse:
        info = StackInfo(coarse.grid, coarse.months, "cm")
        write_stack(config.file("sigma.tif"), info, np.full(coarse.read().shape, 1.5))
