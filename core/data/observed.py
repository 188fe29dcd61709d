"""A stack without what a gap filling made: the same calls, filled values missing."""

from contextlib import contextmanager

import numpy as np

from .agreement import check_same_axes
from .flags import FILLED_FLAGS


class ObservedStack:
    """``stack`` with the values that ``flags`` call filled read as missing.

    Gives what `MonthlyStack` gives to those who read values and headers. Raises
    `GridError` or `TimeAxisError` unless both have one grid and the same months.
    """

    def __init__(self, stack, flags):
        """``flags`` is the flag stack of the gap filling; both stay open."""
        check_same_axes(stack, flags)
        self.stack, self.flags = stack, flags
        self.name, self.source, self.info = stack.name, stack.source, stack.info

    grid = property(lambda self: self.info.grid)
    months = property(lambda self: self.info.months)
    units = property(lambda self: self.info.units)
    baseline = property(lambda self: self.info.baseline)
    exact_dtype = property(lambda self: self.stack.exact_dtype)
    in_strips = property(lambda self: self.stack.in_strips)

    @property
    def layout(self):
        """As `MonthlyStack.layout`, where both files have the same."""
        return self.stack.layout if self.stack.layout == self.flags.layout else ""

    @contextmanager
    def reopened(self):
        """The same through handles of its own, for another thread."""
        with self.stack.reopened() as stack, self.flags.reopened() as flags:
            yield ObservedStack(stack, flags)

    def to_centimetres(self):
        """Factor from the stack's units to cm of equivalent water height."""
        return self.stack.to_centimetres()

    def read(self, row=0, col=0, ny=None, nx=None, bands=None, dtype="float64", scratch=None):
        """Values (time, y, x) of a block, NaN where missing or filled."""
        values = self.stack.read(row, col, ny, nx, bands, dtype, scratch)
        made = self.flags.read(row, col, ny, nx, bands)
        values[np.isin(made, FILLED_FLAGS)] = np.nan
        return values
