"""What products make of the twin's fluxes, land and vegetation: noisy views on 0.1 degree.

A reanalysis (precipitation, evapotranspiration, runoff, 2 m temperature and storages),
vegetation, surface temperature and soil moisture from satellites, and maps of the land.
All errors are stated here and in docs/sample-data; none was chosen by a result.
"""

import numpy as np

from .twin_fields import red_in_time, smooth_noise
from .twin_fluxes import TrueFluxes, month_cosine
from .twin_land import land_field
from .twin_local import FACTOR, cell_means, spread
from .twin_streams import extra_stream, row_stream

#: Relative errors of fluxes: lasting (300 km), of a month (150 km, lag-1 0.3), of a cell.
FLUX_ERRORS = {
    "precipitation": (0.05, 0.06, 0.04),
    "evapotranspiration": (0.07, 0.08, 0.04),
    "runoff": (0.10, 0.15, 0.08),
}
#: The same for temperature, in K.
TEMPERATURE_ERROR = (0.4, 0.5, 0.2)
BIAS_KM, MONTH_KM, MONTH_MEMORY = 300.0, 150.0, 0.3
#: The reanalysis answers to soil inside a cell by this share; its own error there, 20 km.
MODEL_SOIL_LINK, MODEL_SOIL_ERROR, MODEL_SNOW_LINK = 0.7, 0.12, 0.8
#: Errors of a cell: NDVI, LST in K, surface soil moisture in m3 m-3; share hidden by clouds.
NDVI_ERROR, LST_ERROR, SM_ERROR, CLOUDS = 0.025, 1.0, 0.015, 0.03
#: Mean water in 289 cm of soil, cm, and how layers share it: thickness cm, exponent.
SOIL_MEAN_CM = 42.0
SOIL_LAYERS = ((7.0, 0.5), (21.0, 0.35), (72.0, 0.15), (189.0, 0.0))
#: Numbers of the random rows.
_CELLS = ("precipitation", "evapotranspiration", "runoff", "temperature", "ndvi", "lst", "sm",
          "ndvi clouds", "lst clouds")  # fmt: skip
_VIEWED = ("precipitation", "evapotranspiration", "runoff", "temperature")


