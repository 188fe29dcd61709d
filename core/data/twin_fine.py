"""The twin's truth on 0.1 degree: the 0.5 degree truth plus patterns that cancel in each cell.

Fine values average, weighted by area, to the 0.5 degree truth exactly, so nothing of
the twin changes. Inside a cell they hold an interpolation of the coarse field, a
pumping cone that ends at a step, glaciers and a lake; a part that follows from the
land and from local rain, which predictors show; and texture that nothing shows.
"""

import numpy as np

from ..errors import ParameterError
from .months import DEFAULT_BASELINE, baseline_mask
from .sample import NOTE
from .stack import StackInfo, stack_writer
from .twin_fields import red_in_time, smooth_noise
from .twin_land import link_patterns
from .twin_local import (
    FACTOR,
    GROUND,
    SURFACE,
    TEXTURES,
    cell_means,
    coarse_locals,
    local_courses,
    local_patterns,
    spread,
    whole_grid,
    years_from_baseline,
)
from .twin_streams import extra_stream

#: Row, column, rows, columns of the 0.5 degree grid by size.
SIZES = {"small": (4, 14, 16, 16), "standard": (0, 0, 36, 44)}
#: Texture of groundwater: length in km, cm.
TEXTURE_KM, TEXTURE_CM = 20.0, 1.0
#: Local rain: number of patterns, length in km, cm a month together.
RAINS, RAIN_KM, RAIN_CM = 24, 25.0, 0.8
#: Share of local rain that is stored, and of that store what is left after a month.
RAIN_KEPT, RAIN_MEMORY = 0.5, 0.85
#: 0.5 degree rows written at once: 80 fine rows are whole tiles of 16.
BLOCK_ROWS = 16
_TEXTURES = tuple(f"texture{k}" for k in range(TEXTURES))
_RAINS = tuple(f"rain{k}" for k in range(RAINS))


class FineTruth:
    """Fine truth of a twin: ``grid``, ``trend`` (y, x), and `block` for the rest.

    ``size`` is ``small`` (8 by 8 degrees, 80 x 80 cells) or ``standard`` (the whole
    region, 180 x 220 cells), both over all months; what they share is equal.
    ``trend`` is the exact linear part of groundwater, cm/yr. Raises `ParameterError`
    for another size.
    """

    #: Cells along the side of one of 0.5 degree.
    factor = FACTOR

    def __init__(self, twin, size="small"):
        if size not in SIZES:
            raise ParameterError(f"one of {', '.join(SIZES)} is expected", repr(size), "SIZE")
        self.twin, self.window = twin, SIZES[size]
        row, col, ny, nx = self.window
        whole = self.whole = whole_grid()
        self.grid = whole.window(row * FACTOR, col * FACTOR, ny * FACTOR, nx * FACTOR)
        self._areas = whole.cell_areas()[:, 0]
        self._rows = _between(twin.grid.ny)
        self._cols = _between(twin.grid.nx)[col * FACTOR : (col + nx) * FACTOR]
        self._land = np.repeat(np.repeat(twin.land, FACTOR, 0), FACTOR, 1)
        self.inside = slice(col * FACTOR, (col + nx) * FACTOR)
        self.columns = slice(col, col + nx)
        self._own = {**local_patterns(), **link_patterns(), **_textures(twin, whole)}
        self._courses = {**local_courses(twin.seed, twin.months), **_rain_courses(twin)}
        self.years = years_from_baseline(twin.months)
        # Where the 0.5 degree truth holds the cone, its pattern puts it in.
        kept = coarse_locals()["cone"] if twin.local == "kept" else 0.0
        slow = twin.groundwater - twin.imposed_trend * self.years[:, None, None]
        self._coarse = {
            "ground": slow,
            "soil": twin.soil_moisture,
            "snow": twin.snow,
            "canopy": twin.canopy,
        }
        self.trend = self.refine((twin.imposed_trend - kept)[None], row, ny)[0]
        for name in (*GROUND, "pump"):
            self.trend = self.trend + self.pattern(name, row, ny)

    def land(self, row, ny):
        """True over land (y, x) of ``ny`` 0.5 degree rows from ``row`` of the region."""
        return self._land[row * FACTOR : (row + ny) * FACTOR, self.inside]

    def latitudes(self, row, ny):
        """Latitudes (y,) of the centres of these rows of the region."""
        top = (row - self.window[0]) * FACTOR
        return self.grid.y[top : top + ny * FACTOR]

    def window_of(self, field, row, ny):
        """The part (y, x) of a field of the whole region in these rows of the region."""
        return field[..., row * FACTOR : (row + ny) * FACTOR, self.inside]

    def of_map(self, maps, name):
        """A map of those by name on the whole region, (y, x) on the cells of the window."""
        return self.window_of(maps[name], self.window[0], self.window[2])

    def block(self, name, row, ny):
        """``tws`` or ``groundwater`` (time, y, x) in cm of ``ny`` coarse rows from ``row``.

        Rows count from the top of the window.
        """
        row = row + self.window[0]
        out = self.unseen(row, ny) + self.recharge(row, ny)
        out += self.years[:, None, None] * self.rate(row, ny)
        if name == "tws":
            out += self.visible(row, ny) + self.rain_store(row, ny) + self.surface(row, ny)
        return out

    def visible(self, row, ny):
        """Soil moisture, snow and canopy (time, y, x) as anomalies, without local rain."""
        rest = self._coarse["snow"] + self._coarse["canopy"]
        return self.soil(row, ny) + self.refine(rest, row, ny) + self._linked("snow", row, ny)

    def soil(self, row, ny):
        """Soil moisture (time, y, x) as an anomaly, without local rain."""
        return self.refine(self._coarse["soil"], row, ny) + self._linked("soil", row, ny)

    def recharge(self, row, ny):
        """Slow groundwater (time, y, x) that fluxes of a land model know: no texture, no link."""
        return self.refine(self._coarse["ground"], row, ny)

    def unseen(self, row, ny):
        """Texture, and groundwater that varies with the land: no flux at the surface knows it."""
        return self._sum(_TEXTURES, row, ny) + self._linked("ground", row, ny)

    def rate(self, row, ny):
        """The exact linear part of groundwater (y, x), cm/yr, of these rows of the region."""
        top = (row - self.window[0]) * FACTOR
        return self.trend[top : top + ny * FACTOR]

    def surface(self, row, ny, names=SURFACE):
        """Glaciers and lake (time, y, x), or one of them, cm."""
        return self._sum(names, row, ny)

    def rain_store(self, row, ny):
        """Storage from local rain (time, y, x), cm."""
        return self._sum(_RAINS, row, ny)

    def local_rain(self, row, ny):
        """Local rain (time, y, x), cm a month, mean 0 in each 0.5 degree cell."""
        return self._sum(_RAINS, row, ny, "fall of ")

    def linked(self, name, coarse, row, ny):
        """A 0.5 degree field times a linked pattern: it varies more here, less there."""
        held = coarse[:, row : row + ny, self.columns]
        return spread(held) * self.pattern(name, row, ny)

    def interpolate(self, coarse, row, ny):
        """A 0.5 degree field of the region (time, y, x), linear between centres."""
        return self._rows[row * FACTOR : (row + ny) * FACTOR] @ coarse @ self._cols.T

    def refine(self, coarse, row, ny):
        """Interpolate (time, y, x) between centres, then give each cell its mean back."""
        fine = slice(row * FACTOR, (row + ny) * FACTOR)
        smooth = self.interpolate(coarse, row, ny)
        held = coarse[:, row : row + ny, self.columns]
        smooth -= spread(cell_means(smooth, self._areas[fine]) - held)
        return np.where(self._land[fine, self.inside], smooth, 0.0)

    def pattern(self, name, row, ny):
        """A pattern (y, x), minus its mean in each coarse cell unless that is kept."""
        fine = slice(row * FACTOR, (row + ny) * FACTOR)
        values = self._own[name][None, fine, self.inside]
        if not (self.twin.local == "kept" and name in (*GROUND, *SURFACE)):
            values = values - spread(cell_means(values, self._areas[fine]))
        return np.where(self._land[fine, self.inside], values, 0.0)[0]

    def _linked(self, name, row, ny):
        return self.linked(name, self._coarse[name], row, ny)

    def _sum(self, names, row, ny, prefix=""):
        patterns = np.stack([self.pattern(n, row, ny) for n in names])
        courses = np.stack([self._courses[prefix + n] for n in names])
        return np.einsum("kt,kyx->tyx", courses, patterns)


