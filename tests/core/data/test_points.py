"""Series at points."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.point_report import point_report
from grace_water_toolbox.core.data.points import point_series
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import GridError, ParameterError, TimeAxisError

NAN = np.nan
GRID = Grid(10, 4, 2, 2, 3, 2)
VALUES = np.array([[[1.0, 2, 3], [4, 5, 6]], [[10, 20, 30], [40, 50, NAN]]])


def sampled(make_stack, folder, values, x, y, grid=GRID, **settings):
    path = make_stack(folder / "in.tif", values, grid=grid)
    with MonthlyStack(path) as stack:
        return point_series(stack, x, y, [f"p{i}" for i in range(len(x))], **settings)


def test_nearest(make_stack, tmp_path):
    x, y = [11, 13.9, 16, 15, 9, 370 + 11 - 10], [3, 0.1, 0, 4.5, 3, 3]
    got = sampled(make_stack, tmp_path, VALUES, x, y)
    assert got.inside.tolist() == [True, True, True, False, False, True]
    assert got.names == ["p0", "p1", "p2", "p5"]
    np.testing.assert_array_equal(got.value, [[1, 5, 6, 1], [10, 50, NAN, 10]])
    assert got.sigma is None and got.filled is None and got.empty == []


def test_bilinear_by_hand_and_with_holes(make_stack, tmp_path):
    x, y = [12, 10.1, 14.0, 14.8], [2, 3.9, 2, 1.4]
    got = sampled(make_stack, tmp_path, VALUES, x, y, method="bilinear")
    np.testing.assert_allclose(got.value[0], [3, 1, 4, 5.3])
    # Three of four cells are known; then the unknown one holds most of the weight.
    np.testing.assert_allclose(got.value[1], [30, 10, 100 / 3, NAN])


def test_bilinear_equals_scipy(make_stack, tmp_path):
    from scipy.interpolate import RegularGridInterpolator

    grid = Grid(-20, 30, 0.5, 0.75, 300, 40)
    random = np.random.default_rng(0)
    values = random.normal(size=(3, 40, 300)).astype("f4")
    x, y = random.uniform(-19.7, 129.7, 500), random.uniform(0.5, 29.6, 500)
    got = sampled(make_stack, tmp_path, values, x, y, grid, method="bilinear", memory=2000)
    for month in range(3):
        peer = RegularGridInterpolator((grid.y[::-1], grid.x), values[month, ::-1].astype(float))
        np.testing.assert_allclose(got.value[month], peer((y, x)), atol=1e-6)


@pytest.mark.parametrize("method", ["nearest", "bilinear"])
@pytest.mark.parametrize("turn", [-360, 0, 360])
def test_across_the_date_line(make_stack, tmp_path, method, turn):
    values = np.arange(2 * 20.0).reshape(1, 2, 20)
    x, y = np.array([179.5, -179.5, 185.5, 170.5, 191.5]) + turn, np.full(5, 1.5)
    got = sampled(make_stack, tmp_path, values, x, y, Grid(170, 2, 1, 1, 20, 2), method=method)
    assert got.inside.tolist() == [True] * 4 + [False]
    np.testing.assert_allclose(got.value, [[9, 10, 15, 0]])


def test_bilinear_runs_around_the_globe(make_stack, tmp_path):
    values = np.array([[[0.0, 10, 20, 30]]])
    grid = Grid(-180, 45, 90, 90, 4, 1)
    got = sampled(make_stack, tmp_path, values, [180, -180, -135], [0, 0, 0], grid,
                  method="bilinear")  # fmt: skip
    np.testing.assert_allclose(got.value, [[15, 15, 0]])


def test_uncertainty_and_flags(make_stack, tmp_path):
    sigma = make_stack(tmp_path / "s.tif", np.full((2, 2, 3), 5.0), units="mm", grid=GRID)
    marks = np.zeros((2, 2, 3))
    marks[1, 0, 0], marks[1, 1, 2] = 2, 255
    flags = make_stack(tmp_path / "f.tif", marks, units="", grid=GRID, flags=True)
    with MonthlyStack(sigma) as errors, MonthlyStack(flags) as made:
        got = sampled(make_stack, tmp_path, VALUES, [11, 15], [3, 1], sigma=errors, flags=made)
    np.testing.assert_allclose(got.sigma, 0.5)
    assert got.filled.tolist() == [[False, False], [True, False]]


def test_refusals(make_stack, tmp_path):
    with pytest.raises(GridError, match="all outside"):
        sampled(make_stack, tmp_path, VALUES, [50, NAN], [3, 3])
    with pytest.raises(ParameterError, match="METHOD"):
        sampled(make_stack, tmp_path, VALUES, [11], [3], method="cubic")
    short = make_stack(tmp_path / "s.tif", VALUES[:1], grid=GRID)
    with MonthlyStack(short) as other, pytest.raises(TimeAxisError):
        sampled(make_stack, tmp_path, VALUES, [11], [3], sigma=other)


def test_report(make_stack, tmp_path):
    values = np.random.default_rng(0).normal(size=(24, 2, 3))
    values[:, 1, 2] = NAN
    got = sampled(make_stack, tmp_path, values, [11, 13, 15, 99], [3, 3, 1, 1])
    assert got.empty == ["p2"]
    page = point_report(got, "1.0", ["One point lies outside."]).html()
    assert page.count("<img") == 4 and "One point lies outside." in page
    assert "3 inside, 1 outside" in page and "p2" in page
