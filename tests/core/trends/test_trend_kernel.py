import netCDF4
import numpy as np
import pymannkendall
import pytest
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.core.trends.correction import corrected_trend_test
from grace_water_toolbox.core.trends.mann_kendall import mann_kendall
from grace_water_toolbox.core.trends.sen import sen_slope
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, theilslopes


@pytest.fixture(scope="module")
def pixels(csr):
    """2000 random pixels of the real grid: all 231 solutions as one series each."""
    with netCDF4.Dataset(csr) as source:
        grid = np.ma.filled(source["lwe_thickness"][:].astype(float), np.nan)
    series = grid.reshape(grid.shape[0], -1)
    chosen = np.random.default_rng(2024).choice(series.shape[1], 2000, replace=False)
    return series[:, chosen]


def assert_equals_pymannkendall(values):
    sen, test, *_ = corrected_trend_test(values)
    for pixel in range(values.shape[1]):
        expected = pymannkendall.original_test(values[:, pixel])
        found = [sen.slope[pixel], sen.intercept[pixel], test.s[pixel], test.var_s[pixel]]
        wanted = [expected.slope, expected.intercept, expected.s, expected.var_s]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(test.z[pixel], expected.z, rtol=1e-9)
        # Theirs is 1 - cdf: beyond 1e-15 it has no digits left and ends in 0.
        np.testing.assert_allclose(test.p[pixel], expected.p, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(test.p[pixel], 2 * norm.sf(abs(test.z[pixel])), rtol=1e-9)
        assert test.p[pixel] > 0


@pytest.mark.real
def test_real_pixels_equal_pymannkendall(pixels):
    assert pixels.shape == (231, 2000)
    assert_equals_pymannkendall(pixels)


@pytest.mark.real
def test_real_pixels_with_gaps_and_ties_equal_pymannkendall(pixels):
    rng = np.random.default_rng(7)
    values = np.round(pixels[:, :500], 0)
    values[rng.random(values.shape) < 0.1] = np.nan
    values[100:111] = np.nan
    assert_equals_pymannkendall(values)


@pytest.mark.real
def test_real_pixels_limits_equal_scipy(pixels):
    values = np.round(pixels[:, :100], 1)
    values[[3, 50, 51]] = np.nan
    months = np.delete(np.arange(231), [3, 50, 51])
    sen = corrected_trend_test(values, alpha=0.01).sen
    for pixel in range(100):
        expected = theilslopes(values[months, pixel], months, alpha=0.99)
        found = sen.slope[pixel], sen.intercept[pixel], sen.lower[pixel], sen.upper[pixel]
        np.testing.assert_allclose(found, tuple(expected), rtol=1e-12, atol=1e-13)


def test_true_distances_not_the_compressed_axis():
    # 0, 1, gap, gap, 4: one per month; packed together it would rise by 2
    values = np.array([[0.0], [1.0], [np.nan], [np.nan], [4.0]])
    sen, test, *_ = corrected_trend_test(values)
    assert sen.slope.tolist() == [1.0]
    assert test.n.tolist() == [3]
    assert test.s.tolist() == [3.0]


def test_is_both_kernels_in_one():
    rng = np.random.default_rng(5)
    values = np.round(rng.normal(size=(50, 20)), 1)
    values[rng.random(values.shape) < 0.1] = np.nan
    values[:, 3] = np.nan
    both = corrected_trend_test(values, alpha=0.1)
    for one, other in zip(both.sen, sen_slope(values, alpha=0.1)):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(both.mann_kendall, mann_kendall(values)):
        np.testing.assert_array_equal(one, other)


def test_float32_input_is_computed_in_double():
    values = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)
    result = corrected_trend_test(values)
    assert result.sen.slope.dtype == np.float64
    np.testing.assert_array_equal(
        result.sen.slope, corrected_trend_test(values.astype(float)).sen.slope
    )


def test_bad_level_is_refused():
    with pytest.raises(ParameterError):
        corrected_trend_test(np.zeros((4, 1)), alpha=0)


@settings(max_examples=20, deadline=None)
@given(value=st.floats(-1e6, 1e6), n=st.integers(3, 60))
def test_constants_have_no_trend(value, n):
    sen, test, *_ = corrected_trend_test(np.full((n, 2), value))
    for part in (sen.slope, sen.lower, sen.upper, test.s, test.z, test.tau):
        assert part.tolist() == [0.0, 0.0]
    assert test.p.tolist() == [1.0, 1.0]
    assert sen.intercept.tolist() == [value, value]
