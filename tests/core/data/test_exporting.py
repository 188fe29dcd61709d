"""Export: what other libraries read is what the stack holds."""

import threading

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.cdf import CdfVariable, CdfWriter
from grace_water_toolbox.core.data.exporting import export_netcdf, variable_name
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.monthfiles import export_months
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo
from grace_water_toolbox.core.errors import Cancelled, GridError, ParameterError, WriteError
from grace_water_toolbox.core.progress import Progress
from osgeo import gdal

TOTAL = "terrestrial water storage anomaly"
NAN = np.nan


def info_of(grid, months, long_name=TOTAL, units="cm"):
    axis = np.datetime64("2003-12", "M") + np.arange(months)
    return StackInfo(
        grid, axis, units, long_name, ("2004-01", "2004-02"), ("made – for a test", "b")
    )


def stack_of(folder, values, grid=None, kind="float32", **settings):
    from grace_water_toolbox.core.data.stack import stack_writer

    values = np.asarray(values, float)
    grid = grid or Grid(70, 30, 0.5, 0.25, values.shape[2], values.shape[1])
    with stack_writer(folder / "in.tif", info_of(grid, len(values), **settings), kind) as writer:
        writer.write(values)
    return MonthlyStack(folder / "in.tif")


def random_values(shape=(5, 7, 9)):
    values = np.random.default_rng(0).normal(size=shape).astype("f4").astype(float)
    values[1], values[2, 3:, 2] = NAN, NAN
    return values


def test_xarray_reads_it_by_both_engines(tmp_path):
    import xarray

    values = random_values()
    with stack_of(tmp_path, values) as stack:
        assert export_netcdf(stack, tmp_path / "o.nc", memory=400) == "lwe_thickness"
        grid = stack.grid
    for engine in ("scipy", "netcdf4"):
        with xarray.open_dataset(tmp_path / "o.nc", engine=engine) as file:
            field = file["lwe_thickness"]
            np.testing.assert_array_equal(field.values, values)
            assert field.dims == ("time", "lat", "lon") and field.dtype == np.float32
            assert field.attrs["units"] == "cm" and field.attrs["baseline"] == "2004-01/2004-02"
            np.testing.assert_array_equal(file["lat"], grid.y)
            np.testing.assert_array_equal(file["lon"], grid.x)
            middle = file["time"].values.astype("datetime64[h]").astype(str)
            assert middle[0] == "2003-12-16T12" and middle[2] == "2004-02-15T12"
            bounds = file["time_bnds"].values.astype("datetime64[D]").astype(str)
            assert bounds[0].tolist() == ["2003-12-01", "2004-01-01"]
            assert file["lat_bnds"].values[0].tolist() == [30, 29.75]
            assert file.attrs["Conventions"] == "CF-1.8"
            assert file.attrs["history"] == "made – for a test\nb"


def test_gdal_reads_it_as_a_stack(tmp_path):
    values = random_values()
    with stack_of(tmp_path, values) as stack:
        export_netcdf(stack, tmp_path / "o.nc", variable="tws")
        with MonthlyStack(f'NETCDF:"{tmp_path / "o.nc"}":tws') as other:
            np.testing.assert_array_equal(other.read(), values)
            assert other.grid.difference(stack.grid) == ""
            np.testing.assert_array_equal(other.months, stack.months)
            assert other.units == "cm"


def test_it_can_be_imported_again(tmp_path, read_stack):
    values = random_values()
    with stack_of(tmp_path, values) as stack:
        export_netcdf(stack, tmp_path / "o.nc")
    import_grace(str(tmp_path / "o.nc"), tmp_path / "again.tif", baseline=("2004-02", "2004-02"))
    again, info = read_stack(tmp_path / "again.tif")
    base = values - values[2]
    np.testing.assert_allclose(again, base.astype("f4"), atol=1e-6)
    assert str(info.months[0]) == "2003-12" and info.grid.difference(stack.grid) == ""


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 4, 3), (2, 1, 5)])
def test_small_shapes(tmp_path, shape):
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    with stack_of(tmp_path, values) as stack:
        export_netcdf(stack, tmp_path / "o.nc")
        with MonthlyStack(f'NETCDF:"{tmp_path / "o.nc"}":lwe_thickness') as other:
            np.testing.assert_array_equal(other.read(), values)
            assert other.grid.difference(stack.grid) == ""


