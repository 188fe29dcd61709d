"""What writing a series to a stack is made of: the record read, the stack written, a summary."""

from dataclasses import dataclass

import numpy as np

from ...errors import DataError
from ..stack import StackInfo
from .plausible import check_quantity

#: Planes of 8 bytes held for each month that is read.
BY_TIME = 5


@dataclass
class SeriesSummary:
    """What an import of a series did."""

    info: StackInfo
    files: int
    missing: np.ndarray
    source_units: str
    appended: np.ndarray
    common: int = 0
    residual: float = 0.0
    baseline_months: int = 0


class SeriesReader:
    """A record in a stack's units and cells."""

    def __init__(self, record, conversion, window):
        self._record, self._conversion = record, conversion
        row, col, _, nx = window
        self._row, self._columns = row, np.arange(col, col + nx) % record.grid.nx

    def read(self, indexes, row, ny):
        """Values (month, y, x) of the months at ``indexes``; implausible ones are refused."""
        values = self._record.read(indexes, self._row + row, ny, self._columns)
        values = values * self._conversion.factors(self._record.months[indexes])[:, None, None]
        check_quantity(values, self._conversion.kind, self._record.name)
        return values

    def read_months(self, months, row, ny):
        """As `read`, by month; NaN for months outside the record."""
        inside = np.isin(months, self._record.months)
        out = np.full((len(months), ny, self._columns.size), np.nan)
        indexes = np.searchsorted(self._record.months, months[inside])
        out[inside] = self.read(indexes, row, ny)
        return out


class SeriesTarget:
    """The stack being written, which must receive at least one finite new value."""

    def __init__(self, writer):
        self._writer, self._seen = writer, False

    def write(self, values, first, row):
        """New values (month, y, x) into the bands from ``first``, from ``row`` on."""
        self._seen = self._seen or bool(np.isfinite(values).any())
        self._writer.write_bands(values, first, row)

    def copy(self, values, first, row):
        """Values of the existing stack, as they are."""
        self._writer.write_bands(values, first, row)

    def check(self, record):
        """Raise `DataError` where nothing finite was written."""
        if not self._seen:
            raise DataError("at least one finite value is expected", "none", record.name)


def parts(indexes, together, progress):
    """Yield ``indexes``, ``together`` at a time; cancel is looked at before each part."""
    for start in range(0, indexes.size, together):
        progress.check()
        yield indexes[start : start + together]
        progress.set(min(1.0, (start + together) / indexes.size))
