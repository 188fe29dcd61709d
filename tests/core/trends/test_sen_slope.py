import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError, ParameterError
from grace_water_toolbox.core.trends.pairs import pair_statistics
from grace_water_toolbox.core.trends.sen import sen_slope
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, theilslopes

NAN = np.nan


def plain_slopes(series):
    """All pairwise slopes with true time distances, by two loops."""
    slopes = []
    for j in range(len(series)):
        for i in range(j):
            if not np.isnan(series[i]) and not np.isnan(series[j]):
                slopes.append((series[j] - series[i]) / (j - i))
    return np.sort(slopes)


def gappy(n, pixels, seed, decimals=12):
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(n, pixels)).cumsum(axis=0), decimals)
    values[rng.random(values.shape) < 0.2] = NAN
    return values


def test_small_series_by_head():
    # slopes 1, 2, 1.5 and, over the gap, 10/2 = 5
    values = np.array([[0.0, 0.0], [1.0, NAN], [3.0, 10.0]])
    result = sen_slope(values)
    assert result.slope.tolist() == [1.5, 5.0]
    assert result.intercept.tolist() == [1.0 - 1.5, 5.0 - 5.0]


def test_even_number_of_slopes_takes_the_middle():
    # slopes 1, 2, 4, 1.5, 3, 7/3 -> middle of 2 and 7/3
    result = sen_slope(np.array([[0.0], [1.0], [3.0], [7.0]]))
    np.testing.assert_allclose(result.slope, [(2 + 7 / 3) / 2], rtol=1e-15)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 12, 13, 40, 61, 150])
@pytest.mark.parametrize("decimals", [12, 0])
def test_equals_all_pairs(n, decimals):
    values = gappy(n, 12, n, decimals)
    result = sen_slope(values)
    for pixel in range(12):
        slopes = plain_slopes(values[:, pixel])
        if slopes.size == 0:
            assert np.isnan([part[pixel] for part in result]).all()
            continue
        seen = np.flatnonzero(~np.isnan(values[:, pixel]))
        expected = np.median(slopes)
        assert result.slope[pixel] == expected
        level = np.median(values[seen, pixel]) - expected * np.median(seen)
        np.testing.assert_allclose(result.intercept[pixel], level, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 7, 40, 151])
@pytest.mark.parametrize("decimals", [12, 0])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.32])
def test_limits_equal_scipy(n, decimals, alpha):
    values = gappy(n, 10, 5 * n, decimals)
    result = sen_slope(values, alpha=alpha)
    for pixel in range(10):
        seen = np.flatnonzero(~np.isnan(values[:, pixel]))
        if seen.size < 2:
            assert np.isnan(result.lower[pixel])
            continue
        expected = theilslopes(values[seen, pixel], seen, alpha=1 - alpha)
        np.testing.assert_allclose(
            [part[pixel] for part in result],
            [expected.slope, expected.intercept, expected.low_slope, expected.high_slope],
            rtol=1e-12,
            atol=1e-13,
        )


def test_given_variance_sets_the_ranks():
    values = gappy(60, 6, 2)
    variance = np.linspace(1e3, 2e5, 6)
    result = sen_slope(values, 0.1, variance)
    for pixel in range(6):
        slopes = plain_slopes(values[:, pixel])
        reach = norm.ppf(0.95) * np.sqrt(variance[pixel])
        low = max(round((slopes.size - reach) / 2) - 1, 0)
        high = min(round((slopes.size + reach) / 2), slopes.size - 1)
        assert result.lower[pixel] == slopes[low]
        assert result.upper[pixel] == slopes[high]


def test_larger_variance_never_narrows_and_stops_at_the_extremes():
    values = gappy(50, 8, 4)
    narrow, wide = sen_slope(values), sen_slope(values, var_s=1e12)
    assert (wide.lower <= narrow.lower).all()
    assert (wide.upper >= narrow.upper).all()
    np.testing.assert_array_equal(wide.slope, narrow.slope)
    assert wide.lower[0] == plain_slopes(values[:, 0])[0]
    assert wide.upper[0] == plain_slopes(values[:, 0])[-1]


def test_unknown_variance_gives_unknown_limits():
    result = sen_slope(gappy(20, 2, 1), var_s=np.array([NAN, 900.0]))
    assert np.isnan(result.lower).tolist() == [True, False]
    assert np.isnan(result.upper).tolist() == [True, False]
    assert np.isfinite(result.slope).all()


def test_short_missing_and_empty_series():
    values = np.full((6, 3), NAN)
    values[2, 1] = 5.0
    values[[1, 5], 2] = 1.0, 3.0
    result = sen_slope(values)
    assert np.isnan(result.slope).tolist() == [True, True, False]
    assert result.slope[2] == result.lower[2] == result.upper[2] == 0.5
    assert result.intercept[2] == 0.5
    assert sen_slope(np.empty((6, 0))).slope.shape == (0,)


@pytest.mark.parametrize("block_bytes", [1, 5_000, 10**9])
def test_blocks_do_not_change_a_bit(block_bytes):
    values = gappy(40, 9, 8)
    values[:, 4:] = gappy(40, 1, 9)  # five pixels share their gaps
    values[7, 4:] = [1.0, 2.0, 3.0, 4.0, 5.0]
    ranks = np.vstack([np.zeros(9), np.arange(9), np.full(9, 100)]).astype(int)
    expected = pair_statistics(values, ranks)
    found = pair_statistics(values, ranks, block_bytes)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    for pixel in range(9):
        slopes = plain_slopes(values[:, pixel])
        assert found[1][:, pixel].tolist() == slopes[ranks[:, pixel]].tolist()
        assert found[0][pixel] == (slopes > 0).sum()


def test_input_is_left_alone():
    values = gappy(30, 3, 6)
    before = values.copy()
    sen_slope(values)
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, NAN])
def test_bad_level_is_refused(alpha):
    with pytest.raises(ParameterError):
        sen_slope(np.zeros((4, 1)), alpha=alpha)


@pytest.mark.parametrize("var_s", [-1.0, [1.0, 2.0], [1.0, -1.0, 1.0]])
def test_bad_variance_is_refused(var_s):
    with pytest.raises(DataError):
        sen_slope(np.zeros((4, 3)), var_s=var_s)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 40), slope=st.floats(-10, 10))
def test_adding_a_trend_shifts_the_slope(seed, n, slope):
    values = gappy(n, 4, seed)
    shifted = sen_slope(values + slope * np.arange(n)[:, None])
    expected = sen_slope(values)
    np.testing.assert_allclose(shifted.slope, expected.slope + slope, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 40), factor=st.floats(0.01, 100))
def test_scaling_and_mirroring(seed, n, factor):
    values = gappy(n, 4, seed)
    expected = sen_slope(values)
    scaled = sen_slope(factor * values)
    for one, other in zip(scaled, expected):
        np.testing.assert_allclose(one, factor * other, rtol=1e-9, atol=1e-12)
    mirrored = sen_slope(-values)
    np.testing.assert_array_equal(mirrored.slope, -expected.slope)
    np.testing.assert_array_equal(mirrored.lower, -expected.upper)
    np.testing.assert_array_equal(sen_slope(values[::-1]).slope, -expected.slope)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_permuting_pixels_permutes_the_result(seed):
    values = gappy(25, 8, seed, decimals=1)
    values[:, :4] = values[:, [0]]
    order = np.random.default_rng(seed).permutation(8)
    for one, other in zip(sen_slope(values[:, order]), sen_slope(values)):
        np.testing.assert_array_equal(one, other[order])
