"""CSV tables of monthly values by name: one row a name, or one row a name and month."""

import csv
import re

import numpy as np

from ..errors import DataError, ReadError
from .months import is_month, parse_month

_MONTH = re.compile(r"(\d{4}-\d{2})(?:-\d{2})?\s*$", re.ASCII)
_DATES = ("date", "month")
_MISSING = ("", "nan", "na", "null", "none", "-9999", "-9999.0")


def plain_name(name):
    """A name as it is compared: without case and needless blanks."""
    return " ".join(str(name).split()).casefold()


def table_cells(path, where, names=("basin", "name"), values=("value",)):
    """Yield (plain name, month as `datetime.date`, value) of a CSV table.

    *Wide*: first column the name, and columns whose titles end in a month
    (``P 2004-01``, ``2004-01-15``). *Long*: a column of ``names``, one ``date`` or
    ``month``, one of ``values``. Comma, semicolon and tab are understood as separators.

    Raises `ReadError` for a file that is no such table, `DataError` for text where a
    number belongs and for a name (and month) that occurs twice, `ParameterError` for a
    date that is none.
    """
    head, rows = _rows(path, where)
    lower = [title.strip().lower() for title in head]
    if set(lower) & set(_DATES) and set(lower) & set(values):
        yield from _long(lower, rows, where, (names, _DATES, values))
    else:
        yield from _wide(head, rows, where)


def _rows(path, where):
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:  # noqa: PTH123
            sample = file.readline()
            file.seek(0)
            delimiter = max((",", ";", "\t"), key=sample.count)
            rows = list(csv.reader(file, delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadError("a readable CSV table is expected", error, where) from error
    if len(rows) < 2:
        raise ReadError("a table with a header and rows is expected", f"{len(rows)} lines", where)
    return rows[0], [row for row in rows[1:] if any(cell.strip() for cell in row)]


def _wide(head, rows, where):
    months = {}
    for i, title in enumerate(head[1:], 1):
        match = _MONTH.search(title)
        if match and is_month(match[1]):
            months[i] = parse_month(match[1]).astype(object)
    if not months:
        raise ReadError(
            "columns that end in a month (YYYY-MM), or columns of name, date and value, are "
            "expected",
            ", ".join(head[:4]),
            where,
        )
    seen = set()
    for row in rows:
        name = plain_name(row[0])
        if name in seen:
            raise DataError("each name once is expected", f"{row[0]} twice", where)
        seen.add(name)
        for i, month in months.items():
            yield name, month, _number(row[i] if i < len(row) else "", where)


def _long(head, rows, where, titles):
    places = []
    for wanted in titles:
        found = [head.index(title) for title in wanted if title in head]
        if not found:
            raise ReadError(f"a column {' or '.join(wanted)} is expected", ", ".join(head), where)
        places.append(found[0])
    seen = set()
    for row in rows:
        raw, date, value = (row[i] if i < len(row) else "" for i in places)
        name, month = plain_name(raw), parse_month(date, where).astype(object)
        if (name, month) in seen:
            raise DataError("each name and month once is expected", f"{raw} {month} twice", where)
        seen.add((name, month))
        yield name, month, _number(value, where)


def _number(text, where):
    text = text.strip()
    if text.lower() in _MISSING:
        return np.nan
    try:
        value = float(text)
    except ValueError:
        value = np.inf
    if not np.isfinite(value):
        raise DataError("finite numbers are expected in the table", repr(text), where)
    return value
