import numpy as np
import pytest
from grace_water_toolbox.core.basins import coverage, edgepieces
from grace_water_toolbox.core.basins.area import (
    planar_area_km2,
    ring_area_km2,
)
from grace_water_toolbox.core.basins.coverage import covered_fraction, orient_rings
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.errors import DataError
from hypothesis import given, settings
from hypothesis import strategies as st

SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])


def dense(rings, grid):
    rows, cols, fraction = covered_fraction(rings, grid)
    out = np.zeros((grid.ny, grid.nx))
    out[rows, cols] = fraction
    assert np.count_nonzero(out) == rows.size
    assert (np.diff(rows * grid.nx + cols) > 0).all()
    return out


def one(exterior, *holes):
    return orient_rings([(np.asarray(exterior, float), [np.asarray(h, float) for h in holes])])


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north]]


def clipped_area(ring, west, south, east, north):
    """Sutherland–Hodgman against one cell, then the shoelace formula."""
    points = [tuple(p) for p in ring]
    for axis, bound, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        kept = []
        for p, q in zip(points, points[1:] + points[:1]):
            a, b = sign * (p[axis] - bound), sign * (q[axis] - bound)
            if a >= 0:
                kept.append(p)
            if (a > 0 > b) or (a < 0 < b):
                t = a / (a - b)
                kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        points = kept
    turn = zip(points, points[1:] + points[:1])
    return sum(p[0] * q[1] - q[0] * p[1] for p, q in turn) / 2


def by_clipping(rings, grid):
    out = np.zeros((grid.ny, grid.nx))
    for r in range(grid.ny):
        for c in range(grid.nx):
            west, north = grid.x0 + c * grid.dx, grid.y0 - r * grid.dy
            cell = (west, north - grid.dy, west + grid.dx, north)
            out[r, c] = sum(clipped_area(ring, *cell) for ring in rings) / (grid.dx * grid.dy)
    return out


def test_three_by_three_by_hand(tiny_grid):
    grid = tiny_grid(0, 3, 1, 1, 3, 3)
    got = dense(one(box(0.5, 0.25, 2.5, 2)), grid)
    np.testing.assert_allclose(got, [[0, 0, 0], [0.5, 1, 0.5], [0.375, 0.75, 0.375]], atol=1e-15)


def test_triangle_by_hand(tiny_grid):
    grid = tiny_grid(0, 3, 1, 1, 3, 3)
    got = dense(one([[0, 0], [3, 0], [0, 3]]), grid)
    np.testing.assert_allclose(got, [[0.5, 0, 0], [1, 0.5, 0], [1, 1, 0.5]], atol=1e-15)
    # x + 2y <= 2 over cells of one: 3/4 and 1/4 of the bottom row.
    got = dense(one([[0, 0], [2, 0], [0, 1]]), grid)
    np.testing.assert_allclose(got, [[0, 0, 0], [0, 0, 0], [0.75, 0.25, 0]], atol=1e-15)


def test_hole_by_hand(tiny_grid):
    grid = tiny_grid(0, 3, 1, 1, 3, 3)
    for hole in (box(0.5, 0.5, 2.5, 2.5), box(0.5, 0.5, 2.5, 2.5)[::-1]):
        got = dense(one(box(0, 0, 3, 3), hole), grid)
        np.testing.assert_allclose(
            got, [[0.75, 0.5, 0.75], [0.5, 0, 0.5], [0.75, 0.5, 0.75]], atol=1e-15
        )


def test_parts_add_up_and_an_island_in_a_hole_counts(tiny_grid):
    grid = tiny_grid(0, 3, 1, 1, 3, 3)
    parts = [
        (np.array(box(0.0, 0, 3, 3)), [np.array(box(0.5, 0.5, 2.5, 2.5))]),
        (np.array(box(1.25, 1.25, 1.75, 1.75)), []),
    ]
    got = dense(orient_rings(parts), grid)
    np.testing.assert_allclose(
        got, [[0.75, 0.5, 0.75], [0.5, 0.25, 0.5], [0.75, 0.5, 0.75]], atol=1e-15
    )


def test_smaller_than_a_cell(tiny_grid):
    grid = tiny_grid(-180, 90, 1, 1, 360, 180)
    rows, cols, fraction = covered_fraction(one(box(10.25, 45.5, 10.5, 45.75)), grid)
    assert (rows.tolist(), cols.tolist()) == ([44], [190])
    np.testing.assert_allclose(fraction, 1 / 16, atol=1e-12)


