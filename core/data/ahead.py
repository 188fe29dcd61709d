"""Reading ahead: the next block comes from the disk while the last one is worked on."""

from concurrent.futures import ThreadPoolExecutor


def read_ahead(reads):
    """Yield the results of ``reads``, functions without arguments, one called ahead in a thread.

    At most two results are held: the caller's and the next one. What a function raises
    is raised at its turn. When the caller stops early the thread is waited for.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="gracewater-read") as pool:
        waiting = None
        for read in reads:
            coming = pool.submit(read)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()
