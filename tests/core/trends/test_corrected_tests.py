"""Hamed-Rao and Yue-Wang: by head, by transcription on the true axis, by pymannkendall."""

import netCDF4
import numpy as np
import pymannkendall
import pytest
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.core.trends.correction import (
    TESTS,
    average_ranks,
    corrected_trend_test,
    hamed_rao_factor,
    yue_wang_factor,
)
from grace_water_toolbox.core.trends.harmonic import deseasonalise_harmonic
from grace_water_toolbox.core.trends.mann_kendall import mann_kendall
from grace_water_toolbox.core.trends.sen import sen_slope
from scipy.stats import norm, rankdata, theilslopes

NAN = np.nan


def red(n, pixels, seed=0, phi=0.7, missing=0.0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, pixels))
    for t in range(1, n):
        values[t] += phi * values[t - 1]
    values += rng.normal(0, 0.02, pixels) * np.arange(n)[:, None]
    values[rng.random(values.shape) < missing] = NAN
    return values


def plain_hamed_rao(x):
    """One series, by the definition: pairs of months looked up one by one."""
    months = [t for t in range(len(x)) if not np.isnan(x[t])]
    slopes = [(x[b] - x[a]) / (b - a) for i, a in enumerate(months) for b in months[i + 1 :]]
    slope, n = np.median(slopes), len(months)
    rest = {t: x[t] - slope * t for t in months}
    same = 1e-12 * max(abs(x[t]) for t in months)
    rank = {}
    for t in months:
        less = sum(rest[u] < rest[t] - same for u in months)
        equal = sum(abs(rest[u] - rest[t]) <= same for u in months)
        rank[t] = less + (equal + 1) / 2
    mean = (n + 1) / 2
    square = sum((rank[t] - mean) ** 2 for t in months)
    total = 0.0
    for k in range(1, n // 4 + 1):
        both = [(t, t + k) for t in months if t + k in rank]
        if len(both) < 3 or square == 0:
            continue
        rho = sum((rank[a] - mean) * (rank[b] - mean) for a, b in both) / square
        rho *= (n - k) / len(both)
        if abs(rho) > norm.ppf(0.975) / np.sqrt(n):
            total += (n - k) * (n - k - 1) * (n - k - 2) * rho
    return max(1.0, 1 + 2 / (n * (n - 1) * (n - 2)) * total)


def months_of(csr, pixels=60, land=False):
    """Pixels of the real grid, drawn by area, on their calendar, gaps as NaN."""
    with netCDF4.Dataset(csr) as source:
        grid = np.ma.filled(source["lwe_thickness"][:].astype(float), NAN)
        days = np.ma.filled(source["time"][:].astype(float), NAN)
        area = np.cos(np.radians(source["lat"][:]))[:, None] * np.ones(grid.shape[2])
        area = np.where((source["land_mask"][:] > 0.5) | (not land), area, 0.0).ravel()
    series = grid.reshape(grid.shape[0], -1)
    rng = np.random.default_rng(1)
    chosen = rng.choice(series.shape[1], pixels, replace=False, p=area / area.sum())
    month = np.round((days - days[0]) / 30.4375).astype(int)
    values = np.full((month[-1] + 1, pixels), NAN)
    values[month] = series[:, chosen]
    return values


def assert_is_transcription(values):
    found = corrected_trend_test(values, "hamed-rao")
    plain = mann_kendall(values)
    for pixel in range(values.shape[1]):
        factor = plain_hamed_rao(values[:, pixel])
        np.testing.assert_allclose(found.factor[pixel], factor, rtol=1e-9)
        s, var_s = plain.s[pixel], plain.var_s[pixel] * factor
        z = (s - np.sign(s)) / np.sqrt(var_s)
        np.testing.assert_allclose(found.mann_kendall.z[pixel], z, rtol=1e-9)
        np.testing.assert_allclose(found.mann_kendall.p[pixel], 2 * norm.sf(abs(z)), rtol=1e-9)
    return found


@pytest.mark.parametrize("missing", [0.0, 0.15, 0.5])
@pytest.mark.parametrize("n", [30, 61, 120])
def test_hamed_rao_equals_a_transcription(n, missing):
    assert_is_transcription(red(n, 8, n, missing=missing))


def test_hamed_rao_with_ties_and_anticorrelation_equals_a_transcription():
    assert_is_transcription(np.round(red(80, 8, 3, missing=0.1), 0))
    found = assert_is_transcription(red(80, 8, 4, phi=-0.6, missing=0.1))
    assert (found.factor >= 1).all() and (found.factor == 1).any()


@pytest.mark.real
def test_hamed_rao_on_real_pixels_equals_a_transcription(csr):
    values = months_of(csr)
    assert np.isnan(values).any(axis=0).all()
    found = assert_is_transcription(values)
    assert np.median(found.factor) > 2


@pytest.mark.real
def test_shares_of_land_that_the_help_states(csr):
    # The help says 83 and 63 %; a draw of 4000 cells is good to one and a half.
    values = deseasonalise_harmonic(months_of(csr, 4000, land=True))
    share = {
        t: 100 * (corrected_trend_test(values, t).mann_kendall.p < 0.01).mean()
        for t in ("original", "yue-wang")
    }
    assert share["original"] == pytest.approx(83, abs=1.5)
    assert share["yue-wang"] == pytest.approx(63, abs=1.5)


@pytest.mark.real
def test_a_compressed_axis_errs_by_over_a_tenth_on_most_real_pixels(csr):
    values = deseasonalise_harmonic(months_of(csr, 60))
    ours = corrected_trend_test(values, "hamed-rao").mann_kendall
    theirs = [
        pymannkendall.hamed_rao_modification_test(x, lag=int(n) // 4).var_s
        for x, n in zip(values.T, ours.n)
    ]
    assert (np.abs(theirs / ours.var_s - 1) > 0.1).mean() > 0.5


def test_hamed_rao_equals_pymannkendall_on_complete_series():
    # 96 months make an even number of pairs: no residuals tie, which theirs leaves to rounding.
    values = red(96, 40, 7)
    found = corrected_trend_test(values, "hamed-rao")
    compared = 0
    for pixel in range(40):
        theirs = pymannkendall.hamed_rao_modification_test(values[:, pixel], lag=24)
        plain = pymannkendall.original_test(values[:, pixel])
        if theirs.var_s < plain.var_s:
            # Theirs may shrink the variance, even below 0; ours keeps the plain test's.
            assert found.factor[pixel] == 1
            continue
        compared += 1
        np.testing.assert_allclose(found.mann_kendall.var_s[pixel], theirs.var_s, rtol=1e-9)
        np.testing.assert_allclose(found.mann_kendall.z[pixel], theirs.z, rtol=1e-9)
        np.testing.assert_allclose(found.mann_kendall.p[pixel], theirs.p, rtol=1e-9, atol=1e-15)
    assert compared > 30


def test_a_compressed_axis_gives_another_correction():
    # The trend of 5 a month is taken off over 40 places where it ran over 80 months.
    values = red(80, 1, 2) + 5.0 * np.arange(80)[:, None]
    values[20:60] = NAN
    ours = corrected_trend_test(values, "hamed-rao")
    theirs = pymannkendall.hamed_rao_modification_test(values[:, 0], lag=10)
    np.testing.assert_allclose(ours.factor[0], plain_hamed_rao(values[:, 0]), rtol=1e-9)
    assert abs(theirs.var_s / ours.mann_kendall.var_s[0] - 1) > 0.5


def test_hamed_rao_by_head():
    # Ranks 1…8 up and down in halves: d = -3.5 … 3.5, sum of squares 42, n / 4 = 2 lags.
    # rho_1 = 26.25 / 42 = .625 and rho_2 = 11.5 / 42 = .27, the bound 1.96 / sqrt(8) = .69.
    rising = np.arange(8.0)[:, None]
    assert hamed_rao_factor(rising).tolist() == [1.0]
    # Sixteen: sum of squares 340, bound .49; rho_1 = 276.25 / 340 = .8125 counts, and so do
    # rho_2 = 213.5 / 340 = .628; rho_3 = 152.75 / 340 = .449 and rho_4 do not.
    rho_1, rho_2 = 276.25 / 340, 213.5 / 340
    expected = 1 + 2 * (15 * 14 * 13 * rho_1 + 14 * 13 * 12 * rho_2) / (16 * 15 * 14)
    np.testing.assert_allclose(hamed_rao_factor(np.arange(16.0)[:, None]), [expected], rtol=1e-12)


def test_yue_wang_by_head():
    # n = 3: 1 + 2 (2/3 r + 1/3 r^2), r = .5
    np.testing.assert_allclose(yue_wang_factor([3], [0.5]), [1 + 2 * (1 / 3 + 1 / 12)], rtol=1e-14)
    assert yue_wang_factor([200, 200], [0.0, -0.4]).tolist() == [1.0, 1.0]
    np.testing.assert_allclose(yue_wang_factor([10], [1.0]), [10.0], rtol=1e-12)
    assert np.isnan(yue_wang_factor([10], [NAN])).all()


def test_yue_wang_equals_the_closed_form():
    n, r = np.array([20.0, 100.0, 249.0, 249.0]), np.array([0.3, 0.67, 0.9, 0.01])
    closed = 1 + 2 * (r ** (n + 1) - n * r**2 + (n - 1) * r) / (n * (r - 1) ** 2)
    np.testing.assert_allclose(yue_wang_factor(n, r), closed, rtol=1e-10)


@pytest.mark.parametrize("test", TESTS)
def test_limits_are_those_of_the_corrected_variance(test):
    values = red(90, 6, 5, missing=0.1)
    found = corrected_trend_test(values, test, alpha=0.1)
    assert (found.p_original == mann_kendall(values).p).all()
    for pixel in range(6):
        months = np.flatnonzero(np.isfinite(values[:, pixel]))
        x = values[months, pixel]
        slopes = np.sort(
            [(x[j] - x[i]) / (months[j] - months[i]) for i in range(len(x)) for j in range(i)]
        )
        reach = norm.ppf(0.95) * np.sqrt(found.mann_kendall.var_s[pixel])
        lower = slopes[round((slopes.size - reach) / 2) - 1]
        upper = slopes[round((slopes.size + reach) / 2)]
        np.testing.assert_allclose(
            [found.sen.slope[pixel], found.sen.lower[pixel], found.sen.upper[pixel]],
            [theilslopes(x, months)[0], lower, upper],
            rtol=1e-12,
        )


def test_original_is_the_plain_test():
    values = red(60, 5, 8, missing=0.2)
    found = corrected_trend_test(values)
    plain = (*sen_slope(values), *mann_kendall(values))
    for one, other in zip((*found.sen, *found.mann_kendall), plain):
        np.testing.assert_array_equal(one, other)
    assert (found.factor == 1).all()


@pytest.mark.parametrize("test", TESTS)
def test_edges(test):
    values = np.full((40, 5), NAN)
    values[3, 1] = values[9, 1] = 1.0
    values[:, 2] = 7.3
    values[:, 3] = 0.1 * np.arange(40)
    values[::2, 4] = np.random.default_rng(0).normal(size=20)
    found = corrected_trend_test(values, test)
    assert np.isnan(found.mann_kendall.p[:2]).all() and np.isnan(found.factor[:2]).all()
    assert found.mann_kendall.p[2] == 1 and found.factor[2] == 1
    # No two neighbouring months: a lag of 1 is unknown to Yue & Wang, not to Hamed & Rao.
    assert np.isnan(found.mann_kendall.p[4]) == (test == "yue-wang")
    assert found.mann_kendall.p[3] < 1e-12 and found.factor[3] == 1
    assert corrected_trend_test(np.empty((30, 0)), test).factor.shape == (0,)


def rejections(x):
    """Mann-Kendall plain and by Hamed & Rao at 5 % for one series, from the definitions."""
    months = np.flatnonzero(~np.isnan(x))
    y, n = x[months], months.size
    late, early = np.tril_indices(n, -1)
    s = np.sign(y[late] - y[early]).sum()
    slope = np.median((y[late] - y[early]) / (months[late] - months[early]))
    rest, same = y - slope * months, 1e-12 * np.abs(y).max()
    apart = rest[:, None] - rest
    d = (apart > same).sum(axis=1) + ((np.abs(apart) <= same).sum(axis=1) + 1) / 2 - (n + 1) / 2
    at = np.full(x.size, NAN)
    at[months] = d
    total = 0.0
    for k in range(1, n // 4 + 1):
        products = at[k:] * at[:-k]
        rho = (n - k) * np.nanmean(products) / (d**2).sum()
        if abs(rho) > norm.ppf(0.975) / np.sqrt(n):
            total += (n - k) * (n - k - 1) * (n - k - 2) * rho
    factor = max(1.0, 1 + 2 * total / (n * (n - 1) * (n - 2)))
    z = (s - np.sign(s)) / np.sqrt(n * (n - 1) * (2 * n + 5) / 18 * np.array([1.0, factor]))
    return 2 * norm.sf(np.abs(z)) < 0.05


def known_memory_factor(n, phi):
    """Hamed & Rao's factor with the true rank correlations of a first-order series."""
    k = np.arange(1, n)
    rho = 6 / np.pi * np.arcsin(phi**k / 2)
    weight = (n - k) * (n - k - 1) * (n - k - 2)
    return 1 + 2 * (weight * rho).sum() / (n * (n - 1) * (n - 2))


def test_how_often_each_test_finds_a_trend_where_there_is_none():
    # No trend, months remembered as over land, gaps of the record.
    rng = np.random.default_rng(12)
    values = rng.normal(size=(284, 1500))
    for t in range(1, 284):
        values[t] += 0.67 * values[t - 1]
    values[rng.choice(np.arange(5, 180), 22, replace=False)] = NAN
    values[183:194] = values[196:198] = NAN
    found = {test: corrected_trend_test(values, test).mann_kendall for test in TESTS}
    rejected = {test: one.p < 0.05 for test, one in found.items()}
    share = {test: one.mean() for test, one in rejected.items()}
    # Series by series the decisions of the definitions, so the sizes are those of the methods.
    plain, hamed_rao = np.array([rejections(x) for x in values.T]).T
    np.testing.assert_array_equal(rejected["original"], plain)
    np.testing.assert_array_equal(rejected["hamed-rao"], hamed_rao)
    # Three standard errors of a share of 5 % in 1500 series.
    chance = 3 * np.sqrt(0.05 * 0.95 / 1500)
    assert abs(share["yue-wang"] - 0.05) < chance
    # Hamed & Rao's formula holds its level where it is told the memory; where it must
    # estimate it, it keeps a part of the plain test's excess, and less than half.
    z = found["original"].z / np.sqrt(known_memory_factor(found["original"].n[0], 0.67))
    assert abs((2 * norm.sf(np.abs(z)) < 0.05).mean() - 0.05) < chance
    assert 0.05 + chance < share["hamed-rao"] < (0.05 + share["original"]) / 2


def test_average_ranks_equal_scipy():
    values = np.round(np.random.default_rng(0).normal(size=(50, 7)), 1)
    np.testing.assert_array_equal(average_ranks(values), rankdata(values, axis=0))
    assert average_ranks(np.array([[1.0], [1.0 + 1e-15], [2.0]]), 1e-12).ravel().tolist() == [
        1.5, 1.5, 3.0,
    ]  # fmt: skip


def test_an_unknown_test_is_refused():
    with pytest.raises(ParameterError, match="original, hamed-rao, yue-wang"):
        corrected_trend_test(np.zeros((30, 1)), "kendall")