def test_on_the_lines_of_a_grid_of_tenths(tiny_grid):
    # Cell edges of 0.1 are not exact in binary: no neighbour may be touched.
    grid = tiny_grid(-180, 90, 0.1, 0.1, 3600, 1800)
    rows, cols, fraction = covered_fraction(one(box(10.5, 45.5, 11, 46)), grid)
    assert rows.size == 25
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (440, 444, 1905, 1909)
    np.testing.assert_allclose(fraction, 1, atol=1e-9)


def test_outside_counts_for_nothing(tiny_grid):
    grid = tiny_grid(0, 3, 1, 1, 3, 3)
    for shift in ([-5, 0], [5, 0], [0, 5], [0, -5], [-3, 0], [3, 0], [0, 3], [0, -3]):
        rows, cols, fraction = covered_fraction(one(np.array(box(0, 0, 3, 3)) + shift), grid)
        assert rows.size == cols.size == fraction.size == 0
    assert covered_fraction([], grid)[2].size == 0


@pytest.mark.parametrize("reach", [0.5, 1, 7.3])
def test_parts_outside_do_not_change_the_inside(tiny_grid, reach):
    grid = tiny_grid(0, 3, 1, 1, 3, 3)
    around = one(box(-reach, -reach, 3 + reach, 3 + reach))
    np.testing.assert_allclose(dense(around, grid), 1, atol=1e-12)
    diamond = one([[1.5, -reach], [3 + reach, 1.5], [1.5, 3 + reach], [-reach, 1.5]])
    np.testing.assert_allclose(dense(diamond, grid), by_clipping(diamond, grid), atol=1e-12)


def test_closed_and_open_rings_are_the_same(tiny_grid):
    grid = tiny_grid(0, 3, 0.7, 0.6, 3, 3)
    ring = np.array([[0.1, 0.2], [1.9, 0.4], [1.2, 2.8]])
    np.testing.assert_array_equal(
        dense(one(ring), grid), dense(one(np.vstack([ring, ring[:1]])), grid)
    )


def test_across_the_date_line(tiny_grid):
    grid = tiny_grid(-180, 90, 1, 1, 360, 180, True)
    beyond = dense(one(box(170.5, 10, 190.25, 11)), grid)
    split = dense(
        orient_rings(
            [
                (np.array(box(170.5, 10, 180, 11)), []),
                (np.array(box(-180, 10, -169.75, 11)), []),
            ]
        ),
        grid,
    )
    np.testing.assert_allclose(beyond, split, atol=1e-12)
    expected = np.zeros((180, 360))
    expected[79, 350], expected[79, 351:] = 0.5, 1
    expected[79, :10], expected[79, 10] = 1, 0.25
    np.testing.assert_allclose(beyond, expected, atol=1e-12)
    # The other way round the globe, and on a regional grid across 180°.
    np.testing.assert_allclose(dense(one(box(-189.5, 10, -169.75, 11)), grid), expected, atol=1e-12)
    regional = tiny_grid(165, 12, 1, 1, 30, 3, True)
    both = np.concatenate([expected[78:81, 345:], expected[78:81, :15]], axis=1)
    for rings in (one(box(170.5, 10, 190.25, 11)), one(box(-189.5, 10, -169.75, 11))):
        np.testing.assert_allclose(dense(rings, regional), both, atol=1e-12)


def test_longitudes_to_360_and_no_turns_in_metres(tiny_grid):
    grid = tiny_grid(-180, 90, 2, 2, 180, 90, True)
    one_way, other = (
        dense(one(box(300, -10, 302, -7)), grid),
        dense(one(box(-60, -10, -58, -7)), grid),
    )
    np.testing.assert_allclose(one_way, other, atol=1e-12)
    assert one_way.sum() == pytest.approx(1.5)
    projected = tiny_grid(-180, 90, 2, 2, 180, 90, False)
    assert dense(one(box(300, -10, 302, -7)), projected).sum() == 0


def test_a_continent_round_the_pole(tiny_grid):
    grid = tiny_grid(-180, 90, 1, 1, 360, 180, True)
    coast = np.stack([np.arange(180, -181, -20.0), -70.5 + 4 * np.tile([0, 1], 10)[:19]], axis=1)
    ring = np.vstack([[[-180, -90], [180, -90]], coast])
    got = dense(one(ring), grid)
    np.testing.assert_allclose(got[165:], 1, atol=1e-12)
    assert not got[:156].any()
    # Trapezia under a zigzag between −70.5 and −66.5: mean height 21.5 degrees.
    np.testing.assert_allclose(got.sum(), 360 * 21.5, rtol=1e-12)


