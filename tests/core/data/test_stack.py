"""The monthly stack: written, read back, and what other programs make of it."""

import threading

import numpy as np
import pytest
from grace_water_toolbox.core.data.agreement import require_units
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import (
    MonthlyStack,
    StackInfo,
    short_name,
    stack_writer,
    write_stack,
)
from grace_water_toolbox.core.errors import GridError, ReadError, TimeAxisError, UnitsError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .foreignrasters import GRID, MONTHS, write_raster


def test_round_trip(stack_file, five_months):
    with MonthlyStack(stack_file) as stack:
        info = stack.info
        np.testing.assert_array_equal(stack.read(), five_months)
        assert stack.read().dtype == np.float64
        assert stack.read(dtype="float32").dtype == np.float32
    assert info.grid.difference(GRID) == ""
    np.testing.assert_array_equal(info.months, MONTHS)
    assert (info.units, info.long_name) == ("cm", "storage")
    assert info.baseline == ("2004-01", "2009-12") and info.history == ("one", "two ü")


def test_nothing_said_is_nothing_read(tmp_path):
    write_stack(tmp_path / "b.tif", StackInfo(GRID, MONTHS), np.zeros((5, 30, 20)))
    with MonthlyStack(tmp_path / "b.tif") as stack:
        assert (stack.units, stack.baseline, stack.info.history) == ("", (), ())
        assert stack.info.long_name == ""
        with pytest.raises(UnitsError, match=r"b\.tif: .*states its units"):
            require_units(stack)


@pytest.mark.parametrize(
    ("row", "col", "ny", "nx"), [(0, 0, 30, 20), (3, 4, 1, 1), (29, 19, 1, 1), (5, 0, 7, 20)]
)
def test_windows(stack_file, five_months, row, col, ny, nx):
    with MonthlyStack(stack_file) as stack:
        part = five_months[:, row : row + ny, col : col + nx]
        np.testing.assert_array_equal(stack.read(row, col, ny, nx), part)
        np.testing.assert_array_equal(stack.read(row, col)[:, :ny, :nx], part)
        np.testing.assert_array_equal(stack.read(row, col, ny, nx, bands=[3, 0]), part[[3, 0]])
        some = stack.read(row, col, ny, nx, bands=np.flatnonzero([1, 0, 1, 0, 1]))
        np.testing.assert_array_equal(some, part[[0, 2, 4]])
        assert stack.read(row, col, ny, nx, bands=[]).shape == (0, ny, nx)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("raw", "nodata"),
    [
        (np.array([7, -9999], "i2"), -9999),
        (np.array([7, -9999], "f4"), -9999),
        (np.array([7, -3.4028234663852886e38], "f4"), -3.4028234663852886e38),
        (np.array([7, 255], "u1"), 255),
        (np.array([7, np.nan], "f8"), np.nan),
        (np.array([7, 1e20], "f4"), 1e20),
    ],
)
def test_nodata(tmp_path, raw, nodata):
    path = write_raster(
        tmp_path / "n.tif", raw.reshape(2, 1, 1), names=("2004-01", "2004-02"), nodata=nodata
    )
    with MonthlyStack(path) as stack:
        np.testing.assert_array_equal(stack.read().ravel(), [7, np.nan])


def test_nodata_of_the_type_may_be_absent(tmp_path):
    path = write_raster(tmp_path / "n.tif", np.full((1, 1, 1), 7, "u1"), names=("2004-01",))
    with MonthlyStack(path) as stack:
        assert stack.read().ravel() == [7]


def test_scale_and_offset_per_band(tmp_path):
    raw = np.array([[[10, -1]], [[10, 20]]], "i2")
    path = write_raster(
        tmp_path / "s.tif", raw, names=("2004-01", "2004-02"), nodata=-1,
        scales=(0.1, 2.0), offsets=(5.0, 0.0), units=("mm", "mm"),
    )  # fmt: skip
    with MonthlyStack(path) as stack:
        np.testing.assert_allclose(stack.read(), [[[6, np.nan]], [[20, 40]]])
        np.testing.assert_allclose(stack.read(bands=[1]), [[[20, 40]]])
        assert stack.units == "mm" and stack.to_centimetres() == 0.1


def test_day_of_the_month_is_ignored(tmp_path):
    names = ("2004-01-16", "2004-02-15T12:00:00")
    with MonthlyStack(write_raster(tmp_path / "d.tif", np.ones((2, 1, 1), "f4"), names=names)) as s:
        assert [str(m) for m in s.months] == ["2004-01", "2004-02"]


@pytest.mark.parametrize(
    "names", [None, ("TWS Jan", "TWS Feb"), ("2004-01", ""), ("2004-01", "2004-13")]
)
def test_undated_bands(tmp_path, names):
    path = write_raster(tmp_path / "u.tif", np.ones((2, 1, 1), "f4"), names=names)
    with pytest.raises(TimeAxisError, match=r"u\.tif: .*a month each.*2 bands.*Import GRACE"):
        MonthlyStack(path)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("2004-01", "2004-03"), "2004-01 followed by 2004-03"),
        (("2004-02", "2004-01"), "2004-02 followed by 2004-01"),
        (("2004-02", "2004-02"), "2004-02 followed by 2004-02"),
    ],
)
def test_months_with_a_hole_or_out_of_order(tmp_path, names, found):
    path = write_raster(tmp_path / "h.tif", np.ones((2, 1, 1), "f4"), names=names)
    with pytest.raises(TimeAxisError, match=rf"h\.tif: .*{found}.*not a missing band"):
        MonthlyStack(path)


