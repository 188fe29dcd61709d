"""A bound on the memory in which GDAL keeps decoded tiles, and on what of it is unwritten.

By itself GDAL takes a twentieth of the machine's memory, which on a large machine is
more than all the rest of a run, and the more of it the larger the raster. What has been
written stays there uncompressed until the file is closed, also one that is going to be
deleted: with half a gigabyte of it Cancel would take ten seconds.
"""

import threading
from contextlib import contextmanager

#: Bytes: one column of tiles of half a dozen stacks, so that no tile is decoded twice.
CACHE_BUDGET = 512 * 2**20
#: Bytes written that may wait in the cache: half a second of compressing.
UNWRITTEN_BUDGET = 32 * 2**20

_lock = threading.Lock()
_users = 0
_before = 0
_unwritten = 0
_unfinished: set = set()


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


def written(writer, size, whole):
    """Note that ``writer`` gave ``size`` bytes to GDAL; empty the cache if that is due.

    ``whole``: whether its tiles touched so far are complete. While any writer has begun a
    tile the cache is left alone: a tile that is compressed twice may not fit into its old
    place, which is then lost in the file.
    """
    global _unwritten
    with _lock:
        _unwritten += size
        if whole:
            _unfinished.discard(id(writer))
        else:
            _unfinished.add(id(writer))
        if _unwritten >= UNWRITTEN_BUDGET and not _unfinished:
            _empty()


def closed(writer):
    """Note that ``writer`` is closed, whatever became of it."""
    with _lock:
        _unfinished.discard(id(writer))


def _empty():
    # GDAL before 3.9 cannot empty the cache of one file; lowering the limit empties it all.
    global _unwritten
    from osgeo import gdal

    limit = gdal.GetCacheMax()
    gdal.SetCacheMax(0)
    gdal.SetCacheMax(limit)
    _unwritten = 0