def test_a_window_of_several_chunks_is_the_same(tiny_grid, monkeypatch):
    grid = tiny_grid(0, 40, 1, 1, 40, 40)
    rings = one([[1.3, 2.2], [38.1, 5.5], [30.2, 39.4], [3.3, 30.1]], box(15.5, 12.5, 20.1, 22.2))
    whole = dense(rings, grid)
    monkeypatch.setattr("grace_water_toolbox.core.basins.edgepieces.DENSE_CELLS", 130)
    np.testing.assert_array_equal(whole, dense(rings, grid))


def test_orientation():
    rings = one(SQUARE[::-1], SQUARE)
    assert planar_area_km2(rings[:1]) == pytest.approx(1e-6)
    assert planar_area_km2(rings[1:]) == pytest.approx(-1e-6)
    far = SQUARE + 1e9
    assert planar_area_km2(one(far[::-1])) == pytest.approx(1e-6, rel=1e-12)


@pytest.mark.parametrize(
    "ring",
    [
        [[0, 0], [1, 0]],
        [[0, 0, 0], [1, 0, 0], [1, 1, 0]],
        [[0, 0], [1, np.nan], [1, 1]],
        [[0, 0], [1, np.inf], [1, 1]],
        [],
    ],
)
def test_unusable_rings_are_refused(ring, tiny_grid):
    with pytest.raises(DataError):
        orient_rings([(ring, [])])
    with pytest.raises(DataError):
        covered_fraction([ring], tiny_grid(0, 3, 1, 1, 3, 3))


def test_wrong_orientation_and_overlap_are_refused(tiny_grid):
    grid = tiny_grid(0, 3, 1, 1, 3, 3)
    square = np.array(box(0.5, 0.5, 2, 2))
    with pytest.raises(DataError, match="wrongly oriented"):
        covered_fraction([square[::-1]], grid)
    with pytest.raises(DataError, match="overlap"):
        covered_fraction([square, square], grid)


@st.composite
def polygons(draw):
    """Star-shaped rings round a centre: simple, of any convexity."""
    n = draw(st.integers(3, 12))
    radii = np.array(draw(st.lists(st.floats(0.05, 3.5), min_size=n, max_size=n)))
    turn = draw(st.floats(0, 1))
    angle = 2 * np.pi * (np.arange(n) + turn) / n
    centre = [draw(st.floats(-1, 6)), draw(st.floats(-1, 6))]
    return np.stack([radii * np.cos(angle), radii * np.sin(angle)], axis=1) + centre


