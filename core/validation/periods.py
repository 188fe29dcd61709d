"""Which months of a stack are compared."""

import numpy as np

from ..data.months import parse_month
from ..errors import TimeAxisError


def bands_between(stack, start="", end=""):
    """Band indices between two months (``YYYY-MM``, empty = the record's own).

    Raises `ParameterError` for other text, `TimeAxisError` where no month is left.
    """
    first = parse_month(start, "START") if start else stack.months[0]
    last = parse_month(end, "END") if end else stack.months[-1]
    picked = np.flatnonzero((stack.months >= first) & (stack.months <= last))
    if not picked.size:
        raise TimeAxisError(
            f"a month of {stack.name} between START and END is expected",
            f"{first} to {last}, beside {stack.months[0]} to {stack.months[-1]}",
        )
    return picked
