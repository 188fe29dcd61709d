"""The twin's truth on 0.1 degree: the 0.5 degree truth plus patterns that cancel in each cell.

Fine values average, weighted by area, to the 0.5 degree truth exactly, so nothing of
the twin changes. Inside a cell they hold an interpolation of the coarse field, a
pumping cone that ends at a step, glaciers, a lake, and texture.
"""

from dataclasses import dataclass

import numpy as np

from ..basins.area import ring_area_km2
from ..basins.coverage import covered_fraction, orient_rings
from ..errors import ParameterError
from .grid import Grid
from .months import DEFAULT_BASELINE, baseline_mask
from .sample import NOTE
from .stack import StackInfo, stack_writer
from .twin import COMPONENTS, extra_stream
from .twin_fields import red_in_time, smooth_noise
from .twin_region import distance_km

#: Fine cells along the side of a 0.5 degree cell.
FACTOR = 5
#: Row, column, rows, columns of the 0.5 degree grid by size.
SIZES = {"small": (4, 14, 16, 16), "standard": (0, 0, 36, 44)}
#: Pumping cone: lon, lat, radius km, cm/yr at the centre and just inside its edge.
CONE = (-35.7, 41.2, 60.0, -4.0, -1.6)
#: Glaciers: lon, lat, half axes in degrees; they lose this much, cm/yr over their area.
GLACIERS = ((-34.7, 47.1, 0.35, 0.14), (-34.1, 46.7, 0.2, 0.1), (-35.4, 46.8, 0.12, 0.08))
MELT_CM_YEAR, MELT_SEASON_CM = -60.0, 25.0
#: The lake: lon, lat, half axes in degrees; trend in cm/yr and red variation in cm.
LAKE = (-38.4, 44.2, 0.45, 0.17)
LAKE_CM_YEAR, LAKE_CM, LAKE_MEMORY = -9.0, 25.0, 0.93
#: Texture of groundwater: number of patterns, length in km, cm, lag-1.
TEXTURES, TEXTURE_KM, TEXTURE_CM, TEXTURE_MEMORY = 6, 20.0, 1.0, 0.9
#: 0.5 degree rows written at once: 80 fine rows are whole tiles of 16.
BLOCK_ROWS = 16


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


class FineTruth:
    """Fine truth of a twin: ``grid``, ``trend`` (y, x), and `block` for the rest.

    ``size`` is ``small`` (8 by 8 degrees, 80 x 80 cells) or ``standard`` (the whole
    region, 180 x 220 cells), both over all months; what they share is equal.
    Raises `ParameterError` for another size.
    """

    def __init__(self, twin, size="small"):
        if size not in SIZES:
            raise ParameterError(f"one of {', '.join(SIZES)} is expected", repr(size), "SIZE")
        self.twin, self.window = twin, SIZES[size]
        row, col, ny, nx = self.window
        coarse = twin.grid
        step = coarse.dx / FACTOR
        whole = Grid(coarse.x0, coarse.y0, step, step, coarse.nx * FACTOR, coarse.ny * FACTOR)
        self.grid = whole.window(row * FACTOR, col * FACTOR, ny * FACTOR, nx * FACTOR)
        self._areas = whole.cell_areas()[:, 0]
        self._rows = _between(coarse.ny)
        self._cols = _between(coarse.nx)[col * FACTOR : (col + nx) * FACTOR]
        land = np.repeat(np.repeat(twin.land, FACTOR, 0), FACTOR, 1)
        lon, lat = np.meshgrid(whole.x, whole.y)
        self._land = land
        self._own = _patterns(twin, whole, lon, lat)
        self._inside = slice(col * FACTOR, (col + nx) * FACTOR)
        years = twin.months.astype(int) / 12.0
        years = years - years[baseline_mask(twin.months, DEFAULT_BASELINE)].mean()
        self._courses = _courses(twin, years)
        self.trend = self._refine(twin.imposed_trend[None], row, ny)[0]
        self.trend = self.trend + self._cancelled(self._own["cone"], row, ny)

    def block(self, name, row, ny):
        """``tws`` or ``groundwater`` (time, y, x) in cm of ``ny`` coarse rows from ``row``.

        Rows count from the top of the window.
        """
        row = row + self.window[0]
        parts = ["cone", *(f"texture{k}" for k in range(TEXTURES))]
        if name == "tws":
            parts += ["glaciers", "lake"]
        coarse = sum(getattr(self.twin, c) for c in COMPONENTS) if name == "tws" else None
        coarse = self.twin.groundwater if coarse is None else coarse
        out = self._refine(coarse, row, ny)
        for part in parts:
            pattern = self._cancelled(self._own[part], row, ny)
            out += self._courses[part][:, None, None] * pattern
        return out

    def _refine(self, coarse, row, ny):
        """Interpolate between centres, then give each cell its coarse mean back."""
        fine = slice(row * FACTOR, (row + ny) * FACTOR)
        smooth = self._rows[fine] @ coarse @ self._cols.T
        held = coarse[:, row : row + ny, self.window[1] : self.window[1] + self.window[3]]
        smooth -= self._spread(self._means(smooth, fine) - held)
        return np.where(self._land[fine, self._inside], smooth, 0.0)

    def _cancelled(self, pattern, row, ny):
        """A pattern (y, x) of the whole region minus its mean in each coarse cell."""
        fine = slice(row * FACTOR, (row + ny) * FACTOR)
        values = pattern[None, fine, self._inside]
        values = values - self._spread(self._means(values, fine))
        return np.where(self._land[fine, self._inside], values, 0.0)[0]

    def _means(self, values, fine):
        weights = self._areas[fine].reshape(-1, FACTOR)
        weights = weights / weights.sum(axis=1, keepdims=True)
        shape = (values.shape[0], weights.shape[0], FACTOR, -1, FACTOR)
        return np.einsum("trixj,ri->trx", values.reshape(shape), weights) / FACTOR

    def _spread(self, coarse):
        return np.repeat(np.repeat(coarse, FACTOR, 1), FACTOR, 2)


