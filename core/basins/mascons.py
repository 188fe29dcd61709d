"""Which cells are one mascon: cells that repeat one series, or carry one number."""

import numpy as np

from ..data.unique import unique_series
from ..errors import ParameterError
from .touched import first_band, gather

CORRELATIONS = ("auto", "mascon", "gaussian")
#: A record with at most this share of different series among its cells is one of mascons.
DISTINCT_SHARE = 0.5
#: Months compared bit by bit; two mascons that agree in all of them do not exist.
PROBES = 24


def find_mascons(stack, cells, correlation="auto", ids=None, memory=None):
    """Mascon numbers (cell,) of ``cells`` of a stack, or None for no mascons.

    Parameters
    ----------
    stack : MonthlyStack
        Cells of one mascon repeat its series bit for bit.
    cells : (cell,) int array
        Rising cell numbers ``row * nx + column``.
    correlation : str
        ``auto``: mascons where at most half of the cells have a series of their
        own, else None. ``mascon``: whatever the share. ``gaussian``: None.
    ids : MonthlyStack or raster opened alike, optional
        Numbers of the mascons on the same grid, band 1; then no series is compared.
        A cell without a number is a mascon of its own.

    Raises
    ------
    ParameterError
        ``correlation`` is another word, or ``mascon`` finds no cell repeated.

    """
    if correlation not in CORRELATIONS:
        raise ParameterError(
            f"one of {', '.join(CORRELATIONS)} is expected", correlation, "CORRELATION"
        )
    if correlation == "gaussian" or cells.size == 0:
        return None
    memory = memory or 2**29
    if ids is not None:
        return _numbers(ids(cells))
    months = stack.months.size
    bands = np.unique(np.linspace(0, months - 1, min(PROBES, months)).astype(int))
    values = gather(stack, cells, bands, memory)
    # A cell without values, or of zeros as a masked ocean, is like no other.
    blank = ~(np.nan_to_num(values) != 0).any(axis=0)
    kept, label = unique_series([np.ascontiguousarray(values)])
    label = np.where(blank, kept.size + np.arange(cells.size), label)
    counted = int((~blank).sum())
    distinct = np.unique(label[~blank]).size
    if correlation == "auto":
        return label if counted and distinct <= DISTINCT_SHARE * counted else None
    if distinct == counted:
        raise ParameterError(
            "a stack whose mascons repeat one series is expected",
            f"{counted} cells with {distinct} different series",
            "CORRELATION",
            "Give the numbers of the mascons (MASCONS) or choose 'gaussian'.",
        )
    return label


def mascon_reader(source, grid, name):
    """Function ``cells -> numbers`` of a raster of mascon numbers; `GridError` where it differs."""
    from ..data.grid import check_same_grid
    from ..data.reference import read_grid

    check_same_grid(grid, read_grid(source, name), "INPUT", name)

    def read(cells):
        values = np.full(cells.size, np.nan)
        for part, numbers in first_band(source, grid, cells, name, 2**28):
            values[np.searchsorted(cells, part)] = numbers
        return values

    return read


def _numbers(values):
    known = ~np.isnan(values)
    _, label = np.unique(values[known], return_inverse=True)
    result = np.arange(values.size) + label.size
    result[known] = label.ravel()
    return result
