"""Seven classes: by hand on 3 × 3 cells, shares by area, blocks, edges."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.errors import DataError, GridError, ParameterError
from grace_water_toolbox.core.trends.class_report import class_report
from grace_water_toolbox.core.trends.classes import CLASSES, classify, map_classes, share_rows
from grace_water_toolbox.core.trends.trendraster import TrendRaster

NAN = np.nan
#: cm/month and p; the classes beneath are read off by hand.
SLOPE = [[-0.2, -0.2, -0.2], [-0.009, 0.009, 0.2], [0.2, 0.001, NAN]]
P = [[0.001, 0.03, 0.5], [0.5, 0.5, 0.05], [0.049999, 0.0099, 0.001]]
EXPECTED = [[1, 2, 3], [4, 4, 5], [6, 7, 0]]


def test_by_hand():
    assert classify(SLOPE, P).tolist() == EXPECTED


@pytest.mark.parametrize(
    ("slope", "p", "flat", "value"),
    [
        (-0.5, 0.01, 0.01, 2),  # p < 0.01 is strict
        (-0.5, 0.05, 0.01, 3),
        (0.01, 0.9, 0.01, 5),  # |slope| below, not at
        (0.001, 0.9, 0.0, 5),
        (0.0, 0.9, 0.0, 4),
        (0.0, 0.001, 0.01, 4),  # ties can make a slope of 0 significant: no direction
        (NAN, 0.001, 0.01, 0),
        (0.5, NAN, 0.01, 0),
        (-1e-300, 1e-300, 0.01, 1),
    ],
)
def test_at_the_edges(slope, p, flat, value):
    assert classify([[slope]], [[p]], flat) == value


def test_every_pair_gets_the_class_of_its_rule():
    """Against the sentences of the page, one cell at a time."""
    rng = np.random.default_rng(1)
    slope, p = rng.normal(0, 0.02, 500), rng.choice([0.001, 0.02, 0.4], 500)
    for s, q, got in zip(slope, p, classify(slope, p)):
        if q >= 0.05 and abs(s) < 0.01:
            name = "no trend"
        else:
            name = "decrease" if s < 0 else "increase"
            name += ", p < 0.01" if q < 0.01 else ", 0.01 ≤ p < 0.05" if q < 0.05 else ", p ≥ 0.05"
        assert CLASSES[got - 1][1] == name


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("yearly", [False, True])
def test_bands_are_found_by_name(tmp_path, make_trend, order, yearly):
    source = make_trend(tmp_path / "t.tif", SLOPE, P, order=order, yearly=yearly)
    with TrendRaster(source) as trend:
        summary = map_classes(trend, tmp_path / "c.tif")
        assert trend.slope_unit == "cm/month"
    with rasterio.open(tmp_path / "c.tif") as file:
        assert file.read(1).tolist() == EXPECTED
        assert file.dtypes == ("uint8",) and file.nodata == 0
        assert file.descriptions == ("trend_class",)
        assert "no trend below 0.01 cm/month" in file.tags()["history"]
    assert summary.cells.tolist() == [1, 1, 1, 2, 1, 1, 1]


def test_millimetres_are_converted(tmp_path, make_trend):
    source = make_trend(tmp_path / "t.tif", 10 * np.array(SLOPE), P, unit="mm")
    with TrendRaster(source) as trend:
        map_classes(trend, tmp_path / "c.tif")
    with rasterio.open(tmp_path / "c.tif") as file:
        assert file.read(1).tolist() == EXPECTED


def test_shares_are_of_the_sphere(tmp_path, make_trend):
    """Rows of 60…90° N and of 0…30° N: areas as sin 90 − sin 60 to sin 30 − sin 0."""
    grid = Grid(0.0, 90.0, 30.0, 30.0, 1, 3)
    source = make_trend(tmp_path / "t.tif", [[-1], [NAN], [1]], [[0.001]] * 3, grid=grid)
    with TrendRaster(source) as trend:
        summary = map_classes(trend, tmp_path / "c.tif")
    top, bottom = 1 - np.sin(np.radians(60)), np.sin(np.radians(30))
    share = 100 * top / (top + bottom)
    np.testing.assert_allclose(summary.shares[[0, 6]], [share, 100 - share], rtol=1e-12)
    np.testing.assert_allclose(summary.area.sum(), 6371.0**2 * np.pi / 6 * (top + bottom))
    assert summary.sphere


def test_projected_cells_have_planar_areas(tmp_path, make_trend):
    grid = Grid(0.0, 0.0, 1000.0, 2000.0, 3, 3, "EPSG:6933")
    with TrendRaster(make_trend(tmp_path / "t.tif", SLOPE, P, grid=grid)) as trend:
        summary = map_classes(trend, tmp_path / "c.tif")
    assert summary.area.tolist() == [2, 2, 2, 4, 2, 2, 2] and not summary.sphere


def test_both_tests_side_by_side_and_the_published_shares(tmp_path, make_trend):
    plain = np.full((3, 3), 0.001)
    with TrendRaster(make_trend(tmp_path / "t.tif", SLOPE, P, plain)) as trend:
        summary = map_classes(trend, tmp_path / "c.tif")
    rows = share_rows(summary)
    assert [row[6] for row in rows] == [37.13, 1.70, None, None, None, 2.15, 47.01, 12.00]
    assert sum(row[4] for row in rows[:7]) == pytest.approx(100)
    # By the plain test every cell is sure: 4 fall, 4 rise.
    assert summary.plain_shares[[1, 2, 3, 4, 5]].tolist() == [0] * 5
    assert rows[7][4] == pytest.approx(summary.shares[2:5].sum())
    page = class_report(summary, "x").html()
    for text in (
        "37.13",
        "1.70",
        "12.00",
        "2.15",
        "47.01",
        "plain test, %",
        "decrease, p &lt; 0.01",
    ):
        assert text in page
    assert page.count("<img ") == 2


def test_one_test_only_says_so(tmp_path, make_trend):
    with TrendRaster(make_trend(tmp_path / "t.tif", SLOPE, P)) as trend:
        summary = map_classes(trend, tmp_path / "c.tif")
    assert summary.plain_shares is None
    assert "calls too much" in class_report(summary).html()


def test_strips_give_the_same(tmp_path, make_trend):
    rng = np.random.default_rng(2)
    slope, p = rng.normal(0, 0.1, (40, 30)), rng.random((40, 30)) ** 4
    summaries = []
    for memory in (None, 8 * 8 * 30 * 7):
        with TrendRaster(make_trend(tmp_path / "t.tif", slope, p, p)) as trend:
            summaries.append(map_classes(trend, tmp_path / "c.tif", memory=memory))
        with rasterio.open(tmp_path / "c.tif") as file:
            np.testing.assert_array_equal(file.read(1), classify(slope, p))
    one, many = summaries
    np.testing.assert_allclose(one.area, many.area, rtol=1e-12)
    np.testing.assert_array_equal(one.picture, many.picture)
    np.testing.assert_array_equal(one.picture, classify(slope, p))


def test_single_cell_and_nothing(tmp_path, make_trend):
    with TrendRaster(make_trend(tmp_path / "t.tif", [[-1.0]], [[0.001]])) as trend:
        assert map_classes(trend, tmp_path / "c.tif").shares.tolist() == [100, 0, 0, 0, 0, 0, 0]
    (tmp_path / "c.tif").unlink()
    with (
        TrendRaster(make_trend(tmp_path / "t.tif", [[NAN]], [[NAN]])) as trend,
        pytest.raises(DataError, match="with values"),
    ):
        map_classes(trend, tmp_path / "c.tif")
    assert not (tmp_path / "c.tif").exists()


def test_other_rasters_are_refused_with_what_they_have(tmp_path, make_stack):
    with pytest.raises(ParameterError, match="band described 'p'") as error:
        TrendRaster(make_stack(tmp_path / "s.tif", np.ones(3)))
    assert "2004-01" in str(error.value) and "'Trend map'" in str(error.value)


def test_rasters_without_place_are_refused(tmp_path):
    from osgeo import gdal

    path = str(tmp_path / "x.tif")
    gdal.GetDriverByName("GTiff").Create(path, 2, 2, 1, gdal.GDT_Byte).FlushCache()
    with pytest.raises(GridError):
        TrendRaster(path)


@pytest.mark.parametrize("yearly", [False, True])
def test_a_map_clipped_by_extent_keeps_its_unit(tmp_path, make_trend, yearly):
    """GDAL's translate, QGIS's clip by extent, drops the units of bands."""
    from osgeo import gdal

    path = make_trend(tmp_path / "t.tif", [[1.0, 2.0]], [[0.1, 0.2]], unit="mm", yearly=yearly)
    clipped = str(tmp_path / "c.tif")
    gdal.Translate(clipped, path, srcWin=[1, 0, 1, 1])
    with TrendRaster(clipped) as trend:
        assert trend.slope_unit == "cm/month" and trend.is_storage
        assert trend.read_trend()[0][0, 0] == pytest.approx(0.2)
