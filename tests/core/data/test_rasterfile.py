"""GeoTIFFs written block by block."""

import subprocess
import sys

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter, tile_shape
from grace_water_toolbox.core.errors import WriteError

GRID = Grid(70.0, 30.0, 0.5, 0.25, 50, 40)
BANDS = ["2004-01", "2004-02", "2004-03"]


def noise(bands=3, grid=GRID):
    values = np.random.default_rng(0).normal(size=(bands, *grid.shape)).astype("f4")
    values[:, 3, 4] = np.nan
    values[1] = np.nan
    return values


def test_blocks_in_any_order_equal_the_whole(tmp_path):
    values = noise()
    with RasterWriter(tmp_path / "whole.tif", GRID, BANDS) as writer:
        writer.write(values)
    with RasterWriter(tmp_path / "blocks.tif", GRID, BANDS) as writer:
        for row in (32, 0, 16):
            for col in (16, 48, 0, 32):
                writer.write(values[:, row : row + 16, col : col + 16], row, col)
    for name in ("whole.tif", "blocks.tif"):
        with rasterio.open(tmp_path / name) as file:
            np.testing.assert_array_equal(file.read(), values)
            assert all(np.isnan(n) for n in file.nodatavals)


def test_what_the_file_says_of_itself(tmp_path):
    tags = {"units": "cm", "history": "one\ntwo", "long_name": "Wasserhöhe ²"}
    path = tmp_path / "a.tif"
    with RasterWriter(path, GRID, BANDS, units="cm", tags=tags) as writer:
        writer.write(noise())
    with rasterio.open(path) as file:
        assert file.descriptions == tuple(BANDS)
        assert file.units == ("cm",) * 3
        assert tags.items() <= file.tags().items()
        assert file.tags()["AREA_OR_POINT"] == "Area"
        assert file.crs.to_epsg() == 4326
        assert file.transform.to_gdal() == GRID.geotransform
        assert file.profile["tiled"] and file.profile["interleave"] == "band"
        assert file.profile["compress"] == "deflate"
        assert file.block_shapes == [(48, 64)] * 3
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_one_unit_for_each_band(tmp_path):
    with RasterWriter(
        tmp_path / "a.tif", GRID, ["slope", "p"], dtype="float64", units=["cm/yr", ""]
    ) as writer:
        writer.write(np.full((2, 40, 50), 1e-300))
    with rasterio.open(tmp_path / "a.tif") as file:
        assert [u or "" for u in file.units] == ["cm/yr", ""]
        assert (file.read() == 1e-300).all()


def test_flags(tmp_path):
    flags = np.random.default_rng(0).choice([0, 1, 2, 255], size=(3, 40, 50))
    with RasterWriter(tmp_path / "f.tif", GRID, BANDS, dtype="uint8", nodata=255) as writer:
        assert writer.fill == 255
        writer.write(flags)
    with rasterio.open(tmp_path / "f.tif") as file:
        assert file.nodata == 255 and file.dtypes[0] == "uint8"
        np.testing.assert_array_equal(file.read(), flags)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (300, 2), (15, 17), (256, 257), (513, 16)])
def test_any_size(tmp_path, shape):
    grid = Grid(0.0, 60.0, 0.01, 0.01, shape[1], shape[0])
    values = np.arange(shape[0] * shape[1], dtype="f4").reshape(1, *shape)
    with RasterWriter(tmp_path / "a.tif", grid, ["x"]) as writer:
        writer.write(values)
    with rasterio.open(tmp_path / "a.tif") as file:
        np.testing.assert_array_equal(file.read(), values)
        assert file.block_shapes == [tile_shape(grid)]
        assert max(tile_shape(grid)) <= 256


def test_one_month_is_one_piece_of_the_file(tmp_path):
    """Opening one of many months reads that month's bytes, not everyone's."""
    grid = Grid(-180.0, 90.0, 1.0, 1.0, 360, 180)
    path = tmp_path / "a.tif"
    with RasterWriter(path, grid, [f"b{i}" for i in range(40)]) as writer:
        writer.write(np.random.default_rng(0).normal(size=(40, 180, 360)))
    with rasterio.open(path) as file:
        sizes = [
            sum(int(file.get_tag_item(f"BLOCK_SIZE_{x}_0", "TIFF", bidx=b)) for x in range(2))
            for b in file.indexes
        ]
    assert max(sizes) < path.stat().st_size / 30
    assert sum(sizes) > 0.95 * path.stat().st_size  # and no tile was written twice


def test_pixels_that_are_not_written(tmp_path):
    """A file of which nothing was written is whole, and missing everywhere."""
    with RasterWriter(tmp_path / "a.tif", GRID, BANDS):
        pass
    with rasterio.open(tmp_path / "a.tif") as file:
        assert np.isnan(file.read()).all()


def test_failure_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.tif"
    path.write_text("old")
    with pytest.raises(KeyError), RasterWriter(path, GRID, BANDS) as writer:
        writer.write(noise())
        raise KeyError("x")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_targets_that_cannot_be(tmp_path):
    with pytest.raises(WriteError, match="folder"), RasterWriter(tmp_path, GRID, BANDS):
        pytest.fail("unreachable")
    missing = tmp_path / "no" / "a.tif"
    with pytest.raises(WriteError, match="no folder"), RasterWriter(missing, GRID, BANDS):
        pytest.fail("unreachable")
    assert list(tmp_path.iterdir()) == []


def test_arrays_that_do_not_fit(tmp_path):
    with RasterWriter(tmp_path / "a.tif", GRID, BANDS) as writer:
        with pytest.raises(ValueError, match="3 bands"):
            writer.write(np.zeros((2, 40, 50)))
        with pytest.raises(ValueError, match="3 bands"):
            writer.write(np.zeros((40, 50)))


needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")

_FULL_DISK = """
import resource, signal, sys
import numpy as np
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.errors import WriteError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
values = np.random.default_rng(0).normal(size=(5, 600, 600))
try:
    with RasterWriter(sys.argv[1], Grid(0, 60, 0.1, 0.1, 600, 600), list("abcde")) as writer:
        writer.write(values)
except WriteError as error:
    print("WriteError", error)
"""


@needs_limits
@pytest.mark.parametrize("limit", [500, 1_000_000, 3_000_000])
def test_full_disk_is_an_error_and_keeps_the_old_file(tmp_path, limit):
    path = tmp_path / "a.tif"
    path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(path), str(limit)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(f"WriteError {path}: room to write the raster is expected")
    assert "disk full" in done.stdout
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


_FULL_DISK_MIDWAY = """
import resource, signal, sys
import numpy as np
from grace_water_toolbox.core.data import gdalcache
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.errors import WriteError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
gdalcache.UNWRITTEN_BUDGET = 1
values, count = np.random.default_rng(0).normal(size=(1, 256, 256)), 0
grid, names = Grid(0, 60, 0.1, 0.1, 256, 256), [str(i) for i in range(99)]
try:
    with RasterWriter(sys.argv[1], grid, names) as w:
        for count in range(99):
            w.write(values, first=count)
except WriteError as error:
    print(count, error)
"""


@needs_limits
def test_full_disk_is_noticed_while_writing(tmp_path):
    """Not after hours of computing what cannot be kept."""
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK_MIDWAY, str(tmp_path / "a.tif")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, _, message = done.stdout.partition(" ")
    assert int(count) < 20
    assert "room to write the raster is expected" in message
    assert list(tmp_path.iterdir()) == []
