"""Scores and quantile bins against libraries and transcriptions."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.core.validation.scores import correlation_p, quantile_bins, score
from scipy.stats import linregress, pearsonr


@pytest.fixture
def pairs():
    rng = np.random.default_rng(8)
    x = rng.normal(0, 1, 200)
    y = 0.6 * x + rng.normal(0, 0.8, 200)
    x[3], y[7] = np.nan, np.nan
    return x, y


def test_score_equals_scipy(pairs):
    x, y = pairs
    s = score("trends", x, y, 1.2)
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good], 1.2 * y[good]
    fit, r = linregress(x, y), pearsonr(x, y)
    assert s.n == 198 and s.factor == 1.2
    assert s.cc == pytest.approx(r[0], abs=1e-12) and s.cc2 == pytest.approx(fit.rvalue**2)
    assert s.p == pytest.approx(r[1], rel=1e-9)
    assert (s.slope, s.intercept) == pytest.approx((fit.slope, fit.intercept), abs=1e-12)
    assert s.r2 == pytest.approx(1 - ((x - y) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert s.rmse == pytest.approx(np.sqrt(((x - y) ** 2).mean()))
    assert s.bias == pytest.approx((x - y).mean())
    assert np.isnan(score("m", x, y, independent=False).p)
    other = score("levels", x, y, comparable=False)
    assert np.isnan([other.r2, other.rmse, other.bias]).all() and other.cc == pytest.approx(s.cc)


def test_p_of_strong_correlations_does_not_vanish():
    assert 0 < correlation_p(0.999, 60) < 1e-70
    assert correlation_p(1.0, 9) == 0 and np.isnan(correlation_p(0.5, 2))


def transcribed_bins(x, y, bins):
    """Quantile bins, pair by pair."""
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good], y[good]
    count = min(bins, x.size // 2)
    edges = sorted({float(np.quantile(x, k / count)) for k in range(count + 1)})
    rows = []
    for low, high in zip(edges, edges[1:]):
        inside = [(a, b) for a, b in zip(x, y) if low < a <= high or (low == edges[0] == a)]
        if not inside:
            continue
        a, b = np.array(inside).T
        sem = b.std(ddof=1) / np.sqrt(b.size) if b.size > 1 else np.nan
        rows.append((b.size, low, high, a.mean(), b.mean(), sem))
    return np.array(rows).T


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("bins", [2, 15, 150])
def test_bins_equal_the_transcription(pairs, ties, bins):
    x, y = pairs
    if ties:
        x = np.round(x, 1)
        x[10:70] = 0.0
    b = quantile_bins(x, y, bins)
    np.testing.assert_allclose(np.array(b), transcribed_bins(x, y, bins), atol=1e-12)
    assert b.n.sum() == 198
    if not ties and bins == 15:
        assert b.n.min() >= 13 and b.n.max() <= 14


def test_bins_in_the_head():
    b = quantile_bins(np.array([6.0, 1, 2, 3, 4, 5]), np.array([60.0, 10, 30, 30, 40, 50]), 3)
    assert b.n.tolist() == [2, 2, 2] and b.predicted.tolist() == [1.5, 3.5, 5.5]
    assert b.observed.tolist() == [20, 35, 55]
    np.testing.assert_allclose(b.sem, [10, 5, 5])  # sd(10, 30) = 14.14, / √2


def test_few_pairs_have_no_bins():
    x = np.arange(5.0)
    assert quantile_bins(x, x) is None
    assert quantile_bins(np.ones(40), np.arange(40.0)) is None
    assert quantile_bins(np.arange(8.0), np.arange(8.0), 15).n.size == 4
    with pytest.raises(ParameterError, match="BINS"):
        quantile_bins(x, x, 1)
