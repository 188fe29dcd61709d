"""What every open GRACE product says of itself."""

from dataclasses import dataclass

import numpy as np

from .grid import Grid
from .multidim import MultidimFile


@dataclass
class OpenProduct:
    """An open product: its variables, its grid as we write it, its times.

    ``grid`` is north-up with longitudes −180…180; ``middle``, ``start`` and ``end`` are
    datetime64[s] of each solution (start and end None without time bounds); ``factor``
    turns the file's values into cm of equivalent water height, ``units`` are the file's.
    """

    file: MultidimFile
    variable: object
    uncertainty: object
    grid: Grid
    middle: np.ndarray
    start: np.ndarray
    end: np.ndarray
    factor: float
    units: str

    @property
    def solutions(self):
        """Number of solutions in the file."""
        return self.middle.size
