"""Units of predictors: which are the same, which convert, which must be refused."""

import re

from ..errors import UnitsError

#: Unit → (dimension, factor, offset): value · factor + offset is in the base unit.
_KNOWN = {
    "1": ("share", 1.0, 0.0),
    "fraction": ("share", 1.0, 0.0),
    "%": ("share", 0.01, 0.0),
    "percent": ("share", 0.01, 0.0),
    "mm": ("height", 1.0, 0.0),
    "cm": ("height", 10.0, 0.0),
    "m": ("height", 1000.0, 0.0),
    "kg m-2": ("height", 1.0, 0.0),
    "km": ("height", 1e6, 0.0),
    "mm month-1": ("flux", 1.0, 0.0),
    "cm month-1": ("flux", 10.0, 0.0),
    "m month-1": ("flux", 1000.0, 0.0),
    "kg m-2 month-1": ("flux", 1.0, 0.0),
    "k": ("temperature", 1.0, 0.0),
    "degc": ("temperature", 1.0, 273.15),
    "g kg-1": ("mass share", 1.0, 0.0),
    "dg kg-1": ("mass share", 0.1, 0.0),
    "cg kg-1": ("mass share", 0.01, 0.0),
    "mmol kg-1": ("charge", 1.0, 0.0),
    "cmol kg-1": ("charge", 10.0, 0.0),
    "m3 m-3": ("volume share", 1.0, 0.0),
    "cm3 cm-3": ("volume share", 1.0, 0.0),
    "cm3 dm-3": ("volume share", 0.001, 0.0),
    "ph": ("acidity", 1.0, 0.0),
    "ph x 10": ("acidity", 0.1, 0.0),
    "km-2": ("density", 1.0, 0.0),
}
_ALIASES = {
    "": "1",
    "-": "1",
    "none": "1",
    "dimensionless": "1",
    "ratio": "1",
    "pct": "%",
    "kelvin": "k",
    "degrees celsius": "degc",
    "degree_celsius": "degc",
    "deg c": "degc",
    "cmolc kg-1": "cmol kg-1",
    "mmolc kg-1": "mmol kg-1",
    "mmol(c) kg-1": "mmol kg-1",
    "cmol(c) kg-1": "cmol kg-1",
    "phx10": "ph x 10",
    "ph*10": "ph x 10",
    "ph * 10": "ph x 10",
    "ph × 10": "ph x 10",
    "(0 - 1)": "1",
    "degrees_celsius": "degc",
    "celsius": "degc",
    "°c": "degc",
    "c": "degc",
    "metre": "m",
    "metres": "m",
    "meter": "m",
    "meters": "m",
    "people km-2": "km-2",
    "persons km-2": "km-2",
    "inhabitants km-2": "km-2",
}
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³", "-0123")


def plain_units(units):
    """One spelling for units that mean the same: ``mm/month`` is ``mm month-1``."""
    text = " ".join(str(units or "").strip().translate(_SUPERSCRIPTS).lower().split())
    text = text.replace("**", "").replace("^", "").replace(" of water equivalent", "")
    text = re.sub(r"\s*/\s*([a-z]+)(\d?)", lambda m: f" {m[1]}-{m[2] or 1}", text)
    text = re.sub(r"\b(mon|months?)-1\b", "month-1", text)
    return _ALIASES.get(text, text)


def conversion(found, wanted, where=""):
    """(factor, offset) that turn values in ``found`` into ``wanted``.

    Raises `UnitsError` where the two do not measure the same thing.
    """
    have, want = plain_units(found), plain_units(wanted)
    if have == want:
        return 1.0, 0.0
    if have in _KNOWN and want in _KNOWN and _KNOWN[have][0] == _KNOWN[want][0]:
        _, factor, offset = _KNOWN[have]
        _, other, shift = _KNOWN[want]
        return factor / other, (offset - shift) / other
    raise UnitsError(
        f"values in {wanted} (or units that convert to it) are expected",
        repr(str(found)) if str(found or "").strip() else "no units",
        where,
    )
