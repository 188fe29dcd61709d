import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError
from grace_water_toolbox.core.trends.autocorrelation import (
    effective_sample_size,
    lag1,
    sen_slope_effective,
)
from grace_water_toolbox.core.trends.mann_kendall import mann_kendall
from grace_water_toolbox.core.trends.sen import sen_slope
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import acf

NAN = np.nan


def persistent(n, pixels, seed, r=0.7):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, pixels))
    for i in range(1, n):
        values[i] += r * values[i - 1]
    return values


def plain_lag1(series):
    seen = [x for x in series if not np.isnan(x)]
    mean = sum(seen) / len(seen)
    total = pairs = 0
    for before, after in zip(series[:-1], series[1:]):
        if not np.isnan(before) and not np.isnan(after):
            total += (before - mean) * (after - mean)
            pairs += 1
    square = sum((x - mean) ** 2 for x in seen)
    return (len(seen) - 1) / pairs * total / square


def test_equals_statsmodels_without_gaps():
    values = persistent(100, 6, 1)
    expected = [acf(values[:, i], nlags=1)[1] for i in range(6)]
    np.testing.assert_allclose(lag1(values), expected, rtol=1e-12)


def test_equals_a_plain_loop_with_gaps():
    values = persistent(80, 10, 2)
    values[np.random.default_rng(2).random(values.shape) < 0.25] = NAN
    expected = [plain_lag1(values[:, i]) for i in range(10)]
    np.testing.assert_allclose(lag1(values), expected, rtol=1e-12)


def test_alternating_series_by_head():
    # deviations +1 -1 +1 -1: three pairs of -1 over a sum of squares of 4
    assert lag1(np.array([[3.0], [1.0], [3.0], [1.0]])).tolist() == [-0.75]


def test_a_gap_joins_nothing():
    # 1 1 gap -1 -1 -1 1 (mean 0): pairs +1 +1 +1 -1 -> 5/4 * 2 / 6
    values = np.array([1.0, 1.0, NAN, -1.0, -1.0, -1.0, 1.0])[:, None]
    np.testing.assert_allclose(lag1(values), [5 / 4 * 2 / 6], rtol=1e-15)


def test_few_pairs_missing_and_constant_series():
    values = np.full((5, 4), NAN)
    values[:3, 1] = 1.0, 2.0, 4.0  # two pairs only
    values[:, 2] = 0.1
    values[[0, 2, 4], 3] = 1.0, 2.0, 3.0  # no neighbours
    result = lag1(values)
    assert np.isnan(result).tolist() == [True, True, False, True]
    assert result[2] == 0.0
    assert np.isnan(lag1(np.ones((1, 2)))).all()


def test_stays_within_one():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(12, 500))
    values[rng.random(values.shape) < 0.4] = NAN
    result = lag1(values)
    assert np.nanmax(np.abs(result)) <= 1.0


def test_effective_sample_size():
    assert effective_sample_size(100, 0.5) == pytest.approx(100 / 3)
    assert effective_sample_size(100, 0.0) == 100
    assert effective_sample_size(100, -0.5) == 100
    assert effective_sample_size(100, 1.0) == 3
    assert effective_sample_size(20, 0.9) == 3
    assert effective_sample_size(2, 0.5) == 2
    assert np.isnan(effective_sample_size(100, NAN))
    found = effective_sample_size(np.array([60.0, 90.0]), np.array([0.2, 0.8]))
    np.testing.assert_allclose(found, [40.0, 10.0])
    with pytest.raises(DataError):
        effective_sample_size(-1, 0.5)


def test_effective_limits_are_sen_limits_with_the_inflated_variance():
    values = persistent(90, 8, 3) + 0.05 * np.arange(90)[:, None]
    values[np.random.default_rng(3).random(values.shape) < 0.1] = NAN
    result = sen_slope_effective(values, 0.1)
    plain = sen_slope(values, 0.1)
    for pixel in range(8):
        r1 = plain_lag1(values[:, pixel] - plain.slope[pixel] * np.arange(90))
        n = np.isfinite(values[:, pixel]).sum()
        n_eff = n * (1 - r1) / (1 + r1)
        assert result.r1[pixel] == pytest.approx(r1, rel=1e-9)
        assert result.n_eff[pixel] == pytest.approx(n_eff, rel=1e-9)
        one = values[:, [pixel]]
        expected = sen_slope(one, 0.1, mann_kendall(one).var_s * n / n_eff)
        for name in ("slope", "intercept", "lower", "upper"):
            assert getattr(result, name)[pixel] == getattr(expected, name)[0]
    assert (result.r1 > 0).all()
    assert (result.upper - result.lower > plain.upper - plain.lower).all()


def test_effective_limits_cover_a_true_slope_where_plain_ones_do_not():
    values = persistent(150, 400, 4) + 0.02 * np.arange(150)[:, None]

    def coverage(result):
        return np.mean((result.lower <= 0.02) & (result.upper >= 0.02))

    assert coverage(sen_slope(values)) < 0.75
    assert coverage(sen_slope_effective(values)) > 0.88


def test_lines_constants_and_missing_pixels():
    values = np.column_stack([2.0 * np.arange(30), np.full(30, 4.0), np.full(30, NAN)])
    result = sen_slope_effective(values)
    assert result.slope[:2].tolist() == [2.0, 0.0]
    assert result.lower[:2].tolist() == [2.0, 0.0]
    assert result.upper[:2].tolist() == [2.0, 0.0]
    assert result.r1[:2].tolist() == [0.0, 0.0]
    assert all(np.isnan(part[2]) for part in result)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), level=st.floats(-50, 50), factor=st.floats(0.01, 100))
def test_level_and_scale_do_not_matter(seed, level, factor):
    values = persistent(30, 4, seed)
    values[np.random.default_rng(seed).random(values.shape) < 0.1] = NAN
    np.testing.assert_allclose(lag1(factor * values + level), lag1(values), atol=1e-8)
