import numpy as np
import pytest
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.basins.series import basin_series
from grace_water_toolbox.core.basins.statistics import CoverageMatrix
from grace_water_toolbox.core.errors import DataError, ParameterError
from hypothesis import given, settings
from hypothesis import strategies as st

VALUES = np.arange(1.0, 10).reshape(3, 3)


def one(exterior, *holes):
    return orient_rings([(np.asarray(exterior, float), [np.asarray(h, float) for h in holes])])


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north]]


@pytest.fixture
def km_grid(tiny_grid):
    """Three by three cells of one square kilometre, in metres."""
    return tiny_grid(0, 3000, 1000, 1000, 3, 3)


def test_three_by_three_by_hand(km_grid):
    # Right column in full, and half of the centre: (3 + 6 + 9 + 5/2) / 3.5.
    ring = [[2000, 0], [3000, 0], [3000, 3000], [2000, 3000], [2000, 2000], [1500, 2000]]
    ring += [[1500, 1000], [2000, 1000]]
    matrix = CoverageMatrix.from_rings([one(ring)], km_grid)
    got = basin_series(matrix, VALUES.reshape(1, 9))
    assert got.mean[0, 0] == pytest.approx(20.5 / 3.5, rel=1e-12)
    assert got.cells[0, 0] == 4
    assert got.covered_share[0, 0] == pytest.approx(1, abs=1e-12)
    # 20.5 / 3.5 cm over 3.5 km² are 20.5e-5 km³.
    assert got.volume_km3[0, 0] == pytest.approx(20.5e-5, rel=1e-12)


def test_missing_cells_and_the_minimum_share(km_grid):
    matrix = CoverageMatrix.from_rings([one(box(0, 2000, 3000, 3000))], km_grid)
    values = np.tile(VALUES.ravel(), (4, 1))
    values[1, 0] = values[2, :2] = values[3, :3] = np.nan
    got = basin_series(matrix, values)
    np.testing.assert_allclose(got.mean[:, 0], [2, 2.5, np.nan, np.nan])
    np.testing.assert_allclose(got.covered_share[:, 0], [1, 2 / 3, 1 / 3, 0], atol=1e-12)
    np.testing.assert_array_equal(got.cells[:, 0], [3, 2, 1, 0])
    np.testing.assert_allclose(got.volume_km3[:, 0], [6e-5, 7.5e-5, np.nan, np.nan])
    np.testing.assert_allclose(basin_series(matrix, values, 0).mean[:, 0], [2, 2.5, 3, np.nan])
    strict = basin_series(matrix, values, 1.0).mean[:, 0]
    assert np.isnan(strict[1:]).all()


def test_outside_and_half_outside(km_grid):
    away, half = one(box(5000, 0, 6000, 1000)), one(box(2000, 0, 4000, 1000))
    mostly = one(box(2000, 0, 5000, 1000))
    matrix = CoverageMatrix.from_rings([away, half, mostly], km_grid)
    got = basin_series(matrix, VALUES.reshape(1, 9))
    np.testing.assert_array_equal(matrix.weight_km2, [0, 1, 1])
    np.testing.assert_allclose(matrix.area_km2, [1, 2, 3])
    np.testing.assert_allclose(got.covered_share[0], [0, 0.5, 1 / 3], atol=1e-12)
    np.testing.assert_allclose(got.mean[0], [np.nan, 9, np.nan])
    np.testing.assert_allclose(got.volume_km3[0], [np.nan, 18e-5, np.nan])
    np.testing.assert_array_equal(got.cells[0], [0, 1, 1])


def test_weights_are_areas_on_the_sphere(tiny_grid):
    grid = tiny_grid(0, 60, 30, 30, 1, 2, True)
    matrix = CoverageMatrix.from_rings([one(box(0, 0, 30, 60))], grid)
    north = np.sin(np.radians(60)) - 0.5
    got = basin_series(matrix, np.array([[1.0, 0.0]]))
    assert got.mean[0, 0] == pytest.approx(north / (north + 0.5), rel=1e-12)
    assert got.covered_share[0, 0] == pytest.approx(1, abs=1e-12)


def test_the_share_never_exceeds_one(tiny_grid):
    # The poleward half of a large cell: half its weight, less than half its area.
    grid = tiny_grid(0, 90, 30, 30, 1, 1, True)
    matrix = CoverageMatrix.from_rings([one(box(0, 75, 30, 90))], grid)
    assert matrix.weight_km2[0] > 1.5 * matrix.area_km2[0]
    assert basin_series(matrix, np.ones((1, 1))).covered_share[0, 0] == 1


def test_feet_are_feet(tiny_grid):
    class Feet(tiny_grid):
        def cell_areas(self):
            return np.full((3, 3), (0.3048) ** 2)

    matrix = CoverageMatrix.from_rings(
        [one(box(0, 0, 1500, 1000))], Feet(0, 3000, 1000, 1000, 3, 3)
    )
    np.testing.assert_allclose(matrix.area_km2, 1.5 * 0.3048**2, rtol=1e-12)
    np.testing.assert_allclose(matrix.weight_km2, matrix.area_km2, rtol=1e-12)


