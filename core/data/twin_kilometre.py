"""A window of the twin on 0.01 degree, about 1 km: the 0.1 degree twin plus what cancels in it.

Every field averages, weighted by area, to that of 0.1 degree exactly, so nothing of the
twin changes. Inside a cell of 0.1 degree it holds an interpolation, relief, soil and
stones of 2.5 km, storage that varies with the soil, the sharp edge of the pumping cone,
and texture that nothing shows.
"""

import numpy as np

from .months import DEFAULT_BASELINE, baseline_mask
from .twin_fields import red_in_time, smooth_noise
from .twin_fine import FineTruth
from .twin_local import CONE, FACTOR, TEXTURE_MEMORY, local_patterns
from .twin_region import distance_km
from .twin_streams import extra_stream

#: Row, column, rows, columns of the 0.5 degree grid: 2 by 2 degrees with the west of the cone
#: and two aquifer classes.
WINDOW = (16, 18, 4, 4)
#: Cells of 0.01 degree along the side of one of 0.1 degree.
FINER = 10
#: Number from which the small structure of the land is drawn; no seed of the twin changes it.
_LAND_SEED = 200205
LAND_KM = 2.5
#: One sigma inside a cell: relief in m, share of a soil property, of stones, of irrigation.
RELIEF_M, SOIL_SHARE, STONE_SHARE, IRRIGATED_SHARE = 25.0, 0.12, 0.15, 0.15
#: Storage varies by this share of itself where clay varies by one sigma: soil, groundwater.
#: For each per cent of clay that is what `twin_land` has between cells of 0.1 degree.
SOIL_LINK, GROUND_LINK = 0.10, -0.12
#: Texture of groundwater without a cause: number of patterns, km, cm together.
TEXTURES, TEXTURE_KM, TEXTURE_CM = 3, 3.0, 0.5
#: By map: pattern of the land, how much of it; relief in m, all others in shares of the map.
_MAPS = {
    "dem": ("relief", RELIEF_M), "clay": ("clay", SOIL_SHARE), "cec": ("clay", SOIL_SHARE),
    "soc": ("carbon", SOIL_SHARE), "nitrogen": ("carbon", SOIL_SHARE),
    "cfvo": ("stones", STONE_SHARE), "phh2o": ("carbon", -SOIL_SHARE / 10),
    "irrigation": ("fields", IRRIGATED_SHARE), "population": ("fields", IRRIGATED_SHARE),
}  # fmt: skip
#: What a map can hold; all others are positive.
_LIMITS = {"dem": (-np.inf, np.inf), "cfvo": (0.0, 900.0), "irrigation": (0.0, 100.0),
           "irrigation_groundwater": (0.0, 100.0)}  # fmt: skip
_PATTERNS = ("relief", "clay", "carbon", "stones", "fields")


