"""The twin's product file, read back through GDAL and as an import would."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_netcdf import write_grace_netcdf
from grace_water_toolbox.core.errors import WriteError


@pytest.fixture(scope="module")
def twin():
    return make_twin(0)


@pytest.fixture(scope="module")
def path(twin, tmp_path_factory):
    target = tmp_path_factory.mktemp("twin") / "twin_grace.nc"
    write_grace_netcdf(twin, target)
    return target


def open_multidim(path):
    from osgeo import gdal

    dataset = gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER)
    return dataset, dataset.GetRootGroup()


def test_gdal_reads_what_was_written(twin, path):
    dataset, root = open_multidim(path)
    arrays = {name: root.OpenMDArray(name) for name in root.GetMDArrayNames()}
    lwe = arrays["lwe_thickness"]
    assert [d.GetName() for d in lwe.GetDimensions()] == ["time", "lat", "lon"]
    assert [d.GetSize() for d in lwe.GetDimensions()] == [231, 18, 22]
    assert lwe.GetUnit() == arrays["uncertainty"].GetUnit() == "cm"
    assert lwe.GetNoDataValueAsDouble() == -99999
    lat, lon = arrays["lat"].ReadAsArray(), arrays["lon"].ReadAsArray()
    np.testing.assert_allclose(lat, np.arange(32.5, 50))
    np.testing.assert_allclose(lon, np.arange(313.5, 335))
    values = lwe.ReadAsArray()
    assert values.dtype == np.float32
    expected = twin.solutions["values"][:, ::-1]
    np.testing.assert_array_equal(values, expected.astype(np.float32))
    sigma = arrays["uncertainty"].ReadAsArray()
    np.testing.assert_array_equal(sigma, twin.solutions["sigma"][:, ::-1].astype(np.float32))
    land = arrays["land_mask"].ReadAsArray()
    np.testing.assert_array_equal(land, twin.product_land[::-1])
    assert dataset is not None


def test_time_is_days_at_the_middle_of_the_span(path):
    _, root = open_multidim(path)
    time = root.OpenMDArray("time")
    assert time.GetUnit() == "days since 2002-01-01 00:00:00"
    assert time.GetAttribute("bounds").Read() == "time_bounds"
    days, bounds = time.ReadAsArray(), root.OpenMDArray("time_bounds").ReadAsArray()
    assert bounds.shape == (231, 2)
    np.testing.assert_array_equal(days, bounds.mean(axis=1))
    assert (np.diff(days) > 0).all()
    assert list(bounds[0]) == [90, 120]  # April 2002
    assert [3575, 3606] in bounds.tolist()  # second solution of 2011-10
    assert [4849, 4879] in bounds.tolist()  # second solution of 2015-04


def test_every_title_says_synthetic(path):
    dataset, root = open_multidim(path)
    assert "SYNTHETIC" in root.GetAttribute("title").Read()
    for name in ("lwe_thickness", "uncertainty", "land_mask"):
        assert "SYNTHETIC" in root.OpenMDArray(name).GetAttribute("long_name").Read()
    assert dataset is not None


def test_import_gives_the_twin_month_by_month(twin, path):
    """The project's own reader and month rules arrive at what the twin says."""
    from grace_water_toolbox.core.data.grace import open_grace
    from grace_water_toolbox.core.data.merging import plan_months

    product = open_grace(path)
    assert not product.grid.difference(twin.product_grid)
    plan = plan_months(product.middle, product.start, product.end)
    np.testing.assert_array_equal(plan.months, twin.months)
    grace = plan.merge(product.read(0, product.grid.ny))
    np.testing.assert_allclose(grace, twin.grace, atol=1e-4)
    np.testing.assert_array_equal(product.land(0, product.grid.ny), twin.product_land)


def test_same_twin_same_bytes_and_nothing_left_beside(twin, path, tmp_path):
    target = tmp_path / "again.nc"
    write_grace_netcdf(twin, target)
    assert target.read_bytes() == path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.nc"]


def test_missing_folder_is_refused(twin, tmp_path):
    with pytest.raises(WriteError, match="folder"):
        write_grace_netcdf(twin, tmp_path / "nowhere" / "twin.nc")
