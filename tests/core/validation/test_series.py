"""A region's mean against a table, by month, season and year; against plain loops."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError, TimeAxisError, UnitsError
from grace_water_toolbox.core.validation.series import compare_series
from scipy.stats import linregress, theilslopes

MONTHS = np.datetime64("2003-11", "M") + np.arange(110)
nan = np.nan


@pytest.fixture
def mean():
    t = np.arange(110)
    values = 8 * np.sin(2 * np.pi * t / 12) - 0.1 * t + np.random.default_rng(3).normal(0, 1, 110)
    values[20:25] = values[60] = nan
    return values


def season(month):
    """(year, name) of the season of a month, in words of the calendar."""
    year, number = int(str(month)[:4]), int(str(month)[5:7])
    name = {12: "DJF", 1: "DJF", 2: "DJF", 3: "MAM", 4: "MAM", 5: "MAM", 6: "JJA", 7: "JJA",
            8: "JJA"}.get(number, "SON")  # fmt: skip
    return f"{year + (number == 12)} {name}"


def grouped(values, keys, least):
    result = {}
    for key in dict.fromkeys(keys):
        chosen = [v for v, k in zip(values, keys) if k == key and np.isfinite(v)]
        result[key] = np.mean(chosen) if len(chosen) >= least else nan
    return result


def test_every_level_equals_plain_loops(mean):
    rng = np.random.default_rng(1)
    table = 3 * np.nan_to_num(mean) + rng.normal(0, 2, 110)
    days = np.repeat(MONTHS.astype("datetime64[D]"), 2) + np.tile([3, 20], 110)
    values = np.repeat(table, 2) + np.tile([-1.0, 1.0], 110)
    order = rng.permutation(220)
    levels, _ = compare_series(mean, MONTHS, days[order], values[order])
    assert [v.name for v in levels] == ["month", "season", "year"]
    keys = {
        "month": ([str(m) for m in MONTHS], 1, 1),
        "season": ([season(m) for m in MONTHS], 2, 2),
        "year": ([str(m)[:4] for m in MONTHS], 8, 8),
    }
    for level in levels:
        names, least, least_table = keys[level.name]
        a = grouped(mean, names, least)
        b = grouped(table, names, least_table)
        assert level.labels == list(a)
        both = [k for k in a if np.isfinite(a[k]) and np.isfinite(b[k])]
        x, y = (np.array([v[k] for k in both]) for v in (a, b))
        assert level.n == len(both)
        assert level.cc == pytest.approx(np.corrcoef(x, y)[0, 1])
        assert level.slope == pytest.approx(linregress(x, y).slope)
        kept = np.isfinite(level.stack)
        np.testing.assert_allclose(level.stack[kept], x - x.mean(), atol=1e-9)
        np.testing.assert_allclose(level.table[kept], y - y.mean(), atol=1e-9)
        place = np.array([level.labels.index(k) for k in both])
        calm = [v - np.polyval(np.polyfit(place, v, 1), place) for v in (x, y)]
        assert level.cc_detrended == pytest.approx(np.corrcoef(*calm)[0, 1])
        if level.name != "month":
            per_year = 4 if level.name == "season" else 1
            assert level.trend_stack == pytest.approx(per_year * theilslopes(x, place)[0])
            assert level.trend_table == pytest.approx(per_year * theilslopes(y, place)[0])
        assert np.isnan([level.rmse, level.r2]).all()


def test_units_of_a_storage_give_rmse(mean):
    days = MONTHS.astype("datetime64[D]")
    levels, _ = compare_series(mean, MONTHS, days, 10 * mean + 5, units="mm")
    assert all(v.rmse == pytest.approx(0, abs=1e-9) and v.r2 == pytest.approx(1) for v in levels)
    assert levels[0].trend_stack == pytest.approx(levels[0].trend_table)
    with pytest.raises(UnitsError, match="UNITS"):
        compare_series(mean, MONTHS, days, mean, units="m a-1")


def test_spacing_decides_on_the_levels(mean):
    days = MONTHS.astype("datetime64[D]")
    quarterly, _ = compare_series(mean, MONTHS, days[1::3], mean[1::3])
    assert [v.name for v in quarterly] == ["season", "year"]
    yearly, _ = compare_series(mean, MONTHS, days[8::12], mean[8::12])
    assert [v.name for v in yearly] == ["year"] and yearly[0].n_table.max() == 1


def test_years_from_october(mean):
    levels, _ = compare_series(mean, MONTHS, MONTHS.astype("datetime64[D]"), mean, first_month=10)
    year = levels[-1]
    assert year.labels[0] == "2003" and year.n_stack[:4].tolist() == [11, 9, 10, 12]
    assert year.years[1] == pytest.approx(2005.25)  # the middle of 2004-10 to 2005-09


def test_a_year_half_read_does_not_count(mean):
    table = np.where(np.arange(110) < 20, nan, np.nan_to_num(mean))
    levels, _ = compare_series(mean, MONTHS, MONTHS.astype("datetime64[D]"), table)
    year = levels[-1]
    # 2005 has values in six of its months only.
    assert year.n_table[2] == 6 and np.isnan(year.table[2])


def test_what_cannot_be_compared(mean):
    days = MONTHS.astype("datetime64[D]")
    with pytest.raises(TimeAxisError, match="in common"):
        compare_series(mean, MONTHS, days - 9000, mean)
    with pytest.raises(TimeAxisError, match="in common"):
        compare_series(mean, MONTHS, days[:4], mean[:4])
    with pytest.raises(DataError, match="dates with values"):
        compare_series(mean, MONTHS, days, np.full(110, nan))
    levels, warnings = compare_series(mean, MONTHS, days, -mean)
    assert levels[-1].cc == pytest.approx(-1) and "negative" in warnings[-1]
    _, warnings = compare_series(mean, MONTHS, np.r_[days, days[:3] - 9000], np.r_[mean, 1, 2, 3])
    assert "3 dates lie outside" in warnings[0]
