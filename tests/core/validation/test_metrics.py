"""Metric kernels against scipy, statsmodels and plain transcriptions."""

import math

import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError
from grace_water_toolbox.core.validation.metrics import Moments, metrics, numbers, pooled_metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr


def transcription(x, y, w=None):
    """The equations, pair by pair, in plain Python."""
    w = [1.0] * len(x) if w is None else list(w)
    pairs = [
        (a, b, c) for a, b, c in zip(x, y, w) if not (math.isnan(a) or math.isnan(b)) and c > 0
    ]
    total = math.fsum(c for _, _, c in pairs)
    mx = math.fsum(a * c for a, _, c in pairs) / total
    my = math.fsum(b * c for _, b, c in pairs) / total
    sxx = math.fsum(c * (a - mx) ** 2 for a, _, c in pairs)
    syy = math.fsum(c * (b - my) ** 2 for _, b, c in pairs)
    sxy = math.fsum(c * (a - mx) * (b - my) for a, b, c in pairs)
    sse = math.fsum(c * (a - b) ** 2 for a, b, c in pairs)
    cc = sxy / math.sqrt(sxx * syy)
    kge = 1 - math.sqrt((cc - 1) ** 2 + (math.sqrt(sxx / syy) - 1) ** 2 + (mx / my - 1) ** 2)
    return len(pairs), cc, cc**2, 1 - sse / syy, math.sqrt(sse / total), mx - my, kge


@pytest.fixture
def pairs():
    rng = np.random.default_rng(3)
    y = rng.normal(5, 4, (60, 40))
    x = 0.7 * y + rng.normal(1, 2, y.shape)
    x[rng.random(x.shape) < 0.2] = np.nan
    y[rng.random(x.shape) < 0.2] = np.nan
    return x, y, rng.random(x.shape)


@pytest.mark.parametrize("weighted", [False, True])
def test_equal_to_the_transcription(pairs, weighted):
    x, y, w = pairs
    result = metrics(x, y, w if weighted else None)
    expected = np.array(
        [transcription(x[:, i], y[:, i], w[:, i] if weighted else None) for i in range(40)]
    ).T
    np.testing.assert_allclose(np.array(result, float), expected, rtol=1e-12, atol=1e-12)


def test_cc_and_nse_equal_to_libraries(pairs):
    from statsmodels.api import OLS, add_constant

    x, y, _ = pairs
    result = metrics(x, y)
    for i in range(40):
        good = np.isfinite(x[:, i]) & np.isfinite(y[:, i])
        a, b = x[good, i], y[good, i]
        assert result.cc[i] == pytest.approx(pearsonr(a, b)[0], abs=1e-12)
        assert result.cc2[i] == pytest.approx(OLS(b, add_constant(a)).fit().rsquared, abs=1e-12)
        assert result.rmse[i] == pytest.approx(np.sqrt(np.mean((a - b) ** 2)), abs=1e-12)
        assert result.nse[i] == pytest.approx(
            1 - np.sum((b - a) ** 2) / np.sum((b - b.mean()) ** 2), abs=1e-12
        )


def test_hand_numbers():
    r = numbers(metrics([[1.0], [2], [3], [np.nan]], [[2.0], [2], [5], [9]]))._asdict()
    # Errors −1, 0, −2; observed mean 3, Σ(y−3)² = 6; Σ(x−2)² = 2, Σ(x−2)(y−3) = 3.
    assert r["n"] == 3 and r["bias"] == -1
    assert r["rmse"] == pytest.approx(math.sqrt(5 / 3)) and r["nse"] == pytest.approx(1 / 6)
    assert r["cc"] == pytest.approx(3 / math.sqrt(12))


def test_what_does_not_exist_is_nan():
    nan = np.nan
    x = np.array([[1.0, nan, 1, 5, 1, 2], [2, nan, nan, 5, 2, 2], [3, nan, 2, 5, 3, 2]])
    y = np.array([[1.0, 1, 1, 1, 4, nan], [2, 2, 2, 2, 4, 2], [3, 3, 3, 3, 4, 4]])
    r = metrics(x, y)
    assert r.n.tolist() == [3, 0, 2, 3, 3, 2]
    assert [r.cc[0], r.nse[0], r.kge[0]] == pytest.approx([1, 1, 1]) and r.rmse[0] == 0
    assert np.isnan([v[1] for v in r[1:]]).all()  # no pair
    assert np.isnan([r.cc[2], r.nse[2], r.kge[2]]).all() and r.bias[2] == -0.5  # two pairs
    assert np.isnan(r.cc[3]) and r.nse[3] == 1 - 29 / 2  # constant simulated: 16 + 9 + 4
    assert np.isnan([r.cc[4], r.nse[4], r.kge[4]]).all() and r.bias[4] == -2  # constant observed


