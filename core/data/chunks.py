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

# Small: on a slow kernel the progress bar would stand still for a minute. It grows fourfold.
_FIRST_CHUNK = 8
_POLL_SECONDS = 0.1


class ChunkRunner:
    """Runs one kernel over the pixels of blocks and learns its speed on the way.

    ``outputs`` holds for each output (bands, dtype, fill), or None where it is
    not wanted. With ``unique`` bit-identical pixels (a mascon repeats one series
    over hundreds of cells) are computed once and copied. With a `Journal` chunks
    that an earlier run finished are taken from it, and new ones written to it.
    """

    def __init__(self, kernel, outputs, *, seconds=0.5, threads=None, unique=False, journal=None):
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
        partial = self._empty(first.size)
        if self.journal is None:
            self._run_chunks(inputs, first, partial, progress)
        else:
            self._run_on(inputs, first, partial, progress)
        for result, part in zip(results, partial):
            if result is not None:
                result[:, seen] = part if copies is None else part[:, copies]
        self.computed += first.size
        return results

    def _empty(self, pixels):
        return [o and np.empty((o[0], pixels), o[1]) for o in self.outputs]

    def _run_on(self, inputs, columns, results, progress):
        """As `_run_chunks`, from where the journal says that an earlier run stopped."""
        block = self.journal.block_key([values[:, columns] for values in inputs], self.outputs)
        left = np.ones(columns.size, dtype=bool)
        for where, arrays in self.journal.finished(block):
            _put(results, where, arrays)
            left[where] = False
        todo = np.flatnonzero(left)
        done = columns.size - todo.size
        self.journal.restored += done
        part = self._empty(todo.size)

        def record(begin, end):
            arrays = [v if v is None else v[:, begin:end] for v in part]
            self.journal.add(block, todo[begin:end], arrays)

        share = progress.part(done / columns.size, 1.0)
        self._run_chunks(inputs, columns[todo], part, share, record)
        _put(results, todo, part)

    def _run_chunks(self, inputs, columns, results, progress, record=None):
        stop = threading.Event()

        def check():
            if stop.is_set():
                raise Cancelled()

        def call(begin, end):
            started = time.perf_counter()
            take = columns[begin:end]
            values = self.kernel(*(v[:, take] for v in inputs), check)
            return begin, end, values, time.perf_counter() - started

        begin, done, running = 0, 0, set()
        with single_blas_thread(), ThreadPoolExecutor(self.threads) as pool:
            try:
                while done < columns.size:
                    while begin < columns.size and len(running) < self.threads:
                        end = min(columns.size, begin + self._next_size(columns.size - begin))
                        running.add(pool.submit(call, begin, end))
                        begin = end
                    finished, running = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                    progress.check()
                    for future in finished:
                        answer = future.result()
                        done += self._collect(answer, results)
                        if record is not None:
                            record(*answer[:2])
                    progress.set(done / columns.size)
            finally:
                stop.set()

    def _collect(self, answer, results):
        start, end, values, elapsed = answer
        if len(values) != len(results):
            raise ValueError(f"the kernel returned {len(values)} of {len(results)} outputs")
        for result, value in zip(results, values):
            if result is not None:
                result[:, start:end] = value
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


def _put(results, columns, arrays):
    for result, values in zip(results, arrays):
        if result is not None:
            result[:, columns] = values
