"""Profiles by latitude and means over time: by hand, weights, projected grids, pictures."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.bands import BandFile
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, ParameterError
from grace_water_toolbox.core.report.profile import profile_plot
from grace_water_toolbox.core.trends.latitude import belts, latitude_profile
from grace_water_toolbox.core.trends.latitude_report import ProfileSource, profile_report
from grace_water_toolbox.core.trends.meanmap import map_mean, mean_over_time

NAN = np.nan


def profile(values, grid, step=0.0, **more):
    values = np.asarray(values, float)
    return latitude_profile(grid, lambda row, ny: values[row : row + ny], step, **more)


def test_rows_by_hand():
    grid = Grid(0.0, 3.0, 1.0, 1.0, 3, 3)
    found = profile([[1, 2, 3], [4, NAN, 8], [NAN] * 3], grid)
    assert found.latitude.tolist() == [2.5, 1.5, 0.5]
    np.testing.assert_allclose(found.mean, [2, 6, NAN])
    np.testing.assert_allclose(found.sd, [np.sqrt(2 / 3), 2, NAN])
    assert found.cells.tolist() == [3, 2, 0]
    np.testing.assert_allclose(found.low, [1, 4, NAN])
    np.testing.assert_allclose(found.high, [3, 8, NAN])
    np.testing.assert_allclose(found.area_km2, grid.cell_areas()[:, 0] * [3, 2, 0])


def test_belts_weigh_by_the_sphere():
    """60…90° N is smaller than 30…60° N by (1 − sin 60)/(sin 60 − sin 30)."""
    grid = Grid(0.0, 90.0, 30.0, 30.0, 1, 3)
    found = profile([[10], [1], [5]], grid, 60.0)
    assert (found.north.tolist(), found.south.tolist()) == ([90, 60], [60, 0])
    a, b, c = 1 - np.sqrt(0.75), np.sqrt(0.75) - 0.5, 0.5
    np.testing.assert_allclose(found.mean[-1], (1 * b + 5 * c) / (b + c))
    np.testing.assert_allclose(found.mean[0], 10)
    np.testing.assert_allclose(found.area_km2[0], 6371.0**2 * np.pi / 6 * a)


def test_belts_cut_cells():
    """A cell of 0…2° over belts of 1°: each gets its part, and the area is conserved."""
    grid = Grid(0.0, 2.0, 2.0, 2.0, 2, 1)
    found = profile([[1, 3]], grid, 1.0)
    np.testing.assert_allclose(found.mean, [2, 2])
    assert found.cells.tolist() == [2, 2]
    np.testing.assert_allclose(found.area_km2.sum(), grid.cell_areas().sum())


def test_the_area_weighted_mean_of_belts_is_that_of_the_map():
    rng = np.random.default_rng(0)
    values = rng.normal(1e6, 1, (180, 24))
    values[rng.random(values.shape) < 0.4] = NAN
    grid = Grid(-180.0, 90.0, 15.0, 1.0, 24, 180)
    known = np.isfinite(values)
    area = np.where(known, grid.cell_areas(), 0)
    expected = (np.where(known, values, 0) * area).sum() / area.sum()
    for step in (0.0, 7.0, 10.0):
        found = profile(values, grid, step)
        mean = np.where(found.area_km2 > 0, found.mean, 0)
        np.testing.assert_allclose((mean * found.area_km2).sum() / area.sum(), expected, rtol=1e-12)
        strips = profile(values, grid, step, memory=8 * 10 * 24 * 7)
        np.testing.assert_allclose(strips.mean, found.mean, rtol=1e-12)
        np.testing.assert_allclose(strips.sd, found.sd, rtol=1e-6)
        np.testing.assert_array_equal(strips.cells, found.cells)


def test_projected_cells_go_by_the_latitude_of_their_centre():
    grid = Grid(-1.0e6, 3.0e6, 1.0e6, 1.0e6, 3, 6, "EPSG:6933")
    values = np.arange(18.0).reshape(6, 3)
    found = profile(values, grid, 10.0)
    assert not found.sphere
    from osgeo import osr

    source, target = osr.SpatialReference(), osr.SpatialReference()
    source.ImportFromEPSG(6933), target.ImportFromEPSG(4326)
    for system in (source, target):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    change = osr.CoordinateTransformation(source, target)
    rows = [change.TransformPoint(0.0, float(y))[1] for y in grid.y]
    for i, (north, south) in enumerate(zip(found.north, found.south)):
        inside = [south <= lat < north for lat in rows]
        if any(inside):
            assert found.mean[i] == pytest.approx(values[inside].mean())
            assert found.cells[i] == 3 * sum(inside)
        else:
            assert np.isnan(found.mean[i])
    assert found.cells.sum() == 18
    with pytest.raises(ParameterError, match="STEP"):
        belts(grid)


def test_a_pole_anywhere_inside_a_projected_grid():
    grid = Grid(-2.0e6, 2.5e6, 0.5e6, 0.5e6, 8, 12, "EPSG:3413")
    found = profile(np.ones(grid.shape), grid, 5.0)
    assert found.north[0] == 90.0 and found.cells[0] == 4
    assert found.cells.sum() == 96
    assert found.cells[-1] > 0


@pytest.mark.parametrize(
    "grid", [Grid(170.0, 10.0, 5.0, 5.0, 4, 2), Grid(-5.0, 1.0, 1.0, 1.0, 1, 1)]
)
def test_date_line_and_a_single_cell(grid):
    found = profile(np.ones(grid.shape), grid)
    np.testing.assert_allclose(found.mean, 1)
    np.testing.assert_allclose(found.sd, 0, atol=1e-12)


def test_empty_map():
    with pytest.raises(DataError):
        profile([[NAN]], Grid(0, 1, 1, 1, 1, 1))


def test_sources(tmp_path, make_stack):
    values = np.arange(24.0).reshape(24, 1, 1) + np.array([[0.0], [10.0]])
    path = make_stack(tmp_path / "s.tif", values)
    source = ProfileSource(path)
    np.testing.assert_allclose(source.read(0, 2)[:, 0], [11.5, 21.5])
    assert source.unit == "cm" and "mean of 2004-01 to 2005-12" in source.what
    source.close()
    source = ProfileSource(path, start="2005-01")
    np.testing.assert_allclose(source.read(1, 1)[:, 0], [27.5])
    source.close()
    source = ProfileSource(path, "2004-03")
    np.testing.assert_allclose(source.read(0, 2)[:, 0], [2, 12])
    found = latitude_profile(source.grid, source.read)
    assert "<img " in profile_report(found, source).html()
    source.close()
    with pytest.raises(ParameterError, match="'2003-03'"):
        ProfileSource(path, "2003-03")
    with pytest.raises(ParameterError, match="Leave BAND empty"):
        ProfileSource(path, "2004-03", start="2004-01")


def test_scaled_integers_with_nodata(tmp_path):
    path = str(tmp_path / "i.tif")
    with RasterWriter(path, Grid(0, 2, 1, 1, 2, 2), ["a", "b"], dtype="int16", nodata=-1) as file:
        file.write(np.array([[[1, 2], [-1, 4]], [[5, 6], [7, 8]]]))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.5, 1.0), (10.0, 0.0)
    with BandFile(path) as file:
        np.testing.assert_allclose(file.read(["a"])[0], [[10.5, 11], [NAN, 12]])
        np.testing.assert_allclose(file.read(["b", "a"], 1, 0, 1, 2)[:, 0], [[7, 8], [NAN, 12]])


@pytest.mark.parametrize("mean", [[1.0, -1, 0], [NAN] * 3, [NAN, 2, NAN], [0.0, 0, 0]])
def test_pictures(mean):
    assert profile_plot([2, 1, 0], mean, [1.0, NAN, 1], "t", "cm").startswith(b"\x89PNG")


def test_pictures_need_falling_latitudes():
    with pytest.raises(ParameterError):
        profile_plot([0, 1], [1, 2])


# -- mean over time ---------------------------------------------------------------

MONTHS = np.datetime64("2004-01", "M") + np.arange(24)


def test_mean_by_hand():
    values = np.arange(24.0)[:, None] * [1, 1, 1]
    values[:12, 1] = NAN
    values[:13, 2] = NAN
    mean, count = mean_over_time(values, MONTHS)
    np.testing.assert_allclose(mean, [11.5, 17.5, NAN])
    assert count.tolist() == [24, 12, 11]


def test_calendar_mean_is_not_drawn_by_a_season_observed_more_often():
    season = np.tile(np.repeat([1.0, -1.0], 6), 2)
    seen = np.where(np.arange(24) >= 18, NAN, season)[:, None]
    assert mean_over_time(seen, MONTHS)[0] == pytest.approx(1 / 3)
    assert mean_over_time(seen, MONTHS, "calendar")[0] == pytest.approx(0)
    # A calendar month without any value leaves no fair mean.
    gone = season[:, None].copy()
    gone[[3, 15]] = NAN
    assert np.isnan(mean_over_time(gone, MONTHS, "calendar")[0])


def test_mean_map_three_by_three(tmp_path, make_stack):
    base = np.arange(9.0).reshape(3, 3)
    values = base + np.array([-1.0, 1, -2, 2])[:, None, None]
    source = make_stack(tmp_path / "s.tif", values, baseline=("2004-01", "2004-04"))
    with MonthlyStack(source) as stack:
        summary = map_mean(stack, tmp_path / "m.tif")
        assert summary.on_baseline and (summary.fewest, summary.most) == (4, 4)
        assert not map_mean(stack, tmp_path / "n.tif", start="2004-02").on_baseline
        with pytest.raises(ParameterError, match="METHOD"):
            map_mean(stack, tmp_path / "x.tif", method="median")
    with rasterio.open(tmp_path / "m.tif") as file:
        np.testing.assert_allclose(file.read(1), base)
        assert file.descriptions == ("mean", "months") and file.units == ("cm", "months")
        assert file.tags()["baseline"] == "2004-01/2004-04"
    assert not (tmp_path / "x.tif").exists()


def test_a_band_without_a_unit_does_not_get_that_of_the_slopes(tmp_path, make_trend):
    path = make_trend(tmp_path / "t.tif", [[1.0], [2.0]], [[0.1], [0.2]])
    for band, unit in (("p", ""), ("slope_per_year", "cm/yr"), ("slope_per_month", "cm/month")):
        source = ProfileSource(path, band)
        assert source.unit == unit
        source.close()
