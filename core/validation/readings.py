"""Dates and numbers of other people's tables, and readings of wells made of them."""

import math
import re
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ..errors import DataError, ParameterError, TimeAxisError, UnitsError

#: What one unit of level is in metres.
LENGTHS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "in": 0.0254}
_OTHER_NAMES = {
    "metre": "m", "metres": "m", "meter": "m", "meters": "m", "foot": "ft", "feet": "ft",
    "centimetre": "cm", "centimetres": "cm", "centimeter": "cm", "centimeters": "cm",
    "millimetre": "mm", "millimetres": "mm", "millimeter": "mm", "millimeters": "mm",
    "inch": "in", "inches": "in",
}  # fmt: skip
QUANTITIES = ("level", "depth")
DECIMAL_YEAR = "decimal year"
_ISO = re.compile(r"^(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ].*)?)?$", re.ASCII)
_YEAR = re.compile(r"^(\d{4})(?:\.0+)?$", re.ASCII)
#: Text that stands for no value.
_MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "--"))
NAT = np.datetime64("NaT", "D")


def parse_dates(texts, date_format="", where="dates"):
    """Days (datetime64[D]) of texts, and the texts that are no date.

    Without ``date_format``: ISO dates with or without a time of day, ``YYYY/MM/DD``,
    ``YYYY-MM`` (the 15th) and ``YYYY`` (the 1st of July). With it: a pattern of
    Python's strptime such as ``%d.%m.%Y``, or 'decimal year'. A missing date is NaT
    and no error. Raises `TimeAxisError` where there are texts and none is a date.
    """
    read = _reader(date_format)
    known = {}
    wrong = []
    for text in texts:
        if text not in known:
            plain = str(text).strip()
            known[text] = NAT if text is None or plain.lower() in _MISSING else read(plain)
        if known[text] is None:
            wrong.append(text)
    days = np.array([known[t] if known[t] is not None else NAT for t in texts], "datetime64[D]")
    if wrong and np.isnat(days).all():
        raise TimeAxisError(
            "dates written YYYY-MM-DD are expected",
            repr(str(wrong[0])),
            where,
            "Give the parameter DATE_FORMAT, such as %d.%m.%Y, or 'decimal year'.",
        )
    return days, wrong


def parse_numbers(values, where="values"):
    """float64 of numbers or numeric text, NaN where missing, and the texts that are neither.

    Raises `DataError` where nothing is a number though there is text, or where
    everything is missing.
    """
    numbers, wrong = np.full(len(values), np.nan), []
    for i, value in enumerate(values):
        if value is None or (isinstance(value, str) and value.strip().lower() in _MISSING):
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            wrong.append(value)
            continue
        if math.isfinite(number):
            numbers[i] = number
    if not np.isfinite(numbers).any():
        found = f"text such as {str(wrong[0])!r}" if wrong else "nothing but missing values"
        raise DataError("numbers are expected", found, where, "Is it the right field?")
    return numbers, wrong


def length_factor(unit, where="UNITS"):
    """Metres in one ``unit`` of length; `UnitsError` for another or none."""
    text = str(unit or "").strip().lower()
    text = _OTHER_NAMES.get(text, text)
    if text not in LENGTHS:
        raise UnitsError(f"one of {', '.join(LENGTHS)} is expected", repr(str(unit)), where)
    return LENGTHS[text]


def quantity_sign(quantity, where="QUANTITY"):
    """+1 for levels and −1 for depths, which fall when the water rises."""
    text = str(quantity or "").strip().lower()
    if text not in QUANTITIES:
        raise ParameterError(
            f"one of {', '.join(QUANTITIES)} is expected", repr(str(quantity)), where
        )
    return 1.0 if text == "level" else -1.0


@dataclass
class Readings:
    """Readings of wells, water levels in metres, positive upwards from any datum.

    ``well`` (reading,) index into ``names``; ``day`` datetime64[D]; ``level``. Depths
    are turned round, so that only changes have a meaning. ``notes`` say what was
    left out or merged.
    """

    names: list
    well: np.ndarray
    day: np.ndarray
    level: np.ndarray
    notes: list = field(default_factory=list)


