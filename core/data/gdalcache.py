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
#: Open writers, and whether each has begun tiles that are not complete yet.
_writers: dict = {}


@contextmanager
def bounded_cache(size=CACHE_BUDGET):
    """Hold GDAL's cache to ``size`` bytes inside the block; a lower setting stays.

    Where it holds more already it may keep that, and no more: to make it give up tiles would
    write those of the files that other threads, QGIS's own for one, are writing just now.
    Nested and concurrent use is safe: the first sets, the last restores.
    """
    global _users, _before
    from osgeo import gdal

    with _lock:
        _users += 1
        if _users == 1:
            _before = gdal.GetCacheMax()
            limit = max(size, gdal.GetCacheUsed())
            if _before > limit:
                gdal.SetCacheMax(limit)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                gdal.SetCacheMax(_before)


def opened(writer):
    """Note that ``writer`` will give tiles to GDAL; ``writer.flush()`` writes them out."""
    with _lock:
        _writers[writer] = False


def written(writer, size, whole):
    """Note that ``writer`` gave ``size`` bytes to GDAL; have them written if that is due.

    ``whole``: whether its tiles touched so far are complete. While any writer has begun a
    tile nothing is written: a tile that is compressed twice may not fit into its old place,
    which is then lost in the file.
    """
    global _unwritten
    from osgeo import gdal

    with _lock:
        _unwritten += size
        _writers[writer] = not whole
        due = _unwritten >= min(UNWRITTEN_BUDGET, gdal.GetCacheMax() // 4)
        if not due or any(_writers.values()):
            return
        _unwritten = 0
        waiting = list(_writers)
    # Each writer by itself. To lower the limit of the cache for a moment would write all at
    # once, but in that moment other threads would write our tiles too, and GDAL does not bear
    # two threads in one file.
    for one in waiting:
        one.flush()


def closed(writer):
    """Note that ``writer`` is closed, whatever became of it."""
    with _lock:
        _writers.pop(writer, None)
