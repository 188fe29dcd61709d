"""Class rasters of the twin: the lake's area, an aquifer for every basin, readable files."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin_local import outlines
from grace_water_toolbox.core.data.twin_masks import aquifer_classes, water_classes, write_classes
from grace_water_toolbox.core.data.twin_region import basin_weights, land_mask
from grace_water_toolbox.core.data.twin_wells import AQUIFERS


def test_permanent_water_has_the_area_of_the_lake():
    grid, classes = water_classes()
    assert grid.dx == pytest.approx(0.01) and set(np.unique(classes)) == {0, 1, 2, 3}
    areas = grid.cell_areas()
    lake = outlines()[1][0].area_km2
    assert areas[classes == 3].sum() == pytest.approx(lake, rel=0.005)
    assert areas[classes == 2].sum() == pytest.approx(0.44 * lake, rel=0.02)
    np.testing.assert_array_equal((classes == 0)[25::50, 25::50], ~land_mask())


def test_every_whymap_class_occurs_and_basins_have_theirs():
    grid, classes = aquifer_classes()
    known = {11, 12, 13, 14, 15, 22, 23, 24, 25, 33, 34}
    assert set(np.unique(classes)) == known | {0}
    for name, (code, _) in AQUIFERS.items():
        inside = basin_weights(name, grid) > 0.999 * grid.cell_areas()
        assert (classes[inside] == code).all()


def test_files(tmp_path):
    import rasterio

    for make in (water_classes, aquifer_classes):
        grid, classes = make()
        write_classes((grid, classes), "classes", tmp_path / "c.tif")
        with rasterio.open(tmp_path / "c.tif") as file:
            assert (
                file.nodata == 0
                and file.dtypes == ("uint8",)
                and "SYNTHETIC" in file.tags()["history"]
            )
            np.testing.assert_array_equal(file.read(1), classes)
