"""What products and a perfect land model make of the twin's window on 0.01 degree."""

import numpy as np

from .twin_fine import FineTruth
from .twin_fluxes import TEMPERATURE
from .twin_kilometre import RELIEF_M, SOIL_LINK, KilometreTruth, within
from .twin_views import MODEL_SOIL_LINK, Views

#: NDVI where clay varies by one sigma.
GREEN_LINK = 0.02
#: What a satellite's value lies within.
LIMITS = {"ndvi": (-0.2, 0.95), "lst": (0.0, np.inf), "sm": (0.0, 0.6)}


class KilometreViews:
    """What products make of a `KilometreTruth`: the views of 0.1 degree on its cells.

    Temperatures follow the relief inside the cells (the lapse rate), soil moisture and
    NDVI the clay; precipitation and evapotranspiration are interpolated, as products of
    1 km do. Clouds and errors are those of 0.1 degree.
    """

    def __init__(self, truth):
        self.truth, self.months = truth, truth.twin.months
        self._views = Views(truth.base)
        self.fluxes = KilometreFluxes(truth, self._views.fluxes)

    def reanalysis(self, row, ny):
        """As `Views.reanalysis`."""
        seen = self.truth.margin(self._views.reanalysis, row, ny)
        found = {name: self.truth.refine(v, row, ny) for name, v in seen.items()}
        found["temperature"] += self._lapse(row, ny)
        return {n: within(v, self.truth.hold(seen[n]), 0.0) for n, v in found.items()}

    def storages(self, row, ny):
        """As `Views.storages`."""
        truth = self.truth
        seen = truth.margin(self._views.storages, row, ny)
        found = {name: truth.refine(v, row, ny) for name, v in seen.items()}
        soil = truth.hold(seen["soil"])
        share = MODEL_SOIL_LINK * SOIL_LINK * truth.pattern("clay", row, ny)
        found["soil"] += share * (soil - soil.mean(axis=0))
        return {name: within(v, truth.hold(seen[name]), 0.0) for name, v in found.items()}

    def satellites(self, row, ny):
        """As `Views.satellites`."""
        truth, clay = self.truth, self.truth.pattern("clay", row, ny)
        found = {}
        for name, values in truth.margin(self._views.satellites, row, ny).items():
            hidden = np.isnan(truth.hold(values))
            usual = np.nanmean(values, axis=0)
            filled = np.where(np.isnan(values), usual, values)
            fine = truth.refine(filled, row, ny)
            held = truth.hold(filled)
            if name == "lst":
                fine += self._lapse(row, ny)
            elif name == "ndvi":
                fine += GREEN_LINK * clay
            else:
                fine += SOIL_LINK * clay * (held - held.mean(axis=0))
            fine = within(fine, held, *LIMITS[name])
            fine[hidden] = np.nan
            found[name] = fine
        return found

    def _lapse(self, row, ny):
        return TEMPERATURE[3] * RELIEF_M / 1000 * self.truth.pattern("relief", row, ny)


class KilometreFluxes:
    """True fluxes on 0.01 degree: runoff takes what inside a cell does not close otherwise."""

    def __init__(self, truth, base):
        self.truth, self.months, self._base = truth, truth.twin.months, base

    def total(self, row, ny):
        """As `TrueFluxes.total`; P − ET − R is the change of the truth, exactly."""
        truth = self.truth
        seen = truth.margin(self._base.total, row, ny)
        rain, loss = (
            within(truth.refine(seen[n], row, ny), truth.hold(seen[n]), 0.0)
            for n in ("precipitation", "evapotranspiration")
        )
        change = np.gradient(truth.block("tws", row - truth.window[0], ny), axis=0)
        return {
            "precipitation": rain,
            "evapotranspiration": loss,
            "runoff": rain - loss - change,
        }


def fine_truth(twin, size):
    """The fine truth of a size: ``small``, ``standard`` (0.1 degree) or ``kilometre`` (0.01)."""
    return KilometreTruth(twin) if size == "kilometre" else FineTruth(twin, size)


def views_of(truth):
    """The products' views of a fine truth of either kind."""
    return KilometreViews(truth) if isinstance(truth, KilometreTruth) else Views(truth)
