"""Whether a run leaves the region its model was trained on, in degrees and in metres."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid, edge_in_degrees
from grace_water_toolbox.core.downscaling.domain import reaches_beyond
from rasterio.warp import transform_bounds

#: UTM 30 N (centre 3 degrees west): 80 km around 3° W 43.3° N, and laps of 10 km in Albers.
UTM = Grid(460_000.0, 4_840_000.0, 1000.0, 1000.0, 80, 80, "EPSG:32630")
ALBERS = Grid(-500_000.0, 2_500_000.0, 10_000.0, 10_000.0, 100, 120, "EPSG:5070")


@pytest.mark.parametrize("grid", [UTM, ALBERS], ids=["utm", "albers"])
def test_a_grid_in_metres_is_held_against_degrees(grid):
    west, south, east, north = transform_bounds(grid.crs, "EPSG:4326", *grid.extent, densify_pts=99)
    region = np.array([west - 0.05, east + 0.05, south - 0.05, north + 0.05])
    assert not reaches_beyond(grid, tuple(region))
    for side, inward in enumerate((0.2, -0.2, 0.2, -0.2)):
        moved = region.copy()
        moved[side] += inward
        assert reaches_beyond(grid, tuple(moved))


def test_its_edge_is_that_of_another_library():
    lon, lat = edge_in_degrees(ALBERS)
    west, south, east, north = transform_bounds(
        ALBERS.crs, "EPSG:4326", *ALBERS.extent, densify_pts=99
    )
    np.testing.assert_allclose(
        [lon.min(), lat.min(), lon.max(), lat.max()], [west, south, east, north], atol=2e-3
    )
    # Bent sides: corners alone would miss the northernmost point.
    corners = lat[[0, ALBERS.nx]]
    assert lat.max() > corners.max() + 0.01


def test_across_the_date_line_in_metres():
    grid = Grid(-100_000.0, -2_000_000.0, 1000.0, 1000.0, 200, 100, "EPSG:3832")  # centre 150° E
    inside = (148.0, 152.0, -20.0, -15.0)
    assert not reaches_beyond(grid, inside)
    pacific = Grid(3_200_000.0, -2_000_000.0, 10_000.0, 10_000.0, 40, 10, "EPSG:3832")
    lon, _ = edge_in_degrees(pacific)
    assert np.ptp(lon) < 5 and lon.min() < 180 < lon.max()
    assert not reaches_beyond(pacific, (170.0, 190.0, -25.0, -10.0))
    assert reaches_beyond(pacific, (170.0, 180.0, -25.0, -10.0))


def test_regions_in_metres_and_in_turned_degrees():
    degrees = Grid(-40.0, 48.0, 0.1, 0.1, 80, 80)
    assert not reaches_beyond(degrees, (320.0, 328.0, 40.0, 48.0))
    assert reaches_beyond(degrees, (321.0, 328.0, 40.0, 48.0))
    west, south, east, north = UTM.extent
    assert not reaches_beyond(UTM, (west, east, south, north))
    assert reaches_beyond(UTM, (west + 1000, east, south, north))
    # A system that nobody names cannot be told from degrees: nothing is said.
    assert not reaches_beyond(degrees, (west, east, south, north))