@settings(max_examples=60, deadline=None)
@given(ring=polygons(), dx=st.floats(0.3, 2), dy=st.floats(0.3, 2))
def test_equals_clipping_to_every_cell(ring, dx, dy, tiny_grid):
    grid = tiny_grid(0.25, 4.75, dx, dy, 6, 5)
    rings = one(ring)
    np.testing.assert_allclose(dense(rings, grid), by_clipping(rings, grid), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(ring=polygons(), dx=st.floats(0.05, 2), reverse=st.booleans())
def test_sums_to_the_area(ring, dx, reverse, tiny_grid):
    grid = tiny_grid(-6, 12, dx, 0.5, int(20 / dx) + 1, 40)
    got = dense(one(ring[::-1] if reverse else ring), grid)
    x, y = ring.T
    area = 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    np.testing.assert_allclose(got.sum() * dx * 0.5, area, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(ring=polygons(), right=st.integers(0, 8), down=st.integers(0, 8))
def test_moves_with_whole_cells(ring, right, down, tiny_grid):
    grid = tiny_grid(-8, 16, 0.5, 0.5, 64, 64)
    here = dense(one(ring), grid)
    there = dense(one(ring + np.array([0.5 * right, -0.5 * down])), grid)
    np.testing.assert_allclose(np.roll(here, (down, right), axis=(0, 1)), there, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(ring=polygons())
def test_neighbours_share_their_cells_without_gap_or_overlap(ring, tiny_grid):
    grid = tiny_grid(-10, 15, 0.7, 0.9, 40, 30)
    frame = np.array(box(-9.0, -9, 14, 14))
    rest, inner = dense(one(frame, ring), grid), dense(one(ring), grid)
    np.testing.assert_allclose(rest + inner, dense(one(frame), grid), atol=1e-9)


def test_area_of_the_sphere_and_of_a_cell():
    globe = one(box(-180, -90, 180, 90))
    assert ring_area_km2(globe) == pytest.approx(4 * np.pi * 6371.0**2, rel=1e-14)
    cell = one(box(10, 45, 11, 46))
    expected = 6371.0**2 * np.radians(1) * (np.sin(np.radians(46)) - np.sin(np.radians(45)))
    assert ring_area_km2(cell) == pytest.approx(expected, rel=1e-12)
    assert ring_area_km2(one(box(10, 45, 11, 46), box(10.25, 45, 10.5, 46))) == pytest.approx(
        0.75 * expected, rel=1e-12
    )
    assert ring_area_km2([]) == planar_area_km2([]) == 0


def test_area_equals_numerical_integration():
    # Right triangle under y = 60 x/80: width above latitude φ is 80 − φ/0.75.
    triangle = one([[0, 0], [80, 0], [80, 60]])
    phi = np.linspace(0, 60, 200_001)
    width = np.radians(80 - phi / 0.75) * np.cos(np.radians(phi))
    middle = (width[1:] + width[:-1]) / 2
    expected = 6371.0**2 * np.sum(middle) * np.radians(phi[1])
    assert ring_area_km2(triangle) == pytest.approx(expected, rel=1e-9)


def test_area_of_nearly_level_edges_is_stable():
    for tilt in (0, 1e-15, 1e-12, 1e-9, 1e-6):
        slab = one([[0, 0], [90, tilt], [90, 30], [0, 30 + tilt]])
        expected = 6371.0**2 * (np.pi / 2) * 0.5
        assert ring_area_km2(slab) == pytest.approx(expected, rel=2e-8)


def test_area_of_coverage_converges_to_the_exact_area(tiny_grid):
    ring = one([[10, 50], [31, 52], [25, 71], [12, 66]], [[18, 55], [22, 56], [20, 60]])
    exact, errors = ring_area_km2(ring), []
    for size in (2.0, 0.5, 0.125):
        grid = tiny_grid(0, 90, size, size, int(60 / size), int(90 / size), True)
        errors.append(abs((dense(ring, grid) * grid.cell_areas()).sum() / exact - 1))
    assert errors[0] < 3e-3
    assert errors[2] < 1e-5


def test_planar_area_in_metres_and_feet():
    rings = one(np.array(box(500_000.0, 5e6, 503_000, 5e6 + 2000)))
    assert planar_area_km2(rings) == pytest.approx(6, rel=1e-12)
    assert planar_area_km2(rings, 0.3048) == pytest.approx(6 * 0.3048**2, rel=1e-12)


def test_many_polygons_in_one_pass_are_each_alone(monkeypatch):
    """Bit for bit, with turns, clipping, holes, strips of rows and batches of edges."""
    rng = np.random.default_rng(11)
    grid = Grid(-180.0, 90.0, 1.5, 1.5, 240, 120)
    polygons = [[]]
    for _ in range(30):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
        radius = rng.uniform(0.1, 20) * rng.uniform(0.6, 1, 40)
        x, y = rng.uniform(-190, 560), rng.uniform(-95, 95)
        ring = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])
        hole = (ring - (x, y)) * 0.3 + (x, y)
        polygons.append(orient_rings([(ring, [hole])]))
    alone = [covered_fraction(rings, grid) for rings in polygons]
    assert sum(rows.size > 0 for rows, _, _ in alone) > 15
    for edges, dense in ((100_000, 4_000_000), (100, 2000), (1, 1)):
        monkeypatch.setattr(coverage, "BATCH_EDGES", edges)
        monkeypatch.setattr(edgepieces, "DENSE_CELLS", dense)
        found = list(coverage.covered_cells(polygons, grid))
        assert len(found) == len(polygons)
        for (cells, fraction), (rows, cols, expected) in zip(found, alone):
            np.testing.assert_array_equal(cells, rows * grid.nx + cols)
            np.testing.assert_array_equal(fraction, expected)


def test_many_polygons_name_the_wrong_one():
    grid = Grid(0.0, 10.0, 1.0, 1.0, 10, 10)
    good = orient_rings([(np.array([[1.0, 1], [4, 1], [4, 4]]), [])])
    with pytest.raises(DataError, match="third"):
        list(coverage.covered_cells([good, good, [good[0][::-1]]], grid, ("one", "two", "third")))
    with pytest.raises(DataError, match="two"):
        list(coverage.covered_cells([good, [good[0] * np.nan]], grid, ("one", "two")))
