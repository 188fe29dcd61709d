"""Memory that is read into again and again, instead of new memory for each block.

Fresh memory is cleared by the operating system page by page, which for a file that needs no
unpacking takes as long as reading it.
"""

import threading

import numpy as np


class Scratch(threading.local):
    """Memory for one block at a time, another in each thread."""

    _bytes = np.empty(0, np.uint8)

    def array(self, shape, dtype):
        """An array, not cleared; what was in the last one is lost."""
        dtype = np.dtype(dtype)
        size = int(np.prod(shape)) * dtype.itemsize
        if self._bytes.size < size:
            self._bytes = np.empty(size, np.uint8)
        return self._bytes[:size].view(dtype).reshape(shape)
