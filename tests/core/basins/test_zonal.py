"""Basin means of stack files: hand answers on three by three cells, blocks, flags, sigma."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.basins.propagation import basin_uncertainty
from grace_water_toolbox.core.basins.touched import touched_blocks
from grace_water_toolbox.core.basins.uncertainty import mean_uncertainty
from grace_water_toolbox.core.basins.zonal import (
    basin_filled,
    coverage_of,
    stack_basin_series,
)
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.errors import Cancelled, DataError, GridError
from grace_water_toolbox.core.progress import Progress

#: One kilometre cells, so that weights are covered fractions.
KM = Grid(0.0, 3000.0, 1000.0, 1000.0, 3, 3, "EPSG:32643")
DEGREES = Grid(70.0, 33.0, 1.0, 1.0, 3, 3)
NINE = np.arange(1.0, 10).reshape(1, 3, 3)
NAN = np.nan


def box(west, south, east, north):
    ring = np.array([[west, south], [east, south], [east, north], [west, north]], float)
    return orient_rings([(ring, [])])


@pytest.fixture
def stack(tmp_path, make_stack):
    """Function: values (time, y, x) -> open stack; with ``flags`` an integer one."""
    opened = []

    def make(values, grid=KM, units="cm", flags=False):
        values = np.asarray(values, float)
        path = tmp_path / f"stack{len(opened)}.tif"
        if flags:
            make_stack(path, values, units="", grid=grid, flags=True)
        else:
            months = np.datetime64("2004-01", "M") + np.arange(len(values))
            write_stack(path, StackInfo(grid, months, units, "storage"), values)
        opened.append(MonthlyStack(path))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_means_by_hand(stack):
    values = stack(np.concatenate([NINE, 10 * NINE]))
    # The whole; the top row; the left column and half of the middle one.
    basins = [box(0, 0, 3000, 3000), box(0, 2000, 3000, 3000), box(0, 0, 1500, 3000)]
    got = stack_basin_series(values, coverage_of(values, basins, "abc"))
    expected = [5, 2, (1 + 4 + 7 + 7.5) / 4.5]
    np.testing.assert_allclose(got.mean, [expected, np.multiply(10, expected)], rtol=1e-12)
    np.testing.assert_array_equal(got.cells, [[9, 3, 6]] * 2)
    # 5 cm over 9 km² are 45e-5 km³.
    np.testing.assert_allclose(got.volume_km3[0], [45e-5, 6e-5, 19.5e-5], rtol=1e-12)
    np.testing.assert_allclose(got.covered_share, 1, rtol=1e-12)


@pytest.mark.parametrize(("units", "cm"), [("mm", 0.1), ("m", 100), ("kg m-2", 0.1), ("cm", 1)])
def test_units_become_centimetres(stack, units, cm):
    values = stack(NINE, units=units)
    got = stack_basin_series(values, coverage_of(values, [box(0, 0, 3000, 3000)], "a"))
    assert got.mean[0, 0] == pytest.approx(5 * cm, rel=1e-12)
    assert got.volume_km3[0, 0] == pytest.approx(45e-5 * cm, rel=1e-12)


def test_missing_cells_and_months(stack):
    two = NINE.copy()
    two[0, 0, :2] = NAN
    values = stack(np.concatenate([NINE, two, np.full_like(NINE, NAN)]))
    matrix = coverage_of(values, [box(0, 2000, 3000, 3000)], "a")
    got = stack_basin_series(values, matrix, 0.5)
    np.testing.assert_allclose(got.mean[:, 0], [2, NAN, NAN])
    np.testing.assert_allclose(got.covered_share[:, 0], [1, 1 / 3, 0], atol=1e-12)
    np.testing.assert_array_equal(got.cells[:, 0], [3, 1, 0])
    np.testing.assert_allclose(stack_basin_series(values, matrix, 0).mean[:, 0], [2, 3, NAN])


def random_stacks(stack, grid, months=7):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(months, grid.ny, grid.nx))
    values[rng.random(values.shape) < 0.2] = NAN
    flags = rng.choice([0, 0, 1, 2], values.shape)
    flags[np.isnan(values)] = 255
    sigma = rng.uniform(1, 2, values.shape)
    sigma[rng.random(values.shape) < 0.1] = NAN
    return stack(values, grid), stack(flags, grid, flags=True), stack(sigma, grid)


@pytest.mark.parametrize("memory", [1, 200_000, None])
def test_blocks_do_not_matter(stack, memory):
    # Two by two tiles and a bit more of each.
    grid = Grid(60.0, 50.0, 0.05, 0.05, 300, 280)
    values, flags, sigma = random_stacks(stack, grid, 3)
    basins = [box(61, 40, 70, 47), box(60, 36, 75, 50), box(74.93, 49.96, 75, 50)]
    matrix = coverage_of(values, basins, "abc")
    if memory == 1:  # one tile row of cells at a time is slow, few cells make the point
        matrix = coverage_of(values, [box(62.7, 37, 62.9, 37.4), basins[2]], "ab")
    whole = stack_basin_series(values, matrix, 0.2)
    cut = stack_basin_series(values, matrix, 0.2, memory=memory)
    for name in ("mean", "cells", "covered_share", "volume_km3"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), rtol=1e-12)
    assert np.isfinite(whole.mean).all()
    np.testing.assert_array_equal(
        basin_filled(flags, matrix, memory=memory), basin_filled(flags, matrix)
    )
    small = coverage_of(values, [box(62.7, 37, 62.9, 37.4), basins[2]], "ab")
    for one, other in zip(
        basin_uncertainty(values, sigma, small, memory=memory)[:2],
        basin_uncertainty(values, sigma, small)[:2],
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_only_the_cells_of_basins_are_read():
    grid = Grid(60.0, 50.0, 0.05, 0.05, 300, 280)
    # Two cells in the north-west corner, one in the south-east.
    cells = np.array([0, 301, 280 * 300 - 1])
    blocks = list(touched_blocks(grid, cells, 8, 8 * 256 * 256))
    assert [window for window, _, _ in blocks] == [(0, 0, 2, 2), (279, 299, 1, 1)]
    np.testing.assert_array_equal(np.concatenate([which for _, which, _ in blocks]), [0, 1, 2])
    np.testing.assert_array_equal(blocks[0][2], [0, 3])
    np.testing.assert_array_equal(blocks[1][2], [0])


def test_files_of_strips_are_read_by_whole_rows(tmp_path):
    """A strip is decoded once, not for every block of columns."""
    import rasterio
    from rasterio.transform import Affine

    grid = Grid(60.0, 50.0, 0.05, 0.05, 600, 40)
    values = np.random.default_rng(5).normal(size=(2, 40, 600)).astype("float32")
    path = tmp_path / "strips.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=600, height=40, count=2, dtype="float32", crs=grid.crs,
        transform=Affine.from_gdal(*grid.geotransform), interleave="pixel", compress="deflate",
    ) as file:  # fmt: skip
        file.write(values)
        file.descriptions = ["2004-01", "2004-02"]
        file.update_tags(units="cm")
    with MonthlyStack(path) as strips:
        assert strips.in_strips
        windows = [w for w, _, _ in touched_blocks(grid, np.arange(24_000), 8, 24_000, True)]
        assert windows == [(row, 0, 5, 600) for row in range(0, 40, 5)]
        matrix = coverage_of(strips, [box(61, 48.3, 88, 49.9), box(60, 48, 60.2, 50)], "ab")
        got = stack_basin_series(strips, matrix, memory=240_000)
    np.testing.assert_allclose(
        got.mean, matrix.finish(matrix.accumulate(values.reshape(2, -1))).mean, rtol=1e-12
    )


def test_a_month_is_filled_when_half_of_the_values_are(stack):
    # Left column 1 km² each: by rows filled, observed, without a value.
    rows = {0: [1, 0, 255], 1: [2, 0, 0], 2: [255, 255, 255], 3: [0, 0, 0], 4: [1, 2, 255]}
    flags = np.array([[[flag, 0, 0] for flag in row] for row in rows.values()])
    one = stack(flags, flags=True)
    matrix = coverage_of(one, [box(0, 0, 1000, 3000)], "a")
    # Half of what has a value; a third; nothing has; none; all.
    np.testing.assert_array_equal(
        basin_filled(one, matrix)[:, 0], [True, False, False, False, True]
    )


def test_uncertainty_is_that_of_the_kernel(stack):
    values, _, sigma = random_stacks(stack, DEGREES)
    basins = [box(70, 30, 73, 33), box(70.5, 31.2, 71.5, 33), box(90, 30, 91, 31)]
    matrix = coverage_of(values, basins, "abc")
    mean, upper, model = basin_uncertainty(values, sigma, matrix, 150.0)
    assert model == "gaussian"
    lat, lon = (
        a.ravel() for a in np.meshgrid([32.5, 31.5, 30.5], [70.5, 71.5, 72.5], indexing="ij")
    )
    errors = np.where(np.isnan(values.read()), NAN, sigma.read()).reshape(7, 9)
    weights = matrix.weights.toarray()
    for i in range(2):
        expected = mean_uncertainty(weights[i], errors, lat, lon, 150.0)
        np.testing.assert_allclose(mean[:, i], expected.sigma, rtol=1e-12)
        np.testing.assert_allclose(upper[:, i], expected.upper, rtol=1e-12)
    assert np.isnan(mean[:, 2]).all()


def test_uncertainty_leaves_out_cells_without_a_value(stack):
    # Only the centre has a value: its own sigma is that of the mean.
    lonely = np.full((1, 3, 3), NAN)
    lonely[0, 1, 1] = 4
    sigma = stack(10 * NINE, DEGREES, units="mm")
    values = stack(lonely, DEGREES)
    matrix = coverage_of(values, [box(70, 30, 73, 33)], "a")
    mean, upper, _ = basin_uncertainty(values, sigma, matrix)
    assert mean[0, 0] == upper[0, 0] == pytest.approx(5, rel=1e-12)


def test_distances_on_a_projected_grid_are_kilometres(stack):
    # Two cells a thousand kilometres apart along the equator hardly know of each other.
    grid = Grid(-1.5e6, 5e5, 1e6, 1e6, 3, 1, "EPSG:3395")
    values, sigma = stack(np.ones((1, 1, 3)), grid), stack(np.ones((1, 1, 3)), grid)
    matrix = coverage_of(values, [box(-1.5e6, -5e5, 1.5e6, 5e5)], "a")
    mean, upper, _ = basin_uncertainty(values, sigma, matrix, 300.0, correlation="gaussian")
    side = np.exp(-((1000 / 1.00112) ** 2) / (2 * 300**2))
    assert mean[0, 0] == pytest.approx(np.sqrt((3 + 4 * side) / 9), rel=1e-3)
    assert upper[0, 0] == pytest.approx(1, rel=1e-12)


def test_basins_outside_are_refused_with_both_extents(stack):
    values = stack(NINE, DEGREES)
    with pytest.raises(GridError) as error:
        coverage_of(values, [box(10, -5, 12, 4), box(20, 0, 21, 1)], "ab")
    text = str(error.value)
    assert "BASINS" in text and "x 10 to 21, y -5 to 4" in text
    assert values.name in text and "x 70 to 73, y 30 to 33" in text


def test_one_inside_is_enough(stack):
    values = stack(NINE, DEGREES)
    matrix = coverage_of(values, [box(10, -5, 12, 4), box(70, 32, 71, 33)], "ab")
    got = stack_basin_series(values, matrix)
    np.testing.assert_array_equal(got.mean, [[NAN, 1]])
    np.testing.assert_array_equal(got.cells, [[0, 1]])


def test_share_inside_the_grid(stack):
    # At 85° a cut cell's weight is not its covered area; in the plane it is.
    grid = Grid(0.0, 90.0, 10.0, 10.0, 3, 1)
    basins = [box(2, 86, 3, 89), box(25, 81, 35, 84), box(40, 80, 41, 90), box(0, 80, 30, 90)]
    matrix = coverage_of(stack(np.ones((1, 1, 3)), grid), basins, "abcd")
    np.testing.assert_allclose(matrix.inside, [1, 0.5, 0, 1], rtol=1e-9)


def test_a_basin_inside_is_wholly_covered_at_any_latitude(stack):
    # The weight of the cut cell is less than the exact area, yet nothing is missing.
    grid = Grid(0.0, 90.0, 10.0, 10.0, 3, 1)
    values = stack(np.ones((1, 1, 3)), grid)
    matrix = coverage_of(values, [box(2, 81, 3, 83), box(25, 81, 35, 83)], "ab")
    assert matrix.weight_km2[0] < 0.8 * matrix.area_km2[0]
    got = stack_basin_series(values, matrix, 1.0)
    np.testing.assert_allclose(got.covered_share, [[1, 0.5]], rtol=1e-9)
    np.testing.assert_array_equal(got.mean, [[1, NAN]])


def test_infinity_names_the_stack(stack):
    values = stack(np.full((1, 3, 3), np.inf))
    with pytest.raises(DataError, match=r"stack0\.tif.*infinity"):
        stack_basin_series(values, coverage_of(values, [box(0, 0, 3000, 3000)], "a"))


class Stopped(Progress):
    def is_cancelled(self):
        return True


def test_cancel_stops_every_pass(stack):
    values, flags, sigma = random_stacks(stack, DEGREES)
    matrix = coverage_of(values, [box(70, 30, 73, 33)], "a")
    for work in (
        lambda: stack_basin_series(values, matrix, progress=Stopped()),
        lambda: basin_filled(flags, matrix, progress=Stopped()),
        lambda: basin_uncertainty(values, sigma, matrix, progress=Stopped()),
    ):
        with pytest.raises(Cancelled):
            work()
