"""What a pixel of a class raster or an ice raster says about the mask."""

import re

import numpy as np

from ..errors import DataError, ParameterError

#: How an ice raster is to be read.
ICE_VALUES = ("nonzero", "fraction")
_NUMBER = re.compile(r"[-+]?\d+")


def parse_classes(text):
    """Whole numbers from a text such as ``3`` or ``2, 3``; `ParameterError` otherwise."""
    words = [w for w in re.split(r"[\s,;]+", str(text)) if w]
    if not words or not all(_NUMBER.fullmatch(w) for w in words):
        raise ParameterError(
            "class values are expected, whole numbers such as 3 or 2,3", repr(text), "CLASSES"
        )
    return tuple(sorted({int(w) for w in words}))


def class_measure(classes):
    """A measure: pixels of some ``classes`` belong to the mask."""
    wanted = np.asarray(classes, np.int64)

    def measure(raw, nodata, name=""):
        known = _known(raw, nodata)
        return np.isin(raw, wanted) & known, known

    return measure


def ice_measure(values):
    """A measure for ice: ``nonzero`` (any value but 0 is ice) or ``fraction`` (0 to 1)."""
    if values not in ICE_VALUES:
        raise ParameterError(f"one of {', '.join(ICE_VALUES)} is expected", values, "ICE_VALUES")

    def nonzero(raw, nodata, name=""):
        known = _known(raw, nodata)
        return (raw != 0) & known, known

    def fraction(raw, nodata, name=""):
        known = _known(raw, nodata)
        share = np.where(known, raw, 0).astype(np.float32)
        if share.size and (share.min() < 0 or share.max() > 1 + 1e-6):
            raise DataError(
                "shares of ice from 0 to 1 are expected",
                f"{share.min():g} to {share.max():g}",
                name,
                "Divide by 100 where they are percent, or choose ICE_VALUES 'nonzero'.",
            )
        return np.minimum(share, 1), known

    return nonzero if values == "nonzero" else fraction


def _known(raw, nodata):
    known = np.isfinite(raw) if raw.dtype.kind == "f" else np.ones(raw.shape, bool)
    if nodata is not None and np.isfinite(nodata):
        known &= raw != nodata
    return known
