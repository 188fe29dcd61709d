"""True water fluxes of the twin on 0.1 degree: precipitation - evapotranspiration - runoff.

They close with the fine truth exactly: in each month and cell

    P - ET - R = (TWS of the next month - TWS of the last) / 2

and one-sided in the first and the last month. Only a part of it is natural: a land
model sees no pumping, glaciers, lake, nor groundwater that flows sideways.
"""

import numpy as np

from ..progress import SILENT
from .sample import NOTE
from .stack import StackInfo, stack_writer
from .twin_fields import red_in_time, smooth_noise
from .twin_fine import row_blocks
from .twin_land import land_field
from .twin_streams import extra_stream

#: 2 m temperature: mean at 41 degrees and sea level (K), K a degree of latitude, half the
#: yearly range (K), K a km of height, weather (K) over km.
TEMPERATURE = (288.5, -0.65, 9.5, -6.5, 1.3, 300.0)
#: Weather of precipitation, cm a month over km; its share of a change of storage.
RAIN_WEATHER_CM, RAIN_WEATHER_KM, RAIN_SHARE = 1.0, 250.0, 0.6
#: Least precipitation and runoff, cm a month.
LEAST_RAIN, LEAST_RUNOFF = 0.2, 0.05


def month_cosine(months, peak):
    """Cosine of one year (time, 1, 1) with its top in month ``peak`` (1 = middle of January)."""
    return np.cos(2 * np.pi * (months.astype(int) % 12 + 1 - peak) / 12)[:, None, None]


class TrueFluxes:
    """Fluxes of a `FineTruth`; ``natural`` and ``total`` work on rows of 0.5 degree cells."""

    def __init__(self, truth):
        self.truth, self.months = truth, truth.twin.months
        rng, n = extra_stream(truth.twin.seed, "climate"), self.months.size
        self._rain = RAIN_WEATHER_CM * smooth_noise(rng, n, RAIN_WEATHER_KM)
        warm = red_in_time(smooth_noise(rng, n, TEMPERATURE[5]), 0.3)
        self._warm = TEMPERATURE[4] * warm

    def temperature(self, row, ny):
        """2 m temperature (time, y, x), K, of ``ny`` rows from ``row`` of the region."""
        mean, by_lat, swing, lapse = TEMPERATURE[:4]
        truth = self.truth
        height = truth.window_of(land_field("elevation"), row, ny)
        lat = truth.latitudes(row, ny)[:, None]
        steady = mean + by_lat * (lat - 41.0) + lapse * height / 1000
        return (
            steady + swing * month_cosine(self.months, 7.3) + truth.interpolate(self._warm, row, ny)
        )

    def natural(self, row, ny):
        """What a perfect land model would know: dict of (time, y, x), cm a month.

        ``precipitation``, ``evapotranspiration``, ``runoff`` (all above 0) and
        ``temperature`` in K.
        """
        truth = self.truth
        height = truth.window_of(land_field("elevation"), row, ny)
        warm = self.temperature(row, ny)
        wet = np.clip(1 + 0.03 * truth.soil(row, ny), 0.5, 1.5)
        evaporation = (0.3 + 7.5 / (1 + np.exp((290.0 - warm) / 4.5))) * wet
        smooth = truth.visible(row, ny) + truth.recharge(row, ny)
        change = np.gradient(smooth, axis=0)
        runoff = (1.0 + height / 1000) * (1 + 0.5 * month_cosine(self.months, 4.5))
        rain = evaporation + runoff + RAIN_SHARE * change + truth.local_rain(row, ny)
        rain = np.maximum(rain + truth.interpolate(self._rain, row, ny), LEAST_RAIN)
        change += np.gradient(truth.rain_store(row, ny), axis=0)
        runoff = rain - evaporation - change
        short = np.maximum(LEAST_RUNOFF - runoff, 0.0)
        return {
            "precipitation": rain + short,
            "evapotranspiration": evaporation,
            "runoff": runoff + short,
            "temperature": warm,
        }

    def total(self, row, ny):
        """What really flows: `natural`, and what people, ice, the lake and the ground do.

        Pumped water evaporates, ice grows from precipitation and melts to runoff; what
        the ground and the lake gain or lose is runoff, which then is net outflow of the
        cell and may be negative.
        """
        truth, fluxes = self.truth, self.natural(row, ny)
        rate = truth.rate(row, ny) / 12.0
        ice = np.gradient(truth.surface(row, ny, ("glaciers",)), axis=0)
        aside = truth.unseen(row, ny) + truth.surface(row, ny, ("lake",))
        fluxes["evapotranspiration"] = fluxes["evapotranspiration"] + np.maximum(-rate, 0)
        fluxes["precipitation"] = fluxes["precipitation"] + np.maximum(ice, 0)
        runoff = fluxes["runoff"] - np.maximum(rate, 0) + np.maximum(-ice, 0)
        fluxes["runoff"] = runoff - np.gradient(aside, axis=0)
        return fluxes


def write_flux(fluxes, name, label, path, progress=SILENT):
    """Write a true flux of `TrueFluxes.total` as a stack in mm a month, NaN over the sea."""
    truth = fluxes.truth
    info = StackInfo(
        truth.grid, fluxes.months, "mm month-1", f"{label} (synthetic truth)", (), (NOTE,)
    )
    with stack_writer(path, info, tile_rows=16) as writer:
        for row, ny in row_blocks(truth):
            progress.check()
            top = row + truth.window[0]
            values = 10 * fluxes.total(top, ny)[name]
            writer.write(np.where(truth.land(top, ny), values, np.nan), row * truth.factor)
