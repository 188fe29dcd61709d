"""Exact areas of polygons whose edges are straight in the map's coordinates."""

import numpy as np

from ..data.grid import EARTH_RADIUS_KM
from .coverage import ring_edges


def ring_area_km2(rings):
    """Area on the sphere of a polygon given in longitude and latitude.

    Edges are straight in longitude and latitude (plate carrée), as a grid of
    such cells sees them, not great circles. With ∫∫ cos φ dφ dλ = −∮ sin φ dλ,

        A = −R² Σ Δλ · mean(sin φ),
        mean(sin φ) = −(cos φ₂ − cos φ₁)/(φ₂ − φ₁) = sin φ_m · sin(δ)/δ,

    φ_m the edge's middle latitude and δ half its latitude difference. The
    second form is the first by cos φ₁ − cos φ₂ = 2 sin φ_m sin δ and needs no
    special case for φ₁ ≈ φ₂. R = 6371 km.

    The sum of covered fraction × spherical cell area agrees with this up to the
    change of cos φ inside the cells that an outline cuts.

    Parameters
    ----------
    rings : sequence of (n, 2) arrays
        Longitude and latitude in degrees, oriented as by `orient_rings`.

    Returns
    -------
    float
        km²; positive for counter-clockwise exteriors.

    Raises
    ------
    DataError
        A ring is unusable.

    """
    x1, y1, x2, y2 = ring_edges(rings)
    if x1.size == 0:
        return 0.0
    half = np.radians(y2 - y1) / 2
    mean_sine = np.sin(np.radians(y1 + y2) / 2) * np.sinc(half / np.pi)
    # A constant adds nothing round a closed ring, but removing it keeps the
    # digits of small polygons.
    mean_sine -= np.sin(np.radians(y1[0]))
    return float(-(EARTH_RADIUS_KM**2) * np.sum(np.radians(x2 - x1) * mean_sine))


def planar_area_km2(rings, metres_per_unit=1.0):
    """Area in the plane of a polygon in a projected CRS: the shoelace sum.

    Parameters
    ----------
    rings : sequence of (n, 2) arrays
        x, y in units of a projected CRS, oriented as by `orient_rings`.
    metres_per_unit : float
        1 for metres, 0.3048 for feet.

    Returns
    -------
    float
        km²; positive for counter-clockwise exteriors.

    Raises
    ------
    DataError
        A ring is unusable.

    """
    x1, y1, x2, y2 = ring_edges(rings)
    if x1.size == 0:
        return 0.0
    middle = (y1 + y2) / 2 - y1[0]
    return float(-np.sum((x2 - x1) * middle) * (metres_per_unit / 1000.0) ** 2)
