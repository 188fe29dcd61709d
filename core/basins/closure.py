"""Which basins a closure of the water balance is judged by, and the judgement."""

from dataclasses import dataclass

import numpy as np

from .balance import Balance, water_balance, yearly_mean
from .observed import BasinMeans

#: The published selection (U1 §3.3): km², mm a year, shares.
MIN_AREA_KM2 = 10_000.0
MIN_PRECIPITATION = 200.0
MAX_IRRIGATED = 0.05
MAX_GLACIER = 0.05


@dataclass(frozen=True)
class Limits:
    """Limits that a basin must keep; None = not asked for."""

    area_km2: object = None
    precipitation: object = None
    irrigated: object = None
    glacier: object = None

    def text(self):
        """The limits in words."""
        parts = []
        if self.area_km2 is not None:
            parts.append(f"area ≥ {self.area_km2:,.0f} km²")
        if self.precipitation is not None:
            parts.append(f"precipitation ≥ {self.precipitation:g} mm/yr")
        if self.irrigated is not None:
            parts.append(f"irrigated ≤ {100 * self.irrigated:g} %")
        if self.glacier is not None:
            parts.append(f"glacier ≤ {100 * self.glacier:g} %")
        return ", ".join(parts) or "none"


@dataclass
class Closure:
    """Water balance of basins; ``reasons`` (basin,) is empty for those that count.

    ``precipitation_year`` (basin,) in mm a year over the months of storage;
    ``irrigated`` and ``glacier`` shares (basin,) or None.
    """

    means: BasinMeans
    balance: Balance
    precipitation_year: np.ndarray
    irrigated: object
    glacier: object
    limits: Limits
    reasons: list
    warnings: list

    @property
    def kept(self):
        """Basins (bool) that pass the limits and have scores."""
        return np.array([not r for r in self.reasons], bool) & np.isfinite(self.balance.cc)

    @property
    def median_cc(self):
        """Median correlation of the kept basins."""
        return _median(self.balance.cc[self.kept])

    @property
    def median_rmse(self):
        """Median RMSE of the kept basins, cm a month."""
        return _median(self.balance.rmse[self.kept])


def close_balance(means, fluxes, limits=None, irrigated=None, glacier=None):
    """`Closure` of `BasinMeans` against (P, ET, R), each (time, basin) in cm a month."""
    limits = limits or Limits()
    balance = water_balance(means.observed, *fluxes)
    year = 10.0 * yearly_mean(fluxes[0], means.months)
    reasons = []
    for i in range(len(means.names)):
        why = []
        if limits.area_km2 is not None and means.area_km2[i] < limits.area_km2:
            why.append("small")
        if limits.precipitation is not None and not year[i] >= limits.precipitation:
            why.append("dry")
        for word, share, limit in (
            ("irrigated", irrigated, limits.irrigated),
            ("glacier", glacier, limits.glacier),
        ):
            # What is not known is not within the limit.
            if share is not None and limit is not None and not share[i] <= limit:
                why.append(word if share[i] > limit else f"{word} share unknown")
        reasons.append(", ".join(why))
    return Closure(
        means, balance, year, irrigated, glacier, limits, reasons, _warnings(means, fluxes, balance)
    )


def _warnings(means, fluxes, balance):
    texts = []
    for what, flux in zip(("precipitation", "evapotranspiration", "runoff"), fluxes):
        known = np.isfinite(flux)
        mean = np.where(known, flux, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        if known.any() and np.median(mean[known.any(axis=0)]) < 0:
            texts.append(
                f"{what} is negative in most basins: it counts upwards here, so change the sign "
                "of a product that counts downwards (ERA5: ET = −e)."
            )
    without = [n for n, cc in zip(means.names, balance.cc) if not np.isfinite(cc)]
    if without:
        more = f" and {len(without) - 12} more" if len(without) > 12 else ""
        texts.append(
            f"{len(without)} of {len(means.names)} basins have too few months in common for a "
            f"score: {', '.join(without[:12])}{more}. A month counts where storage and all fluxes "
            "cover enough of the basin (MIN_COVERED_SHARE)."
        )
    return texts


def _median(values):
    return float(np.median(values)) if values.size else np.nan
