"""Periods: which months belong to them, and what is written for them."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.months import month_range
from grace_water_toolbox.core.data.periods import (
    STATISTICS,
    choose_period,
    extract_period,
    extract_stack,
    period_kernel,
    sum_units,
)
from grace_water_toolbox.core.data.reference import pixel_type
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, ParameterError, TimeAxisError

RECORD = month_range("2002-04", "2005-06")
T = np.arange(39.0)


def listed(kind, **settings):
    return [str(m) for m in choose_period(kind, RECORD, **settings).months]


def test_months_of_periods():
    assert listed("month", month="2003-07") == ["2003-07"]
    assert listed("year", year=2002)[0::11] == ["2002-01", "2002-12"]
    assert listed("span", start="2003-11", end="2004-01") == ["2003-11", "2003-12", "2004-01"]
    assert listed("span")[0] == "2002-04" and len(listed("span")) == 39
    assert listed("season", season="DJF", year=2004) == ["2003-12", "2004-01", "2004-02"]
    assert listed("season", season="SON", year=2004) == ["2004-09", "2004-10", "2004-11"]
    assert listed("calendar month", calendar_month=12, year=2003) == ["2003-12"]
    assert listed("calendar month", calendar_month=7) == ["2002-07", "2003-07", "2004-07"]
    assert len(listed("season", season="DJF")) == 9
    assert listed("season", season="JJA", start="2004-01", end="2004-07") == ["2004-06", "2004-07"]


@pytest.mark.parametrize(
    ("kind", "settings", "error"),
    [
        ("decade", {}, ParameterError),
        ("year", {}, ParameterError),
        ("month", {"month": "July"}, ParameterError),
        ("month", {}, ParameterError),
        ("span", {"start": "2005-01", "end": "2004-01"}, ParameterError),
        ("season", {"season": "ABC"}, ParameterError),
        ("calendar month", {"calendar_month": 13}, ParameterError),
        ("season", {"start": "2004-03", "end": "2004-05"}, TimeAxisError),
    ],
)
def test_periods_that_are_none(kind, settings, error):
    with pytest.raises(error):
        choose_period(kind, RECORD, **settings)


def test_kernel_by_hand():
    nan = np.nan
    values = np.array([[1.0, nan, nan, 2], [3, nan, 5, 2], [8, nan, nan, nan], [4, 2, 7, 2]])
    expected = {
        "mean": [4, nan, 6, 2],
        "sum": [16, nan, nan, nan],
        "min": [1, nan, 5, 2],
        "max": [8, nan, 7, 2],
        "std": [np.std([1, 3, 8, 4], ddof=1), nan, np.sqrt(2), 0],
    }
    assert set(expected) == set(STATISTICS)
    for statistic, answer in expected.items():
        np.testing.assert_allclose(period_kernel(values, statistic, 4), answer, err_msg=statistic)
    np.testing.assert_allclose(period_kernel(values, "mean", 4, 0.0), [4, 2, 6, 2])
    np.testing.assert_allclose(period_kernel(values, "mean", 4, 1.0), [4, nan, nan, nan])
    # One month cannot scatter.
    assert np.isnan(period_kernel(values[:1], "std", 1)).all()


def test_units_of_sums():
    assert sum_units("mm/month") == "mm" and sum_units("mm month-1") == "mm"
    assert sum_units("cm") == "cm" and sum_units("") == ""


def extracted(make_stack, folder, values, *args, flags=None, settings=None, **choice):
    import rasterio

    path = make_stack(folder / "in.tif", values, start="2002-04", baseline=("2004-01", "2004-12"))
    with MonthlyStack(path) as stack:
        period = choose_period(*args, stack.months, **choice)
        summary = extract_period(stack, folder / "out.tif", period, flags=flags, **(settings or {}))
    with rasterio.open(folder / "out.tif") as file:
        return file.read(), file.tags(), file.descriptions, file.units, summary


def test_map_says_what_it_is(make_stack, tmp_path):
    values, tags, names, units, summary = extracted(
        make_stack, tmp_path, T, "season", season="DJF", year=2004
    )
    assert values.tolist() == [[[21.0]]] and names == ("mean of DJF 2004",) and units == ("cm",)
    assert tags["units"] == "cm" and tags["baseline"] == "2004-01/2004-12"
    assert tags["period"] == "DJF 2004" and tags["statistic"] == "mean"
    assert tags["history"].splitlines()[0] == "made for a test"
    assert "3 of 3 months in the record" in tags["history"] and summary.signed
    assert (summary.expected, summary.present, summary.cells) == (3, 3, 1)


def test_months_outside_the_record_count_as_missing(make_stack, tmp_path):
    values, *_, summary = extracted(make_stack, tmp_path, T, "year", year=2002)
    assert values.tolist() == [[[4.0]]] and (summary.expected, summary.present) == (12, 9)
    with pytest.raises(DataError, match="MIN_SHARE"):
        extracted(make_stack, tmp_path, T, "year", year=2002, settings={"min_share": 0.8})
    with pytest.raises(DataError, match="enough months"):
        extracted(make_stack, tmp_path, T, "year", year=2002, settings={"statistic": "sum"})
    with pytest.raises(TimeAxisError, match="months of 1999"):
        extracted(make_stack, tmp_path, T, "year", year=1999)


def test_filled_months_are_left_out(make_stack, tmp_path):
    marks = np.zeros(39)
    marks[21] = 2
    path = make_stack(tmp_path / "f.tif", marks, start="2002-04", units="", flags=True)
    with MonthlyStack(path) as flags:
        values, tags, *_ = extracted(
            make_stack, tmp_path, T**2, "season", season="DJF", year=2004, flags=flags
        )
    assert (
        values.tolist() == [[[(20.0**2 + 22**2) / 2]]] and "filled months left" in tags["history"]
    )


def test_standard_deviation_is_no_anomaly(make_stack, tmp_path):
    values, tags, *_, summary = extracted(
        make_stack, tmp_path, T - 20, "span", settings={"statistic": "std"}
    )
    np.testing.assert_allclose(values, np.std(T, ddof=1), rtol=1e-6)
    assert "baseline" not in tags and not summary.signed


def test_shorter_stack(make_stack, read_stack, tmp_path):
    path = make_stack(tmp_path / "in.tif", T, start="2002-04")
    with MonthlyStack(path) as stack:
        extract_stack(
            stack, tmp_path / "o.tif", choose_period("span", RECORD, start="2004-01", end="2004-03")
        )
        with pytest.raises(ParameterError, match="without holes"):
            extract_stack(stack, tmp_path / "x.tif", choose_period("season", RECORD))
    values, info = read_stack(tmp_path / "o.tif")
    assert values.ravel().tolist() == [21, 22, 23] and str(info.months[0]) == "2004-01"
    assert info.history[-1] == "months 2004-01 to 2004-03 taken"
    assert not (tmp_path / "x.tif").exists()


def test_flags_in_a_shorter_stack(make_stack, read_stack, tmp_path):
    path = make_stack(tmp_path / "in.tif", T, start="2002-04")
    marks = make_stack(tmp_path / "f.tif", T % 3, start="2002-04", units="", flags=True)
    period = choose_period("span", RECORD, start="2004-01", end="2004-03")
    with MonthlyStack(path) as stack, MonthlyStack(marks) as flags:
        extract_stack(stack, tmp_path / "o.tif", period, flags=flags)
        extract_stack(flags, tmp_path / "g.tif", period)
    np.testing.assert_array_equal(read_stack(tmp_path / "o.tif")[0].ravel(), [21, np.nan, np.nan])
    with MonthlyStack(tmp_path / "g.tif") as flags:
        assert flags.read_flags().ravel().tolist() == [0, 1, 2]
    assert pixel_type(tmp_path / "g.tif", "g") == (np.uint8, 255)


def test_blocks_do_not_change_the_answer(make_stack, tmp_path):
    values = np.random.default_rng(0).normal(size=(39, 40, 50))
    values[:, 5:9] = np.nan
    one, *_ = extracted(make_stack, tmp_path, values, "season", season="JJA")
    two, *_ = extracted(
        make_stack, tmp_path, values, "season", season="JJA", settings={"memory": 50_000}
    )
    np.testing.assert_array_equal(one, two)
    june = (np.arange(39) + 4 - 1) % 12 + 1
    expected = values.astype("f4")[np.isin(june, (6, 7, 8))].mean(axis=0)
    np.testing.assert_allclose(one[0], expected, atol=1e-6)
