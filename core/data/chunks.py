"""Kernels on chunks of pixels, in a pool of threads, with cancel.

A chunk is sized from the measured rate so that one kernel call takes about half
a second: long enough to amortise Python, short enough for Cancel to feel
immediate. The threads are our own; numpy and LAPACK release the interpreter lock.
"""

import os
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np

from ..errors import Cancelled
from ..progress import SILENT
from .blasthreads import single_blas_thread
from .unique import unique_series

_FIRST_CHUNK = 64
_POLL_SECONDS = 0.1


class ChunkRunner:
    """Runs one kernel over the pixels of blocks and learns its speed on the way.

    ``outputs`` holds for each output (bands, dtype, fill), or None where it is
    not wanted. With ``unique`` bit-identical pixels (a mascon repeats one series
    over hundreds of cells) are computed once and copied. With a `Journal` chunks
    that an earlier run finished are taken from it, and new ones written to it.
    """

    def __init__(
        self, kernel, outputs, *, seconds=0.5, threads=None, unique=False, journal=None
    ):
        self.kernel, self.outputs = kernel, outputs
        self.seconds, self.unique, self.journal = seconds, unique, journal
        self.threads = threads or max(1, os.cpu_count() or 1)
        self.computed = 0
        self._size = _FIRST_CHUNK

    def run(self, inputs, progress=SILENT):
        """Outputs (band, pixel) for ``inputs`` (band, pixel); None where unwanted."""
        pixels = inputs[0].shape[1]
        results = [o and np.full((o[0], pixels), o[2], o[1]) for o in self.outputs]
        seen = np.flatnonzero(np.isfinite(inputs[0]).any(axis=0))
        if seen.size == 0:
            return results
        first, copies = seen, None
        if self.unique:
            kept, copies = unique_series([values[:, seen] for values in inputs])
            first = seen[kept]
        partial = [o and np.empty((o[0], first.size), o[1]) for o in self.outputs]
        todo, block = np.arange(first.size), None
        if self.journal is not None:
            block = self.journal.block_key([values[:, first] for values in inputs])
            todo = self._restore(block, partial, first.size)
        self._run_chunks(inputs, first, todo, partial, block, progress)
        for result, part in zip(results, partial):
            if result is not None:
                result[:, seen] = part if copies is None else part[:, copies]
        self.computed += first.size
        return results

    def _restore(self, block, results, count):
        """Copy what an earlier run finished into ``results``; returns what is left."""
        left = np.ones(count, dtype=bool)
        for columns, arrays in self.journal.finished(block):
            shapes = [v if v is None else (v.shape[0], v.dtype) for v in results]
            if shapes != [v if v is None else (v.shape[0], v.dtype) for v in arrays]:
                continue
            for result, values in zip(results, arrays):
                if result is not None:
                    result[:, columns] = values
            left[columns] = False
        self.journal.restored += int(count - left.sum())
        return np.flatnonzero(left)

    def _run_chunks(self, inputs, columns, todo, results, block, progress):
        stop = threading.Event()

        def check():
            if stop.is_set():
                raise Cancelled()

        def call(begin, end):
            started = time.perf_counter()
            take = columns[todo[begin:end]]
            values = self.kernel(*(v[:, take] for v in inputs), check)
            return begin, end, values, time.perf_counter() - started

        begin, done, running = 0, 0, set()
        restored = columns.size - todo.size
        with single_blas_thread(), ThreadPoolExecutor(self.threads) as pool:
            try:
                while done < todo.size:
                    while begin < todo.size and len(running) < self.threads:
                        end = min(todo.size, begin + self._next_size(todo.size - begin))
                        running.add(pool.submit(call, begin, end))
                        begin = end
                    finished, running = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                    progress.check()
                    for future in finished:
                        done += self._collect(future.result(), todo, results, block)
                    progress.set((restored + done) / columns.size)
            finally:
                stop.set()

    def _collect(self, answer, todo, results, block):
        start, end, values, elapsed = answer
        if len(values) != len(results):
            raise ValueError(f"the kernel returned {len(values)} of {len(results)} outputs")
        where = todo[start:end]
        for result, value in zip(results, values):
            if result is not None:
                result[:, where] = value
        if self.journal is not None:
            self.journal.add(block, where, [r if r is None else r[:, where] for r in results])
        rate = (end - start) / max(elapsed, 1e-6)
        # At most fourfold at a time: the first calls also pay for imports and caches.
        size = int(min(max(1, rate * self.seconds), 4 * self._size))
        # The small chunks at the end of a block are mostly overhead: they cannot
        # show that the kernel is slow.
        if size > self._size or end - start >= self._size // 2:
            self._size = size
        return end - start

    def _next_size(self, left):
        """Chunk size, smaller near the end so that the threads finish together."""
        share = max(-(-left // self.threads), self._size // 8, 1)
        return min(self._size, share)
