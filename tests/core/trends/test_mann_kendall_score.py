import numpy as np
import pymannkendall
import pytest
from grace_water_toolbox.core.trends.mann_kendall import mann_kendall, two_sided_p
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

NAN = np.nan


def gappy(n, pixels, seed, decimals=12):
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(n, pixels)).cumsum(axis=0), decimals)
    values[rng.random(values.shape) < 0.2] = NAN
    return values


def assert_equals_pymannkendall(values, result):
    for pixel in range(values.shape[1]):
        expected = pymannkendall.original_test(values[:, pixel])
        assert result.n[pixel] == np.isfinite(values[:, pixel]).sum()
        assert result.s[pixel] == expected.s
        np.testing.assert_allclose(result.var_s[pixel], expected.var_s, rtol=1e-12)
        np.testing.assert_allclose(result.z[pixel], expected.z, rtol=1e-9)
        np.testing.assert_allclose(result.tau[pixel], expected.Tau, rtol=1e-9)
        # Theirs is 1 - cdf, good to 1e-16 absolutely.
        np.testing.assert_allclose(result.p[pixel], expected.p, rtol=1e-9, atol=1e-15)
        exact = 2 * norm.sf(abs(expected.z))
        np.testing.assert_allclose(result.p[pixel], exact, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("n", [10, 11, 40, 61, 150])
@pytest.mark.parametrize("decimals", [12, 0])
def test_equals_pymannkendall(n, decimals):
    values = gappy(n, 15, n, decimals)
    assert_equals_pymannkendall(values, mann_kendall(values))


def test_small_series_by_head():
    # pairs of 1, 3, 2: up, up, down
    result = mann_kendall(np.array([[1.0], [3.0], [2.0]]))
    assert result.n.tolist() == [3]
    assert result.s.tolist() == [1.0]
    assert result.var_s.tolist() == [3 * 2 * 11 / 18]
    assert result.z.tolist() == [0.0]
    assert result.p.tolist() == [1.0]
    assert result.tau.tolist() == [1 / 3]


def test_ties_reduce_the_variance():
    # 1, 1, 2: two rising pairs, one tie of two: (3*2*11 - 2*1*9) / 18
    result = mann_kendall(np.array([[1.0], [1.0], [2.0]]))
    assert result.s.tolist() == [2.0]
    np.testing.assert_allclose(result.var_s, [48 / 18], rtol=1e-15)


def test_negative_zero_ties_with_zero():
    assert mann_kendall(np.array([[0.0], [-0.0], [0.0]])).var_s.tolist() == [0.0]


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e12])
def test_constant_series(value):
    values = np.full((30, 1), value)
    values[4] = NAN
    result = mann_kendall(values)
    assert [part[0] for part in result] == [29, 0.0, 0.0, 0.0, 1.0, 0.0]


def test_under_three_months_is_unknown():
    values = np.full((5, 3), NAN)
    values[1, 1] = 1.0
    values[[1, 3], 2] = 1.0, 2.0
    result = mann_kendall(values)
    assert result.n.tolist() == [0, 1, 2]
    for part in result[1:]:
        assert np.isnan(part).all()
    assert mann_kendall(np.empty((5, 0))).s.shape == (0,)


def test_tiny_p_is_not_zero():
    result = mann_kendall(np.arange(265.0)[:, None])
    assert result.s[0] == 265 * 264 / 2
    np.testing.assert_allclose(result.p[0], 2 * norm.sf(result.z[0]), rtol=1e-9)
    assert 0 < result.p[0] < 1e-100
    # 1500 rising months are beyond double precision
    assert mann_kendall(np.arange(1500.0)[:, None]).p[0] == np.finfo(float).tiny


def test_p_keeps_its_digits_far_out():
    # the value of the complementary error function at 25
    from math import erfc

    np.testing.assert_allclose(two_sided_p(25 * np.sqrt(2)), erfc(25.0), rtol=1e-12)
    assert np.isnan(two_sided_p(NAN))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 40), decimals=st.integers(0, 3))
def test_any_rising_map_leaves_the_test_alone_and_mirroring_turns_it(seed, n, decimals):
    values = gappy(n, 4, seed, decimals)
    expected = mann_kendall(values)
    for one, other in zip(mann_kendall(values**3 + 4 * values), expected):
        np.testing.assert_array_equal(one, other)
    for mirrored in (mann_kendall(-values), mann_kendall(values[::-1])):
        np.testing.assert_array_equal(mirrored.s, -expected.s)
        np.testing.assert_array_equal(mirrored.p, expected.p)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_permuting_pixels_permutes_the_result(seed):
    values = gappy(25, 8, seed, decimals=1)
    order = np.random.default_rng(seed).permutation(8)
    for one, other in zip(mann_kendall(values[:, order]), mann_kendall(values)):
        np.testing.assert_array_equal(one, other[order])