def test_across_the_date_line(tmp_path):
    values = random_values((3, 4, 20))
    with stack_of(tmp_path, values, Grid(170, 2, 1, 1, 20, 4)) as stack:
        export_netcdf(stack, tmp_path / "o.nc")
        with MonthlyStack(f'NETCDF:"{tmp_path / "o.nc"}":lwe_thickness') as other:
            np.testing.assert_array_equal(other.read(), values)
            assert other.grid.difference(stack.grid) == ""


def test_doubles_stay_doubles(tmp_path):
    import xarray

    values = np.array([[[0.1, 1 / 3]]])
    with stack_of(tmp_path, values, kind="float64", long_name="soil moisture, 0–1 m") as stack:
        assert export_netcdf(stack, tmp_path / "o.nc") == "soil_moisture"
    with xarray.open_dataset(tmp_path / "o.nc", engine="scipy") as file:
        np.testing.assert_array_equal(file["soil_moisture"].values, values)


def test_flags(make_stack, tmp_path):
    import xarray

    marks = [[[0, 1, 2]], [[255, 0, 0]]]
    path = make_stack(tmp_path / "f.tif", marks, units="", flags=True)
    with MonthlyStack(path) as stack:
        export_netcdf(stack, tmp_path / "o.nc", variable="flags")
        files = export_months(stack, tmp_path / "months", "f")
    with xarray.open_dataset(tmp_path / "o.nc", engine="scipy", mask_and_scale=False) as file:
        assert file["flags"].values.tolist() == marks
    with rasterio.open(files[1]) as file:
        assert file.dtypes == ("uint8",) and file.read(1).tolist() == [[255, 0, 0]]


def test_names_of_variables():
    grid = Grid(0, 1, 1, 1, 1, 1)
    names = {
        TOTAL: "lwe_thickness",
        "Groundwater storage (GWSA)": "groundwater_storage_gwsa",
        "": "value",
        "2 m temperature": "value",
    }
    for text, name in names.items():
        assert variable_name(info_of(grid, 1, text)) == name


def test_refusals(tmp_path):
    with stack_of(tmp_path, np.zeros((1, 2, 2)), Grid(0, 9, 2, 2, 2, 2, "EPSG:32645")) as stack:
        with pytest.raises(GridError, match="Warp"):
            export_netcdf(stack, tmp_path / "o.nc")
        for prefix in ("", "a/b"):
            with pytest.raises(ParameterError, match="PREFIX"):
                export_months(stack, tmp_path / "months", prefix)
        with pytest.raises(WriteError):
            export_months(stack, tmp_path / "no" / "months", "a")
    with stack_of(tmp_path, np.zeros((1, 2, 2))) as stack:
        for name in ("lat", "a b", "1a"):
            with pytest.raises(ParameterError, match="VARIABLE"):
                export_netcdf(stack, tmp_path / "o.nc", variable=name)
    assert [p.name for p in tmp_path.iterdir()] == ["in.tif"]


def test_a_month_that_is_too_large_is_refused(tmp_path):
    with (tmp_path / "o.nc").open("wb") as stream:
        with pytest.raises(ParameterError, match="one GeoTIFF a month"):
            CdfWriter(
                stream, {"t": 2, "y": 40000, "x": 30000}, "t", {},
                [CdfVariable("v", "f4", ("t", "y", "x"))],
            )  # fmt: skip
        assert stream.tell() == 0


