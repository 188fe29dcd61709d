"""Decoding CF time axes without a calendar library."""

import re

import numpy as np

from ..errors import TimeAxisError

_SINCE = re.compile(
    r"^\s*(days?|hours?|minutes?|seconds?)\s+since\s+(\d{1,4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ](\d{1,2})(?::(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?)?",
    re.IGNORECASE,
)
_SECONDS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}
#: Beyond this a time is a fill value that the file does not declare.
_MOST_SECONDS = 10_000 * 366 * 86400.0
_CALENDARS = {"", "standard", "gregorian", "proleptic_gregorian"}


def decode_times(values, units, where="", calendar=""):
    """datetime64[s] of CF time ``values`` in ``units`` ('days since 2002-01-01').

    Raises `TimeAxisError` for units or calendars that are not understood and
    for values that are not finite.
    """
    match = _SINCE.match(str(units or ""))
    if not match:
        raise TimeAxisError(
            "time units such as 'days since 2002-01-01' are expected",
            repr(str(units)) if units else "none",
            where,
        )
    if str(calendar or "").lower() not in _CALENDARS:
        raise TimeAxisError("the standard calendar is expected", repr(calendar), where)
    values = np.asarray(values, float)
    if not np.isfinite(values).all():
        raise TimeAxisError("finite time values are expected", "missing ones", where)
    unit, year, month, day, hour, minute, second = match.groups()
    try:
        origin = np.datetime64(f"{int(year):04d}-{int(month):02d}-{int(day):02d}T00:00:00", "s")
    except ValueError as error:
        raise TimeAxisError("a real date is expected", repr(str(units)), where) from error
    start = int(hour or 0) * 3600 + int(minute or 0) * 60 + round(float(second or 0))
    step = _SECONDS[unit.lower().rstrip("s")]
    if values.size and np.abs(values).max() * step > _MOST_SECONDS:
        worst = values.flat[np.abs(values).argmax()]
        raise TimeAxisError(f"times within 10 000 years of '{units}' are expected", worst, where)
    return origin + (np.round(values * step).astype("int64") + start).astype("timedelta64[s]")
