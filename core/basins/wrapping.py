"""Rings in longitude and latitude that jump where the date line cut them."""

import numpy as np


def unwrap_parts(parts):
    """Parts of a polygon with rings that run on where they jump between ±180°.

    For rings whose longitudes come out of a projection between −180° and 180°:
    a step of more than half a turn is one across the date line. An exterior that
    goes once around a pole is closed over that pole (the one of its hemisphere),
    and holes are put on the turn of their exterior. Not for rings drawn by hand
    in degrees: there an edge from −180° to 180° may be meant.

    Parameters
    ----------
    parts : sequence of (exterior, holes)
        Rings (n, 2) of longitude and latitude in degrees, densified.

    Returns
    -------
    list of (exterior, holes)
        Longitudes of an exterior span at most 360° and may leave −180…180.

    """
    return [_unwrap_part(exterior, holes) for exterior, holes in parts]


def _unwrap_part(exterior, holes):
    exterior = _unwrap(exterior)
    west = exterior[:, 0].min()
    placed = []
    for hole in holes:
        ring = _unwrap(hole)
        # Rounding may put a hole that touches the exterior just west of it.
        turns = np.ceil((west - ring[:, 0].min()) / 360.0 - 1e-9)
        placed.append(ring + np.array([360.0 * turns, 0.0]))
    return exterior, placed


def _unwrap(ring):
    ring = np.asarray(ring, dtype=np.float64)
    if (ring[0] != ring[-1]).any():
        ring = np.vstack([ring, ring[:1]])
    turns = np.concatenate([[0.0], np.cumsum(np.round(np.diff(ring[:, 0]) / 360.0))])
    ring = ring - np.column_stack([360.0 * turns, np.zeros(turns.size)])
    if turns[-1] == 0:
        return ring
    pole = np.copysign(90.0, ring[:, 1].mean())
    return np.vstack([ring, [[ring[-1, 0], pole], [ring[0, 0], pole]]])