class Views:
    """Products' views of a `FineTruth`; each works on rows of 0.5 degree cells of the region."""

    def __init__(self, truth):
        self.truth, self.fluxes = truth, TrueFluxes(truth)
        self.months = truth.twin.months
        rng, n = extra_stream(truth.twin.seed, "views"), self.months.size
        self._bias = dict(zip(_VIEWED, smooth_noise(rng, 4, BIAS_KM)))
        self._monthly = {
            name: red_in_time(smooth_noise(rng, n, MONTH_KM), MONTH_MEMORY) for name in _VIEWED
        }
        texture = smooth_noise(rng, 1, 20.0, truth.whole)
        areas = truth.whole.cell_areas()[:, 0]
        self._texture = (texture - spread(cell_means(texture, areas)))[0]
        self._storage = _model_storage(truth.twin)

    def reanalysis(self, row, ny):
        """Dict of (time, y, x): fluxes in cm a month, all positive, and ``temperature`` in K.

        NaN over the sea. It knows no pumping, glaciers or lake.
        """
        true, found = self.fluxes.natural(row, ny), {}
        for name, values in true.items():
            parts = FLUX_ERRORS.get(name, TEMPERATURE_ERROR)
            error = parts[0] * self.truth.interpolate(self._bias[name][None], row, ny)
            error = error + parts[1] * self.truth.interpolate(self._monthly[name], row, ny)
            error += parts[2] * self._noise(name, row, ny)
            found[name] = values + error if name == "temperature" else values * np.exp(error)
        return self._on_land(found, row, ny)

    def storages(self, row, ny):
        """Dict of (time, y, x): ``soil``, ``snow``, ``canopy`` of the reanalysis, cm, absolute.

        Their 0.5 degree means are the land model's; inside a cell soil and snow vary with
        the land as the truth does, less and with errors.
        """
        truth = self.truth
        found = {name: truth.refine(field, row, ny) for name, field in self._storage.items()}
        soil = self._storage["soil"]
        anomaly = soil - soil.mean(axis=0)
        own = truth.window_of(self._texture, row, ny)
        linked = MODEL_SOIL_LINK * truth.linked("soil", anomaly, row, ny)
        held = anomaly[:, row : row + ny, truth.columns]
        error = MODEL_SOIL_ERROR * spread(held) * own
        found["soil"] = np.maximum(found["soil"] + linked + error, 0.0)
        factor = np.maximum(1 + MODEL_SNOW_LINK * truth.pattern("snow", row, ny), 0.05)
        found["snow"] = np.maximum(found["snow"], 0.0) * factor
        found["canopy"] = np.maximum(found["canopy"], 0.0)
        return self._on_land(found, row, ny)

    def satellites(self, row, ny):
        """``ndvi`` (1), ``lst`` by day (K) and ``sm`` (m3 m-3); NaN over the sea and in clouds."""
        truth = self.truth
        soil, warm = truth.soil(row, ny), self.fluxes.temperature(row, ny)
        irrigated = truth.window_of(land_field("irrigation"), row, ny)
        summer = np.maximum(month_cosine(self.months, 7.3), 0.0)
        before = np.concatenate([soil[:1], soil[:-1]])
        green = 0.15 + 0.5 / (1 + np.exp((283.0 - warm) / 4.0)) + 0.012 * before
        green += 0.2 * irrigated * summer + NDVI_ERROR * self._noise("ndvi", row, ny)
        green = np.clip(green, -0.2, 0.95)
        lst = warm + 2.5 + 7.0 * (1 - green) * summer + LST_ERROR * self._noise("lst", row, ny)
        sm = soil_layers(SOIL_MEAN_CM + soil)[0] + SM_ERROR * self._noise("sm", row, ny)
        for name, values in (("ndvi clouds", green), ("lst clouds", lst)):
            values[self._noise(name, row, ny) > _quantile(CLOUDS)] = np.nan
        found = {"ndvi": green, "lst": lst, "sm": np.clip(sm, 0.0, 0.6)}
        return self._on_land(found, row, ny)

    def _noise(self, name, row, ny):
        """Independent numbers (time, y, x), the same whatever rows are asked for together."""
        number, width = _CELLS.index(name), self.truth.whole.nx
        rows = []
        for r in range(row, row + ny):
            rng = row_stream(self.truth.twin.seed, "cells", r, number)
            rows.append(rng.standard_normal((self.months.size, FACTOR, width), "float32"))
        return np.concatenate(rows, axis=1)[..., self.truth.inside].astype(float)

    def _on_land(self, found, row, ny):
        land = self.truth.land(row, ny)
        return {name: np.where(land, values, np.nan) for name, values in found.items()}


def soil_layers(soil):
    """Volumetric water (m3 m-3) of the four layers of `SOIL_LAYERS`; they add up to ``soil`` (cm).

    A layer's share is its thickness times (soil / mean)^e: shallow soil varies most.
    """
    with np.errstate(invalid="ignore"):
        wetness = np.maximum(soil / SOIL_MEAN_CM, 0.05)
    parts = [cm * wetness**power for cm, power in SOIL_LAYERS]
    total = sum(parts)
    return [soil * part / total / cm for part, (cm, _) in zip(parts, SOIL_LAYERS)]


def _model_storage(twin):
    """The land model's storages in cm, the sea filled from the nearest land to the east."""
    first = twin.land.argmax(axis=1)
    column = np.maximum(np.arange(twin.grid.nx)[None, :], first[:, None])
    rows = np.arange(twin.grid.ny)[:, None]
    fields = {
        "soil": twin.model_soil_moisture,
        "snow": twin.model_snow,
        "canopy": twin.model_canopy,
    }
    return {name: field[:, rows, column] / 10.0 for name, field in fields.items()}


def _quantile(share):
    """The standard normal number that is exceeded with this probability."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - share)
