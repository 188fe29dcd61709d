"""The land-surface model of the synthetic twin: truth seen through model errors.

Land models disagree with observed storage in amplitude, phase and on slow time
scales (Scanlon et al. 2018, PNAS 115, for trends), so the twin's model has an
error of each kind; a groundwater estimate inherits all of them.
"""

import numpy as np

from .twin_fields import WEATHER_KM, red_in_time, smooth_noise
from .twin_region import land_mask

#: One cm of water is 10 kg m-2.
KG_PER_CM = 10.0
#: Relative amplitude error (one sigma) of every component, fixed in time.
AMPLITUDE_ERROR = 0.10
#: The model's soil answers late by this share of a month.
SOIL_LAG = 0.3
#: Free error of soil moisture: standard deviation in cm and lag-1.
SOIL_ERROR_CM, SOIL_ERROR_MEMORY = 1.0, 0.90
#: Relative error of each winter's snow, one sigma.
WINTER_ERROR = 0.15
#: Length scale of all model errors, km.
MODEL_ERROR_KM = 300.0


def modelled_storages(months, truth, streams):
    """Absolute storages of the model and their stated one-sigma, in kg m-2.

    Parameters
    ----------
    months : datetime64[M] array
    truth : dict of absolute storages in cm as by `twin_fields.true_storages`
    streams : mapping with a numpy.random.Generator under ``model``

    Returns
    -------
    values, sigma : dicts of float64 arrays (time, y, x)
        For ``soil_moisture``, ``snow`` and ``canopy``; >= 0, NaN over the sea
        as in products of land models. The sigma is what a careful producer
        could state: it comes from the sizes above and the model's own values,
        not from the truth.

    """
    rng = streams["model"]
    n = len(months)
    gain = 1 + AMPLITUDE_ERROR * smooth_noise(rng, 3, MODEL_ERROR_KM)

    soil = truth["soil_moisture"]
    mean = soil.mean(axis=0)
    late = soil.copy()
    late[1:] += SOIL_LAG * (soil[:-1] - soil[1:])
    red = red_in_time(smooth_noise(rng, n, MODEL_ERROR_KM), SOIL_ERROR_MEMORY)
    model_soil = np.maximum(mean + gain[0] * (late - mean) + SOIL_ERROR_CM * red, 0.0)
    swing = np.abs(model_soil - model_soil.mean(axis=0))
    step = np.zeros_like(model_soil)
    step[1:] = np.abs(np.diff(model_soil, axis=0))
    soil_sigma = np.sqrt(SOIL_ERROR_CM**2 + (AMPLITUDE_ERROR * swing) ** 2 + (SOIL_LAG * step) ** 2)

    winter = (months.astype(int) + 6) // 12
    winter = winter - winter[0]
    yearly = np.exp(WINTER_ERROR * smooth_noise(rng, winter[-1] + 1, WEATHER_KM))
    model_snow = truth["snow"] * np.maximum(gain[1], 0.0) * yearly[winter]
    snow_sigma = np.hypot(AMPLITUDE_ERROR, WINTER_ERROR) * model_snow

    model_canopy = truth["canopy"] * np.maximum(gain[2], 0.0)
    canopy_sigma = AMPLITUDE_ERROR * model_canopy

    values = {"soil_moisture": model_soil, "snow": model_snow, "canopy": model_canopy}
    sigma = {"soil_moisture": soil_sigma, "snow": snow_sigma, "canopy": canopy_sigma}
    land = land_mask()[None]
    return tuple(
        {name: np.where(land, KG_PER_CM * field, np.nan) for name, field in fields.items()}
        for fields in (values, sigma)
    )
