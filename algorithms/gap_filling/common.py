"""What the gap-filling algorithms share: lists of numbers, their log, which band to show."""

import re

from ...core.data.months import month_text
from ...core.errors import ParameterError


def parse_numbers(text, name):
    """The whole numbers of ``1-12`` or ``24, 36, 48``, ascending; () for an empty text.

    Raises `ParameterError`, located at the parameter ``name``.
    """
    numbers = set()
    for part in text.replace("…", "-").replace("–", "-").split(","):
        found = re.fullmatch(r"\s*(\d{1,4})(?:\s*-\s*(\d{1,4}))?\s*", part)
        if not found and not text.strip():
            return ()
        if not found or int(found[2] or found[1]) < int(found[1]):
            raise ParameterError(
                "numbers such as 1-12 or 24, 36, 48 are expected", repr(text), name
            )
        numbers.update(range(int(found[1]), int(found[2] or found[1]) + 1))
    return tuple(sorted(numbers))


def log_fill(summary, progress):
    """Say which months were filled, by which stage where there are two, and what was not."""
    from ...core.data.flags import STAGE_A, STAGE_B, UNFILLED

    progress.info(f"{summary.cells} cells with values, {summary.series} series computed.")
    if summary.restored:
        progress.info(f"{summary.restored} series came from an earlier run that was stopped.")
    stages = (" in stage a", " in stage b") if summary.staged else ("", "")
    for flag, stage in zip((STAGE_A, STAGE_B), stages):
        months = summary.months_flagged(flag)
        if months.size:
            listed = ", ".join(month_text(m) for m in months)
            progress.info(f"{months.size} months filled{stage}: {listed}")
    left = summary.months_flagged(UNFILLED)
    if left.size:
        listed = ", ".join(month_text(m) for m in left)
        progress.warn(f"{left.size} months are still missing in some cells: {listed}")
    for name, value in summary.median_error.items():
        progress.info(f"Median {name}: {value:.3f} in the stack's units.")
    if summary.years:
        listed = ", ".join(str(year) for year in summary.years)
        progress.info(f"Cross-validated by hiding the years {listed}.")
    if summary.capped:
        progress.warn(f"{summary.capped} cells stopped at the limit of iterations.")
    if summary.skipped:
        progress.warn(f"{summary.skipped} cells have too few observations and were not filled.")
    if summary.overshoots:
        progress.warn(
            f"In {summary.overshoots} cells a filled value is more than half again as large as any "
            "observed one: look at them before you use them."
        )


def middle_filled_band(summary):
    """The band of the month in the middle of what was filled; the last one otherwise."""
    import numpy as np

    from ...core.data.flags import STAGE_A, STAGE_B

    filled = np.flatnonzero((summary.counts[STAGE_A] + summary.counts[STAGE_B]) > 0)
    return int(filled[filled.size // 2]) + 1 if filled.size else summary.months.size
