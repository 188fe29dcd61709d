"""How a longer record is put behind an existing stack: on the same footing or not at all."""

from dataclasses import dataclass

import numpy as np

from ...errors import BaselineError, DataError, GridError, TimeAxisError, UnitsError
from ..grid import snap_extent

#: Months that both records must have before an anomaly's offset is believed.
MIN_OVERLAP = 3


@dataclass(frozen=True)
class Extension:
    """Where the record lies on the existing stack: window, months in common, new months."""

    window: tuple
    common: np.ndarray
    months: np.ndarray


def plan_extension(stack, record, units):
    """`Extension` of ``stack`` by ``record`` (headers only).

    Raises `GridError`, `UnitsError`, `TimeAxisError`, `BaselineError` unless the record
    covers the stack's cells, is in its units once converted, and has later months; an
    anomaly stack also needs `MIN_OVERLAP` months in common.
    """
    if stack.grid.is_geographic and record.grid.is_geographic:
        window = snap_extent(record.grid, stack.grid.extent)
    else:
        window = (0, 0, record.grid.ny, record.grid.nx)
    what = stack.grid.difference(record.grid.window(*window))
    if what:
        raise GridError(
            f"{record.name} on the cells of {stack.name} is expected, but they differ in their "
            f"{what}",
            f"{record.grid.describe()} and {stack.grid.describe()}",
        )
    if stack.units != units:
        raise UnitsError(
            f"the units of {stack.name}, {stack.units!r}, are expected",
            repr(units),
            record.name,
            "Choose KIND and UNITS so that the new months come out in them.",
        )
    last = stack.months[-1]
    months = record.months[record.months > last]
    if not months.size:
        raise TimeAxisError(
            f"months after {last}, the last of {stack.name}, are expected",
            f"{record.months[0]} to {record.months[-1]}",
            record.name,
            "The existing stack is up to date.",
        )
    common = np.intersect1d(record.months[record.present], stack.months)
    if stack.baseline and common.size < MIN_OVERLAP:
        raise BaselineError(
            f"at least {MIN_OVERLAP} months that both records have are expected: only they show "
            f"by how much {record.name} differs from anomalies to "
            f"{stack.baseline[0]} … {stack.baseline[-1]}",
            f"{common.size}",
            stack.name,
            "Give files that go further back.",
        )
    return Extension(window, common, months)


class Offset:
    """Per cell, what has to be added to a record to stand on a stack's footing.

    Fed with the difference stack − record of the months in common; the mean is the
    offset. What is left must be nothing but rounding: else the product was
    reprocessed, or it is another one.
    """

    def __init__(self, shape):
        self._total, self._count = np.zeros(shape), np.zeros(shape)
        self._low, self._high = np.full(shape, np.inf), np.full(shape, -np.inf)

    def add(self, difference):
        """Take differences (month, y, x), NaN where one of the two is missing."""
        known = np.isfinite(difference)
        self._total += np.where(known, difference, 0.0).sum(axis=0)
        self._count += known.sum(axis=0)
        self._low = np.minimum(self._low, np.where(known, difference, np.inf).min(axis=0))
        self._high = np.maximum(self._high, np.where(known, difference, -np.inf).max(axis=0))

    def mean(self):
        """The offset of each cell; NaN where fewer than `MIN_OVERLAP` months tell."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self._count >= MIN_OVERLAP, self._total / self._count, np.nan)

    def residual(self, offset):
        """The largest distance of a difference from ``offset`` over all cells."""
        known = (self._count > 0) & np.isfinite(offset)
        if not known.any():
            return 0.0
        low, high, offset = self._low[known], self._high[known], offset[known]
        return float(np.max(np.maximum(high - offset, offset - low)))


def check_residual(residual, tolerance, stack, record):
    """Raise `DataError` where the records differ by more than rounding."""
    if residual > tolerance:
        raise DataError(
            f"{record.name} equal to {stack.name} in the months that both have (up to one offset "
            f"a cell for anomalies, within {tolerance:g} {stack.units}) is expected",
            f"a difference of {residual:.3g} {stack.units}",
            remedy="The product was reprocessed or is another one: import its whole record anew.",
        )
