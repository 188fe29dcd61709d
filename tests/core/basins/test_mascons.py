"""Mascons found by the series they repeat, or told by their numbers."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.mascons import find_mascons, mascon_reader
from grace_water_toolbox.core.basins.propagation import basin_uncertainty
from grace_water_toolbox.core.basins.zonal import coverage_of
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import GridError, ParameterError

GRID = Grid(0.0, 4.0, 1.0, 1.0, 8, 4)
#: Two by two cells a mascon: eight of them.
IDS = np.kron(np.arange(8).reshape(2, 4), np.ones((2, 2), int))
CELLS = np.arange(32)


@pytest.fixture
def opened(tmp_path, make_stack):
    files = []

    def call(values, **more):
        path = make_stack(tmp_path / f"s{len(files)}.tif", values, grid=GRID, **more)
        files.append(MonthlyStack(path))
        return files[-1]

    yield call
    for file in files:
        file.close()


def series(seed=0, months=30):
    return np.random.default_rng(seed).normal(size=(months, 8))[:, IDS]


def partition(label):
    return np.equal.outer(label, label)


def test_cells_that_repeat_a_series_are_one_mascon(opened):
    values = series()
    values[5] = np.nan
    got = find_mascons(opened(values), CELLS)
    np.testing.assert_array_equal(partition(got), partition(IDS.ravel()))


def test_a_smooth_field_has_none(opened):
    values = np.random.default_rng(1).normal(size=(30, 4, 8))
    assert find_mascons(opened(values), CELLS) is None
    assert find_mascons(opened(series()), CELLS, "gaussian") is None
    with pytest.raises(ParameterError, match="MASCONS"):
        find_mascons(opened(values), CELLS, "mascon")
    with pytest.raises(ParameterError, match="CORRELATION"):
        find_mascons(opened(values), CELLS, "other")


def test_blank_cells_are_not_a_mascon(opened):
    values = np.random.default_rng(1).normal(size=(30, 4, 8))
    values[:, :3] = np.nan
    assert find_mascons(opened(values), CELLS) is None
    values[:, :3] = 0
    assert find_mascons(opened(values), CELLS) is None


def test_numbers_from_a_raster(opened, tmp_path, make_stack):
    path = make_stack(tmp_path / "ids.tif", IDS[None].astype(float), grid=GRID, units="")
    values = np.random.default_rng(1).normal(size=(30, 4, 8))
    got = find_mascons(opened(values), CELLS, ids=mascon_reader(path, GRID, "MASCONS"))
    np.testing.assert_array_equal(partition(got), partition(IDS.ravel()))
    with pytest.raises(GridError, match="MASCONS"):
        mascon_reader(path, Grid(0.0, 4.0, 0.5, 0.5, 8, 4), "MASCONS")


def test_a_basin_over_mascons_by_hand(opened):
    """Columns 1-4 of the upper two rows: half of mascon 0, all of 1, half of 2."""
    values = series()
    sigma = np.broadcast_to(np.array([1.0, 2, 3, 4, 5, 6, 7, 8])[IDS], (30, 4, 8))
    stack = opened(values)
    box = np.array([(1, 2), (5, 2), (5, 4), (1, 4)], float)
    matrix = coverage_of(stack, [[box]], "a")
    mean, upper, model = basin_uncertainty(stack, opened(sigma), matrix)
    assert model == "mascon"
    np.testing.assert_allclose(mean[:, 0], np.sqrt(0.25**2 + 1 + 0.75**2), rtol=1e-6)
    np.testing.assert_allclose(upper[:, 0], 2, rtol=1e-6)
    # A component's error adds in quadrature; here it is the same in every cell and fully known.
    more = opened(np.full((30, 4, 8), 30.0), units="mm")
    both, _, _ = basin_uncertainty(stack, opened(sigma), matrix, 1e6, components=[more])
    np.testing.assert_allclose(both[:, 0], np.sqrt(0.25**2 + 1 + 0.75**2 + 9), rtol=1e-5)
    # In filled months the error is one for the whole basin.
    flags = np.zeros((30, 4, 8))
    flags[3:6] = 2
    made, _, _ = basin_uncertainty(
        stack, opened(sigma), matrix, flags=opened(flags, flags=True, units="")
    )
    np.testing.assert_allclose(made[3:6, 0], 2, rtol=1e-6)
    np.testing.assert_allclose(np.delete(made, [3, 4, 5], 0), np.delete(mean, [3, 4, 5], 0))
