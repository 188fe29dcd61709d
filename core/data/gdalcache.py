"""A bound on the memory in which GDAL keeps decoded tiles.

By itself GDAL takes a twentieth of the machine's memory, which on a large machine is
more than all the rest of a run, and the more of it the larger the raster.
"""

import threading
from contextlib import contextmanager

#: Bytes: one column of tiles of half a dozen stacks, so that no tile is decoded twice.
CACHE_BUDGET = 512 * 2**20

_lock = threading.Lock()
_users = 0
_before = 0


@contextmanager
def bounded_cache(size=CACHE_BUDGET):
    """Hold GDAL's cache to ``size`` bytes inside the block; a lower setting stays.

    Nested and concurrent use is safe: the first sets, the last restores.
    """
    global _users, _before
    from osgeo import gdal

    with _lock:
        _users += 1
        if _users == 1:
            _before = gdal.GetCacheMax()
            if _before > size:
                gdal.SetCacheMax(size)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                gdal.SetCacheMax(_before)
