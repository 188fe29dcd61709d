"""Folds never leak where they claim not to: looked at by index."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.export.folds import (
    group_folds,
    random_folds,
    random_split,
    sample_rows,
    space_blocks,
    time_folds,
)


def rng():
    return np.random.default_rng(4)


def rows_once(folds, count):
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(count))
    for train, test in folds:
        assert not np.intersect1d(train, test).size


def test_random_split_and_sample_are_of_the_right_size_without_repetition():
    train, held = random_split(1000, 0.3, rng())
    assert len(train) == 700 and len(held) == 300
    assert sorted([*train, *held]) == list(range(1000))
    assert sample_rows(5, 10, rng()).tolist() == [0, 1, 2, 3, 4]
    some = sample_rows(500, 60, rng())
    assert len(set(some.tolist())) == 60 and some.max() < 500


def test_random_folds_test_each_row_once():
    folds = random_folds(103, 5, rng())
    rows_once(folds, 103)
    assert all(len(train) + len(test) == 103 for train, test in folds)


def test_a_group_lies_wholly_on_one_side():
    groups = rng().integers(0, 17, 400)
    folds = group_folds(groups, 5, rng())
    rows_once(folds, 400)
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == 400 and 50 < len(test) < 120
    assert len(group_folds([7, 7, 9], 5, rng())) == 2
    with pytest.raises(ParameterError, match="two groups"):
        group_folds([3, 3, 3], 5, rng())


def test_a_block_of_cells_lies_wholly_on_one_side():
    """On a 5 × 7 grid with blocks of 2: the block of a cell, then folds by it."""
    row, col = np.divmod(np.arange(35), 7)
    blocks = space_blocks(np.arange(35), (5, 7), 2)
    expected = {(r // 2, c // 2) for r, c in zip(row, col)}
    assert len(set(blocks.tolist())) == len(expected) == 12
    assert blocks[0] == blocks[1] == blocks[7] == blocks[8] != blocks[2]
    cell = np.tile(np.arange(35), 10)
    for train, test in group_folds(space_blocks(cell, (5, 7), 2), 4, rng()):
        assert not set(cell[train]) & set(cell[test])
        held = {(c // 7 // 2, c % 7 // 2) for c in cell[test]}
        assert not held & {(c // 7 // 2, c % 7 // 2) for c in cell[train]}


@pytest.mark.parametrize("gap", [0, 3])
def test_a_span_of_months_and_what_is_near_it_stay_away(gap):
    month = np.repeat(np.arange(40), 3)[rng().permutation(120)]
    folds = time_folds(month, 4, gap)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(120))
    for train, test in folds:
        tested = month[test]
        assert len(set(tested.tolist())) == np.ptp(tested) + 1 == 10
        away = np.abs(month[train][:, None] - tested[None]).min()
        assert away == gap + 1
