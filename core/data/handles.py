"""Sums over one stack by several threads, each with a handle of its own.

Through one handle GDAL serves one thread at a time, and unpacking a compressed file is most
of the work of a sum over it. GDAL's own threads (NUM_THREADS) do not read safely in 3.6.
"""

import os
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import nullcontext

import numpy as np

from ..progress import SILENT
from .gdalcache import bounded_cache

#: One a core; more than four would only wait for the disk, and each holds a block.
THREADS = min(4, os.cpu_count() or 1)
#: Values that are worth a handle, whose opening takes some hundredths of a second.
_WORTH = 2_000_000
_POLL_SECONDS = 0.1


def sum_in_parts(stack, blocks, work, progress=SILENT, threads=None):
    """Add up ``work(reader, bands, block)`` over blocks, and say for which bands.

    A file that holds band after band is divided by bands, one that holds all bands of a pixel
    together by blocks, so that no part of it is unpacked twice. Other formats than GeoTIFF
    are read in one thread.

    Parameters
    ----------
    stack : MonthlyStack
    blocks : list
        Whatever ``work`` understands, in the order of the file.
    work : function
        ``reader`` is a `MonthlyStack`, ``bands`` an int array from 0; what it returns can be
        added. It is called in several threads.
    threads : int, optional
        By default `THREADS`.

    Returns
    -------
    list of (bands, sum)
        A part each; parts have the same bands, or none in common. Raises what ``work``
        raises, and `Cancelled` once every thread has ended its block.

    """
    parts = _parts(stack, blocks, threads or THREADS)
    stop, ended = threading.Event(), []

    def walk(number, bands, blocks):
        total = None
        with stack.reopened() if number else nullcontext(stack) as reader:
            for block in blocks:
                if stop.is_set():
                    break
                found = work(reader, bands, block)
                total = found if total is None else total + found
                ended.append(block)
        return bands, total

    progress.check()
    count = sum(len(blocks) for _, blocks in parts)
    with bounded_cache(), ThreadPoolExecutor(len(parts) or 1, "gracewater-read") as pool:
        running = [pool.submit(walk, number, *part) for number, part in enumerate(parts)]
        try:
            left = running
            while left:
                done, left = wait(running, _POLL_SECONDS, FIRST_EXCEPTION)
                if any(one.exception() for one in done):
                    break
                progress.check()
                progress.set(len(ended) / count)
        finally:
            stop.set()
    return [one.result() for one in running]


def _parts(stack, blocks, threads):
    """What each thread gets: bands and blocks."""
    bands = np.arange(stack.months.size)
    if not blocks:
        return []
    cells = sum(which.size for _, which, _ in blocks)
    threads = min(threads, 1 + bands.size * cells // _WORTH)
    if stack.layout == "band":
        return [(part, blocks) for part in np.array_split(bands, min(threads, bands.size))]
    if stack.layout == "pixel":
        cuts = np.linspace(0, len(blocks), min(threads, len(blocks)) + 1).astype(int)
        return [(bands, blocks[a:b]) for a, b in zip(cuts[:-1], cuts[1:])]
    return [(bands, blocks)]