def make_readings(wells, dates, values, units="m", quantities="level", date_format=""):
    """`Readings` from columns of a table, one entry a reading.

    ``wells`` names; ``dates`` and ``values`` as `parse_dates` and `parse_numbers`
    take them; ``units`` and ``quantities`` one text or one an entry. Repeated rows
    count once; several values of a well and day are averaged. Raises `DataError`,
    `TimeAxisError`, `UnitsError`, `ParameterError`.
    """
    if not len(values):
        raise DataError("at least one reading is expected", "an empty table", "READINGS")
    notes = []
    level, wrong = parse_numbers(values, "VALUE_FIELD")
    _remark(notes, wrong, "values are no numbers and were left out")
    day, wrong = parse_dates(dates, date_format, "DATE_FIELD")
    _remark(notes, wrong, "dates cannot be read and were left out")
    good = np.isfinite(level) & ~np.isnat(day)
    names = np.array([well_name(w) for w in wells], dtype=object)
    good &= names != ""
    if not good.any():
        raise DataError("readings with a well, a date and a value are expected", "none", "READINGS")
    factor = _each(units, good, lambda u: length_factor(u, "UNITS"))
    sign = _each(quantities, good, lambda q: quantity_sign(q, "QUANTITY"))
    level = (level * factor * sign)[good]
    unique, well = np.unique(names[good].astype(str), return_inverse=True)
    well, day = well.reshape(-1), day[good]
    return _merged(list(unique), well, day, level, notes)


def _merged(names, well, day, level, notes):
    """One level a well and day."""
    order = np.lexsort((level, day, well))
    well, day, level = well[order], day[order], level[order]
    same_day = (np.diff(well) == 0) & (np.diff(day) == np.timedelta64(0, "D"))
    twice = same_day & (np.diff(level) == 0)
    keep = np.r_[True, ~twice]
    if twice.any():
        notes.append(f"{int(twice.sum())} readings occur twice or more and count once.")
    well, day, level = well[keep], day[keep], level[keep]
    same_day = (np.diff(well) == 0) & (np.diff(day) == np.timedelta64(0, "D"))
    group = np.r_[0, np.cumsum(~same_day)]
    if same_day.any():
        notes.append(f"{int(same_day.sum())} further readings of a well on the same day: averaged.")
    count = np.bincount(group)
    first = np.r_[0, np.flatnonzero(~same_day) + 1]
    mean = np.where(count > 1, np.bincount(group, level) / count, level[first])
    return Readings(names, well[first], day[first], mean, notes)


def _reader(date_format):
    """f(text) → datetime64[D], or None for a text that is no date."""
    if not date_format:
        return _iso
    if date_format.strip().lower() == DECIMAL_YEAR:
        return _decimal_year
    if "%" not in date_format:
        raise ParameterError(
            "a pattern such as %d.%m.%Y, or 'decimal year', is expected", date_format, "DATE_FORMAT"
        )

    def read(text):
        try:
            return np.datetime64(datetime.strptime(text, date_format).date(), "D")
        except ValueError:
            return None

    return read


def _iso(text):
    match = _ISO.match(text)
    year = _YEAR.match(text)
    if not match and not year:
        return None
    parts = (year[1], "7", "1") if year else (match[1], match[2], match[3] or "15")
    try:
        return np.datetime64(datetime(*(int(p) for p in parts)).date(), "D")
    except ValueError:
        return None


def _decimal_year(text):
    try:
        value = float(text)
    except ValueError:
        return None
    if not 1000 <= value < 3000:
        return None
    year = int(value)
    start, end = (np.datetime64(f"{y}-01-01", "D") for y in (year, year + 1))
    return start + np.timedelta64(int((value - year) * (end - start).astype(int)), "D")


def well_name(value):
    """A well's name as text; 12.0 from a table of numbers is 12."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return "" if text.lower() in ("null", "nan") else text


def _each(given, good, convert):
    """One number for each entry, from one text or one an entry."""
    if isinstance(given, str):
        return convert(given)
    table = {}
    result = np.ones(len(given))
    for i in np.flatnonzero(good):
        key = given[i]
        if key not in table:
            table[key] = convert(key)
        result[i] = table[key]
    return result


def _remark(notes, wrong, text):
    if wrong:
        notes.append(f"{len(wrong)} {text}, such as {str(wrong[0])!r}.")
