"""Hotspots and stippling: by hand on small trend maps."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.errors import ParameterError, UnitsError
from grace_water_toolbox.core.trends.hotspots import find_hotspots, hotspot_codes
from grace_water_toolbox.core.trends.stippling import (
    significant_regions,
    spacing_for,
    stipple_points,
)
from grace_water_toolbox.core.trends.trendraster import TrendRaster

NAN = np.nan
SLOPE = [[-0.2, -0.3, 0.05], [-0.2, 0.5, 0.2], [-0.10, NAN, 0.2]]
P = [[0.001, 0.001, 0.001], [0.02, 0.001, 0.001], [0.001, 0.001, 0.01]]
#: 10 km × 10 km in an equal-area projection: 100 km² a cell.
PLANE = Grid(0.0, 0.0, 10_000.0, 10_000.0, 3, 3, "EPSG:6933")


@pytest.fixture
def trend(tmp_path, make_trend):
    opened = []

    def call(slope=SLOPE, p=P, grid=PLANE, **more):
        opened.append(TrendRaster(make_trend(tmp_path / "t.tif", slope, p, grid=grid, **more)))
        return opened[-1]

    yield call
    for file in opened:
        file.close()


def test_cells_by_hand():
    # At the limits themselves (slope −0.10, p 0.01) a cell is none.
    assert hotspot_codes(SLOPE, P).tolist() == [[1, 1, 0], [0, 2, 2], [0, 0, 0]]
    assert hotspot_codes(SLOPE, P, direction="decrease").tolist()[1] == [0, 0, 0]
    assert hotspot_codes(SLOPE, P, direction="increase").tolist()[0] == [0, 0, 0]
    assert hotspot_codes(SLOPE, P, level=0.05, min_slope=0.0).tolist() == [
        [1, 1, 2], [1, 2, 2], [1, 0, 2],
    ]  # fmt: skip


def test_volumes_by_hand(trend):
    found = find_hotspots(trend())
    # 0.7 cm/month over 100 km²: 12 × 0.7 × 1e-5 × 100 km³/yr; the larger comes first.
    assert found.falling.tolist() == [False, True] and found.cells.tolist() == [2, 2]
    np.testing.assert_allclose(found.area_km2, [200, 200])
    np.testing.assert_allclose(found.slope, [0.35, -0.25])
    np.testing.assert_allclose(found.steepest, [0.5, -0.3])
    np.testing.assert_allclose(found.volume_km3_yr, [8.4e-3, -6e-3])
    np.testing.assert_allclose(found.p_largest, [0.001, 0.001])
    assert found.total(True) == (1, pytest.approx(200), pytest.approx(-6e-3))


def test_millimetres_and_least_area(trend):
    found = find_hotspots(trend(10 * np.array(SLOPE), unit="mm"))
    np.testing.assert_allclose(found.volume_km3_yr, [8.4e-3, -6e-3])
    assert find_hotspots(trend(), min_area=201.0).parts == []


def test_areas_are_spherical_in_degrees(trend):
    grid = Grid(0.0, 90.0, 30.0, 30.0, 1, 3)
    found = find_hotspots(trend([[-1.0], [-2.0], [0]], [[0.001]] * 3, grid))
    a = 6371.0**2 * np.pi / 6
    top, middle = a * (1 - np.sqrt(0.75)), a * (np.sqrt(0.75) - 0.5)
    np.testing.assert_allclose(found.area_km2, top + middle)
    np.testing.assert_allclose(found.slope, -(top + 2 * middle) / (top + middle))


def test_a_hotspot_across_the_date_line_is_one(trend):
    globe = Grid(-180.0, 45.0, 90.0, 90.0, 4, 1)
    found = find_hotspots(trend([[-1, 0, 0, -1]], [[0.001] * 4], globe))
    assert found.cells.tolist() == [2] and len(found.parts[0]) == 2


def test_refusals(trend):
    with pytest.raises(ParameterError, match="P: a level above 0"):
        find_hotspots(trend(), level=0.0)
    with pytest.raises(UnitsError, match="water storage"):
        find_hotspots(trend(unit="degC"))


def test_points_lie_on_significant_cells_only(trend):
    x, y, slope, p = stipple_points(trend(), 0.01, spacing=1)
    assert (p < 0.01).all() and x.size == 6  # not p = 0.02, p = 0.01 and the missing slope
    np.testing.assert_allclose(x[:3], [5000, 15000, 25000])
    np.testing.assert_allclose(y[:3], -5000)
    np.testing.assert_allclose(slope[:3], SLOPE[0])


def test_points_are_staggered(trend):
    p = np.full((8, 8), 0.001)
    x, y, *_ = stipple_points(trend(p, p, Grid(0, 8, 1, 1, 8, 8)), 0.05, spacing=4)
    assert sorted(zip(y, x)) == [(1.5, 0.5), (1.5, 4.5), (5.5, 2.5), (5.5, 6.5)]
    again = stipple_points(trend(p, p, Grid(0, 8, 1, 1, 8, 8)), 0.05, 4, memory=1)
    np.testing.assert_array_equal(again[:2], [x, y])


def test_spacing_is_chosen_by_the_size():
    assert spacing_for(Grid(-180, 90, 1, 1, 360, 180)) == 2
    assert spacing_for(Grid(0, 0, 1, 1, 5, 5)) == 1
    assert spacing_for(Grid(0, 0, 1, 1, 5, 5), 3) == 3


def test_nothing_significant(trend):
    empty = trend(p=np.ones((3, 3)))
    assert stipple_points(empty, 0.01)[0].size == 0
    assert significant_regions(empty).parts == []


def test_regions_by_hand(trend):
    found = significant_regions(trend())
    # One region of the six significant cells with a slope.
    assert found.cells.tolist() == [6]
    mean = np.mean([-0.2, -0.3, 0.05, 0.5, 0.2, -0.1])
    np.testing.assert_allclose(found.sums[0, 0] / found.area[0], mean)
