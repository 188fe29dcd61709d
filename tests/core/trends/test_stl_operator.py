import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError, ParameterError, TimeAxisError
from grace_water_toolbox.core.trends.season import split_season
from grace_water_toolbox.core.trends.stl import stl_operator
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.seasonal import STL


def walk(n, seed=0):
    rng = np.random.default_rng(seed)
    return 10 * np.sin(2 * np.pi * np.arange(n) / 12) + rng.normal(size=n).cumsum()


def without_season(values):
    return split_season(values, "stl")[0]


@pytest.mark.parametrize(
    "n, options",
    [
        (284, {}),
        (265, {"seasonal_deg": 0}),
        (265, {"seasonal_deg": 0, "trend_deg": 0, "low_pass_deg": 0}),
        (120, {"seasonal": 13, "trend": 31, "low_pass": 15}),
        (100, {"seasonal": 35}),
        (100, {"trend": 301, "low_pass": 151}),
        (24, {}),
        (31, {"seasonal": 9}),
        (57, {"period": 7}),
        (40, {"period": 4, "seasonal": 3}),
    ],
)
def test_equals_statsmodels(n, options):
    series = walk(n)
    expected = STL(series, **{"period": 12, **options}).fit()
    seasonal, trend = stl_operator(n, **options)
    np.testing.assert_allclose(seasonal @ series, expected.seasonal, rtol=0, atol=1e-10)
    np.testing.assert_allclose(trend @ series, expected.trend, rtol=0, atol=1e-10)


def test_inner_iterations_equal_statsmodels():
    series = walk(90)
    expected = STL(series, period=12).fit(inner_iter=2, outer_iter=0)
    seasonal, trend = stl_operator(90, inner=2)
    np.testing.assert_allclose(seasonal @ series, expected.seasonal, rtol=0, atol=1e-10)
    np.testing.assert_allclose(trend @ series, expected.trend, rtol=0, atol=1e-10)


@pytest.mark.real
def test_equals_r(data):
    series = np.loadtxt(data / "golden" / "stl_series.csv", delimiter=",")
    golden = np.loadtxt(data / "golden" / "stl_R_inner5_jump1.csv", delimiter=",", skiprows=1)
    seasonal, trend = stl_operator(series.size, seasonal=7, seasonal_deg=0)
    np.testing.assert_allclose(seasonal @ series, golden[:, 0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(trend @ series, golden[:, 1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        series - seasonal @ series, golden[:, 1] + golden[:, 2], rtol=0, atol=1e-9
    )


def test_a_straight_line_has_no_season():
    line = 3.0 + 0.25 * np.arange(60)[:, None]
    np.testing.assert_allclose(without_season(line), line, atol=1e-10)


def test_a_repeating_year_is_all_season():
    year = np.arange(12.0) - 5.5
    left = without_season(np.tile(year, 6)[:, None])
    np.testing.assert_allclose(left, 0.0, atol=1e-10)


def test_block_of_pixels_equals_one_by_one():
    values = np.column_stack([walk(48, seed) for seed in range(5)])
    block = without_season(values)
    for pixel in range(5):
        alone = without_season(values[:, [pixel]])[:, 0]
        np.testing.assert_allclose(block[:, pixel], alone, rtol=0, atol=1e-12)


def test_all_missing_pixel_stays_missing_and_harms_no_other():
    values = np.column_stack([walk(48), np.full(48, np.nan), walk(48, 1)])
    result = without_season(values)
    assert np.isnan(result[:, 1]).all()
    np.testing.assert_allclose(result[:, [0, 2]], without_season(values[:, [0, 2]]), atol=1e-12)


def test_gaps_are_refused_and_harmonic_is_named():
    values = np.column_stack([walk(48), walk(48, 1)])
    values[5, 1] = np.nan
    with pytest.raises(DataError, match="harmonic") as caught:
        without_season(values)
    assert "1 of 2" in str(caught.value)


def test_under_two_periods_is_refused():
    with pytest.raises(TimeAxisError, match="24"):
        without_season(np.zeros((23, 1)))


@pytest.mark.parametrize(
    "options",
    [
        {"seasonal": 8},
        {"seasonal": 1},
        {"trend": 11},
        {"trend": 24},
        {"low_pass": 12},
        {"low_pass": 11},
        {"period": 1},
        {"trend_deg": 2},
        {"inner": 0},
    ],
)
def test_bad_settings_are_refused(options):
    with pytest.raises(ParameterError):
        stl_operator(60, **options)


def test_operator_is_cached_and_read_only():
    first = stl_operator(36)
    assert stl_operator(36) is first
    for matrix in first:
        assert matrix.shape == (36, 36)
        with pytest.raises(ValueError):
            matrix[0, 0] = 1.0


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    level=st.floats(-50, 50),
    slope=st.floats(-1, 1),
    factor=st.floats(-4, 4),
)
def test_the_season_is_blind_to_lines_and_linear_in_the_series(seed, level, slope, factor):
    series = walk(50, seed)[:, None]
    line = level + slope * np.arange(50)[:, None]
    left = without_season(factor * series + line)
    np.testing.assert_allclose(left, factor * without_season(series) + line, atol=1e-9)
