"""GDAL's cache is bounded while we work, and as before afterwards."""

import pytest
from grace_water_toolbox.core.data.blocks import run_blocks
from grace_water_toolbox.core.data.gdalcache import CACHE_BUDGET, bounded_cache
from grace_water_toolbox.core.data.grid import Grid
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
    import numpy as np

    cache(2 * CACHE_BUDGET)
    seen = []

    def read(row, col, ny, nx):
        seen.append(gdal.GetCacheMax())
        return np.ones((1, ny, nx))

    run_blocks(Grid(0, 2, 1, 1, 2, 2), [read], lambda x, check: (x,), [None], planes=1)
    assert seen == [CACHE_BUDGET]
    assert gdal.GetCacheMax() == 2 * CACHE_BUDGET
