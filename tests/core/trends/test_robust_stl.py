"""Robust STL against statsmodels and R, and what robustness means."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import Cancelled, DataError, ParameterError, TimeAxisError
from grace_water_toolbox.core.trends import robust_stl as module
from grace_water_toolbox.core.trends.robust_stl import robust_stl
from grace_water_toolbox.core.trends.stl import stl_operator
from statsmodels.tsa.seasonal import STL


def walks(n, count, seed=0, wild=0.03):
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None]
    values = 10 * np.sin(2 * np.pi * t / 12) + rng.normal(size=(n, count)).cumsum(axis=0)
    values[rng.random(values.shape) < wild] += 60
    return values


def assert_equals_statsmodels(values, inner=2, outer=15, **options):
    seasonal, trend = robust_stl(values, inner=inner, outer=outer, **options)
    for i in range(values.shape[1]):
        settings = {"period": 12, "robust": True, **options}
        expected = STL(values[:, i], **settings).fit(inner_iter=inner, outer_iter=outer)
        np.testing.assert_allclose(seasonal[:, i], expected.seasonal, rtol=0, atol=1e-9)
        np.testing.assert_allclose(trend[:, i], expected.trend, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "n, options",
    [
        (284, {}),
        (265, {"seasonal_deg": 0}),
        (120, {"seasonal_deg": 0, "trend_deg": 0, "low_pass_deg": 0}),
        (120, {"seasonal": 13, "trend": 31, "low_pass": 15}),
        (100, {"seasonal": 35}),
        (100, {"trend": 301, "low_pass": 151}),
        (25, {"seasonal": 3}),
        (31, {"seasonal": 9}),
        (57, {"period": 7}),
        (40, {"period": 4, "seasonal": 3}),
        (90, {"inner": 1, "outer": 1}),
        (90, {"inner": 5, "outer": 3}),
    ],
)
def test_equals_statsmodels(n, options):
    assert_equals_statsmodels(walks(n, 4, n), **options)


def test_many_wild_months_equal_statsmodels():
    # So many that whole windows lose all their weight.
    assert_equals_statsmodels(walks(96, 6, 5, wild=0.35))
    spiky = np.zeros((72, 2))
    spiky[::5, 0], spiky[7:40, 1] = 100, 1e3
    spiky += np.random.default_rng(0).normal(size=spiky.shape)
    assert_equals_statsmodels(spiky)


@pytest.mark.real
def test_equals_r(data):
    series = np.loadtxt(data / "golden" / "stl_series.csv", delimiter=",")
    name = data / "golden" / "stl_R_robust_inner2_jump1.csv"
    golden = np.loadtxt(name, delimiter=",", skiprows=1)
    seasonal, trend = robust_stl(series[:, None], seasonal_deg=0)
    np.testing.assert_allclose(seasonal[:, 0], golden[:, 0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(trend[:, 0], golden[:, 1], rtol=0, atol=1e-9)


def test_without_outer_rounds_it_is_the_operator():
    values = walks(120, 5)
    seasonal, trend = robust_stl(values, inner=5, outer=0)
    expected_seasonal, expected_trend = stl_operator(120)
    np.testing.assert_allclose(seasonal, expected_seasonal @ values, rtol=0, atol=1e-10)
    np.testing.assert_allclose(trend, expected_trend @ values, rtol=0, atol=1e-10)


def test_a_perfect_fit_has_no_outliers():
    # Two years: the season takes everything, and residuals are rounding errors.
    values = walks(24, 5)
    seasonal, trend = robust_stl(values)
    for one, other in zip((seasonal, trend), robust_stl(values, inner=32, outer=0)):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


def test_one_wild_month_does_not_reach_the_season_of_the_next_years():
    values = walks(120, 1, 3, wild=0.0)
    wild = values.copy()
    wild[60] += 80
    robust = robust_stl(wild)[0] - robust_stl(values)[0]
    plain = stl_operator(120)[0] @ (wild - values)
    assert abs(plain[[48, 72]]).min() > 5 and abs(robust[[48, 72]]).max() < 1


def test_a_year_without_noise_is_all_season():
    values = np.tile(np.arange(12.0) - 5.5, 6)[:, None]
    seasonal, trend = robust_stl(values)
    np.testing.assert_allclose(seasonal, values, atol=1e-9)
    np.testing.assert_allclose(trend, 0, atol=1e-9)


def test_constants_have_no_season():
    seasonal, trend = robust_stl(np.full((48, 2), 3.25))
    np.testing.assert_allclose(seasonal, 0, atol=1e-12)
    np.testing.assert_allclose(trend, 3.25, atol=1e-12)


def test_batches_make_no_difference(monkeypatch):
    values = walks(60, 23)
    seasonal, trend = robust_stl(values)
    monkeypatch.setattr(module, "BATCH", 5)
    for one, other in zip(robust_stl(values), (seasonal, trend)):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)
    alone = robust_stl(values[:, [7]])
    np.testing.assert_allclose(alone[0][:, 0], seasonal[:, 7], rtol=0, atol=1e-10)
    assert robust_stl(np.empty((60, 0)))[0].shape == (60, 0)


def test_asks_between_batches_whether_to_go_on(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 5)
    asked = []

    def check():
        asked.append(1)
        if len(asked) == 3:
            raise Cancelled()

    with pytest.raises(Cancelled):
        robust_stl(walks(48, 40), check=check)
    assert len(asked) == 3


def test_bad_input_is_refused():
    values = walks(48, 2)
    values[3, 1] = np.nan
    with pytest.raises(DataError, match="complete series"):
        robust_stl(values)
    with pytest.raises(TimeAxisError, match="24"):
        robust_stl(walks(23, 1))
    for options in ({"seasonal": 8}, {"trend": 11}, {"low_pass": 12}, {"trend_deg": 2}):
        with pytest.raises(ParameterError):
            robust_stl(walks(48, 1), **options)
