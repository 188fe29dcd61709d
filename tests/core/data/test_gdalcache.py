"""GDAL's cache is bounded while we work, and as before afterwards."""

from contextlib import ExitStack

import numpy as np
import pytest
from grace_water_toolbox.core.data import rasterfile
from grace_water_toolbox.core.data.blocks import run_blocks
from grace_water_toolbox.core.data.gdalcache import CACHE_BUDGET, UNWRITTEN_BUDGET, bounded_cache
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.progress import Cancelled
from osgeo import gdal


@pytest.fixture
def cache():
    """Sets GDAL's cache to some bytes; as it was after the test."""
    before = gdal.GetCacheMax()
    yield gdal.SetCacheMax
    gdal.SetCacheMax(before)


def test_lowered_inside_and_restored(cache):
    cache(2 * CACHE_BUDGET)
    with pytest.raises(ValueError, match="no"), bounded_cache():
        assert gdal.GetCacheMax() == CACHE_BUDGET
        raise ValueError("no")
    assert gdal.GetCacheMax() == 2 * CACHE_BUDGET


def test_a_lower_setting_stays(cache):
    cache(2**20)
    with bounded_cache():
        assert gdal.GetCacheMax() == 2**20
    assert gdal.GetCacheMax() == 2**20


def test_what_others_are_writing_is_left_to_them(cache, tmp_path):
    cache(2 * CACHE_BUDGET)
    values = noise(GRID.ny)[:, :-1]  # tiles that are complete may go past the cache
    options = ["TILED=YES", "BIGTIFF=YES"]
    driver = gdal.GetDriverByName("GTiff")
    file = driver.Create(str(tmp_path / "a.tif"), GRID.nx, GRID.ny, 1, gdal.GDT_Float32, options)
    file.WriteRaster(0, 0, *values.shape[:0:-1], values)
    used = gdal.GetCacheUsed()
    assert used >= values.nbytes
    with bounded_cache(values.nbytes // 2):
        assert gdal.GetCacheMax() == gdal.GetCacheUsed() == used
    assert gdal.GetCacheMax() == 2 * CACHE_BUDGET


def test_the_last_one_out_restores(cache):
    cache(2 * CACHE_BUDGET)
    first, second = bounded_cache(), bounded_cache()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gdal.GetCacheMax() == CACHE_BUDGET
    second.__exit__(None, None, None)
    assert gdal.GetCacheMax() == 2 * CACHE_BUDGET


def test_blocks_are_walked_with_it(cache):
    cache(2 * CACHE_BUDGET)
    seen = []

    def read(row, col, ny, nx):
        seen.append(gdal.GetCacheMax())
        return np.ones((1, ny, nx))

    run_blocks(Grid(0, 2, 1, 1, 2, 2), [read], lambda x, check: (x,), [None], planes=1)
    assert seen == [CACHE_BUDGET]
    assert gdal.GetCacheMax() == 2 * CACHE_BUDGET


#: Half of what may wait in the cache, in one write of one band of whole tiles.
GRID = Grid(0, 10, 0.001, 0.001, 2048, UNWRITTEN_BUDGET // 2 // 4 // 2048)


def noise(rows, bands=1):
    """Values that hardly compress, float32 (band, y, x)."""
    rng = np.random.default_rng(rows)
    return rng.standard_normal((bands, rows, GRID.nx), dtype=np.float32)


def test_little_of_what_was_written_waits_in_the_cache(tmp_path, cache):
    cache(2 * CACHE_BUDGET)
    values, used = noise(GRID.ny), []
    names = [str(i) for i in range(7)]
    gdal.SetCacheMax(0)
    cache(2 * CACHE_BUDGET)
    abandoned = RasterWriter(tmp_path / "abandoned.tif", GRID, names)
    with pytest.raises(Cancelled), bounded_cache(), abandoned as writer:
        for band in range(len(names)):
            writer.write(values, first=band)
            used.append(gdal.GetCacheUsed())
        raise Cancelled
    # GDAL counts some bytes more for each tile; unbounded it would be seven writes.
    assert max(used) <= 1.01 * (UNWRITTEN_BUDGET + values.nbytes)
    assert gdal.GetCacheMax() == 2 * CACHE_BUDGET
    assert list(tmp_path.iterdir()) == []


def test_the_limit_stays_while_files_are_written(tmp_path, cache, monkeypatch):
    """At a lower limit, were it for a moment, other threads would write our tiles too."""
    cache(CACHE_BUDGET)
    limits, values = [], noise(GRID.ny)
    monkeypatch.setattr(gdal, "SetCacheMax", limits.append)
    with RasterWriter(tmp_path / "a.tif", GRID, list("abcdefg")) as writer:
        for band in range(7):
            writer.write(values, first=band)
    assert limits == []


def test_nothing_waits_when_a_file_is_closed(tmp_path, monkeypatch):
    """Whoever closes a file of which another thread writes a tile may end the process."""
    used, close = [], rasterfile.close
    before = gdal.GetCacheUsed()

    def closing(file):
        used.append(gdal.GetCacheUsed() - before)
        close(file)

    monkeypatch.setattr(rasterfile, "close", closing)
    values = noise(GRID.ny)
    with RasterWriter(tmp_path / "a.tif", GRID, ["a"]) as writer:
        writer.write(values[:, :-1])  # tiles that are complete may go past the cache
        assert gdal.GetCacheUsed() - before >= values.nbytes
    assert used == [0]


def test_tiles_written_in_parts_are_compressed_once(tmp_path, cache):
    """Two writers in step, each tile in four parts, more than may wait: no dead bytes."""
    cache(2 * CACHE_BUDGET)
    values = noise(256, bands=20)
    assert values.nbytes > UNWRITTEN_BUDGET
    grid = Grid(0, 10, 0.001, 0.001, GRID.nx, 512)
    names = [str(i) for i in range(20)]
    paths = [tmp_path / "a.tif", tmp_path / "b.tif"]
    with ExitStack() as files:
        files.enter_context(bounded_cache())
        both = [files.enter_context(RasterWriter(path, grid, names)) for path in paths]
        for top in (0, 256):
            for part in range(0, 256, 64):
                for writer in both:
                    writer.write(values[:, part : part + 64], top + part)
    at_once = tmp_path / "c.tif"
    with RasterWriter(at_once, grid, names) as writer:
        writer.write(np.concatenate((values, values), axis=1))
    assert paths[0].stat().st_size == paths[1].stat().st_size == at_once.stat().st_size
    assert_same(paths[0], at_once)


def assert_same(path, other):
    a, b = (gdal.Open(str(p)).ReadAsArray() for p in (path, other))
    np.testing.assert_array_equal(a, b)
