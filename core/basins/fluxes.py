"""Monthly fluxes of basins from stacks, and shares of basins from rasters."""

import numpy as np

from ..data.products.quantities import Conversion
from ..data.reference import read_grid
from ..errors import DataError, TimeAxisError, located
from ..progress import SILENT
from .series import PartialSums
from .statistics import CoverageMatrix
from .touched import first_band
from .zonal import add_blocks, coverage_of


def check_flux_stack(stack, months):
    """Raise `UnitsError` or `TimeAxisError` unless a stack holds a flux on some of ``months``."""
    Conversion("flux", stack.units, stack.name)
    if not np.isin(months, stack.months).any():
        raise TimeAxisError(
            "months in common with the storage are expected",
            f"{stack.months[0]} to {stack.months[-1]} beside {months[0]} to {months[-1]}",
            stack.name,
        )


def stack_fluxes(stack, basins, names, months, min_share=0.5, progress=SILENT, memory=None):
    """Basin means (time, basin) of a flux stack in cm a month, on ``months``.

    The stack may have a grid of its own; months it lacks are NaN.
    """
    check_flux_stack(stack, months)
    matrix = coverage_of(stack, basins, names)
    total = add_blocks(stack, matrix, progress, memory)
    series = matrix.finish(PartialSums(total.wx, total.w, total.cells), min_share).mean
    series = series * Conversion("flux", stack.units, stack.name).factors(stack.months)[:, None]
    result = np.full((months.size, len(names)), np.nan)
    there = np.isin(months, stack.months)
    result[there] = series[np.isin(stack.months, months)] / 10.0
    return result


def raster_shares(source, basins, where, memory=2**28):
    """Mean (basin,) of a raster of shares 0…1 over ring lists in its CRS; scale and offset applied.

    Cells without data are left out; NaN where under half of a basin has any. Raises
    `GridError` when the raster cannot be read, `DataError` for values outside 0…1.
    """
    grid = read_grid(source, where)
    matrix = CoverageMatrix.from_rings(basins, grid)
    total = matrix.accumulate(np.empty((1, 0)), np.empty(0, np.int64))
    for cells, values in first_band(source, grid, matrix.touched, where, memory):
        low, high = np.nanmin(values, initial=0.0), np.nanmax(values, initial=0.0)
        if low < 0 or high > 1:
            raise DataError(
                "shares between 0 and 1 are expected",
                f"{low:g} to {high:g}",
                where,
                "Divide per cent by 100, and declare the no-data value.",
            )
        with located(where):
            total += matrix.accumulate(values[None], cells)
    return matrix.finish(total, 0.5).mean[0]