def test_kge_has_no_value_at_a_mean_of_zero():
    assert np.isnan(metrics([[1.0], [2], [3]], [[-1.0], [0], [1]]).kge[0])
    y = np.random.default_rng(0).normal(size=(50, 1))
    y -= y.mean()  # zero but for rounding
    assert np.isnan(metrics(y + 1, y).kge[0])


def test_far_from_zero_no_digit_is_lost():
    rng = np.random.default_rng(1)
    y = rng.normal(size=(100, 1))
    x = y + rng.normal(size=y.shape)
    near, far = metrics(x, y), metrics(x + 1e6, y + 1e6)
    assert far.cc[0] == pytest.approx(near.cc[0], abs=1e-8)
    # A constant far from zero stays constant, whatever its mean rounds to.
    assert np.isnan(metrics(np.full((7, 1), 0.1), y[:7]).cc[0])


def test_blocks_add_up_to_the_whole(pairs):
    x, y, w = pairs
    whole = pooled_metrics(x, y, w)
    parts = [
        Moments.of(x[a, b].ravel(), y[a, b].ravel(), w[a, b].ravel())
        for a in (slice(0, 17), slice(17, 60))
        for b in (slice(0, 5), slice(5, 5), slice(5, 40))
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    np.testing.assert_allclose(numbers(total.metrics()), whole, rtol=1e-12)


def test_pixels_pool_to_the_whole(pairs):
    x, y, _ = pairs
    x[:, 3] = np.nan
    area = np.random.default_rng(1).random(40)
    pooled = Moments.of(x, y).pooled(area).metrics()
    np.testing.assert_allclose(numbers(pooled), pooled_metrics(x, y, area), rtol=1e-12)
    same = Moments.of(np.full((4, 2), 3.0), np.arange(8.0).reshape(4, 2)).pooled(np.ones(2))
    assert np.isnan(same.metrics().cc)


def test_constant_parts_make_no_constant_whole():
    first, second = (Moments.of(np.full(3, v), np.arange(3.0)) for v in (1.0, 2.0))
    empty = Moments.of(np.full(3, np.nan), np.arange(3.0))
    assert np.isnan((first + first).metrics().cc)
    assert (first + second).metrics().cc == 0
    assert np.isnan((empty + first).metrics().cc) and np.isnan((first + empty).metrics().cc)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-100, 100)] * 2), min_size=3, max_size=30), st.integers(1, 5))
def test_invariants(pairs, repeat):
    x, y = np.array(pairs).T[:, :, None]
    r = metrics(x, y)
    assert np.isnan(r.cc[0]) or -1 <= r.cc[0] <= 1
    assert np.isnan(r.nse[0]) or r.nse[0] <= min(1, r.cc2[0] + 1e-6 if r.cc2[0] == r.cc2[0] else 1)
    # A whole-number weight is a repetition.
    again = metrics(np.repeat(x, repeat, axis=0), np.repeat(y, repeat, axis=0))
    heavy = metrics(x, y, np.full(len(x), repeat))
    np.testing.assert_allclose(again.rmse, heavy.rmse, rtol=1e-9, atol=1e-12)


def test_refusals():
    with pytest.raises(DataError, match="one shape"):
        metrics(np.zeros((3, 2)), np.zeros((3, 1)))
    with pytest.raises(DataError, match=r"\(time, pixel\)"):
        metrics(np.zeros(3), np.zeros(3))
    with pytest.raises(DataError, match="finite"):
        metrics([[np.inf]], [[1.0]])
    with pytest.raises(DataError, match="not negative"):
        metrics([[1.0]], [[1.0]], [-1.0])
    with pytest.raises(DataError, match="weights of the shape"):
        metrics(np.zeros((3, 2)), np.zeros((3, 2)), np.ones(2))
    with pytest.raises(DataError, match="weights of the shape"):
        metrics(np.zeros((3, 2)), np.zeros((3, 2)), np.ones((2, 3)))
