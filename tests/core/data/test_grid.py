"""Cells, areas, equality and extents."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import EARTH_RADIUS_KM, Grid, check_same_grid, snap_extent
from grace_water_toolbox.core.errors import GridError
from hypothesis import given, settings
from hypothesis import strategies as st

GLOBE = Grid(-180.0, 90.0, 1.0, 1.0, 360, 180)
REGION = Grid(70.0, 30.0, 0.5, 0.25, 8, 12)


def test_edges_centres_and_extent():
    assert REGION.shape == (12, 8)
    assert REGION.extent == (70.0, 27.0, 74.0, 30.0)
    assert REGION.x[[0, -1]].tolist() == [70.25, 73.75]
    assert REGION.y[[0, -1]].tolist() == [29.875, 27.125]
    assert REGION.geotransform == (70.0, 0.5, 0.0, 30.0, 0.0, -0.25)
    part = REGION.window(2, 3, 4, 5)
    assert part.extent == (71.5, 28.5, 74.0, 29.5)
    assert GLOBE.is_global and not REGION.is_global
    assert Grid(0.0, 90.0, 0.25, 0.25, 1440, 720).is_global


@pytest.mark.parametrize("step", [0.25, 0.5, 1.0, 3.0])
def test_areas_sum_to_the_sphere(step):
    grid = Grid(-180.0, 90.0, step, step, round(360 / step), round(180 / step))
    areas = grid.cell_areas()
    assert areas.shape == grid.shape
    np.testing.assert_allclose(areas.sum(), 4 * np.pi * EARTH_RADIUS_KM**2, rtol=1e-12)
    np.testing.assert_allclose(areas, areas[::-1], rtol=1e-9)


def test_area_of_one_cell_by_hand():
    """R² Δλ (sin 31° − sin 30°)."""
    area = Grid(70.0, 31.0, 2.0, 1.0, 1, 1).cell_areas()[0, 0]
    expected = 6371.0**2 * (2 * np.pi / 180) * (np.sin(31 * np.pi / 180) - 0.5)
    np.testing.assert_allclose(area, expected, rtol=1e-12)


def test_cells_beyond_the_pole_have_no_area_there():
    grid = Grid(-180.0, 90.25, 0.5, 0.5, 720, 361)  # centres on the poles
    np.testing.assert_allclose(grid.cell_areas().sum(), 4 * np.pi * EARTH_RADIUS_KM**2, rtol=1e-12)


def test_projected_areas_are_planar():
    grid = Grid(500000.0, 4000000.0, 2000.0, 1000.0, 3, 2, "EPSG:32643")
    np.testing.assert_allclose(grid.cell_areas(), np.full((2, 3), 2.0))
    assert not grid.is_geographic and not grid.is_global


def test_equal_grids():
    noisy = Grid(70.00001, 30.0, 0.5 + 1e-9, 0.25, 8, 12)
    assert REGION.difference(noisy) == ""
    check_same_grid(REGION, noisy, "a", "b")
    from osgeo import osr

    srs = osr.SpatialReference()
    srs.ImportFromEPSG(4326)
    check_same_grid(REGION, Grid(70.0, 30.0, 0.5, 0.25, 8, 12, srs.ExportToWkt()), "a", "b")


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (Grid(70.0, 30.0, 0.5, 0.25, 9, 12), "number of cells"),
        (Grid(70.0, 30.0, 0.5, 0.26, 8, 12), "cell size"),
        (Grid(70.0, 30.1, 0.5, 0.25, 8, 12), "position"),
        (Grid(70.0, 30.0, 0.5, 0.25, 8, 12, "EPSG:4267"), "coordinate system"),
    ],
)
def test_different_grids_are_both_named(other, what):
    with pytest.raises(GridError) as caught:
        check_same_grid(REGION, other, "twsa.tif", "soil.tif")
    text = str(caught.value)
    assert f"twsa.tif and soil.tif must share one grid, but differ in their {what}" in text
    assert f"twsa.tif: {REGION.describe()}" in text
    assert f"soil.tif: {other.describe()}" in text
    assert "Warp" in text


def test_description_tells_grids_apart():
    assert REGION.describe() == "8 × 12 cells of 0.5 × 0.25, x 70 to 74, y 27 to 30, WGS 84"


@pytest.mark.parametrize("crs", ["", "no such thing"])
def test_coordinate_system_that_is_none(crs):
    with pytest.raises(GridError, match="coordinate reference system"):
        Grid(0.0, 1.0, 1.0, 1.0, 2, 2, crs).cell_areas()
    assert "no coordinate system" in Grid(0.0, 1.0, 1.0, 1.0, 2, 2, "").describe()


@pytest.mark.parametrize("per_degree", [3, 10])
def test_from_centres_in_32_bits(per_degree):
    step = 1 / per_degree
    lon = (-20 + (np.arange(90) + 0.5) * step).astype("f4")
    lat = (50 - (np.arange(60) + 0.5) * step).astype("f4")
    grid = Grid.from_centres(lon, lat)
    assert (grid.x0, grid.y0) == (-20.0, 50.0)
    np.testing.assert_allclose([grid.dx, grid.dy], step, rtol=1e-6)


@pytest.mark.parametrize(
    ("lon", "lat", "message"),
    [
        ([0.5], [1.5, 0.5], "at least two longitude"),
        ([0.5, 1.5], [1.5], "at least two latitude"),
        ([0.5, 1.5, 3.5], [1.5, 0.5], "evenly spaced longitude"),
        ([0.5, 1.5], [1.5, 0.5, 0.5], "evenly spaced latitude"),
        ([0.5, 0.5], [1.5, 0.5], "evenly spaced longitude"),
        ([0.5, np.nan], [1.5, 0.5], "finite longitude"),
        ([0.5, 1.5], [np.nan, np.nan], "finite latitude"),
    ],
)
def test_centres_that_make_no_grid(lon, lat, message):
    with pytest.raises(GridError, match=message):
        Grid.from_centres(lon, lat)


@pytest.mark.parametrize(
    ("extent", "expected"),
    [
        ((70, 27, 74, 30), (0, 0, 12, 8)),
        ((71, 28, 72, 29), (4, 2, 4, 2)),  # on cell edges: nothing is added
        ((71.01, 28.01, 71.99, 28.99), (4, 2, 4, 2)),  # outward
        ((71.2, 28.1, 71.3, 28.2), (7, 2, 1, 1)),  # inside one cell
        ((0, 0, 90, 80), (0, 0, 12, 8)),  # cut to the data
        ((73.9, 29.9, 99, 99), (0, 7, 1, 1)),
    ],
)
def test_extent_snaps_outward(extent, expected):
    assert snap_extent(REGION, extent) == expected


def test_extent_on_edges_that_are_not_exact_in_binary():
    grid = Grid(-180.0, 90.0, 0.1, 0.1, 3600, 1800)
    assert snap_extent(grid, (0.1, 0.3, 0.7, 0.6)) == (894, 1801, 3, 6)


@pytest.mark.parametrize(
    ("extent", "column", "count", "west"),
    [
        ((170, 0, 190, 1), 350, 20, 170),
        ((-190, 0, -170, 1), 350, 20, 170),
        ((200, 0, 210, 1), 20, 10, -160),
        ((530, 0, 550, 1), 350, 20, 170),
        ((-180, 0, 180, 1), 0, 360, -180),
        ((0, 0, 360, 1), 0, 360, -180),
        ((-500, 0, 500, 1), 0, 360, -180),
        ((179.5, 0, 180.5, 1), 359, 2, 179),
    ],
)
def test_extent_around_the_globe(extent, column, count, west):
    row, col, ny, nx = snap_extent(GLOBE, extent)
    assert (row, ny) == (89, 1)
    assert (col, nx) == (column, count)
    assert GLOBE.window(row, col, ny, nx).x0 == west


@settings(max_examples=200, deadline=None)
@given(
    west=st.floats(-400, 400),
    width=st.floats(0.01, 355),
    south=st.floats(-89, 88),
    height=st.floats(0.01, 200),
)
def test_snapped_extent_covers_and_exceeds_by_less_than_a_cell(west, width, south, height):
    row, col, ny, nx = snap_extent(GLOBE, (west, south, west + width, south + height))
    assert 0 <= col < 360 and 1 <= nx <= 360 and row >= 0 and row + ny <= 180
    x0, y0, x1, y1 = GLOBE.window(row, col, ny, nx).extent
    turn = 360 * round((x0 - west) / 360)
    if nx < 360:
        assert -1e-6 < west + turn - x0 < 1 + 1e-6
        assert -1e-6 < x1 - (west + width + turn) < 1 + 1e-6
    assert -1e-6 < south - y0 < 1 + 1e-6
    assert -1e-6 < y1 - min(south + height, 90) < 1 + 1e-6


@pytest.mark.parametrize(
    "extent", [(80, 28, 81, 29), (71, 40, 72, 41), (60, 28, 70, 29), (71, 20, 72, 27)]
)
def test_extent_beside_the_data(extent):
    with pytest.raises(GridError, match=r"^EXTENT: .*meets the data.*beside 8 × 12 cells"):
        snap_extent(REGION, extent)


@pytest.mark.parametrize(
    "extent", [(190, 0, 170, 1), (0, 1, 0, 2), (0, 2, 1, 1), (np.nan, 0, 1, 1), (0, 0, np.inf, 1)]
)
def test_extent_that_is_none(extent):
    with pytest.raises(GridError, match=r"west < east.*170 to 190"):
        snap_extent(GLOBE, extent)
