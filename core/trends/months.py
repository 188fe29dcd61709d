"""Which months of a stack an analysis uses, and how its blocks are read."""

import numpy as np

from ..data.agreement import check_same_axes
from ..data.flags import FILLED_FLAGS
from ..data.months import parse_month
from ..errors import TimeAxisError


def chosen_months(stack, start="", end="", least=1):
    """Bands between two months (``YYYY-MM``, empty: the record's own).

    Raises `ParameterError` for other text, `TimeAxisError` under ``least`` months.
    """
    first = parse_month(start, "START") if start else stack.months[0]
    last = parse_month(end, "END") if end else stack.months[-1]
    picked = np.flatnonzero((stack.months >= first) & (stack.months <= last))
    if picked.size < least:
        raise TimeAxisError(
            f"at least {least} months are expected",
            f"{picked.size} between {first} and {last}",
            stack.name,
            f"The record runs {stack.months[0]} to {stack.months[-1]}.",
        )
    return picked


def observed_reader(stack, flags, start="", end="", least=1):
    """``(bands, readers, observed)`` of a stack and, where given, the flags of its filling.

    ``readers`` are for `run_blocks`; ``observed(values, flag)`` sets filled months to NaN,
    ``flag`` being what follows the values in the kernel. Raises `GridError` and
    `TimeAxisError` where flags do not fit.
    """
    picked = chosen_months(stack, start, end, least)
    reads = [lambda *window: stack.read(*window, bands=picked)]
    if flags is not None:
        check_same_axes(stack, flags)
        reads.append(lambda *window: flags.read_flags(*window)[picked])

    def observed(values, flag):
        return np.where(np.isin(flag[0], FILLED_FLAGS), np.nan, values) if flag else values

    return picked, reads, observed
