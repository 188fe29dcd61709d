"""Eq. 20: by hand, against a plain transcription, noise, the twin's truth, bands."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, ParameterError, TimeAxisError
from grace_water_toolbox.core.trends.seasonality import (
    BANDS,
    WHITE_NOISE,
    map_seasonality,
    seasonality,
    whole_years,
)

NAN = np.nan


def plainly(series, min_years=2):
    """One series, year by year, with the standard library's deviations."""
    from statistics import mean, stdev

    years = [series[i : i + 12] for i in range(0, len(series), 12)]
    years = [list(map(float, y)) for y in years if not np.isnan(y).any()]
    if len(years) < min_years:
        return NAN, NAN, NAN, len(years)
    sigma, delta = mean(stdev(y) for y in years), stdev(mean(y) for y in years)
    share = 100 * sigma / (sigma + delta) if sigma + delta else NAN
    return share, sigma, delta, len(years)


def test_by_hand():
    # Six months of +1 and six of −1: 12/11 = s²; annual means 0 and 3: δ = 3/√2.
    year = np.repeat([1.0, -1.0], 6)
    share, sigma, delta, years = seasonality(np.r_[year, year + 3][:, None])[:, 0]
    assert sigma == pytest.approx(np.sqrt(12 / 11)) and delta == pytest.approx(3 / np.sqrt(2))
    assert share == pytest.approx(100 * sigma / (sigma + delta)) and years == 2


def test_three_by_three_by_hand(tmp_path, make_stack):
    """Amplitudes 1…9 of a ± wave and steps between years: each cell has its closed answer."""
    year = np.repeat([1.0, -1.0], 6)
    size = np.arange(1.0, 10).reshape(3, 3)
    step = size[::-1]
    values = np.concatenate([size * year[:, None, None] + k * step for k in (0, 1, 2)], axis=0)
    with MonthlyStack(make_stack(tmp_path / "s.tif", values)) as stack:
        map_seasonality(stack, tmp_path / "o.tif", min_years=3)
    with rasterio.open(tmp_path / "o.tif") as file:
        share, sigma, delta, years = file.read()
        assert file.descriptions == BANDS and file.units == ("%", "cm", "cm", "years")
    np.testing.assert_allclose(sigma, size * np.sqrt(12 / 11), rtol=1e-6)
    np.testing.assert_allclose(delta, step, rtol=1e-6)  # of 0, 1, 2 times the step
    np.testing.assert_allclose(share, 100 * sigma / (sigma + delta), rtol=1e-6)
    assert (years == 3).all()


def test_equals_the_plain_transcription_with_holes_and_ties():
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=(120, 40)), 1).cumsum(axis=0)
    values[rng.random(values.shape) < 0.01] = NAN
    values[:, 0], values[:, 1], values[:, 2] = NAN, 7.0, np.tile(np.arange(12.0), 10)
    got = seasonality(values, 3)
    expected = np.array([plainly(column, 3) for column in values.T]).T
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
    assert np.isnan(got[0, 0]) and np.isnan(got[0, 1]) and got[0, 2] == 100


def test_white_noise_scores_what_the_legend_says():
    values = np.random.default_rng(3).normal(size=(12 * 20, 4000))
    assert np.median(seasonality(values)[0]) == pytest.approx(WHITE_NOISE, abs=0.6)


@pytest.mark.parametrize(
    ("first", "count", "expected"),
    [("2002-04", 265, (9, 21)), ("2004-01", 24, (0, 2)), ("2004-02", 11, (11, 0)),
     ("2004-12", 13, (1, 1)), ("2004-02", 22, (11, 0))],
)  # fmt: skip
def test_whole_years(first, count, expected):
    months = np.datetime64(first, "M") + np.arange(count)
    assert whole_years(months) == expected


def test_partial_years_and_filled_months_do_not_count(tmp_path, make_stack):
    rng = np.random.default_rng(4)
    values = rng.normal(size=(9 + 72 + 4, 1, 1))
    flags = np.zeros(values.shape)
    flags[9 + 30] = 1
    source = make_stack(tmp_path / "s.tif", values, start="2003-04")
    marks = make_stack(tmp_path / "f.tif", flags, units="", flags=True, start="2003-04")
    with MonthlyStack(source) as stack, MonthlyStack(marks) as made:
        summary = map_seasonality(stack, tmp_path / "o.tif", flags=made)
    assert (summary.first, summary.last, summary.most) == (2004, 2009, 5)
    kept = np.delete(values[9 : 9 + 72, 0, 0].astype("float32").reshape(6, 12), 2, axis=0)
    with rasterio.open(tmp_path / "o.tif") as file:
        np.testing.assert_allclose(file.read()[:, 0, 0], plainly(kept.ravel()), rtol=1e-6)


