"""Monthly fluxes of basins from text tables: one row a basin, or one row a basin and month."""

import csv
import re

import numpy as np

from ..data.months import is_month, parse_month
from ..data.products.quantities import Conversion
from ..errors import DataError, ReadError

_MONTH = re.compile(r"(\d{4}-\d{2})(?:-\d{2})?\s*$", re.ASCII)
_NAMES, _DATES, _VALUES = ("basin", "name"), ("date", "month"), ("value", "flux")
_MISSING = ("", "nan", "na", "null", "none", "-9999", "-9999.0")


def read_flux_table(path, names, months, units, where):
    """Fluxes (time, basin) in cm a month from a CSV file, and the names it lacks.

    Two shapes are understood. *Wide*: first column the basin, and columns whose
    names end in a month (``P 2004-01``, ``2004-01-15``). *Long*: columns ``basin``
    (or ``name``), ``date`` and ``value``. Names are compared without case and outer
    blanks. Months and basins that the table lacks are NaN.

    Raises `ReadError` for a file that is no such table, `DataError` for text where
    a number belongs, a name that occurs twice, or no basin in common, `UnitsError`.
    """
    head, rows = _rows(path, where)
    lower = [h.strip().lower() for h in head]
    is_long = set(lower) & set(_DATES) and set(lower) & set(_VALUES)
    cells = _long(lower, rows, where) if is_long else _wide(head, rows, where)
    months = np.asarray(months, "datetime64[M]")
    place = {m: i for i, m in enumerate(months.tolist())}
    columns = {}
    for i, name in enumerate(names):
        columns.setdefault(_key(name), []).append(i)
    values = np.full((months.size, len(names)), np.nan)
    found = set()
    for name, month, value in cells:
        for column in columns.get(name, ()):
            found.add(column)
            row = place.get(month)
            if row is not None:
                values[row, column] = value
    if not found and len(names):
        raise DataError(
            "a table with rows for the basins is expected",
            f"none of {', '.join(map(str, names[:3]))} …",
            where,
            "Choose the BASIN_FIELD whose names the table uses.",
        )
    factor = Conversion("flux", units, where).factors(months) / 10.0
    lacking = [name for i, name in enumerate(names) if i not in found]
    return values * factor[:, None], lacking


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
            "columns that end in a month (YYYY-MM), or columns basin, date and value, are expected",
            ", ".join(head[:4]),
            where,
        )
    seen = set()
    for row in rows:
        name = _key(row[0])
        if name in seen:
            raise DataError("each basin once is expected", f"{row[0]} twice", where)
        seen.add(name)
        for i, month in months.items():
            yield name, month, _number(row[i] if i < len(row) else "", where)


def _long(head, rows, where):
    position = {}
    for what, titles in (("basin", _NAMES), ("date", _DATES), ("value", _VALUES)):
        found = [head.index(title) for title in titles if title in head]
        if not found:
            raise ReadError(f"a column {' or '.join(titles)} is expected", ", ".join(head), where)
        position[what] = found[0]
    seen = set()
    for row in rows:
        cells = {what: row[i] if i < len(row) else "" for what, i in position.items()}
        name, month = _key(cells["basin"]), parse_month(cells["date"], where).astype(object)
        if (name, month) in seen:
            raise DataError(
                "each basin and month once is expected", f"{cells['basin']} {month} twice", where
            )
        seen.add((name, month))
        yield name, month, _number(cells["value"], where)


def _key(name):
    return " ".join(str(name).split()).casefold()


def _number(text, where):
    text = text.strip()
    if text.lower() in _MISSING:
        return np.nan
    try:
        return float(text)
    except ValueError:
        raise DataError("numbers are expected in the table", repr(text), where) from None
