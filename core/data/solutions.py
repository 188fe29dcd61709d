"""Are the times of a product those of monthly solutions?"""

import numpy as np

from ..errors import TimeAxisError

#: Days that a solution may span: the shortest of the record lasts 13, the longest some 50.
SHORTEST, LONGEST = 7.0, 70.0
#: Solutions that one month may have: GRACE flew some short spans, never more than two.
MOST = 3
_DAY = 86400.0
_REMEDY = "Download the monthly product."


def check_solutions(name, middle, start=None, end=None):
    """Raise `TimeAxisError` for times that repeat, fall back, or are not monthly.

    ``middle``, ``start``, ``end`` are datetime64[s] of each solution, the last two None
    without time bounds. Two solutions in one month are as the missions flew and pass.
    """
    wrong = np.flatnonzero(np.diff(middle).astype("int64") <= 0)
    if wrong.size:
        a, b = middle[wrong[0]], middle[wrong[0] + 1]
        found = f"{a} twice" if a == b else f"{a} followed by {b}"
        raise TimeAxisError("times that rise are expected", found, name)
    if start is not None:
        days = (end - start).astype("int64") / _DAY
        odd = np.flatnonzero((days < SHORTEST) | (days > LONGEST))
        if odd.size:
            found = f"a span of {days[odd[0]]:.3g} days from {start[odd[0]]}"
            raise TimeAxisError("monthly solutions are expected", found, name, _REMEDY)
        outside = np.flatnonzero((middle < start) | (middle > end))
        if outside.size:
            at = outside[0]
            raise TimeAxisError(
                "times inside their bounds are expected",
                f"{middle[at]} outside {start[at]} to {end[at]}",
                name,
            )
    months, counts = np.unique(middle.astype("datetime64[M]"), return_counts=True)
    if counts.max() > MOST:
        found = f"{counts.max()} times in {months[counts.argmax()]}"
        raise TimeAxisError("monthly solutions are expected", found, name, _REMEDY)
    steps = np.diff(months.astype(int))
    if steps.size > 1 and steps.min() > 1:
        found = f"steps of {steps.min()} months or more"
        raise TimeAxisError("monthly solutions are expected", found, name, _REMEDY)
