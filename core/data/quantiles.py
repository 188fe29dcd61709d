"""Quantiles of positive numbers that come in parts, in bounded memory."""

import numpy as np

_LOW, _HIGH, _STEP = 1e-4, 1e6, 1e-3
_BINS = int(np.log(_HIGH / _LOW) / _STEP) + 1


class Quantiles:
    """Quantiles of everything that was added, to 0.1 % of the value.

    A histogram of the logarithm from 10⁻⁴ to 10⁶, in steps of 0.1 %; what is smaller
    or larger counts at the end. NaN is left out. Adding in another order or in other
    parts gives the same.
    """

    def __init__(self):
        self.count = 0
        self._cells = np.zeros(_BINS)
        self._area = np.zeros(_BINS)

    def add(self, values, areas=None):
        """Add values (n,) that stand for ``areas`` (n,), default 1 each."""
        values = np.asarray(values, dtype=float).ravel()
        known = np.isfinite(values)
        areas = np.ones(values.size) if areas is None else np.ravel(areas)
        place = np.log(np.maximum(values[known], _LOW) / _LOW) / _STEP
        place = np.minimum(place.astype(int), _BINS - 1)
        self.count += int(known.sum())
        self._cells += np.bincount(place, minlength=_BINS)
        self._area += np.bincount(place, weights=areas[known], minlength=_BINS)

    def at(self, share, weighted=False):
        """The value that ``share`` (0–1) of the values, or of the area, do not exceed."""
        sums = np.cumsum(self._area if weighted else self._cells)
        if not sums[-1]:
            return np.nan
        place = int(np.searchsorted(sums, share * sums[-1]))
        return float(_LOW * np.exp((min(place, _BINS - 1) + 0.5) * _STEP))