def test_missing_crs(tmp_path):
    path = write_raster(tmp_path / "c.tif", np.ones((1, 1, 1), "f4"), names=("2004-01",), crs=None)
    with pytest.raises(GridError, match=r"c\.tif: .*coordinate reference system.*Assign"):
        MonthlyStack(path)


@pytest.mark.filterwarnings("ignore")
def test_rotated_flipped_and_unplaced_rasters(tmp_path):
    from rasterio.transform import Affine

    for turn in (
        Affine(1, 0, 0, 0, 1, 5),
        Affine(1, 0.2, 0, 0, -1, 5),
        Affine(1, 0, 0, 0.2, -1, 5),
        Affine(-1, 0, 0, 0, -1, 5),
    ):
        path = write_raster(
            tmp_path / "t.tif", np.ones((1, 2, 2), "f4"), names=("2004-01",), transform=turn
        )
        with pytest.raises(GridError, match=r"t\.tif: .*north-up"):
            MonthlyStack(path)
    path = write_raster(
        tmp_path / "t.tif",
        np.ones((1, 2, 2), "f4"),
        names=("2004-01",),
        transform=Affine.identity(),
    )
    with pytest.raises(GridError, match=r"t\.tif: a georeferenced raster"):
        MonthlyStack(path)


def test_no_raster(tmp_path):
    (tmp_path / "x.tif").write_text("hello")
    for source in (tmp_path / "x.tif", tmp_path / "nowhere.tif", "", 'NETCDF:"no.nc":a'):
        with pytest.raises(ReadError, match="a raster that GDAL can open"):
            MonthlyStack(source)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_truncated_stack(tmp_path, share):
    grid = Grid(0, 64, 1, 1, 64, 64)
    noise = np.random.default_rng(1).normal(size=(5, 64, 64))
    write_stack(tmp_path / "t.tif", StackInfo(grid, MONTHS), noise)
    whole = (tmp_path / "t.tif").read_bytes()
    (tmp_path / "t.tif").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ReadError, match=r"t\.tif"), MonthlyStack(tmp_path / "t.tif") as stack:
        stack.read()
    with pytest.raises(ReadError, match=r"t\.tif"), MonthlyStack(tmp_path / "t.tif") as stack:
        stack.read_flags()


def test_failed_opening_closes_the_file(tmp_path):
    """Otherwise Windows could not replace the file afterwards."""
    import gc
    from pathlib import Path

    path = write_raster(tmp_path / "u.tif", np.ones((2, 1, 1), "f4"))
    with pytest.raises(TimeAxisError):
        MonthlyStack(path)
    gc.collect()
    opened = Path("/proc/self/fd")
    if opened.is_dir():
        links = [str(p.resolve()) for p in opened.iterdir()]
        assert str(path.resolve()) not in links


def test_flags(tmp_path):
    flags = np.arange(5 * 30 * 20).reshape(5, 30, 20) % 4
    flags[0, 0, 0] = 255
    with stack_writer(tmp_path / "f.tif", StackInfo(GRID, MONTHS), "uint8", 255) as writer:
        writer.write(flags)
    with MonthlyStack(tmp_path / "f.tif") as stack:
        read = stack.read_flags()
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, flags)
        np.testing.assert_array_equal(stack.read_flags(2, 3, 4, 5), flags[:, 2:6, 3:8])
        assert np.isnan(stack.read()).sum() == 1


def test_to_xarray(stack_file, five_months):
    with MonthlyStack(stack_file) as stack:
        array = stack.to_xarray()
    assert array.dims == ("time", "y", "x") and array.dtype == np.float32
    np.testing.assert_array_equal(array.values, five_months.astype("f4"))
    assert str(array.time.values[1])[:10] == "2003-12-01"
    assert array.y.values[0] == 89.875 and array.x.values[0] == -179.75
    assert array.attrs["units"] == "cm" and "4326" in array.attrs["crs"]
    assert array.attrs["baseline"] == "2004-01/2009-12"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_order_and_size_of_the_blocks_do_not_matter(tmp_path_factory, data):
    ny, nx, count = (data.draw(st.integers(1, n)) for n in (40, 40, 3))
    height, width = data.draw(st.integers(1, ny)), data.draw(st.integers(1, nx))
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    values = rng.normal(size=(count, ny, nx)).astype("f4")
    blocks = [(r, c) for r in range(0, ny, height) for c in range(0, nx, width)]
    blocks = data.draw(st.permutations(blocks))
    info = StackInfo(Grid(0, ny / 10, 0.1, 0.1, nx, ny), MONTHS[:count], "cm")
    path = tmp_path_factory.mktemp("blocks") / "b.tif"
    with stack_writer(path, info) as writer:
        for row, col in blocks:
            writer.write(values[:, row : row + height, col : col + width], row, col)
    with MonthlyStack(path) as stack:
        np.testing.assert_array_equal(stack.read(), values)


def test_many_threads_read_one_stack(stack_file, five_months):
    wrong = []
    with MonthlyStack(stack_file) as stack:

        def read(row):
            for _ in range(30):
                if not np.array_equal(
                    stack.read(row, 0, 3, 20), five_months[:, row : row + 3], True
                ):
                    wrong.append(row)

        threads = [threading.Thread(target=read, args=(row,)) for row in range(0, 24, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_short_name():
    assert short_name("/a/b/c.tif") == "c.tif"
    assert short_name("/a/b/c.gpkg|layername=x") == "c.gpkg"
    assert short_name('NETCDF:"/a/b.nc":lwe') == 'NETCDF:"/a/b.nc":lwe'
    assert short_name("") == ""
