"""Calendar months and time axes."""

import numpy as np
import pytest
from grace_water_toolbox.core.data import months as calendar
from grace_water_toolbox.core.data.timeaxis import decode_times
from grace_water_toolbox.core.errors import ParameterError, TimeAxisError
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("text", ["2004-01", " 2004-01 ", "2004-01-16", "2004-01-16T12:00:00"])
def test_a_month_is_read(text):
    assert calendar.parse_month(text) == np.datetime64("2004-01", "M")
    assert calendar.is_month(text)


@pytest.mark.parametrize(
    "text", ["", None, "2004", "2004-1", "2004-00", "2004-13", "01-2004", "Band 1", "٢٠٠٤-٠١"]
)
def test_no_month(text):
    assert not calendar.is_month(text)
    with pytest.raises(ParameterError, match=r"^START: a month written YYYY-MM is expected; found"):
        calendar.parse_month(text, "START")


def test_month_of_a_numpy_date():
    assert calendar.parse_month(np.datetime64("2004-01-16")) == np.datetime64("2004-01")
    assert calendar.month_text(np.datetime64("2004-01-16T12:00:00")) == "2004-01"


def test_range_holds_both_ends():
    months = calendar.month_range("2003-11", "2004-02")
    assert [str(m) for m in months] == ["2003-11", "2003-12", "2004-01", "2004-02"]
    assert calendar.month_range("2004-02-29", "2004-02-01").size == 1


def test_days_know_leap_years():
    assert calendar.days_in_month(["2003-02", "2004-02", "2004-12"]).tolist() == [28.0, 29.0, 31.0]


def test_complete_axis_passes_and_a_hole_is_named():
    whole = calendar.month_range("2002-04", "2024-04")
    calendar.check_complete(whole)
    calendar.check_complete(whole[:1])
    with pytest.raises(TimeAxisError, match=r"^a\.tif: .*2002-06 followed by 2002-08") as caught:
        calendar.check_complete(np.delete(whole, 3), "a.tif")
    assert "band of missing values" in str(caught.value)
    with pytest.raises(TimeAxisError, match="2002-04 followed by 2002-04"):
        calendar.check_complete(whole[[0, 0, 1]])
    with pytest.raises(TimeAxisError, match="2002-05 followed by 2002-04"):
        calendar.check_complete(whole[[1, 0]])
    with pytest.raises(TimeAxisError, match="at least one"):
        calendar.check_complete([])


def test_baseline_mask():
    months = calendar.month_range("2003-12", "2004-03")
    mask = calendar.baseline_mask(months, ("2004-01", "2004-02"))
    assert mask.tolist() == [False, True, True, False]
    assert not calendar.baseline_mask(months, ("2010-01", "2010-02")).any()
    with pytest.raises(ParameterError, match=r"starts before it ends.*2004-02 to 2004-01"):
        calendar.baseline_mask(months, ("2004-02", "2004-01"))
    with pytest.raises(ParameterError, match="'2004'"):
        calendar.baseline_mask(months, ("2004", "2005-01"))


@pytest.mark.parametrize(
    ("value", "units", "expected"),
    [
        (0, "days since 2002-01-01", "2002-01-01T00:00:00"),
        (15.5, "days since 2002-01-01T00:00:00Z", "2002-01-16T12:00:00"),
        (-1, "days since 2002-1-1 00:00:00.0", "2001-12-31T00:00:00"),
        (36, "hours since 1900-01-01 06:00", "1900-01-02T18:00:00"),
        (90, "Minutes since 2000-02-28 23", "2000-02-29T00:30:00"),
        (1e9, "seconds since 1970-01-01 00:00:00", "2001-09-09T01:46:40"),
        (1, "day since 2002-01-01 12:30:15.4", "2002-01-02T12:30:15"),
    ],
)
def test_times_are_decoded(value, units, expected):
    assert str(decode_times([value], units)[0]) == expected


@settings(max_examples=60, deadline=None)
@given(day=st.integers(-200_000, 200_000), year=st.integers(1600, 2100))
def test_days_are_those_of_the_standard_library(day, year):
    import datetime

    expected = datetime.datetime(2002, 3, 4) + datetime.timedelta(days=day)
    assert str(decode_times([day], "days since 2002-03-04")[0]) == expected.isoformat()


@pytest.mark.parametrize(
    ("units", "found"),
    [("", "none"), (None, "none"), ("months since 2002-01-01", "months since"),
     ("decimal years", "'decimal years'"), ("days since 2002-13-01", "2002-13-01")],
)  # fmt: skip
def test_units_of_time_that_are_not_understood(units, found):
    with pytest.raises(TimeAxisError, match=rf"^p\.nc: .*{found}"):
        decode_times([1.0], units, "p.nc")


def test_times_that_are_none():
    with pytest.raises(TimeAxisError, match="finite time values"):
        decode_times([1.0, np.nan], "days since 2002-01-01")
    # A fill value that was not declared, far behind any date.
    with pytest.raises(TimeAxisError, match=r"within 10 000 years.*9\.96\d+e\+36"):
        decode_times([1.0, 9.969209968386869e36], "days since 2002-01-01")
    with pytest.raises(TimeAxisError, match="'noleap'"):
        decode_times([1.0], "days since 2002-01-01", "", "noleap")
    assert decode_times([1.0], "days since 2002-01-01", "", "Gregorian").size == 1
    assert decode_times([], "days since 2002-01-01").size == 0
