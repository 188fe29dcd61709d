"""A variable of a NetCDF file read as a stack."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import ReadError, TimeAxisError


@pytest.fixture
def netcdf(tmp_path, make_product, calendar_months):
    def build(drop=(), crs=True, **change):
        import netCDF4

        start, end = calendar_months("2004-01", 4)
        keep = np.setdiff1d(np.arange(4), drop)
        lat, lon = np.array([-15.0, 15, 45]), np.array([-150.0, -120, -90, -60])
        values = np.arange(48.0).reshape(4, 3, 4)[keep]
        change = {"fill": -99.0, **change}
        path = make_product(tmp_path / "p.nc", values, lat, lon, start[keep], end[keep], **change)
        if crs:
            with netCDF4.Dataset(path, "a") as file:
                mapping = file.createVariable("crs", "i4")
                mapping.grid_mapping_name = "latitude_longitude"
                mapping.semi_major_axis, mapping.inverse_flattening = 6378137.0, 298.257223563
                file["lwe_thickness"].grid_mapping = "crs"
        return f'NETCDF:"{path}":lwe_thickness', values[:, ::-1]

    return build


def test_netcdf_source_with_dated_bands(netcdf):
    source, values = netcdf()
    with MonthlyStack(source) as stack:
        assert [str(m) for m in stack.months] == ["2004-01", "2004-02", "2004-03", "2004-04"]
        np.testing.assert_array_equal(stack.read(), values)
        np.testing.assert_allclose(stack.grid.extent, (-165, -30, -45, 60))
        assert stack.grid.is_geographic
        assert stack.units == "cm" and stack.to_centimetres() == 1.0
        assert stack.name == source


def test_netcdf_source_packed(netcdf):
    source, values = netcdf(kind="i2", fill=-32768, packing=(0.01, 5.0))
    with MonthlyStack(source) as stack:
        np.testing.assert_allclose(stack.read(), values, atol=0.0051)


def test_netcdf_source_with_a_month_left_out(netcdf):
    source, _ = netcdf(drop=(1,))
    with pytest.raises(TimeAxisError, match="2004-01 followed by 2004-03"):
        MonthlyStack(source)


def test_netcdf_source_with_unknown_time_units(netcdf):
    source, _ = netcdf(time_units="months since 2004-01-01")
    with pytest.raises(TimeAxisError, match="months since"):
        MonthlyStack(source)


def test_netcdf_source_with_time_units_spelled_as_csr_does(netcdf):
    source, _ = netcdf(time_attribute="Units")
    with MonthlyStack(source) as stack:
        assert [str(m) for m in stack.months] == ["2004-01", "2004-02", "2004-03", "2004-04"]


def test_netcdf_source_without_grid_mapping(netcdf):
    """Degrees of longitude and latitude without a datum, as most products are."""
    source, values = netcdf(crs=False)
    with MonthlyStack(source) as stack:
        assert stack.grid.is_geographic
        np.testing.assert_array_equal(stack.read(), values)


def test_netcdf_variable_that_is_not_there(netcdf):
    source, _ = netcdf()
    with pytest.raises(ReadError):
        MonthlyStack(source.replace("lwe_thickness", "nothing"))
