"""Are the times of a file months? Nothing else may enter a monthly stack."""

import numpy as np

from ...errors import TimeAxisError
from ..timeaxis import decode_times

#: A monthly mean spans this many days; a step between months may be as long.
SHORTEST, LONGEST = 27.0, 32.0
_DAY = 86400.0
#: A single time without bounds is believed to be a month at these days of it.
_PLAUSIBLE_DAYS = (1, 14, 15, 16, 17, 28, 29, 30, 31)


def months_of(file, time):
    """The calendar months (datetime64[M]) of a time coordinate; they rise strictly.

    With time bounds each must span a month (27 to 32 days) and the month is that of
    its middle; without, each time stands for the month it falls in. Raises
    `TimeAxisError` for times that are unordered, repeated, not monthly, or of
    another calendar than the standard one.
    """
    calendar = time.attribute("calendar")
    stamps = decode_times(time.read(), time.units, file.name, calendar)
    _check_order(file, stamps)
    bounds = _bounds(file, time, stamps.size, calendar)
    if bounds is not None:
        return _spanned(file, *bounds)
    months = stamps.astype("datetime64[M]")
    twice = np.flatnonzero(months[1:] == months[:-1])
    if twice.size:
        month = months[twice[0]]
        raise _not_monthly(file, f"{int((months == month).sum())} times in {month}")
    days = (stamps.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int) + 1
    if stamps.size == 1 and int(days[0]) not in _PLAUSIBLE_DAYS:
        raise _not_monthly(file, f"one time, {stamps[0]}, without time bounds")
    steps = np.diff(months.astype(int))
    if stamps.size > 2 and steps.min() > 1:
        raise _not_monthly(file, f"steps of {int(steps.min())} months or more")
    return months


def _check_order(file, stamps):
    wrong = np.flatnonzero(np.diff(stamps).astype("int64") <= 0)
    if not wrong.size:
        return
    a, b = stamps[wrong[0]], stamps[wrong[0] + 1]
    found = f"{a} twice" if a == b else f"{a} followed by {b}"
    raise TimeAxisError("times that rise are expected", found, file.name)


def _bounds(file, time, count, calendar):
    names = (time.attribute("bounds"), "time_bounds", "time_bnds")
    name = next((n for n in names if n and n in file.names()), None)
    if name is None:
        return None
    variable = file.variable(name)
    if variable.shape != (count, 2):
        return None
    units = variable.units or time.units
    return tuple(decode_times(v, units, file.name, calendar) for v in variable.read().T)


def _spanned(file, start, end):
    days = (end - start).astype("int64") / _DAY
    wrong = np.flatnonzero((days < SHORTEST) | (days > LONGEST))
    if wrong.size:
        raise _not_monthly(file, f"a span of {_span(days[wrong[0]])} from {start[wrong[0]]}")
    months = (start + (end - start) // 2).astype("datetime64[M]")
    twice = np.flatnonzero(months[1:] == months[:-1])
    if twice.size:
        raise _not_monthly(file, f"two spans in {months[twice[0]]}")
    return months


def _span(days):
    return f"{days:.3g} days" if abs(days) >= 1 else f"{days * 24:.3g} hours"


def _not_monthly(file, found):
    return TimeAxisError(
        "monthly means are expected",
        found,
        file.name,
        "Download the monthly product.",
    )
