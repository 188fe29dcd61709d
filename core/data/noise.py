"""Noise months: the ocean tells how noisy a month of a product is (METHODS §1)."""

import numpy as np

#: A month above this multiple of the median monthly noise is a noise month.
FACTOR = 3.0
MAX_LATITUDE = 60.0


class OceanNoise:
    """Accumulates the area-weighted RMS over the ocean, block of rows by block of rows.

    The ocean signal removed per cell is a trend, an annual and a semiannual
    sinusoid; only cells with |latitude| < 60° count.
    """

    def __init__(self, months):
        self.months = months
        self._squares = np.zeros(months.size)
        self._area = np.zeros(months.size)

    def add(self, values, ocean, areas, latitudes):
        """Take ``values`` (month, y, x) where ``ocean`` (y, x) is true."""
        from ..trends.harmonic import fit_harmonics

        use = ocean & (np.abs(latitudes) < MAX_LATITUDE)[:, None]
        if not use.any():
            return
        series = values[:, use]
        residual = fit_harmonics(series).residual
        known = np.isfinite(residual)
        area = areas[use][None, :] * known
        self._squares += (area * np.where(known, residual, 0.0) ** 2).sum(axis=1)
        self._area += area.sum(axis=1)

    @property
    def assessed(self):
        """Whether any ocean cell was seen."""
        return bool(self._area.any())

    def rms(self):
        """Noise of each month in cm (NaN where the month or the ocean is missing)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(self._squares / self._area)

    def noisy(self):
        """Boolean (month,): above `FACTOR` times the median."""
        rms = self.rms()
        if not np.isfinite(rms).any():
            return np.zeros(rms.size, bool)
        with np.errstate(invalid="ignore"):
            return rms > FACTOR * np.nanmedian(rms)