def test_shares_of_the_area_are_spherical(tmp_path, make_stack):
    season = np.tile(np.repeat([1.0, -1.0], 6), 5)
    slow = np.repeat(np.arange(5.0), 12) + 0.1 * season
    values = np.stack([season + 0.01 * slow, slow], axis=1).reshape(60, 2, 1)
    grid = Grid(0.0, 90.0, 30.0, 30.0, 1, 2)
    with MonthlyStack(make_stack(tmp_path / "s.tif", values, grid=grid)) as stack:
        summary = map_seasonality(stack, tmp_path / "o.tif")
    top, bottom = 1 - np.sqrt(0.75), np.sqrt(0.75) - 0.5
    share = 100 * top / (top + bottom)
    assert [level for level, _, _ in summary.above] == [50, 66]
    np.testing.assert_allclose([s for _, _, s in summary.above], share, rtol=1e-9)
    with rasterio.open(tmp_path / "o.tif") as file:
        one, two = file.read(1).ravel()
    assert summary.mean == pytest.approx((one * top + two * bottom) / (top + bottom), rel=1e-6)


def test_refusals(tmp_path, make_stack):
    with MonthlyStack(make_stack(tmp_path / "s.tif", np.arange(48.0))) as stack:
        with pytest.raises(TimeAxisError, match="at least 5 whole calendar years"):
            map_seasonality(stack, tmp_path / "o.tif")
        with pytest.raises(ParameterError, match="MIN_YEARS"):
            map_seasonality(stack, tmp_path / "o.tif", min_years=1)
    values = np.arange(72.0)
    values[::11] = NAN
    with (
        MonthlyStack(make_stack(tmp_path / "t.tif", values)) as stack,
        pytest.raises(DataError, match="5 complete years"),
    ):
        map_seasonality(stack, tmp_path / "o.tif")
    assert not (tmp_path / "o.tif").exists()
    with pytest.raises(DataError, match="whole years"):
        seasonality(np.zeros((13, 1)))


@pytest.fixture(scope="module")
def twin():
    from grace_water_toolbox.core.data.twin import make_twin

    return make_twin(0)


def test_truth_of_the_twin(twin, tmp_path):
    """The written map of the true groundwater equals Eq. 20 taken plainly on the truth."""
    from grace_water_toolbox.core.data.sample import write_truth_stack

    write_truth_stack(twin, "groundwater", "groundwater", tmp_path / "t.tif")
    with MonthlyStack(tmp_path / "t.tif") as stack:
        map_seasonality(stack, tmp_path / "o.tif")
    with rasterio.open(tmp_path / "o.tif") as file:
        share = file.read(1)
    skip, years = whole_years(twin.months)
    rows = slice(skip, skip + 12 * years)
    for y, x in [(5, 20), (17, 21), (17, 22), (30, 35)]:
        expected = plainly(twin.groundwater[rows, y, x])[0]
        assert share[y, x] == pytest.approx(expected, abs=1e-3)


def test_observed_storage_recovers_the_twins_truth(twin):
    """Satellite noise against the truth at the satellite's resolution, whole observed years."""
    skip, years = whole_years(twin.months)
    rows = slice(skip, skip + 12 * years)
    land = twin.product_land
    observed = seasonality(twin.grace[rows][:, land], 5)
    seen = np.isfinite(twin.grace[rows][:, land])
    truth = seasonality(np.where(seen, twin.resolved_tws[rows][:, land], NAN), 5)
    error = observed[0] - truth[0]
    assert np.corrcoef(observed[0], truth[0])[0, 1] > 0.9
    assert abs(np.median(error)) < 3 and np.sqrt((error**2).mean()) < 5


def test_a_constant_has_no_share():
    found = seasonality(np.full((60, 3), [[3.0, 0.1, 1.0 / 3.0]]))
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1:3], 0, atol=1e-14)
