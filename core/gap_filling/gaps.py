"""What every filling method agrees on: flags, and which gaps lie inside a record."""

import numpy as np

from ..data.flags import OBSERVED, STAGE_A, UNFILLED
from ..errors import DataError, TimeAxisError


def check_values(values):
    """Return values as a (time, pixel) float array; not float32 becomes float64.

    Raises DataError where the array has another shape, is empty along time, or
    holds infinite numbers: a method would spread them over the whole series.
    """
    values = np.asarray(values)
    if values.ndim != 2 or values.shape[0] == 0:
        raise DataError("values of shape (time, pixel) are needed", f"shape {values.shape}")
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    if np.isinf(values).any():
        raise DataError("finite values, or NaN for missing, are needed", "infinite values")
    return values


def check_months(months, count):
    """Return months as datetime64[M] if they are ``count`` consecutive months.

    Raises TimeAxisError otherwise: a missing month must be a row of NaN.
    """
    months = np.asarray(months).astype("datetime64[M]")
    if months.shape != (count,):
        raise TimeAxisError(f"one month for each of the {count} values", f"{months.shape}")
    if (np.diff(months.astype(np.int64)) != 1).any():
        raise TimeAxisError(
            "consecutive months are needed",
            "a month that is missing from the axis or out of order",
            remedy="Complete the axis with NaN for the months not observed.",
        )
    return months


def observed_span(values):
    """First and last observed month of each pixel: two (pixel,) int arrays.

    A pixel without any observation gets first = time and last = −1.
    """
    seen = ~np.isnan(values)
    some = seen.any(axis=0)
    first = np.where(some, seen.argmax(axis=0), len(values))
    last = np.where(some, len(values) - 1 - seen[::-1].argmax(axis=0), -1)
    return first, last


def inside_record(values):
    """True (time, pixel) from each pixel's first to its last observed month.

    Missing months inside lie between observations; those outside could only be
    extrapolated.
    """
    first, last = observed_span(values)
    month = np.arange(len(values))[:, None]
    return (month >= first) & (month <= last)


def combine(values, fitted, fill, flag=STAGE_A):
    """Put ``fitted`` into the months to ``fill``; everything else bit for bit.

    Parameters
    ----------
    values : (time, pixel) float, NaN = missing
    fitted : (time, pixel) float64
    fill : (time, pixel) bool, missing months to replace
    flag : int, what to write for them

    Returns
    -------
    filled : (time, pixel), dtype of ``values``
    flags : (time, pixel) uint8: OBSERVED, ``flag``, or UNFILLED where a missing
        month stays NaN
    """
    fill = fill & np.isnan(values) & ~np.isnan(fitted)
    filled = values.copy()
    filled[fill] = fitted[fill]
    flags = np.where(np.isnan(values), UNFILLED, OBSERVED).astype(np.uint8)
    flags[fill] = flag
    return filled, flags