def test_records_beyond_four_gigabytes(tmp_path):
    """A sparse file: the last record lies where 32 bits do not reach."""
    path = tmp_path / "o.nc"
    ny, nx, months = 20000, 20000, 4
    with path.open("wb") as stream:
        file = CdfWriter(
            stream, {"t": months, "y": ny, "x": nx}, "t", {},
            [CdfVariable("t", "f8", ("t",)), CdfVariable("v", "f4", ("t", "y", "x"))],
        )  # fmt: skip
        for month in range(months):
            file.write("t", month, month)
            file.write("v", month, np.array([month + 0.5] * 3), ny * nx - 3)
    assert path.stat().st_size > 2**32
    dataset = gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER)
    array = dataset.GetRootGroup().OpenMDArray("v")
    read = array.ReadAsArray([3, ny - 1, nx - 4], [1, 1, 4])
    assert read.ravel().tolist() == [0, 3.5, 3.5, 3.5]


def test_one_file_a_month(tmp_path, read_stack):
    values = random_values((3, 5, 4))
    with stack_of(tmp_path, values) as stack:
        files = export_months(stack, tmp_path / "months", "twsa", memory=200)
        grid = stack.grid
    assert [f.rsplit("/", 1)[-1] for f in files] == [
        "twsa_2003-12.tif", "twsa_2004-01.tif", "twsa_2004-02.tif",
    ]  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "months").iterdir()) == [
        f.rsplit("/", 1)[-1] for f in files
    ]
    for i, path in enumerate(files):
        one, info = read_stack(path)
        np.testing.assert_array_equal(one[0], values[i])
        assert info.months.size == 1 and info.grid.difference(grid) == ""
        assert info.baseline == ("2004-01", "2004-02") and info.units == "cm"
    with rasterio.open(files[2]) as file:
        assert file.tags()["TIFFTAG_DATETIME"] == "2004:02:01 00:00:00"


def test_cancelled_leaves_nothing(tmp_path):
    class Stop(Progress):
        calls = 0

        def is_cancelled(self):
            self.calls += 1
            return self.calls > 2

    with stack_of(tmp_path, random_values()) as stack:
        with pytest.raises(Cancelled):
            export_netcdf(stack, tmp_path / "o.nc", progress=Stop())
        with pytest.raises(Cancelled):
            export_months(stack, tmp_path / "months", "a", progress=Stop())
    assert [p.name for p in tmp_path.iterdir()] == ["in.tif"]


def test_export_beside_the_canvas(tmp_path):
    """NetCDF is written while other threads read NetCDF through GDAL, as the canvas does."""
    values = random_values((12, 40, 50))
    with stack_of(tmp_path, values) as stack:
        export_netcdf(stack, tmp_path / "shown.nc")
        stop, wrong, rounds = threading.Event(), [], [0]

        def canvas():
            while not stop.is_set():
                dataset = gdal.Open(f'NETCDF:"{tmp_path / "shown.nc"}":lwe_thickness')
                read = dataset.GetRasterBand(5).ReadAsArray()
                if not (read == values[4].astype("f4")).all():
                    wrong.append(1)
                dataset = None
                rounds[0] += 1

        threads = [threading.Thread(target=canvas) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for number in range(20):
                export_netcdf(stack, tmp_path / f"{number % 3}.nc")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert not wrong and rounds[0] > 5
    assert (tmp_path / "0.nc").read_bytes() == (tmp_path / "shown.nc").read_bytes()


@pytest.mark.real
def test_real_record(csr, tmp_path):
    import xarray

    import_grace(str(csr), tmp_path / "twsa.tif", extent=(60, 5, 100, 40))
    with MonthlyStack(tmp_path / "twsa.tif") as stack:
        export_netcdf(stack, tmp_path / "twsa.nc")
        values = stack.read()
    with xarray.open_dataset(tmp_path / "twsa.nc", engine="scipy") as file:
        np.testing.assert_array_equal(file["lwe_thickness"].values, values)
    with MonthlyStack(f'NETCDF:"{tmp_path / "twsa.nc"}":lwe_thickness') as other:
        np.testing.assert_array_equal(other.read(), values)
    import_grace(str(tmp_path / "twsa.nc"), tmp_path / "again.tif")
    with MonthlyStack(tmp_path / "again.tif") as again:
        np.testing.assert_allclose(again.read(), values, atol=1e-5)
