"""Area shares of polygons, on the sphere."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.coverage import covered_fraction, orient_rings
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.masks.outlines import Outlines, outline_fraction, touching_groups
from hypothesis import given, settings
from hypothesis import strategies as st

R = 6371.0


def box(west, south, east, north):
    ring = [(west, south), (east, south), (east, north), (west, north)]
    return orient_rings([(np.array(ring, float), [])])


def sphere_area(rings):
    """km² inside rings whose edges are straight in longitude and latitude.

    ∮ sin φ dλ, with the mean of sin φ over an edge on which φ runs evenly:
    (cos φ1 − cos φ2) / (φ2 − φ1).
    """
    total = 0.0
    for ring in rings:
        lam, phi = np.radians(np.asarray(ring, float)).T
        nxt_l, nxt_p = np.roll(lam, -1), np.roll(phi, -1)
        dphi = nxt_p - phi
        flat = np.abs(dphi) < 1e-12
        mean = np.where(flat, np.sin(phi), (np.cos(phi) - np.cos(nxt_p)) / np.where(flat, 1, dphi))
        total -= np.sum((nxt_l - lam) * mean)
    return R**2 * total


def covered_area(cover, grid):
    return float((cover * grid.cell_areas()).sum())


def test_half_a_cell_east_is_half_and_north_is_less():
    grid = Grid(0, 62, 2, 2, 1, 1)
    assert outline_fraction(box(1, 60, 2, 62), grid)[0, 0] == pytest.approx(0.5, abs=1e-12)
    sine = np.sin(np.radians([60, 61, 62]))
    share = outline_fraction(box(0, 61, 2, 62), grid)[0, 0]
    assert share == pytest.approx((sine[2] - sine[1]) / (sine[2] - sine[0]), abs=1e-12)
    assert 0.492 < share < 0.4922  # the northern half of a cell is smaller, by tan 61° · 0.5°
    # Half of the square degrees, as the basins' coverage has it.
    assert covered_fraction(box(0, 61, 2, 62), grid)[2] == pytest.approx(0.5)


def test_projected_grids_are_planar():
    grid = Grid(0, 20, 10, 10, 2, 2, "EPSG:32645")
    np.testing.assert_allclose(outline_fraction(box(5, 5, 20, 20), grid), [[0.5, 1], [0.25, 0.5]])


def test_whole_globe_with_poles_and_other_turns():
    grid = Grid(-180, 90, 30, 30, 12, 6)
    assert covered_area(outline_fraction(box(-180, -90, 180, 90), grid), grid) == pytest.approx(
        4 * np.pi * R**2, rel=1e-12
    )
    across = outline_fraction(box(165, 0, 195, 15), grid)
    assert np.nonzero(across.sum(axis=0))[0].tolist() == [0, 11]
    assert covered_area(across, grid) == pytest.approx(sphere_area(box(165, 0, 195, 15)))
    # Latitudes a hair beyond the pole, as some products write them.
    cap = outline_fraction(box(-180, -90.00001, 180, -60), grid)
    np.testing.assert_allclose(cap[-1], 1, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-7, 7), st.floats(40, 84)), min_size=3, max_size=3, unique=True),
    st.sampled_from([0.5, 1.0, 3.0, 7.5]),
)
def test_area_of_any_triangle(points, step):
    rings = orient_rings([(np.array(points), [])])
    exact = sphere_area(rings)
    nx, ny = round(15 / step), round(45 / step)
    grid = Grid(-7.5, 85, step, step, nx, ny)
    cover = outline_fraction(rings, grid)
    assert cover.min() >= 0 and cover.max() <= 1
    # Per cell 1e-6 tan φ, tan 85° = 11.4; slivers below 1e-10 of a cell are left out.
    touched = (cover > 0) @ np.ones(nx) @ (grid.cell_areas()[:, 0])
    assert covered_area(cover, grid) == pytest.approx(exact, abs=1.2e-5 * touched + 1e-3)


def test_windows_give_what_the_whole_gives():
    rings = orient_rings([(np.array([(-3.0, 50), (8, 52.3), (4, 71)]), [])])
    grid = Grid(-5, 75, 1.5, 1.5, 12, 20)
    whole = outline_fraction(rings, grid)
    for row, col, ny, nx in [(0, 0, 7, 5), (7, 5, 13, 7), (3, 2, 1, 1)]:
        part = outline_fraction(rings, grid.window(row, col, ny, nx))
        np.testing.assert_allclose(part, whole[row : row + ny, col : col + nx], atol=2e-5)


def many_boxes(count=300, seed=1):
    """Boxes that do not overlap: each lies in a cell of 2° of its own."""
    rng = np.random.default_rng(seed)
    cell = rng.permutation(30 * 30)[:count]
    west, south = -30 + 2 * (cell % 30), -30 + 2 * (cell // 30)
    low, high = rng.uniform(0, 0.9, (2, count)), rng.uniform(1, 2, (2, count))
    return np.column_stack([west + low[0], south + low[1], west + high[0], south + high[1]])


def test_outlines_by_pieces_are_those_at_once():
    boxes = many_boxes()
    rings = [box(*b) for b in boxes]
    asked = []

    def fetch(index):
        asked.append(len(index))
        return [ring for i in index for ring in rings[i]]

    grid = Grid(-31, 33, 1.7, 1.3, 40, 50)
    vertices = np.full(len(boxes), 4)
    pieces = Outlines(boxes, vertices, fetch, limit=100).fraction(grid)
    assert len(asked) > 10 and max(asked) <= 25
    asked.clear()
    whole = Outlines(boxes, vertices, fetch).fraction(grid)
    assert asked == [300]
    np.testing.assert_allclose(pieces, whole, atol=2e-5)
    assert covered_area(whole, grid) == pytest.approx(sum(sphere_area(r) for r in rings), rel=1e-6)


def test_large_polygons_are_not_halved_for_ever():
    rings = [box(-170, -80, 170, 0), box(-170, 0, 170, 80)]
    asked = []

    def fetch(index):
        asked.append(len(index))
        return [ring for i in index for ring in rings[i]]

    boxes = [(-170, -80, 170, 0), (-170, 0, 170, 80)]
    grid = Grid(-180, 90, 1, 1, 360, 180)
    cover = Outlines(boxes, [5000, 5000], fetch, limit=10).fraction(grid)
    assert len(asked) <= 4
    assert covered_area(cover, grid) == pytest.approx(sum(map(sphere_area, rings)), rel=1e-9)


def test_outlines_near_a_window_in_any_turn():
    outlines = Outlines([(190, 0, 200, 5), (10, 0, 20, 5), (-175, 40, -170, 45)], [4] * 3, None)
    assert outlines.near(Grid(-175, 10, 1, 1, 10, 10)).tolist() == [0]
    assert outlines.near(Grid(0, 10, 1, 1, 200, 10)).tolist() == [0, 1]
    assert outlines.near(Grid(180, 60, 1, 1, 20, 60)).tolist() == [0, 2]
    flat = Outlines([(190, 0, 200, 5)], [4], None)
    assert flat.near(Grid(-175, 10, 1, 1, 10, 10, "EPSG:32645")).size == 0


@pytest.mark.parametrize("count", [1, 2, 30, 200])
def test_groups_of_boxes_beside_a_graph(count):
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng(count)
    # Whole numbers, so that many boxes meet in a side or a corner only.
    low = rng.integers(0, 40, (count, 2))
    boxes = np.hstack([low, low + rng.integers(0, 4, (count, 2))])
    a, b = boxes[:, None], boxes[None]
    meet = (a[..., :2] <= b[..., 2:]).all(axis=2) & (b[..., :2] <= a[..., 2:]).all(axis=2)
    number, labels = connected_components(meet)
    groups = touching_groups(boxes)
    assert len(groups) == number
    assert sorted(i for group in groups for i in group) == list(range(count))
    assert all(len(set(labels[group])) == 1 for group in groups)
