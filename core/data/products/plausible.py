"""What a quantity can be on earth: beyond it a file is damaged or means something else.

Uncompressed files hold no checksums: a flipped bit is a number like any other. These bounds
catch the flips that matter most, those that would outweigh everything else in a mean. Smaller
ones nobody can tell from water.
"""

import numpy as np

from ...errors import DataError
from .quantities import check_fills

#: Anomalies of total storage, cm. The losses of ice in West Antarctica stay below 2 000 cm.
ANOMALY_CM = 5_000.0
#: Any storage, cm: 1 km of snow and ice. Any monthly flux, mm: twice the record of rain.
LIMITS = {"storage": (100_000.0, "cm"), "flux": (20_000.0, "mm month-1")}


def check_anomaly(values, factor, where):
    """Raise `DataError` where ``values`` × ``factor`` are no storage anomaly in cm."""
    check_fills(values, where)
    _check(values, ANOMALY_CM / abs(factor), factor, "a storage anomaly", ANOMALY_CM, "cm", where)


def check_sigma(values, factor, where):
    """Raise `DataError` where ``values`` × ``factor`` are no one-sigma in cm."""
    check_anomaly(values, factor, where)
    known = values[np.isfinite(values)]
    if known.size and known.min() < 0:
        raise DataError("a one-sigma of 0 or more is expected", f"{known.min():g}", where)


def check_quantity(values, kind, where):
    """Raise `DataError` where converted ``values`` of a ``kind`` of `Conversion` cannot be."""
    if kind in LIMITS:
        limit, units = LIMITS[kind]
        _check(values, limit, 1.0, f"a {kind}", limit, units, where)


def _check(values, bound, factor, what, limit, units, where):
    # NaN is neither; infinity is beyond.
    with np.errstate(invalid="ignore"):
        beyond = np.abs(values) > bound
    if beyond.any():
        worst = values[beyond][np.abs(values[beyond]).argmax()] * factor
        raise DataError(
            f"{what} within ±{limit:g} {units} is expected",
            f"{worst:g} {units}",
            where,
            "The file is damaged, does not declare a fill value, or has other units than it "
            "states: download it again, or give UNITS.",
        )
