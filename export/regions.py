"""Where and when a model is scored: everywhere, and what it has not seen."""

import numpy as np


def observed_months(coarse):
    """Months (datetime64[M]) of a coarse stack with a value anywhere."""
    seen = [m for b, m in enumerate(coarse.months) if np.isfinite(coarse.read(bands=[b])).any()]
    return np.array(seen, "datetime64[M]")


def held_out_regions(every, held, blocks):
    """{name: (inside, months)}; inside None for everywhere.

    ``every`` and ``held`` are months, all that are scored and those held out of them;
    ``blocks`` the fine cells (y, x) held out, or None.
    """
    regions = {"all": (None, every)}
    if held.size:
        regions["held out in time"] = (None, held)
    if blocks is not None:
        regions["held out in space"] = (blocks, every)
        if held.size:
            regions["held out in both"] = (blocks, held)
    return regions
