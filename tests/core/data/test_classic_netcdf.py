"""Classic NetCDF files that are cut off are noticed, whole ones pass."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.classic import check_whole
from grace_water_toolbox.core.data.multidim import MultidimFile
from grace_water_toolbox.core.errors import ReadError

FORMATS = ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA")


def write(path, form, records=None, second=False):
    """Fixed variables first, then ``lwe_thickness`` over time (unlimited when ``records``)."""
    import netCDF4

    with netCDF4.Dataset(path, "w", format=form) as file:
        file.title = "odd"
        file.createDimension("time", None if records else 5)
        file.createDimension("lat", 3)
        file.createVariable("lat", "i2", ("lat",))[:] = [1, 2, 3]
        file.createVariable("land", "i1", ("lat",)).comment = "abc"
        file["land"][:] = 1
        values = np.arange(15.0).reshape(5, 3)
        file.createVariable("lwe", "i2" if records else "f4", ("time", "lat"))[:] = values
        if second:
            file.createVariable("time", "f8", ("time",))[:] = np.arange(5)
    return path


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("records", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_whole_files_pass_and_any_cut_is_noticed(tmp_path, form, records, second):
    path = write(tmp_path / "x.nc", form, records, second)
    check_whole(path)
    whole = path.read_bytes()
    # Up to three bytes at the end may be padding.
    for length in [*range(4, len(whole) - 3, 7), len(whole) - 4]:
        path.write_bytes(whole[:length])
        with pytest.raises(ReadError, match=rf"^x.nc: .*found {length} bytes"):
            check_whole(path)


def test_readers_refuse_a_file_that_is_cut_off(tmp_path):
    path = write(tmp_path / "x.nc", FORMATS[1])
    expected = np.arange(15.0).reshape(5, 3)
    np.testing.assert_array_equal(MultidimFile(path).variable("lwe").read(), expected)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ReadError, match="truncated or damaged"):
        MultidimFile(path)


def test_other_formats_pass(tmp_path):
    for content in (b"", b"CD", b"CDF\x07abc", b"\x89HDF\r\n\x1a\n", b"text"):
        path = tmp_path / "x.nc"
        path.write_bytes(content)
        check_whole(path)
