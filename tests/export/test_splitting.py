"""The split never leaks where it claims not to, and leaks where the paper's does."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError, ParameterError
from grace_water_toolbox.export.cube import build_cube
from grace_water_toolbox.export.splitting import block_corners, patches_of, split_samples

from .conftest import CONFIG


def cells_of(samples, size):
    """Set of (month, row, column) that patches touch."""
    touched = set()
    for t, r, c in samples:
        touched |= {(t, y, x) for y in range(r, r + size) for x in range(c, c + size)}
    return touched


def places(samples, size):
    return {(y, x) for _, y, x in cells_of(samples, size)}


def test_the_published_domain_has_77_blocks_of_16_patches():
    corners = block_corners((420, 690), 60)
    assert len(corners) == 7 * 11
    # 690 columns make eleven blocks; the easternmost 30 columns are dropped.
    assert corners[:, 1].max() + 60 == 660
    assert len(patches_of(corners[0], 60, 30, 10)) == 16
    assert round(0.3 * 77) == 23


def test_in_the_published_split_blocks_are_apart_within_a_month_only(config_of):
    config = config_of()
    samples = split_samples(build_cube(config), config)
    size = config.patches.size
    train, validation = cells_of(samples.train, size), cells_of(samples.validation, size)
    assert not train & validation
    # Over all months the same places are learnt from and watched: that is its leak.
    assert places(samples.train, size) & places(samples.validation, size)
    assert not samples.test_blocks.any() and not samples.test_months.any()


def test_what_is_held_out_is_never_touched(config_of):
    text = CONFIG + '[split]\nkind = "held-out"\ntest_blocks = 0.3\ntest_start = "2004-10"\n'
    config = config_of(text)
    cube = build_cube(config)
    samples = split_samples(cube, config)
    size = config.patches.size
    assert samples.test_blocks.any() and samples.test_months.sum() == 3
    for part in (samples.train, samples.validation):
        assert not samples.test_months[part[:, 0]].any()
        assert not any(samples.test_blocks[y, x] for y, x in places(part, size))
    # Fixed blocks: a place is either learnt from or watched, in all months.
    assert not places(samples.train, size) & places(samples.validation, size)


def test_the_split_follows_its_seed_alone(config_of):
    config = config_of()
    cube = build_cube(config)
    first, again = split_samples(cube, config), split_samples(cube, config)
    np.testing.assert_array_equal(first.train, again.train)
    other = config_of(CONFIG, "split.seed=1")
    assert not np.array_equal(split_samples(cube, other).train, first.train)


def test_patches_hold_enough_land(config_of):
    config = config_of()
    cube = build_cube(config)
    samples = split_samples(cube, config)
    size = config.patches.size
    for _, r, c in np.concatenate([samples.train, samples.validation])[::7]:
        assert cube.land[r : r + size, c : c + size].mean() > 0.2


def test_what_leaves_nothing_is_refused(config_of):
    with pytest.raises(ParameterError, match="patches"):
        split_samples(build_cube(config_of()), config_of(CONFIG, "patches.size=20"))
    config = config_of(CONFIG, "patches.block=40")
    with pytest.raises(DataError, match="patches"):
        split_samples(build_cube(config), config)