def write_fine(truth, name, label, path):
    """Write ``tws`` or ``groundwater`` of a `FineTruth` as a stack in cm, in blocks of rows."""
    info = StackInfo(
        truth.grid, truth.twin.months, "cm", f"{label} (synthetic truth)", DEFAULT_BASELINE, (NOTE,)
    )
    with stack_writer(path, info, tile_rows=16) as writer:
        for row in range(0, truth.window[2], BLOCK_ROWS):
            ny = min(BLOCK_ROWS, truth.window[2] - row)
            writer.write(truth.block(name, row, ny), row * FACTOR)


def write_fine_trend(truth, label, path):
    """Write the exact linear part of fine groundwater, cm/yr, one band."""
    from .rasterfile import RasterWriter

    tags = {"units": "cm yr-1", "long_name": f"{label} (synthetic truth)", "history": NOTE}
    with RasterWriter(path, truth.grid, [label], units="cm yr-1", tags=tags) as writer:
        writer.write(truth.trend[None])


def _between(count):
    """Weights (fine, coarse) of linear interpolation between centres, constant at the ends."""
    place = (np.arange(count * FACTOR) + 0.5) / FACTOR - 0.5
    return np.stack([np.interp(place, np.arange(count), unit) for unit in np.eye(count)], axis=1)


def _patterns(twin, grid, lon, lat):
    """Patterns (y, x) by name, before they are made to cancel in each cell."""
    east, north, radius, centre, edge = CONE
    far = distance_km(lon, lat, east, north) / radius
    found = {"cone": np.where(far < 1, centre + (edge - centre) * far, 0.0)}
    for name, shapes in zip(("glaciers", "lake"), outlines()):
        share = np.zeros(grid.shape)
        for shape in shapes:
            rows, cols, fraction = covered_fraction(shape.rings, grid)
            share[rows, cols] += fraction
        found[name] = share
    texture = smooth_noise(extra_stream(twin.seed, "fine"), TEXTURES, TEXTURE_KM, grid)
    for k, field in enumerate(texture):
        found[f"texture{k}"] = TEXTURE_CM / np.sqrt(TEXTURES) * field
    return found


def _courses(twin, years):
    """What each pattern is multiplied with, (time,), mean 0 over 2004-2009."""
    rng = extra_stream(twin.seed, "fine courses")
    red = red_in_time(rng.standard_normal((twin.months.size, TEXTURES)), TEXTURE_MEMORY)
    lake = red_in_time(rng.standard_normal((twin.months.size, 1)), LAKE_MEMORY)[:, 0]
    # Glaciers are heaviest in the middle of May.
    season = np.cos(2 * np.pi * (twin.months.astype(int) % 12 - 4) / 12)
    courses = {
        "cone": years,
        "glaciers": MELT_CM_YEAR * years + MELT_SEASON_CM * season,
        "lake": LAKE_CM_YEAR * years + LAKE_CM * lake,
        **{f"texture{k}": red[:, k] for k in range(TEXTURES)},
    }
    window = baseline_mask(twin.months, DEFAULT_BASELINE)
    return {name: course - course[window].mean() for name, course in courses.items()}
