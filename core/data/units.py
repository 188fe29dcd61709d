"""Units of water storage, converted once, at import, to centimetres."""

from ..errors import UnitsError

#: What one unit is in cm of equivalent water height (1 kg m⁻² of water is 1 mm).
_TO_CM = {
    "cm": 1.0,
    "centimeter": 1.0,
    "centimeters": 1.0,
    "centimetre": 1.0,
    "centimetres": 1.0,
    "mm": 0.1,
    "millimeter": 0.1,
    "millimeters": 0.1,
    "millimetre": 0.1,
    "millimetres": 0.1,
    "m": 100.0,
    "meter": 100.0,
    "meters": 100.0,
    "metre": 100.0,
    "metres": 100.0,
    "kg m-2": 0.1,
    "kg m**-2": 0.1,
    "kg m^-2": 0.1,
    "kg m⁻²": 0.1,
    "kg/m²": 0.1,
    "kg/m2": 0.1,
    "kg/m^2": 0.1,
}

STORAGE_UNITS = ("cm", "mm", "m", "kg m-2")


def storage_factor(units, where=""):
    """Factor from ``units`` to cm of equivalent water height.

    Suffixes such as ``cm EWH`` or ``cm of equivalent water height`` are read.
    Raises `UnitsError` when units are missing or not a storage unit.
    """
    text = " ".join(str(units or "").strip().lower().replace("_", " ").split())
    for tail in (
        " of equivalent water height",
        " equivalent water height",
        " equivalent water thickness",
        " ewh",
        " ewt",
        " lwe",
        " h2o",
        " water",
    ):
        if text.endswith(tail):
            text = text[: -len(tail)]
    if text in _TO_CM:
        return _TO_CM[text]
    raise UnitsError(
        f"units of water storage ({', '.join(STORAGE_UNITS)}) are expected",
        repr(str(units)) if str(units or "").strip() else "no units",
        where,
        "Give the units of the file with the parameter UNITS.",
    )
