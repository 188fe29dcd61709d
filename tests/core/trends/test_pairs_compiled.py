"""The compiled walk over pairs: the same answers as numpy's, to the last bit."""

import numpy as np
import pymannkendall
import pytest
from grace_water_toolbox.core import accelerate
from grace_water_toolbox.core.trends import pairs_compiled
from grace_water_toolbox.core.trends.correction import corrected_trend_test
from grace_water_toolbox.core.trends.pairs import pair_statistics, tied_pairs

NAN = np.nan


def walk(n, pixels, seed=0, decimals=12, missing=0.2):
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(n, pixels)).cumsum(axis=0), decimals)
    values[rng.random(values.shape) < missing] = NAN
    return values


T = np.arange(260.0)[:, None]
CASES = {
    "gaps": walk(284, 40),
    "ties": walk(284, 40, 1, 0),
    "complete": walk(150, 30, 2, 12, 0.0),
    "even": walk(40, 30, 3, 12, 0.0),
    "short": walk(5, 200, 4),
    "one pixel": walk(284, 1, 5),
    "none": np.empty((30, 0)),
    "no months": np.empty((0, 3)),
    "all missing": np.full((30, 3), NAN),
    "constant": np.full((200, 2), 7.25),
    "shapes": np.hstack([0.1 * T, T**2, np.exp(T / 50), T % 7, T // 50, np.sin(T / 9), -T]),
    "mostly missing": walk(300, 60, 6, 1, 0.97),
}


@pytest.fixture
def plain(monkeypatch):
    """Run something without numba."""

    def call(function, *given):
        monkeypatch.setenv(accelerate.SWITCH, "0")
        try:
            return function(*given)
        finally:
            monkeypatch.delenv(accelerate.SWITCH)

    return call


def flat(test):
    return [*test.sen, *test.mann_kendall]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("alpha", [0.05, 1e-9])
def test_every_number_is_the_same(case, alpha, plain):
    assert accelerate.load(".pairs_compiled", "grace_water_toolbox.core.trends") is pairs_compiled
    values = CASES[case]
    given = values, "original", alpha
    found, expected = corrected_trend_test(*given), plain(corrected_trend_test, *given)
    for one, other in zip(flat(found), flat(expected)):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("case", ["gaps", "ties", "short", "shapes"])
@pytest.mark.parametrize("k", [1, 2, 3, 7])
def test_any_ranks_in_any_order(case, k, plain):
    values = CASES[case]
    n = np.isfinite(values).sum(axis=0)
    last = np.maximum(n * (n - 1) // 2 - 1, 0)
    ranks = np.random.default_rng(k).integers(0, last + 1, (k, n.size))
    rising, picked = pair_statistics(values, ranks)
    plain_rising, plain_picked = plain(pair_statistics, values, ranks)
    np.testing.assert_array_equal(rising, plain_rising)
    np.testing.assert_array_equal(picked, plain_picked)


def test_the_source_says_what_its_machine_code_says():
    values = walk(60, 2, 9, 1)
    ranks = np.array([[3, 100], [500, 7]])
    rising, picked = np.zeros(2), np.empty((2, 2))
    series = np.ascontiguousarray(values.T)
    pairs_compiled.pairs.py_func(series, ranks, np.argsort(ranks, axis=1), rising, picked)
    expected = pair_statistics(values, ranks.T)
    np.testing.assert_array_equal(rising, expected[0])
    np.testing.assert_array_equal(picked.T, expected[1])


def test_ties_by_head(plain):
    # 1 1 1 2 2 3: three and one tied pairs; 3*2*11 + 2*1*9
    values = np.array([[1.0, 2.0, 1.0, 3.0, 2.0, NAN, 1.0]]).T
    for found in (tied_pairs(values), plain(tied_pairs, values)):
        assert [part[0] for part in found] == [6, 4, 66 + 18]


def test_numpy_alone_equals_pymannkendall(plain):
    values = walk(120, 20, 11, 1)
    sen, test, *_ = plain(corrected_trend_test, values)
    for pixel in range(20):
        expected = pymannkendall.original_test(values[:, pixel])
        found = [sen.slope[pixel], test.s[pixel], test.var_s[pixel], test.z[pixel]]
        wanted = [expected.slope, expected.s, expected.var_s, expected.z]
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_threads_do_not_meet():
    from concurrent.futures import ThreadPoolExecutor

    values = [walk(200, 50, seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(corrected_trend_test, values))
    for one, block in zip(found, values):
        for a, b in zip(flat(one), flat(corrected_trend_test(block))):
            np.testing.assert_array_equal(a, b)
