"""The twin's land on 0.1 degree: relief, soil, irrigation, people; the same for every seed.

These are the true fields. What a user gets are noisy views of them (`twin_views`), and
what storage takes from them is in `link_patterns`.
"""

from functools import cache

import numpy as np

from .twin_fields import smooth_noise
from .twin_local import CONE, GLACIERS, whole_grid
from .twin_region import distance_km

#: Number from which the land is drawn. It belongs to the region, so no seed changes it.
_LAND_SEED = 200204
#: Irrigation: lon, lat, radius km, share of area at the centre, share of it from groundwater.
IRRIGATION = (
    (-35.7, 41.2, 110.0, 0.55, 0.85),
    (-31.6, 37.7, 100.0, 0.50, 0.80),
    (-33.0, 44.6, 120.0, 0.45, 0.10),
    (-37.5, 43.8, 90.0, 0.40, 0.05),
)
#: More of it inside the pumping cone, share of area.
CONE_IRRIGATION = 0.30
#: Groundwater lost a year where all is irrigated from it, cm/yr.
PUMP_CM_YEAR = -3.0
#: How much storage varies more or less with soil, height and relief (one sigma, about).
SOIL_LINK, SNOW_LINK_KM, GROUND_LINK, MOST_LINK = 0.30, 0.9, 0.35, 0.6


@cache
def _land():
    grid = whole_grid()
    lon, lat = np.meshgrid(grid.x, grid.y)
    rng = np.random.default_rng(_LAND_SEED)

    def noise(km):
        return smooth_noise(rng, 1, km, grid)[0]

    east, north = GLACIERS[0][:2]
    massif = np.exp(-0.5 * (distance_km(lon, lat, east, north) / 170.0) ** 2)
    ridges = noise(15.0)
    height = 250 + 45 * (lat - 36) + 1300 * massif + 120 * noise(120.0)
    height = np.maximum(height + (70 + 220 * massif) * ridges, 5.0)

    fine_clay, stones = noise(18.0), noise(20.0)
    clay = np.exp(0.30 * noise(100.0) + 0.35 * fine_clay - 0.10 * ridges)
    sand = 1.7 * np.exp(0.30 * noise(110.0) - 0.30 * fine_clay + 0.20 * noise(20.0))
    silt = 1.4 * np.exp(0.25 * noise(130.0) + 0.15 * noise(25.0))
    whole = clay + sand + silt
    clay, sand, silt = (100 * part / whole for part in (clay, sand, silt))
    coarse = np.clip(12 + 10 * massif + 4 * ridges + 5 * stones, 0.5, 70)
    carbon = np.clip(18 * np.exp(0.25 * noise(80.0) + 0.012 * clay + height / 4000 - 0.3), 2, 250)
    cec = np.clip(30 + 4.5 * clay + 2.5 * carbon + 10 * noise(40.0), 10, 800)
    acidity = np.clip(6.4 - 0.012 * carbon + 0.05 * (41 - lat) + 0.3 * noise(60.0), 3.8, 8.8)

    patches = np.clip(0.9 + 0.45 * noise(15.0), 0.0, 1.6)
    irrigated, supply = np.full(grid.shape, 0.01), np.full(grid.shape, 1e-3)
    ground = 0.3 * supply
    for west, south, radius, share, from_ground in IRRIGATION:
        near = share * np.exp(-0.5 * (distance_km(lon, lat, west, south) / radius) ** 2)
        irrigated, supply, ground = irrigated + near, supply + near, ground + from_ground * near
    inside = distance_km(lon, lat, CONE[0], CONE[1]) < CONE[2]
    lowland = np.clip(1.4 - height / 1200, 0.0, 1.0)
    irrigated = np.clip((irrigated * patches + CONE_IRRIGATION * inside) * lowland, 0.0, 0.95)
    from_ground = np.clip(ground / supply + 0.06 * noise(25.0), 0.0, 1.0)
    people = np.exp(2.6 + 1.2 * irrigated + 0.8 * noise(25.0) + 0.5 * noise(80.0) - height / 900)
    return {
        "elevation": height, "ridges": ridges, "clay": clay, "sand": sand, "silt": silt,
        "cfvo": coarse, "soc": carbon, "cec": cec, "phh2o": acidity, "nitrogen": carbon / 11.5,
        "irrigation": irrigated, "from_ground": from_ground, "population": people,
        "fine_clay": fine_clay, "stones": stones,
    }  # fmt: skip


def land_field(name):
    """A true field (y, x) of `whole_grid`.

    ``elevation`` m; ``clay``, ``sand``, ``silt`` % of fine earth, together 100; ``cfvo`` %
    of volume; ``soc`` and ``nitrogen`` g/kg; ``cec`` mmol(c)/kg; ``phh2o``; ``irrigation``
    share of area; ``from_ground`` share of that; ``population`` persons a km2.
    """
    return _land()[name].copy()


def link_patterns():
    """What storage takes from the land, (y, x) by name, before it is made to cancel.

    ``pump`` cm/yr; ``soil``, ``snow``, ``ground``: share by which the variation of soil
    moisture, of snow and of groundwater is larger there.
    """
    land = _land()
    soil = SOIL_LINK * (0.85 * land["fine_clay"] - 0.5 * land["stones"])
    snow = SNOW_LINK_KM * land["elevation"] / 1000
    ground = GROUND_LINK * (0.6 * (land["sand"] - 40) / 10 - 0.7 * land["ridges"])
    return {
        "pump": PUMP_CM_YEAR * land["irrigation"] * land["from_ground"],
        "soil": np.clip(soil, -MOST_LINK, MOST_LINK),
        "snow": snow,
        "ground": np.clip(ground, -MOST_LINK, MOST_LINK),
    }
