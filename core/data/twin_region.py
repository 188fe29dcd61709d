"""The invented region of the synthetic twin: grids, sea, basins, imposed trends.

Nothing here depends on the seed. The region lies where the real Earth has only
the North Atlantic, so that nobody takes its numbers for those of a real basin,
and west of Greenwich, so that product files (0-360) need turning to -180...180.
"""

from functools import cache

import numpy as np

from ..basins.coverage import covered_fraction, orient_rings
from .grid import EARTH_RADIUS_KM, Grid

#: Fine (truth and land model) and product (satellite) grids over one extent:
#: the 12 by 10 degrees of the basins and a margin for the smoothing.
FINE_GRID = Grid(-47.0, 50.0, 0.5, 0.5, 44, 36)
PRODUCT_GRID = Grid(-47.0, 50.0, 1.0, 1.0, 22, 18)

#: Nodes of the basin outlines, degrees east of 42 W and north of 36 N.
_NODES = {
    "C1": (0.3, 9.7), "C2": (0.5, 6.9), "C3": (1.1, 4.6), "C4": (2.7, 2.5), "C5": (4.2, 0.3),
    "N1": (4.3, 9.9), "N3": (11.7, 9.6), "E1": (11.7, 6.8), "E2": (11.9, 3.3), "E3": (11.5, 0.3),
    "A": (4.1, 6.9), "B": (8.1, 6.5), "D": (4.9, 3.5), "F": (7.4, 2.7), "S1": (7.9, 0.2),
    "K1": (8.0, 3.7), "K2": (8.5, 2.6), "K3": (9.9, 2.3), "K4": (11.1, 3.0), "K5": (11.1, 4.5),
    "K6": (10.0, 5.3), "K7": (8.5, 5.0),
}  # fmt: skip
_HOLE = "K1 K2 K3 K4 K5 K6 K7"
_OUTLINES = {
    "Arvane": ("C2 A N1 C1",),
    "Belmor": ("A B E1 N3 N1",),
    "Drusk": ("C3 C4 D A C2",),
    "Elmara": ("A D F S1 E3 E2 E1 B", _HOLE),
    "Kessin": (_HOLE,),
    "Sorrel": ("C4 C5 S1 F D",),
}
#: The coast, south to north; west of it is sea.
_COAST = np.array([(6.5, -6), (3.0, 0.3), (1.6, 2.2), (-0.2, 4.4), (-0.8, 7.0), (-1.2, 16)])
_ORIGIN = np.array([-42.0, 36.0])

#: Imposed linear groundwater trend of each basin before the pumping, cm/yr.
_BASE_TREND = {
    "Arvane": 0.0,
    "Belmor": 0.9,
    "Drusk": -0.1,
    "Elmara": -0.8,
    "Kessin": 0.0,
    "Sorrel": -0.5,
}
#: Pumping in Elmara: lon, lat, radius km, cm/yr at the centre.
_PUMPING = ((-35.7, 41.2, 130.0, -1.4), (-31.6, 37.7, 120.0, -1.2))


@cache
def _basin_rings():
    basins = {}
    for name, (outer, *holes) in _OUTLINES.items():
        parts = [(_outline(outer), [_outline(h) for h in holes])]
        basins[name] = tuple(orient_rings(parts))
    return basins


def basin_rings():
    """The basins: name -> list of (n, 2) rings of longitude and latitude.

    Exteriors run counter-clockwise, holes clockwise. Neighbours share their
    edges vertex by vertex; Kessin fills the hole of Elmara.
    """
    return {name: [ring.copy() for ring in rings] for name, rings in _basin_rings().items()}


def land_mask(grid=FINE_GRID):
    """True where the cell's centre lies east of the coast, shape (ny, nx)."""
    coast = _ORIGIN[0] + np.interp(grid.y, _ORIGIN[1] + _COAST[:, 1], _COAST[:, 0])
    return grid.x[None, :] > coast[:, None]


@cache
def _weights(name, grid):
    weights = np.zeros(grid.shape)
    rows, cols, fraction = covered_fraction(_basin_rings()[name], grid)
    weights[rows, cols] = fraction * grid.cell_areas()[rows, cols]
    return weights


def basin_weights(name, grid):
    """Covered fraction x spherical cell area of a basin, km2, shape (ny, nx)."""
    return _weights(name, grid).copy()


def imposed_trend():
    """The exact linear groundwater trend on the fine grid, cm/yr, shape (ny, nx).

    A rate per basin (aquifers end at their divides: the rate of a cell on a
    divide is mixed by covered area), modulated smoothly by up to 30 %, and
    Gaussian pumping areas inside Elmara. Zero outside the basins.
    """
    grid = FINE_GRID
    lon, lat = np.meshgrid(grid.x, grid.y)
    pattern = 1 + 0.3 * np.sin(np.radians(45 * (lon - lat))) * np.cos(np.radians(35 * lat))
    area = grid.cell_areas()
    share = {name: _weights(name, grid) / area for name in _BASE_TREND}
    trend = sum(rate * share[name] for name, rate in _BASE_TREND.items()) * pattern
    for west, north, radius, rate in _PUMPING:
        distance = distance_km(lon, lat, west, north)
        trend = trend + rate * np.exp(-0.5 * (distance / radius) ** 2) * share["Elmara"]
    return np.where(land_mask(grid), trend, 0.0)


def distance_km(lon1, lat1, lon2, lat2):
    """Great-circle distance in km of points in degrees (haversine form)."""
    lon1, lat1, lon2, lat2 = (np.radians(v) for v in (lon1, lat1, lon2, lat2))
    a = np.sin((lat2 - lat1) / 2) ** 2
    a = a + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(a, 0, 1)))


def _outline(nodes):
    """A ring through the named nodes with wavy edges."""
    names = nodes.split()
    pairs = zip(names, names[1:] + names[:1])
    return np.concatenate([_wavy_edge(a, b)[:-1] for a, b in pairs])


def _wavy_edge(a, b):
    """Nine points from node a to node b, the same points in both directions."""
    if a > b:
        return _wavy_edge(b, a)[::-1]
    start, end = np.array(_NODES[a]), np.array(_NODES[b])
    s = np.linspace(0, 1, 9)[:, None]
    phase = 5.3 * start[0] + 2.1 * end[1]
    sway = 0.13 * np.sin(np.pi * s) * (np.sin(2 * np.pi * s + phase) + np.sin(5 * np.pi * s))
    along = end - start
    across = np.array([-along[1], along[0]]) / np.hypot(*along)
    points = start + s * along + sway * across
    points[[0, -1]] = start, end
    return points + _ORIGIN