def row_blocks(truth, rows=BLOCK_ROWS):
    """(first coarse row in the window, number of rows) of the blocks that are written."""
    for row in range(0, truth.window[2], rows):
        yield row, min(rows, truth.window[2] - row)


def write_fine(truth, name, label, path):
    """Write ``tws`` or ``groundwater`` of a `FineTruth` as a stack in cm, in blocks of rows."""
    info = StackInfo(
        truth.grid, truth.twin.months, "cm", f"{label} (synthetic truth)", DEFAULT_BASELINE, (NOTE,)
    )
    with stack_writer(path, info, tile_rows=16) as writer:
        for row, ny in row_blocks(truth):
            writer.write(truth.block(name, row, ny), row * truth.factor)


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


def _textures(twin, grid):
    """Patterns (y, x) of texture and of local rain, by name."""
    found = {}
    for stream, names, km, size in (
        ("fine", _TEXTURES, TEXTURE_KM, TEXTURE_CM),
        ("rain", _RAINS, RAIN_KM, RAIN_CM),
    ):
        fields = smooth_noise(extra_stream(twin.seed, stream), len(names), km, grid)
        found.update({n: size / np.sqrt(len(names)) * f for n, f in zip(names, fields)})
    return found


def _rain_courses(twin):
    """By pattern of local rain: how much falls, and what is stored of it (mean 0 in 2004-2009)."""
    rng = extra_stream(twin.seed, "weather")
    fall = red_in_time(rng.standard_normal((twin.months.size, RAINS)), 0.2)
    store = np.zeros_like(fall)
    for t in range(1, len(fall)):
        store[t] = RAIN_MEMORY * store[t - 1] + RAIN_KEPT * fall[t]
    store -= store[baseline_mask(twin.months, DEFAULT_BASELINE)].mean(axis=0)
    courses = {name: store[:, k] for k, name in enumerate(_RAINS)}
    return {**courses, **{f"fall of {n}": fall[:, k] for k, n in enumerate(_RAINS)}}
