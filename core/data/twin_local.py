"""What the twin has that is smaller than a 0.5 degree cell: a pumping cone, glaciers, a lake.

Their places and rates are the same for every seed. Patterns are on 0.1 degree, courses
over time; what a cell holds is their product.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..basins.area import ring_area_km2
from ..basins.coverage import covered_fraction, orient_rings
from .grid import Grid
from .months import DEFAULT_BASELINE, baseline_mask
from .twin_fields import red_in_time
from .twin_region import FINE_GRID, distance_km
from .twin_streams import extra_stream

#: Fine cells along the side of a 0.5 degree cell.
FACTOR = 5
#: Pumping cone: lon, lat, radius km, cm/yr at the centre and just inside its edge.
CONE = (-35.7, 41.2, 60.0, -4.0, -1.6)
#: Glaciers: lon, lat, half axes in degrees; they lose this much, cm/yr over their area.
GLACIERS = ((-34.7, 47.1, 0.35, 0.14), (-34.1, 46.7, 0.2, 0.1), (-35.4, 46.8, 0.12, 0.08))
MELT_CM_YEAR, MELT_SEASON_CM = -60.0, 25.0
#: The lake: lon, lat, half axes in degrees; trend in cm/yr and red variation in cm.
LAKE = (-38.4, 44.2, 0.45, 0.17)
LAKE_CM_YEAR, LAKE_CM, LAKE_MEMORY = -9.0, 25.0, 0.93
#: Texture without a cause: number of patterns, lag-1 of their courses.
TEXTURES, TEXTURE_MEMORY = 6, 0.9
#: What belongs to groundwater, and what is surface storage.
GROUND, SURFACE = ("cone",), ("glaciers", "lake")
#: Do cone, glaciers and lake add to the 0.5 degree truth, or cancel in each of its cells?
LOCAL = ("cancelled", "kept")


@dataclass(frozen=True)
class Outline:
    """A polygon: its rings, its area in km2, and the exact trend of its own, cm/yr."""

    id: str
    rings: tuple
    area_km2: float
    trend: float


def outlines():
    """(glaciers, lake): lists of `Outline`, the same for every seed."""
    ice = [_ellipse(f"TWIN60-00.{i:05d}", g, MELT_CM_YEAR) for i, g in enumerate(GLACIERS, 1)]
    return ice, [_ellipse("Lake Ovel", LAKE, LAKE_CM_YEAR)]


def _ellipse(name, shape, trend):
    lon, lat, a, b = shape
    angle = np.linspace(0, 2 * np.pi, 73)
    ring = np.stack([lon + a * np.cos(angle), lat + b * np.sin(angle)], axis=1)
    ring[-1] = ring[0]
    rings = tuple(orient_rings([(ring, [])]))
    return Outline(name, rings, float(ring_area_km2(rings)), trend)


def whole_grid():
    """The 0.1 degree grid of the whole region."""
    coarse, step = FINE_GRID, FINE_GRID.dx / FACTOR
    return Grid(coarse.x0, coarse.y0, step, step, coarse.nx * FACTOR, coarse.ny * FACTOR)


@cache
def _patterns():
    grid = whole_grid()
    lon, lat = np.meshgrid(grid.x, grid.y)
    east, north, radius, centre, edge = CONE
    far = distance_km(lon, lat, east, north) / radius
    found = {"cone": np.where(far < 1, centre + (edge - centre) * far, 0.0)}
    for name, shapes in zip(SURFACE, outlines()):
        share = np.zeros(grid.shape)
        for shape in shapes:
            rows, cols, fraction = covered_fraction(shape.rings, grid)
            share[rows, cols] += fraction
        found[name] = share
    return found


def local_patterns():
    """Patterns (y, x) of `whole_grid` by name: cm/yr of the cone, covered shares of the others."""
    return {name: pattern.copy() for name, pattern in _patterns().items()}


def years_from_baseline(months):
    """Time (time,) in years, 0 in the middle of 2004-2009."""
    years = months.astype(int) / 12.0
    return years - years[baseline_mask(months, DEFAULT_BASELINE)].mean()


def local_courses(seed, months):
    """What each pattern, and each texture, is multiplied with; (time,), mean 0 over 2004-2009."""
    rng = extra_stream(seed, "fine courses")
    years = years_from_baseline(months)
    red = red_in_time(rng.standard_normal((months.size, TEXTURES)), TEXTURE_MEMORY)
    lake = red_in_time(rng.standard_normal((months.size, 1)), LAKE_MEMORY)[:, 0]
    # Glaciers are heaviest in the middle of May.
    season = np.cos(2 * np.pi * (months.astype(int) % 12 - 4) / 12)
    courses = {
        "cone": years,
        "glaciers": MELT_CM_YEAR * years + MELT_SEASON_CM * season,
        "lake": LAKE_CM_YEAR * years + LAKE_CM * lake,
        **{f"texture{k}": red[:, k] for k in range(TEXTURES)},
    }
    window = baseline_mask(months, DEFAULT_BASELINE)
    return {name: course - course[window].mean() for name, course in courses.items()}


def cell_means(values, areas):
    """Area-weighted means (time, y, x) of FACTOR x FACTOR cells, whose ``areas`` are by row."""
    weights = areas.reshape(-1, FACTOR)
    weights = weights / weights.sum(axis=1, keepdims=True)
    shape = (values.shape[0], weights.shape[0], FACTOR, -1, FACTOR)
    return np.einsum("trixj,ri->trx", values.reshape(shape), weights) / FACTOR


def spread(coarse):
    """Each 0.5 degree value (time, y, x) repeated in its fine cells."""
    return np.repeat(np.repeat(coarse, FACTOR, 1), FACTOR, 2)


def coarse_locals():
    """Mean of each pattern in the 0.5 degree cells, (y, x) by name."""
    areas = whole_grid().cell_areas()[:, 0]
    return {name: cell_means(p[None], areas)[0] for name, p in _patterns().items()}
