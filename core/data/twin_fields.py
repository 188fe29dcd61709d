"""Random fields and the true water storages of the synthetic twin.

Sizes are those reported for mid-latitude land: seasonal storage of 5-10 cm
carried by soil moisture and snow, interannual variations of a few centimetres
(Humphrey, Gudmundsson & Seneviratne 2016, Surv. Geophys. 37) and multi-year
droughts of -5 to -10 cm (the Texas drought of 2011: Long et al. 2013, GRL 40).
Groundwater remembers longer than soil moisture.
"""

from functools import cache

import numpy as np

from .grid import EARTH_RADIUS_KM
from .twin_region import FINE_GRID, distance_km, imposed_trend, land_mask

#: Length scale of weather anomalies on the ground, km.
WEATHER_KM = 250.0
#: Memory of soil moisture and of groundwater, lag-1 of monthly values.
SOIL_MEMORY, GROUNDWATER_MEMORY = 0.85, 0.96
#: Standard deviation of their free interannual variations, cm.
SOIL_CM, GROUNDWATER_CM = 2.0, 1.5
#: Droughts: start, months to the worst, months of recovery, lon, lat, radius km, cm at worst.
DROUGHTS = (
    ("2007-03", 10, 12, -31.5, 39.0, 450.0, -4.0),
    ("2011-05", 16, 14, -38.0, 41.0, 500.0, -6.0),
    ("2018-01", 20, 16, -34.0, 43.5, 500.0, -5.0),
)


@cache
def _kernels(length_km, grid):
    """Rows and columns of a Gaussian filter with unit variance, and the padding."""
    # Filtering white noise with exp(-x^2/L^2) gives covariance exp(-d^2/2L^2).
    degree = np.radians(1) * EARTH_RADIUS_KM
    steps = (grid.dy * degree, grid.dx * degree * np.cos(np.radians(grid.y.mean())))
    kernels = []
    for cells, step in zip(grid.shape, steps):
        pad = int(np.ceil(2 * length_km / step))
        offset = np.arange(-pad, cells + pad)[None, :] - np.arange(cells)[:, None]
        kernel = np.exp(-((offset * step / length_km) ** 2))
        kernels.append(kernel / np.sqrt((kernel**2).sum(axis=1, keepdims=True)))
    return tuple(kernels)


def smooth_noise(rng, count, length_km, grid=FINE_GRID):
    """Independent Gaussian fields, variance 1, covariance exp(-d^2/2L^2).

    The east-west distance is that of the grid's middle latitude. Shape
    (count, ny, nx).
    """
    rows, cols = _kernels(float(length_km), grid)
    white = rng.standard_normal((count, rows.shape[1], cols.shape[1]))
    return rows @ white @ cols.T


def red_in_time(white, memory):
    """Stationary AR(1) of unit-variance innovations along axis 0, variance kept."""
    out = np.empty_like(white)
    out[0] = white[0]
    fresh = np.sqrt(1 - memory**2)
    for t in range(1, len(white)):
        out[t] = memory * out[t - 1] + fresh * white[t]
    return out


def true_storages(months, streams):
    """The true storages of the fine grid before a baseline is removed, in cm.

    Parameters
    ----------
    months : datetime64[M] array
    streams : mapping of component name to numpy.random.Generator

    Returns
    -------
    dict of float64 arrays (time, y, x)
        ``groundwater`` (up to a constant), ``soil_moisture``, ``snow`` and
        ``canopy`` (absolute, >= 0), zero over the sea. Groundwater holds
        `imposed_trend` times the time in years, exactly, plus trend-free
        seasons and variations whose realised trend is not zero.

    """
    n = len(months)
    years = months.astype(int) / 12.0
    lat = FINE_GRID.y[None, :, None]
    lon = FINE_GRID.x[None, None, :]
    drought = _droughts(months)

    def season(peak_month):
        """One-year cosine that peaks in ``peak_month`` (1 = middle of January)."""
        phase = (months.astype(int) % 12 + 1 - peak_month) / 12
        return np.cos(2 * np.pi * phase)[:, None, None]

    weather = SOIL_CM * red_in_time(
        smooth_noise(streams["soil_moisture"], n, WEATHER_KM), SOIL_MEMORY
    )
    swing = 4.5 + 0.12 * (lat - 41) + 0.6 * np.cos(np.radians(20 * lon))
    soil = 42.0 + swing * season(3.5) + 0.15 * swing * season(3.5) ** 2 + weather + drought

    slow = GROUNDWATER_CM * red_in_time(
        smooth_noise(streams["groundwater"], n, WEATHER_KM), GROUNDWATER_MEMORY
    )
    recharge = 0.8 * _lagged(drought, 0.85)
    drift = imposed_trend()[None] * (years - years.mean())[:, None, None]
    groundwater = 1.2 * season(5.5) + slow + recharge + drift

    snow = _snow(months, lat, streams["snow"])
    leaf = 0.03 * (1 + 0.4 * season(7.0))
    canopy = leaf * np.exp(0.2 * smooth_noise(streams["canopy"], n, WEATHER_KM))

    land = land_mask()[None]
    fields = {
        "groundwater": groundwater,
        "soil_moisture": np.maximum(soil, 5.0),
        "snow": snow,
        "canopy": canopy,
    }
    return {name: np.where(land, field, 0.0) for name, field in fields.items()}


def _snow(months, lat, rng):
    """Snow water: November to May, more to the north, another amount each winter."""
    month = months.astype(int) % 12 + 1
    shape = {11: 0.15, 12: 0.45, 1: 0.8, 2: 1.0, 3: 0.85, 4: 0.35, 5: 0.05}
    course = np.array([shape.get(int(m), 0.0) for m in month])[:, None, None]
    winter = (months.astype(int) + 6) // 12
    winter = winter - winter[0]
    amount = np.exp(0.35 * smooth_noise(rng, winter[-1] + 1, WEATHER_KM))[winter]
    deepest = np.clip(lat - 40.5, 0, None) * 1.1
    return course * amount * deepest


def _droughts(months):
    """Loss of soil water by the drought events, cm (time, y, x)."""
    lon, lat = np.meshgrid(FINE_GRID.x, FINE_GRID.y)
    total = np.zeros((len(months), *FINE_GRID.shape))
    for start, worst, recovery, east, north, radius, depth in DROUGHTS:
        t = (months - np.datetime64(start, "M")).astype(int)
        course = np.interp(t, (0, worst, worst + recovery), (0.0, 1.0, 0.0))
        footprint = np.exp(-0.5 * (distance_km(lon, lat, east, north) / radius) ** 2)
        total += depth * course[:, None, None] * footprint
    return total


def _lagged(forcing, memory):
    """Exponential memory of a forcing, its long-term gain 1."""
    out = np.zeros_like(forcing)
    for t in range(1, len(forcing)):
        out[t] = memory * out[t - 1] + (1 - memory) * forcing[t]
    return out
