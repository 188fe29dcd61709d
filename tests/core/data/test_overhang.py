"""Grids with a centre on ±180°, such as ERA5-Land's: half a cell hangs over the date line."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.series import basin_series
from grace_water_toolbox.core.basins.statistics import CoverageMatrix
from grace_water_toolbox.core.data.aligning import align_stack
from grace_water_toolbox.core.data.grid import Grid, snap_extent
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack

#: Centres at −180, −178, … 178: cells from −181 to 179.
OVER = Grid(-181.0, 90.0, 2.0, 2.0, 180, 90)
PLAIN = Grid(-180.0, 90.0, 2.0, 2.0, 180, 90)


def field(grid):
    """Random values and one smooth wave, so that a shift by a cell would show."""
    rng = np.random.default_rng(4)
    wave = 20 + 10 * np.sin(np.radians(grid.x)) * np.cos(np.radians(grid.y))[:, None]
    return np.stack([wave + rng.normal(size=grid.shape) for _ in range(2)])


def mean(values, grid):
    areas = grid.cell_areas()
    return (values * areas).sum(axis=(1, 2)) / areas.sum()


def box(west, south, east, north):
    return [np.array([(west, south), (east, south), (east, north), (west, north), (west, south)])]


def test_a_product_with_centres_on_whole_degrees(tmp_path, make_product, calendar_months,
                                                 read_stack):  # fmt: skip
    lat, lon = np.arange(-89.0, 90, 2), np.arange(0.0, 360, 2)
    start, end = calendar_months("2004-01", 3)
    values = np.arange(3)[:, None, None] * (lon + 1000 * np.arange(90)[:, None] / 90)
    import_grace(make_product(tmp_path / "p.nc", values, lat, lon, start, end),
                 tmp_path / "o.tif", baseline=("2004-01", "2004-01"))  # fmt: skip
    got, info = read_stack(tmp_path / "o.tif")
    assert info.grid.x0 == -181.0 and info.grid.is_global
    # West of Greenwich stands what the file has beyond 180: −180 is 180.
    np.testing.assert_allclose(got[1, -1], np.r_[180.0:360:2, 0.0:180:2])
    # A single cell on the line, both halves of it asked for.
    for extent in ((179.5, 0, 180.5, 2), (-180.5, 0, -179.5, 2), (179.5, 0, 180, 2)):
        assert snap_extent(info.grid, extent)[1] % 180 == 0
        assert snap_extent(info.grid, extent)[3] == 1
    row, col, ny, nx = snap_extent(info.grid, (-180, -90, 180, 90))
    assert (row, ny, nx) == (0, 90, 180) and col % 180 == 0


@pytest.mark.parametrize(("source", "target"), [(OVER, PLAIN), (PLAIN, OVER)])
def test_aligning_conserves_the_mean(tmp_path, make_stack, read_stack, source, target):
    values = field(source)
    with MonthlyStack(make_stack(tmp_path / "in.tif", values, grid=source)) as stack:
        align_stack(stack, target, tmp_path / "out.tif", method="mean", force=True)
    got, info = read_stack(tmp_path / "out.tif")
    assert info.grid.x0 == target.x0 and np.isfinite(got).all()
    np.testing.assert_allclose(mean(got, target), mean(values, source), rtol=1e-6)
    # Each new cell is the mean of the two halves that make it, also across the line.
    turn = 0 if source is OVER else 1
    halves = (values + np.roll(values, turn or -1, axis=2)) / 2
    np.testing.assert_allclose(got, halves, atol=1e-5)


@pytest.mark.parametrize("west", [170.0, 179.0, 179.5, -180.0, -181.0, -190.0])
def test_basins_on_the_line(west):
    values = field(OVER)
    got = basin_series(
        CoverageMatrix.from_rings([box(west, 10, west + 11, 30)], OVER), values.reshape(2, -1)
    )
    # Shares of each column by plain loops over the turns of the globe.
    shares = np.zeros(OVER.nx)
    for column in range(OVER.nx):
        left = OVER.x0 + 2 * column
        for turn in (-360, 0, 360):
            shares[column] += max(0.0, min(left + 2 + turn, west + 11) - max(left + turn, west)) / 2
    rows = (OVER.y > 10) & (OVER.y < 30)
    weights = OVER.cell_areas() * shares * rows[:, None]
    assert shares.sum() == pytest.approx(5.5)
    expected = (values * weights).sum(axis=(1, 2)) / weights.sum()
    np.testing.assert_allclose(got.mean[:, 0], expected, rtol=1e-6)
