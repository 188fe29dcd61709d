"""What a series is, and how its units become those of the toolbox."""

import re

import numpy as np

from ...errors import DataError, ParameterError, UnitsError
from .. import months as calendar
from ..units import storage_factor

KINDS = ("storage", "flux", "other")
#: What a kind is written in; 'other' keeps the units of the file.
TARGETS = {"storage": "cm", "flux": "mm month-1"}

_AMOUNTS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "kg m-2": 1.0}
_PER_DAY = {"s": 86400.0, "h": 24.0, "hr": 24.0, "3h": 8.0, "3hr": 8.0, "day": 1.0, "d": 1.0}
_PER_MONTH = ("month", "mon")
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³", "-0123")
#: Numbers that stand for missing in files that forget to say so.
_FILLS = (-9999.0, -99999.0, -32768.0, -32767.0)
_LARGEST = 1e19


class Conversion:
    """Factors from the units of a file to those of a stack, month by month."""

    def __init__(self, kind, units, where):
        """Raises `UnitsError` where ``units`` are missing or do not fit ``kind``."""
        if kind not in KINDS:
            raise ParameterError(f"one of {', '.join(KINDS)} is expected", kind, "KIND")
        if not str(units).strip():
            raise UnitsError(
                "a variable that states its units is expected",
                "no units",
                where,
                "Give them with the parameter UNITS (1 for a number without a unit).",
            )
        self.kind, self.source = kind, " ".join(str(units).split())
        self.units = TARGETS.get(kind, self.source)
        self._amount, self._per_day = 1.0, None
        if kind == "storage":
            self._amount = storage_factor(units, where)
        elif kind == "flux":
            self._amount, self._per_day = _rate(units, where)

    def factors(self, months):
        """Factor of each month: the length of the month enters a daily rate."""
        if self._per_day is None:
            return np.full(np.size(months), self._amount)
        return self._amount * self._per_day * calendar.days_in_month(months)


def _rate(units, where):
    """(mm in one unit, its count a day or None where the rate is monthly)."""
    text = str(units).lower().translate(_SUPERSCRIPTS)
    text = text.replace("**", "").replace("^", "").replace("(", " ").replace(")", " ")
    text = text.replace("kg/m2", "kg m-2").replace("m-2/", "m-2 /")
    text = re.sub(r"\s*/\s*(\w+)", r" \1-1", text)
    text = re.sub(r"(\w) ?-1\b", r"\1-1", " ".join(text.split()))
    match = re.fullmatch(r"(mm|cm|m|kg m-2) (\w+)-1", text)
    if match and match[2] in _PER_MONTH:
        return _AMOUNTS[match[1]], None
    if match and match[2] in _PER_DAY:
        return _AMOUNTS[match[1]], _PER_DAY[match[2]]
    raise UnitsError(
        "units of a water flux (mm month-1, mm day-1, m day-1, kg m-2 s-1, kg m-2 3h-1) are "
        "expected",
        repr(str(units)),
        where,
        "Give the true ones with UNITS. Accumulated monthly means of ERA5 and ERA5-Land are m "
        "day-1 although they say m; Qs_acc and Qsb_acc of GLDAS are kg m-2 3h-1.",
    )


def check_fills(values, where):
    """Raise `DataError` where ``values`` hold a number that can only stand for missing."""
    known = values[np.isfinite(values)]
    if not known.size:
        return
    bad = np.isin(known, _FILLS) | (np.abs(known) >= _LARGEST)
    if bad.any():
        raise DataError(
            "a declared fill value is expected where values are missing",
            f"{known[bad][0]:g} in {int(bad.sum())} cells",
            where,
            "Declare it first, for example with GDAL 'Translate' and its no-data value.",
        )
