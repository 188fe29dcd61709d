"""What basin means are made of: sums over cells, and the series in the end."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BasinSeries:
    """What `basin_series` returns; every array is (time, basin).

    ``mean`` in the unit of the values (cm), NaN where too little is covered;
    ``cells`` touched cells with a value; ``covered_share`` 0…1 of the basin has
    values; ``volume_km3`` the mean in cm over the full exact basin area.
    """

    mean: np.ndarray
    cells: np.ndarray
    covered_share: np.ndarray
    volume_km3: np.ndarray


@dataclass(frozen=True)
class PartialSums:
    """Sums over some cells, each (time, basin); add them up over blocks.

    ``wx`` = Σ weight × value, ``w`` = Σ weight (km²) and ``cells`` = the number
    of touched cells, all over the cells that have a value.
    """

    wx: np.ndarray
    w: np.ndarray
    cells: np.ndarray

    def __add__(self, other):
        return PartialSums(self.wx + other.wx, self.w + other.w, self.cells + other.cells)


def basin_series(matrix, values, min_covered_share=0.5):
    """Area-weighted basin means and volumes of every month.

        mean = Σ w x / Σ w over the cells with a value, w = fraction × cell area
        volume = mean × exact basin area

    The volume is over the whole basin: what has no value is taken to be like
    the rest of it, which is why a minimum share is asked for.

    Parameters
    ----------
    matrix : CoverageMatrix
    values : (time, cell) array, cm, NaN = missing
        The grid's cells row by row from the top left.
    min_covered_share : float
        Months with values on less than this share of the basin
        are NaN (covered share and cells are still given).

    Returns
    -------
    BasinSeries
        A basin outside the grid has share 0, no cells and NaN.

    Raises
    ------
    DataError, ParameterError
        See `CoverageMatrix.accumulate` and `CoverageMatrix.finish`.

    """
    return matrix.finish(matrix.accumulate(values), min_covered_share)