class KilometreTruth:
    """Truth of a twin on 0.01 degree, 200 x 200 cells; it is used as a `FineTruth` is.

    ``grid``, ``trend`` (y, x) in cm/yr, `block` for the rest; rows are those of 0.5 degree.
    """

    #: Cells along the side of one of 0.5 degree.
    factor = FACTOR * FINER

    def __init__(self, twin):
        self.twin, self.window = twin, WINDOW
        self.base = FineTruth(twin, "standard")
        row, col, ny, nx = WINDOW
        whole = twin.grid.window(row, col, ny, nx)
        self.grid = type(whole)(
            whole.x0, whole.y0, whole.dx / self.factor, whole.dy / self.factor,
            nx * self.factor, ny * self.factor,
        )  # fmt: skip
        self._weights = self.grid.cell_areas()[:, 0].reshape(-1, FINER)
        self._weights = self._weights / self._weights.sum(axis=1, keepdims=True)
        rng = np.random.default_rng(_LAND_SEED)
        land = smooth_noise(rng, len(_PATTERNS), LAND_KM, self.grid)
        self._land = dict(zip(_PATTERNS, self._cancelled(land)))
        rng = extra_stream(twin.seed, "kilometre")
        fields = self._cancelled(smooth_noise(rng, TEXTURES, TEXTURE_KM, self.grid))
        self._textures = TEXTURE_CM / np.sqrt(TEXTURES) * fields
        courses = red_in_time(rng.standard_normal((twin.months.size, TEXTURES)), TEXTURE_MEMORY)
        self._courses = courses - courses[baseline_mask(twin.months, DEFAULT_BASELINE)].mean(axis=0)
        self._edge = self._sharp_cone()
        base = self.base.trend
        linked = GROUND_LINK * self.pattern("clay", row, ny)
        self.trend = self.finer(base, row, ny) + linked * self.held(base, row, ny) + self._edge

    def land(self, row, ny):
        """True over land: everywhere."""
        return np.ones((ny * self.factor, self.grid.nx), bool)

    def latitudes(self, row, ny):
        """Latitudes (y,) of the centres of these rows of the region."""
        return self.grid.y[self._rows(row, ny)]

    def block(self, name, row, ny):
        """``tws`` or ``groundwater`` (time, y, x) in cm of ``ny`` coarse rows from ``row``.

        Rows count from the top of the window.
        """
        row = row + self.window[0]
        clay = self.pattern("clay", row, ny)
        ground = self.margin(lambda r, n: self.base.block("groundwater", r, n), row, ny)
        out = self.refine(ground, row, ny) + GROUND_LINK * clay * self.hold(ground)
        out += self.base.years[:, None, None] * self._edge[self._rows(row, ny)]
        texture = self._textures[:, self._rows(row, ny)]
        out += np.einsum("tk,kyx->tyx", self._courses, texture)
        if name == "tws":
            whole = self.margin(lambda r, n: self.base.block("tws", r, n), row, ny)
            out += self.refine(whole - ground, row, ny) + self.soil_link(row, ny)
        return out

    def soil_link(self, row, ny):
        """Soil moisture (time, y, x) that varies with the clay inside the cells, cm."""
        soil = self.hold(self.margin(self.base.soil, row, ny))
        return SOIL_LINK * self.pattern("clay", row, ny) * soil

    def pattern(self, name, row, ny):
        """Structure of the land (y, x), one sigma 1, mean 0 in each cell of 0.1 degree."""
        return self._land[name][self._rows(row, ny)]

    def of_map(self, maps, name):
        """A map of those by name on the region's 0.1 degree, (y, x) on the cells of the window."""
        row, _, ny, _ = self.window
        held, values = self.held(maps[name], row, ny), self.finer(maps[name], row, ny)
        if name in ("silt", "sand"):
            # What clay gains inside a cell they lose in proportion: together they stay 1000 g/kg.
            clay, silt, sand = (self.held(maps[n], row, ny) for n in ("clay", "silt", "sand"))
            gain = SOIL_SHARE * self.pattern("clay", row, ny) * clay
            return values - gain * held / (silt + sand)
        if name in _MAPS:
            pattern, size = _MAPS[name]
            own = size * self.pattern(pattern, row, ny)
            values = values + (own if name == "dem" else own * held)
        return within(values, held, *_LIMITS.get(name, (0.0, np.inf)))

    def finer(self, field, row, ny):
        """A field (…, y, x) of the region on 0.1 degree, interpolated with its means kept."""
        return self.refine(field[..., self._around(row, ny), self._across()], row, ny)

    def held(self, field, row, ny):
        """The value (…, y, x) of the cell of 0.1 degree around each cell."""
        return self.hold(field[..., self._around(row, ny), self._across()])

    def margin(self, read, row, ny):
        """Field (…, y, x), or a dict of them, on 0.1 degree with one more 0.5 degree around."""
        found = read(row - 1, ny + 2)
        if isinstance(found, dict):
            return {name: values[..., self._across()] for name, values in found.items()}
        return found[..., self._across()]

    def refine(self, values, row, ny):
        """`finer` of a field that has its margin."""
        smooth = _between(ny) @ values @ _between(self.window[3]).T
        excess = self._means(smooth, row) - values[..., FACTOR:-FACTOR, FACTOR:-FACTOR]
        return smooth - _repeated(excess)

    def hold(self, values):
        """`held` of a field that has its margin."""
        return _repeated(values[..., FACTOR:-FACTOR, FACTOR:-FACTOR])

    def _rows(self, row, ny):
        top = (row - self.window[0]) * self.factor
        return slice(top, top + ny * self.factor)

    def _around(self, row, ny):
        """Rows of 0.1 degree of the region, with those of 0.5 degree above and below."""
        return slice((row - 1) * FACTOR, (row + ny + 1) * FACTOR)

    def _across(self):
        return slice((self.window[1] - 1) * FACTOR, (self.window[1] + self.window[3] + 1) * FACTOR)

    def _means(self, values, row):
        """Area-weighted means (…, y, x) over the cells of 0.1 degree; rows from ``row``."""
        ny, top = values.shape[-2] // FINER, (row - self.window[0]) * FACTOR
        weights = self._weights[top : top + ny]
        shape = (*values.shape[:-2], ny, FINER, -1, FINER)
        return np.einsum("...rixj,ri->...rx", values.reshape(shape), weights) / FINER

    def _cancelled(self, fields):
        return fields - _repeated(self._means(fields, self.window[0]))

    def _sharp_cone(self):
        """Cone of 0.01 degree less that of 0.1 degree, interpolated: cm/yr, mean 0 by cell."""
        lon, lat = np.meshgrid(self.grid.x, self.grid.y)
        east, north, radius, centre, edge = CONE
        far = distance_km(lon, lat, east, north) / radius
        sharp = self._cancelled(np.where(far < 1, centre + (edge - centre) * far, 0.0)[None])[0]
        smooth = self.finer(local_patterns()["cone"], self.window[0], self.window[2])
        return sharp - self._cancelled(smooth[None])[0]


def within(values, held, low, high=np.inf):
    """Fields (…, y, x) within limits, each cell of 0.1 degree drawn to its mean ``held``."""
    shape = (*values.shape[:-2], values.shape[-2] // FINER, FINER, -1, FINER)
    blocks, mean = values.reshape(shape), held.reshape(shape)[..., :1, :, :1]
    least, most = blocks.min(axis=(-3, -1), keepdims=True), blocks.max(axis=(-3, -1), keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.where(least < low, (mean - low) / (mean - least), 1.0)
        up = np.where(most > high, (high - mean) / (most - mean), 1.0)
    share = np.clip(np.minimum(down, up), 0.0, 1.0)
    return (mean + share * (blocks - mean)).reshape(values.shape)


def _repeated(values):
    """Each value (…, y, x) of 0.1 degree in its cells of 0.01."""
    return np.repeat(np.repeat(values, FINER, -2), FINER, -1)


def _between(count):
    """Weights (fine, 0.1 degree with margins) of linear interpolation between centres."""
    place = FACTOR + (np.arange(count * FACTOR * FINER) + 0.5) / FINER - 0.5
    cells = (count + 2) * FACTOR
    return np.stack([np.interp(place, np.arange(cells), unit) for unit in np.eye(cells)], axis=1)
