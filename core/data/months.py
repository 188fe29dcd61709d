"""Calendar months: parsing, complete axes and what is missing on them."""

import re

import numpy as np

from ..errors import ParameterError, TimeAxisError

_MONTH = re.compile(r"^\s*(\d{4})-(\d{2})(?:-(\d{2}).*)?\s*$", re.ASCII)

DEFAULT_BASELINE = ("2004-01", "2009-12")


def parse_month(text, name="month"):
    """The month of ``YYYY-MM`` (a day after it is ignored) as datetime64[M].

    Raises `ParameterError` naming ``name`` for anything else.
    """
    match = _MONTH.match(str(text))
    if not match or not 1 <= int(match[2]) <= 12:
        raise ParameterError("a month written YYYY-MM is expected", repr(str(text)), name)
    return np.datetime64(f"{match[1]}-{match[2]}", "M")


def is_month(text):
    """Whether ``text`` is written as a month or an ISO date."""
    match = _MONTH.match(str(text or ""))
    return bool(match) and 1 <= int(match[2]) <= 12


def month_range(first, last):
    """All months from ``first`` to ``last``, both included, as datetime64[M]."""
    return np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)


def month_text(month):
    """``YYYY-MM`` of one datetime64."""
    return str(np.datetime64(month, "M"))


def listed(months, most=60):
    """How many months there are and which, at ``most`` that many, as text."""
    if not months.size:
        return "none"
    more = f" and {months.size - most} more" if months.size > most else ""
    return f"{months.size}: " + ", ".join(month_text(m) for m in months[:most]) + more


def days_in_month(months):
    """Days of each month, float64."""
    months = np.asarray(months, "datetime64[M]")
    return (
        ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]"))
        .astype(int)
        .astype(float)
    )


def check_complete(months, where=""):
    """Raise `TimeAxisError` unless the months follow each other without a hole."""
    months = np.asarray(months, "datetime64[M]")
    if months.size == 0:
        raise TimeAxisError("at least one dated month is expected", "none", where)
    steps = np.diff(months.astype(int))
    wrong = np.flatnonzero(steps != 1)
    if wrong.size:
        i = wrong[0]
        raise TimeAxisError(
            "one band a month, in order and without holes, is expected",
            f"{month_text(months[i])} followed by {month_text(months[i + 1])}",
            where,
            "A month without observation is a band of missing values, not a missing band.",
        )


def baseline_mask(months, baseline):
    """Boolean mask of the months inside ``baseline`` = (first, last)."""
    first, last = (parse_month(m, "baseline") for m in baseline)
    if last < first:
        raise ParameterError(
            "a baseline that starts before it ends is expected",
            f"{first} to {last}",
            "baseline",
            "Exchange BASELINE_START and BASELINE_END.",
        )
    months = np.asarray(months, "datetime64[M]")
    return (months >= first) & (months <= last)
