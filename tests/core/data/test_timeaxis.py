"""CF time axes, against cftime and dates one can count on a calendar."""

from datetime import datetime

import numpy as np
import pytest
from grace_water_toolbox.core.data.timeaxis import decode_times
from grace_water_toolbox.core.errors import TimeAxisError
from hypothesis import given
from hypothesis import strategies as st


def decoded(value, units, **more):
    return str(decode_times(np.array([value]), units, **more)[0])


@pytest.mark.parametrize(
    ("value", "units", "date"),
    [
        (0, "days since 2002-01-01", "2002-01-01T00:00:00"),
        (365, "days since 2002-01-01", "2003-01-01T00:00:00"),
        (107.5, "days since 2002-01-01T00:00:00Z", "2002-04-18T12:00:00"),
        (-1, "days since 2002-01-01 00:00:00.0", "2001-12-31T00:00:00"),
        (59, "Days Since 2004-01-01 00:00", "2004-02-29T00:00:00"),
        (1, "day since 2002-1-1", "2002-01-02T00:00:00"),
        (36, "hours since 1900-01-01 12:00:00.0", "1900-01-03T00:00:00"),
        (1, "hour since 2000-02-29", "2000-02-29T01:00:00"),
        (90, "minutes since 2000-01-01 01", "2000-01-01T02:30:00"),
        (86400, "seconds since 1970-01-01", "1970-01-02T00:00:00"),
        (1 / 3, "days since 2002-01-01", "2002-01-01T08:00:00"),
    ],
)
def test_dates(value, units, date):
    assert decoded(value, units) == date


@pytest.mark.parametrize("calendar", ["", None, "standard", "Gregorian", "proleptic_gregorian"])
def test_calendars_that_are_ours(calendar):
    assert decoded(59, "days since 2003-01-01", calendar=calendar) == "2003-03-01T00:00:00"


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "julian", "none"])
def test_other_calendars_are_refused(calendar):
    with pytest.raises(TimeAxisError, match=rf"f\.nc: the standard calendar.*'{calendar}'"):
        decoded(1, "days since 2003-01-01", where="f.nc", calendar=calendar)


@pytest.mark.parametrize(
    "units",
    ["", None, "days", "months since 2002-01-01", "days since yesterday",
     "fortnights since 2002-01-01", "days since 2002", 3],
)  # fmt: skip
def test_units_that_are_none(units):
    with pytest.raises(TimeAxisError, match=r"f\.nc: time units such as 'days since 2002-01-01'"):
        decoded(1, units, where="f.nc")


@pytest.mark.parametrize("units", ["days since 2002-13-01", "days since 2003-02-29"])
def test_dates_that_are_none(units):
    with pytest.raises(TimeAxisError, match=r"f\.nc: a real date.*days since"):
        decoded(1, units, where="f.nc")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_times(value):
    with pytest.raises(TimeAxisError, match=r"f\.nc: finite time values"):
        decoded(value, "days since 2002-01-01", where="f.nc")


@pytest.mark.parametrize("value", [9.96921e36, -9.2e18, 1e8])
def test_fill_values_that_the_file_does_not_declare(value):
    with pytest.raises(TimeAxisError, match=r"f\.nc: times within 10 000 years"):
        decoded(value, "days since 2002-01-01", where="f.nc")


def test_no_times():
    assert decode_times([], "days since 2002-01-01").size == 0


@given(
    st.sampled_from(["days", "hours", "minutes", "seconds"]),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.integers(-20_000, 20_000),
    st.sampled_from([0.0, 0.25, 0.5]),
)
def test_against_cftime(unit, origin, whole, part):
    cftime = pytest.importorskip("cftime")
    origin = origin.replace(microsecond=0)
    units = f"{unit} since {origin:%Y-%m-%d %H:%M:%S}"
    part = 0.0 if unit == "seconds" else part
    expected = cftime.num2date(whole + part, units, "standard").isoformat()
    assert decoded(whole + part, units) == expected[:19]
