"""Linear interpolation in time, the published choice for short gaps."""

import numpy as np

from ..errors import ParameterError
from .gaps import check_values, combine, inside_record


def fill_linear(values, max_gap=None, extrapolate=False):
    """Fill missing months on the straight line between their neighbours.

    x(t) = x₀ + (x₁ − x₀)(t − t₀)/(t₁ − t₀), with t₀, t₁ the nearest observed
    months before and after (Li, Sun et al. fill short gaps so).

    Parameters
    ----------
    values : (time, pixel) float, evenly spaced months, NaN = missing
    max_gap : int or None; a run of more missing months than this stays NaN
    extrapolate : bool; hold the first and last observed value before and after
        the record (``max_gap`` applies to those runs too)

    Returns
    -------
    filled : (time, pixel), dtype of the input, observed values bit for bit
    flags : (time, pixel) uint8: 0 observed, 1 filled, 255 unfilled

    Raises
    ------
    ParameterError
        ``max_gap`` is below 1.
    DataError
        ``values`` is not two-dimensional or holds infinite numbers.
    """
    values = check_values(values)
    if max_gap is not None and max_gap < 1:
        raise ParameterError("the longest gap to fill must be at least 1 month", max_gap)
    n = len(values)
    month = np.arange(n)[:, None]
    missing = np.isnan(values)
    before = np.maximum.accumulate(np.where(missing, -1, month), axis=0)
    after = np.minimum.accumulate(np.where(missing, n, month)[::-1], axis=0)[::-1]
    fill = missing if extrapolate else missing & inside_record(values)
    if max_gap is not None:
        fill = fill & (after - before - 1 <= max_gap)
    at, pixel = np.nonzero(fill & ~missing.all(axis=0))
    low, high = before[at, pixel], after[at, pixel]
    # Beyond an end both neighbours are the end itself: its value is held.
    low, high = np.where(low < 0, high, low), np.where(high >= n, low, high)
    start, end = values[low, pixel].astype(np.float64), values[high, pixel].astype(np.float64)
    fitted = np.full(values.shape, np.nan)
    fitted[at, pixel] = start + (end - start) * ((at - low) / np.maximum(high - low, 1))
    return combine(values, fitted, fill)