def plain_means(matrix, values, share):
    """The definition, one basin and one month at a time."""
    weights = matrix.weights.toarray()
    mean = np.full((len(values), len(weights)), np.nan)
    for t, x in enumerate(values):
        for b, w in enumerate(weights):
            ok = (w > 0) & ~np.isnan(x)
            if ok.any() and w[ok].sum() / matrix.area_km2[b] >= share:
                mean[t, b] = np.average(x[ok], weights=w[ok])
    return mean


def random_case(tiny_grid, seed=0):
    rng = np.random.default_rng(seed)
    grid = tiny_grid(-20, 60, 2, 3, 20, 15, True)
    basins = []
    for _ in range(7):
        angle = 2 * np.pi * (np.arange(9) + rng.uniform()) / 9
        radius = rng.uniform(2, 14, 9)
        centre = [rng.uniform(-15, 20), rng.uniform(20, 55)]
        ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        basins.append(one(ring + centre))
    return rng, CoverageMatrix.from_rings(basins, grid)


@pytest.mark.parametrize("holes", ["none", "months", "same", "scattered"])
def test_equals_the_definition(tiny_grid, holes):
    rng, matrix = random_case(tiny_grid)
    values = rng.normal(size=(24, 300)).astype(np.float32)
    if holes != "none":
        values[[3, 9]] = np.nan
    if holes == "same":
        values[:, rng.random(300) < 0.3] = np.nan
    if holes == "scattered":
        values[rng.random((24, 300)) < 0.5] = np.nan
    got = basin_series(matrix, values)
    np.testing.assert_allclose(got.mean, plain_means(matrix, values.astype(float), 0.5), atol=1e-12)
    assert (got.covered_share <= 1).all()
    np.testing.assert_allclose(got.volume_km3, got.mean * matrix.area_km2 / 1e5)


def test_blocks_equal_the_whole(tiny_grid, monkeypatch):
    rng, matrix = random_case(tiny_grid, 1)
    values = rng.normal(size=(12, 300))
    values[rng.random(values.shape) < 0.2] = np.nan
    whole = basin_series(matrix, values)
    slices = [slice(0, 1), slice(1, 130), slice(130, 130), slice(130, 299), slice(299, 300)]
    shuffled = np.array_split(rng.permutation(300), 5)
    for blocks in (slices, shuffled):
        first, *rest = [matrix.accumulate(values[:, cells], cells) for cells in blocks]
        for part in rest:
            first = first + part
        got = matrix.finish(first)
        for field in ("mean", "cells", "covered_share", "volume_km3"):
            np.testing.assert_allclose(getattr(got, field), getattr(whole, field), atol=1e-12)
    monkeypatch.setattr("grace_water_toolbox.core.basins.weightedsums.PATTERNS", 1)
    np.testing.assert_allclose(basin_series(matrix, values).mean, whole.mean, atol=1e-14)


def test_no_basins_and_no_touched_cells(km_grid):
    empty = CoverageMatrix.from_rings([], km_grid)
    assert basin_series(empty, np.ones((2, 9))).mean.shape == (2, 0)
    away = CoverageMatrix.from_rings([one(box(5000, 0, 6000, 1000))], km_grid)
    for cells in (None, slice(2, 5), np.array([8, 1])):
        size = 9 if cells is None else len(np.arange(9)[cells])
        sums = away.accumulate(np.ones((2, size)), cells)
        assert sums.w.shape == (2, 1)
        assert not sums.w.any()


def test_refusals(km_grid):
    matrix = CoverageMatrix.from_rings([one(box(0, 0, 3000, 3000))], km_grid)
    with pytest.raises(DataError, match="9 cells"):
        basin_series(matrix, np.ones((2, 8)))
    with pytest.raises(DataError, match="2 cells"):
        matrix.accumulate(np.ones((2, 3)), slice(0, 2))
    with pytest.raises(DataError):
        basin_series(matrix, np.ones(9))
    with pytest.raises(DataError, match="infinity"):
        basin_series(matrix, np.full((1, 9), np.inf))
    with pytest.raises(ParameterError):
        basin_series(matrix, np.ones((1, 9)), 1.5)
    with pytest.raises(DataError, match="basin Nile"):
        CoverageMatrix.from_rings([[np.array(box(0, 0, 1000, 1000))[::-1]]], km_grid, ["Nile"])


@settings(max_examples=30, deadline=None)
@given(value=st.floats(-1e3, 1e3), seed=st.integers(0, 50), lost=st.floats(0, 0.9))
def test_a_constant_field_has_that_mean(value, seed, lost, tiny_grid):
    rng, matrix = random_case(tiny_grid, seed)
    values = np.full((3, 300), value)
    values[rng.random(values.shape) < lost] = np.nan
    mean = basin_series(matrix, values, 0).mean
    np.testing.assert_allclose(mean[~np.isnan(mean)], value, rtol=1e-12, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 50))
def test_order_of_months_and_of_basins_does_not_matter(seed, tiny_grid):
    rng, matrix = random_case(tiny_grid, seed)
    values = rng.normal(size=(10, 300))
    months, basins = rng.permutation(10), rng.permutation(7)
    other = CoverageMatrix(matrix.weights[basins], matrix.area_km2[basins])
    whole = basin_series(matrix, values, 0).mean
    got = basin_series(other, values[months], 0).mean
    np.testing.assert_allclose(got, whole[months][:, basins], atol=1e-12)
