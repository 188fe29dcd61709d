"""Rings that a projection cut at the date line, put together again."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.area import ring_area_km2
from grace_water_toolbox.core.basins.coverage import covered_fraction, orient_rings
from grace_water_toolbox.core.basins.wrapping import unwrap_parts
from grace_water_toolbox.core.data.grid import Grid

GLOBE = Grid(-180.0, 90.0, 10.0, 10.0, 36, 18)


def folded(ring):
    """The ring as a projection gives it back: every longitude in −180…180."""
    ring = np.array(ring, float)
    ring[:, 0] = (ring[:, 0] + 180) % 360 - 180
    return ring


def box(west, south, east, north, steps=20):
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    t = np.arange(steps)[:, None] / steps
    sides = [np.array(a) * (1 - t) + np.array(b) * t for a, b in zip(corners, corners[1:])]
    return np.concatenate([*sides, [corners[0]]])


def test_rings_that_do_not_jump_stay_bit_for_bit():
    ring, hole = box(10.1, -5.2, 30.3, 7.7), box(12, 0, 13, 1)
    [(exterior, (inner,))] = unwrap_parts([(ring, [hole])])
    np.testing.assert_array_equal(exterior, ring)
    np.testing.assert_array_equal(inner, hole)


@pytest.mark.parametrize("west", [170, 160, -185])
def test_a_box_across_the_date_line(west):
    plain = box(west, -10, west + 20, 10)
    [(exterior, _)] = unwrap_parts([(folded(plain), [])])
    assert np.ptp(exterior[:, 0]) == pytest.approx(20)
    assert ring_area_km2(orient_rings([(exterior, [])])) == pytest.approx(
        ring_area_km2(orient_rings([(plain, [])]))
    )


@pytest.mark.parametrize("where", [(172, -5, 176, 5), (178, -5, 182, 5), (184, -5, 188, 5)])
def test_a_hole_lies_on_the_turn_of_its_exterior(where):
    plain = (box(170, -10, 190, 10), [box(*where)])
    parts = unwrap_parts([(folded(plain[0]), [folded(plain[1][0])])])
    for mine, theirs in zip(
        covered_fraction(orient_rings(parts), GLOBE), covered_fraction(orient_rings([plain]), GLOBE)
    ):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize("edge, turn", [(60.0, 1), (60.0, -1), (-60.0, 1), (-60.0, -1)])
def test_a_ring_around_a_pole_is_the_cap(edge, turn):
    ring = folded([(33 + turn * lon, edge) for lon in range(361)])
    rings = orient_rings(unwrap_parts([(ring, [])]))
    cap = 2 * np.pi * 6371.0**2 * (1 - np.sin(np.radians(60)))
    assert ring_area_km2(rings) == pytest.approx(cap, rel=1e-12)
    rows, cols, fraction = covered_fraction(rings, GLOBE)
    assert set(rows.tolist()) == ({0, 1, 2} if edge > 0 else {15, 16, 17})
    assert set(cols.tolist()) == set(range(36)) and rows.size == 108
    np.testing.assert_allclose(fraction, 1)


def test_an_open_ring_is_closed():
    ring = folded(box(170, -10, 190, 10))[:-1]
    [(exterior, _)] = unwrap_parts([(ring, [])])
    np.testing.assert_array_equal(exterior[0], exterior[-1])
