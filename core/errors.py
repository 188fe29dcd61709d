"""The errors of the core, one small family.

Every message says what was expected, what was found, where, and what to do,
because the person reading it is an analyst in front of a dialog.
"""

from contextlib import contextmanager


class GraceWaterError(Exception):
    """Base of every error that bad input or a bad target can cause."""

    def __init__(self, expected, found="", where="", remedy=""):
        """Keep the four parts; ``str()`` joins those that were given."""
        self.expected = str(expected)
        self.found = str(found)
        self.where = str(where)
        self.remedy = str(remedy)
        # All four as arguments: a copied or pickled error must say the same again.
        super().__init__(self.expected, self.found, self.where, self.remedy)

    def __str__(self):
        text = f"{self.where}: " if self.where else ""
        text += self.expected
        if self.found:
            text += f"; found {self.found}"
        text = text.rstrip(".") + "."
        if self.remedy:
            text += f" {self.remedy}"
        return text


@contextmanager
def located(where):
    """Errors raised inside that do not say where get ``where``, such as a stack's name."""
    try:
        yield
    except GraceWaterError as error:
        if error.where:
            raise
        raise type(error)(error.expected, error.found, where, error.remedy) from error


class ReadError(GraceWaterError):
    """A file cannot be read: missing, truncated, of another format."""


class WriteError(GraceWaterError):
    """A target cannot be written; what was there before is kept."""


class TimeAxisError(GraceWaterError):
    """The time axis is missing, undecodable, irregular or too short."""


class UnitsError(GraceWaterError):
    """Units are missing, unknown, or do not fit the operation."""


class GridError(GraceWaterError):
    """Grids differ, lack a coordinate system, or do not meet the extent."""


class BaselineError(GraceWaterError):
    """Anomalies refer to different baselines, or a baseline has no data."""


class DataError(GraceWaterError):
    """Values do not allow the computation: all missing, too few, not finite."""


class ParameterError(GraceWaterError):
    """A parameter is outside what the method allows."""


class ModelError(GraceWaterError):
    """A downscaling model is hostile, damaged, or does not fit what it is given."""


class DependencyError(GraceWaterError):
    """A Python package that the method needs is not installed."""


class Cancelled(Exception):
    """The user stopped the run. Not a ``GraceWaterError``: nothing is wrong."""
