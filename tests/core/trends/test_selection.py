import numpy as np
import pytest
from grace_water_toolbox.core.trends import selection
from grace_water_toolbox.core.trends.selection import select


def ordered(rows, wanted):
    return np.take_along_axis(np.sort(rows, axis=1), wanted, axis=1)


def ranks(rng, rows, low, high, k=4):
    return rng.integers(low, high, size=(rows, k))


@pytest.mark.parametrize("size", [1, 10, 3999, 4001, 20_000])
def test_equals_sorting(size):
    rng = np.random.default_rng(size)
    rows = rng.normal(size=(6, size))
    for low, high in [
        (0, 1),
        (0, size),
        (int(0.45 * size), int(0.55 * size) + 1),
        (size - 1, size),
    ]:
        wanted = ranks(rng, 6, low, high)
        np.testing.assert_array_equal(select(rows.copy(), wanted), ordered(rows, wanted))


def test_nan_sorts_behind():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3, 9000))
    rows[:, 5::40] = np.nan
    wanted = ranks(rng, 3, 4000, 4600)
    np.testing.assert_array_equal(select(rows.copy(), wanted), ordered(rows, wanted))


def test_ties_and_constants_beside_other_rows():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(5, 9000))
    rows[1] = 0.0
    rows[2] = np.round(rows[2])
    rows[3] = np.where(rows[3] > 0.1, 1e9, -1e9)
    wanted = ranks(rng, 5, 4300, 4700)
    np.testing.assert_array_equal(select(rows.copy(), wanted), ordered(rows, wanted))


def test_a_misleading_sample_is_noticed():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(4, 9000))
    rows[1, :: selection._STRIDE] += 100.0
    rows[2, :: selection._STRIDE] -= 100.0
    wanted = ranks(rng, 4, 4300, 4700)
    np.testing.assert_array_equal(select(rows.copy(), wanted), ordered(rows, wanted))


def test_long_rows_are_bracketed_not_reordered():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(2, 9000))
    after = rows.copy()
    select(after, ranks(rng, 2, 4300, 4700))
    np.testing.assert_array_equal(after, rows)
