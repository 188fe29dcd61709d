import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.downscaling.places import AreaOfInterest, ClassPolygons, ClassRaster
from grace_water_toolbox.core.errors import DataError, GridError, ParameterError
from rasterio.transform import from_origin

GRID = Grid(10.0, 20.0, 0.5, 0.5, 8, 6)


def raster(
    path, values, west=10.0, north=20.0, step=1.0, dtype="int16", nodata=-1, crs="EPSG:4326"
):
    values = np.asarray(values, dtype)
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1,
        dtype=dtype, nodata=nodata, crs=crs, transform=from_origin(west, north, step, step),
    ) as file:  # fmt: skip
        file.write(values, 1)
    return path


def box(west, south, east, north):
    ring = [(west, south), (east, south), (east, north), (west, north)]
    return orient_rings([(np.array(ring, float), [])])


def test_classes_of_a_coarser_raster_with_holes(tmp_path):
    path = raster(tmp_path / "c.tif", [[11, 12, 13, -1], [14, 15, 22, 23], [24, 25, 33, 34]])
    reader = ClassRaster(path, GRID)
    expected = np.array([[11, 12, 13, 0], [14, 15, 22, 23], [24, 25, 33, 34]])
    expected = expected.repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(reader(0, 0, 6, 8), expected)
    np.testing.assert_array_equal(reader(3, 2, 2, 5), expected[3:5, 2:7])


def test_beyond_the_raster_there_is_no_class(tmp_path):
    path = raster(tmp_path / "c.tif", [[11, 12]], west=12.0, north=19.0)
    got = ClassRaster(path, GRID)(0, 0, 6, 8)
    assert (got[2:4, 4:] == [[11, 11, 12, 12]] * 2).all() and got.sum() == 4 * (11 + 12)


def test_longitudes_of_another_turn_and_the_date_line(tmp_path):
    world = raster(tmp_path / "w.tif", np.arange(360)[None].repeat(3, 0), west=0.0, north=1.0)
    got = ClassRaster(world, Grid(178.0, 1.0, 1.0, 1.0, 4, 1))(0, 0, 1, 4)
    assert got.tolist() == [[178, 179, 180, 181]]
    got = ClassRaster(world, Grid(-2.0, 1.0, 1.0, 1.0, 4, 1))(0, 0, 1, 4)
    assert got.tolist() == [[358, 359, 0, 1]]


def test_what_is_no_class_is_refused(tmp_path):
    path = raster(tmp_path / "f.tif", [[1.5] * 4] * 3, dtype="float32")
    with pytest.raises(DataError):
        ClassRaster(path, GRID)(0, 0, 6, 8)
    with pytest.raises(GridError):
        ClassRaster(raster(tmp_path / "p.tif", [[1]], crs="EPSG:3857"), GRID)
    with pytest.raises(GridError):
        ClassRaster(raster(tmp_path / "g.tif", [[1]], west=50.0), GRID)


def test_classes_of_polygons_by_centre_last_wins():
    reader = ClassPolygons([box(10, 17, 12, 20), box(11, 18, 14, 20)], ["11", "12"], GRID)
    expected = np.zeros((6, 8), int)
    expected[:, :4] = 11
    expected[:4, 2:] = 12
    np.testing.assert_array_equal(reader(0, 0, 6, 8), expected)
    np.testing.assert_array_equal(reader(2, 1, 3, 4), expected[2:5, 1:5])


def test_a_hole_in_a_polygon_has_no_class():
    outer, hole = box(10, 17, 14, 20)[0], box(11, 18, 12, 19)[0]
    got = ClassPolygons([orient_rings([(outer, [hole])])], [7], GRID)(0, 0, 6, 8)
    assert (got == 0).sum() == 4 and (got[2:4, 2:4] == 0).all()


def test_a_class_that_is_no_number_is_refused():
    with pytest.raises(ParameterError, match="STRATA_FIELD"):
        ClassPolygons([box(10, 17, 14, 20)], ["karst"], GRID)


def test_the_area_of_interest_takes_cells_half_inside():
    inside = AreaOfInterest([box(10.1, 17, 12.3, 20)], GRID)
    got = inside(0, 0, 6, 8)
    assert got[0].tolist() == [True] * 5 + [False] * 3
    np.testing.assert_array_equal(inside(2, 3, 2, 4), got[2:4, 3:7])
