"""Dates, numbers and readings of other people's tables."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import (
    DataError,
    ParameterError,
    TimeAxisError,
    UnitsError,
)
from grace_water_toolbox.core.validation.levels import monthly_levels, outlying
from grace_water_toolbox.core.validation.readings import (
    length_factor,
    make_readings,
    parse_dates,
    parse_numbers,
)

MONTHS = np.datetime64("2004-01", "M") + np.arange(6)


@pytest.mark.parametrize(
    ("text", "pattern", "day"),
    [
        ("2004-03-09", "", "2004-03-09"),
        ("2004-03-09T11:12:13", "", "2004-03-09"),
        ("2004-03-09 00:00", "", "2004-03-09"),
        ("2004/3/9", "", "2004-03-09"),
        ("2004-03", "", "2004-03-15"),
        ("2004", "", "2004-07-01"),
        ("2004.0", "", "2004-07-01"),
        ("9.3.2004", "%d.%m.%Y", "2004-03-09"),
        ("03/09/2004", "%m/%d/%Y", "2004-03-09"),
        ("2004.5", "decimal year", "2004-07-02"),
        ("2003.999", "Decimal Year", "2003-12-31"),
    ],
)
def test_dates(text, pattern, day):
    days, wrong = parse_dates([text, None, ""], pattern)
    assert days[0] == np.datetime64(day) and np.isnat(days[1:]).all() and wrong == []


@pytest.mark.parametrize("text", ["09.03.2004", "3/9/2004", "2004-13-01", "2004-02-30", "spring"])
def test_dates_that_cannot_be_read(text):
    with pytest.raises(TimeAxisError, match=r"YYYY-MM-DD.*found.*DATE_FORMAT"):
        parse_dates([text])
    days, wrong = parse_dates([text, "2004-01-01"])
    assert np.isnat(days[0]) and wrong == [text]


def test_a_format_that_is_none():
    with pytest.raises(ParameterError, match="DATE_FORMAT"):
        parse_dates(["2004"], "dd.mm.yyyy")


def test_numbers():
    values, wrong = parse_numbers([1, "2.5", " 3 ", None, "NA", "", "dry", float("inf")])
    np.testing.assert_array_equal(values, [1, 2.5, 3] + [np.nan] * 5)
    assert wrong == ["dry"]
    with pytest.raises(DataError, match="text such as 'deep'"):
        parse_numbers(["deep", None], "VALUE_FIELD")
    with pytest.raises(DataError, match="nothing but missing"):
        parse_numbers([None, "NaN"])


def test_units():
    assert [length_factor(u) for u in ("m", "CM", "feet", "ft", "mm", "in")] == [
        1, 0.01, 0.3048, 0.3048, 0.001, 0.0254,
    ]  # fmt: skip
    with pytest.raises(UnitsError, match="'fathom'"):
        length_factor("fathom")


def test_readings_in_metres_upwards_once_a_day():
    r = make_readings(
        ["B", "A", "A", "A", "A", None, "B", "B"],
        ["2004-01-02", "2004-02-01", "2004-01-01", "2004-01-01", "2004-01-01", "2004-01-01", "x",
         "2004-03-01"],
        ["10", 1.0, 3.0, 3.0, 5.0, 1.0, 7.0, "dry"],
        ["ft", "m", "m", "m", "m", "", "ft", "ft"],
        ["depth", "level", "level", "level", "level", "", "depth", "depth"],
    )  # fmt: skip
    assert r.names == ["A", "B"] and r.well.tolist() == [0, 0, 1]
    assert [str(d) for d in r.day] == ["2004-01-01", "2004-02-01", "2004-01-02"]
    # 3 occurs twice and counts once; with 5 on the same day the mean is 4.
    np.testing.assert_allclose(r.level, [4.0, 1.0, -3.048])
    text = " ".join(r.notes)
    assert "1 readings occur twice" in text and "1 further readings" in text
    assert "'dry'" in text and "'x'" in text


def test_numbers_as_names():
    assert make_readings([12.0, "13"], ["2004-01"] * 2, [1, 2]).names == ["12", "13"]


def test_refusals():
    with pytest.raises(DataError, match="empty table"):
        make_readings([], [], [])
    with pytest.raises(DataError, match="with a well, a date and a value"):
        make_readings([None], ["2004-01-01"], [1])
    with pytest.raises(UnitsError):
        make_readings(["A"], ["2004-01-01"], [1], ["yd"])
    with pytest.raises(ParameterError, match="level, depth"):
        make_readings(["A"], ["2004-01-01"], [1], "m", ["head"])


def test_monthly_means_and_gaps():
    r = make_readings(
        ["A"] * 5,
        ["2003-12-31", "2004-01-02", "2004-01-30", "2004-06-30", "2004-07-01"],
        [9.0, 1.0, 2.0, 5.0, 9.0],
    )
    m = monthly_levels(r, MONTHS)
    np.testing.assert_allclose(m.level[:, 0], [150, np.nan, np.nan, np.nan, np.nan, 500])
    assert m.readings.tolist() == [3] and m.outliers.tolist() == [0]


def test_wild_readings():
    rng = np.random.default_rng(0)
    level = np.cumsum(rng.normal(0, 0.2, 100)) + np.sin(np.arange(100) / 2)
    level[40] += 25
    found = outlying(level, 10.0)
    assert np.flatnonzero(found).tolist() == [40]
    assert not outlying(level, 0.0).any() and not outlying(level[36:45], 10.0).any()
    assert not outlying(np.r_[np.zeros(30), 5.0], 10.0).any()  # never moves: nothing to judge by
    # An independent transcription.
    away = []
    for i in range(100):
        near = [level[j] for j in range(i - 5, i + 6) if j != i and 0 <= j < 100]
        away.append(abs(level[i] - np.median(near)))
    np.testing.assert_array_equal(outlying(level, 3.0), away > 3 * 1.4826 * np.median(away))
