"""Wells in cells, their yields and changes: small cases that fit in the head."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, GridError, ParameterError
from grace_water_toolbox.core.validation.trends import common_trends
from grace_water_toolbox.core.validation.wellcells import average_wells, cell_series
from grace_water_toolbox.core.validation.wellchange import change_fit, class_scores
from grace_water_toolbox.core.validation.wells import WellSettings, validate_wells
from grace_water_toolbox.core.validation.yields import (
    checked_yield,
    one_yield,
    regional_yield,
    sample_raster,
)
from scipy.stats import linregress, pearsonr, theilslopes

T = np.arange(72.0)
nan = np.nan


@pytest.fixture
def stack(make_stack, tmp_path):
    """Two cells: +1 and −0.5 cm a month."""
    path = make_stack(tmp_path / "s.tif", np.stack([T, -0.5 * T], axis=1)[:, None, :])
    with MonthlyStack(path) as opened:
        yield opened


X, Y = [70.2, 70.8, 71.5], [29.5, 29.1, 29.9]


def test_three_wells_in_two_cells(stack):
    # Levels in cm: 10 and 30 a month in the first cell, −5 in the second.
    level = np.stack([10 * T + 7, 30 * T, -5 * T + 100], axis=1)
    r = validate_wells(
        stack, X, Y, ["a", "b", "c"], level, np.arange(72),
        settings=WellSettings(bins=15), specific_yield=np.full(3, 0.1),
    )  # fmt: skip
    assert r.cell.tolist() == [0, 0, 1] and r.cells.wells.tolist() == [2, 1]
    np.testing.assert_allclose(r.cc, 1)
    np.testing.assert_allclose(r.trend_level, [120, 360, -60])
    # Mean of 10 and 30 is 20 cm of level, × 0.1 = 2 cm of water a month.
    np.testing.assert_allclose(r.cells.trend_observed, [24, -6])
    np.testing.assert_allclose(r.cells.trend_predicted, [12, -6])
    np.testing.assert_allclose(r.cells.observed[:, 0], 2 * (T - 35.5), atol=1e-9)
    assert r.bins is None and r.change is None
    scores = {(s.name.split()[0], round(s.factor, 1)): s for s in r.scores}
    trend = scores["trends", 1.0]
    assert (trend.n, trend.bias, trend.rmse) == pytest.approx((2, -6, np.sqrt(72)))
    # × 0.8: 19.2 and −4.8 beside 12 and −6; × 1.2: 28.8 and −7.2.
    assert scores["trends", 0.8].rmse == pytest.approx(np.sqrt((7.2**2 + 1.2**2) / 2))
    assert scores["trends", 1.2].rmse == pytest.approx(np.sqrt((16.8**2 + 1.2**2) / 2))
    # Anomalies a and −a/2 beside 2a and −a/2: SSE 1, SST 4.25 in units of Σa².
    month = scores["monthly", 1.0]
    assert month.n == 144 and month.r2 == pytest.approx(1 - 1 / 4.25)
    assert month.cc == pytest.approx(2.25 / np.sqrt(1.25 * 4.25))
    assert any("2 cells hold wells" in text for text in r.warnings)


def test_depths_taken_for_levels_are_noticed(stack):
    level = -np.stack([10 * T, 30 * T, -5 * T], axis=1)
    r = validate_wells(stack, X, Y, "abc", level, np.arange(72))
    assert any("3 of 3 wells have a negative correlation" in text for text in r.warnings)
    assert all(np.isnan(s.rmse) for s in r.scores)  # no specific yield, no RMSE


def test_too_few_months_and_wells_outside(stack):
    level = np.full((72, 3), nan)
    level[:11] = T[:11, None]
    with pytest.raises(DataError, match=r"12 months in common.*at most 11"):
        validate_wells(stack, X, Y, "abc", level, np.arange(72))
    with pytest.raises(GridError, match="1 of 3 outside"):
        validate_wells(stack, [70.2, 70.8, 81], Y, "abc", level, np.arange(72))


def test_coarse_cells_hold_the_mean_of_the_stack(make_stack, tmp_path):
    values = np.arange(16.0).reshape(1, 4, 4) + 10 * T[:30, None, None]
    values[:, 0, 0] = nan
    grid = Grid(0.0, 60.0, 1.0, 1.0, 4, 4)
    path = make_stack(tmp_path / "s.tif", values, grid=grid)
    coarse = Grid(0.0, 60.0, 2.0, 2.0, 2, 2)
    area = grid.cell_areas()
    with MonthlyStack(path) as stack:
        series = cell_series(stack, coarse, np.array([0, 1]), np.array([0, 1]), np.arange(30))
        own = cell_series(stack, grid, np.array([0, 2]), np.array([1, 3]), np.arange(3, 9))
    for i, part in enumerate([(slice(0, 2), slice(0, 2)), (slice(2, 4), slice(2, 4))]):
        w = np.where(np.isfinite(values[0][part]), area[part], 0)
        expected = [(w * np.nan_to_num(v[part])).sum() / w.sum() for v in values]
        np.testing.assert_allclose(series[:, i], expected, rtol=1e-12)
    np.testing.assert_array_equal(own, values[3:9, [0, 2], [1, 3]])


def test_wells_average_month_by_month():
    level = np.array([[0.0, nan], [2, 10], [4, 30], [nan, 20]])
    predicted = np.array([[1.0], [1], [1], [nan]])
    observed, used = average_wells(level, predicted, np.zeros(2, int), 1, 2, np.array([0.5, 0.1]))
    # First: −2, 0, 2 × 0.5; second, without the month that is not predicted: −10, 10 × 0.1.
    np.testing.assert_allclose(observed[:, 0], [-1, -0.5, 1, nan])
    assert used.all()
    observed, used = average_wells(level, predicted, np.zeros(2, int), 1, 3, np.array([0.5, nan]))
    assert used.tolist() == [True, False]


def test_trends_use_common_months_and_true_time():
    rng = np.random.default_rng(2)
    a = 0.3 * T[:, None] + rng.normal(0, 2, (72, 3))
    b = a + rng.normal(0, 1, a.shape)
    b[::3] = nan  # two months of three: eight calendar months tell the season
    b[:, 2] = nan
    b[:24, 2] = 1.0
    first, second, raw = common_trends(a, b, 5.0)
    assert not raw.any() and np.isfinite(first[:2]).all()
    assert np.isnan(first[2]) and np.isnan(second[2])  # 24 months are no 5 years
    # Readings in every April only: the season stays in.
    b = np.full((132, 1), nan)
    t = np.arange(132)
    b[3::12, 0] = 2.0 * np.arange(11) + rng.normal(0, 0.1, 11)
    a = 0.1 * t[:, None] + 5 * np.sin(2 * np.pi * t / 12)[:, None]
    first, second, raw = common_trends(a, b, 5.0)
    assert raw.all() and first[0] == pytest.approx(1.2)
    assert second[0] == pytest.approx(12 * theilslopes(b[3::12, 0], t[3::12])[0])


def test_changes_of_correlation():
    rng = np.random.default_rng(5)
    before = rng.uniform(-0.5, 0.9, 40)
    after = 0.5 * before + 0.2 + rng.normal(0, 0.1, 40)
    before[3], after[5] = nan, nan
    fit = change_fit(after, before)
    good = np.isfinite(before) & np.isfinite(after)
    b, a = before[good], after[good]
    line = linregress(b, a - b)
    assert (fit.n, fit.slope, fit.intercept, fit.cc, fit.p) == pytest.approx(
        (38, line.slope, line.intercept, line.rvalue, line.pvalue)
    )
    assert (fit.oldham_cc, fit.oldham_p) == pytest.approx(pearsonr(a - b, (a + b) / 2))
    assert change_fit(after[:3], np.r_[nan, before[:2]]) is None


def test_noise_alone_gives_a_falling_change_but_not_oldhams():
    rng = np.random.default_rng(6)
    truth = rng.normal(0.4, 0.1, 3000)
    before, after = truth + rng.normal(0, 0.2, (2, 3000))
    fit = change_fit(after, before)
    assert fit.slope == pytest.approx(-0.8, abs=0.05) and fit.cc < -0.6
    assert abs(fit.oldham_cc) < 0.05


def test_classes():
    cc = np.array([0.1, 0.5, -0.2, 0.9, nan, 0.3])
    before = np.array([0.2, 0.1, -0.3, nan, 0.5, 0.3])
    share = np.array([10.0, 45, 60, 55, 80, nan])
    every, forty, fifty, ninety = class_scores(cc, before, share, (40, 50, 90))
    assert (every.wells, every.median_cc, every.positive) == (5, 0.3, 0.8)
    assert (every.median_before, every.improved) == pytest.approx((0.15, 0.5))
    assert (forty.name, forty.wells, forty.median_cc) == ("> 40", 3, 0.5)
    assert (fifty.wells, fifty.median_cc) == (2, pytest.approx(0.35)) and ninety.wells == 0


@pytest.mark.parametrize(
    ("lon", "lat", "value"),
    [
        (100, 30, 0.11), (75, 10, 0.11), (60, 40, 0.11), (10, 50, 0.14), (5, 35, 0.14),
        (-100, 40, 0.16), (-60, 15, 0.16), (-60, -10, 0.18), (20, 0, 0.08), (150, -20, 0.09),
        (180, -20, 0.09), (-180, -20, 0.09), (-175, -20, 0.15), (0, 80, 0.15), (260, 40, 0.16),
        (470, 30, 0.11), (50, 20, 0.08), (150, 0, 0.09),
    ],
)  # fmt: skip
def test_regions(lon, lat, value):
    assert regional_yield(np.array([lon]), np.array([lat]))[0] == value


def test_yields_that_are_none():
    with pytest.raises(DataError, match=r"5 to 12.*percent"):
        checked_yield([5, 12, nan], "YIELD_RASTER")
    with pytest.raises(DataError, match="none"):
        checked_yield([nan], "YIELD_FIELD")
    with pytest.raises(ParameterError, match="SPECIFIC_YIELD"):
        one_yield(1.5, 3)
    assert one_yield(0.2, 2).tolist() == [0.2, 0.2]


def test_raster_at_points(make_stack, tmp_path):
    path = make_stack(tmp_path / "y.tif", [[[0.1, nan], [0.3, 0.4]]], units="")
    values = sample_raster(path, "y", [70.5, 71.5, 431.5, 90], [29.5, 29.5, 28.5, 29])
    np.testing.assert_allclose(values, [0.1, nan, 0.4, nan], rtol=1e-6)
