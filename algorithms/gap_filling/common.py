"""What the gap-filling algorithms share: their log and which band to show."""

from ...core.data.months import month_text


def log_fill(summary, progress):
    """Say which months were filled by which stage, and what was not."""
    from ...core.data.flags import STAGE_A, STAGE_B, UNFILLED

    progress.info(f"{summary.cells} cells with values, equal series counted once.")
    for flag, name in ((STAGE_A, "stage a"), (STAGE_B, "stage b")):
        months = summary.months_flagged(flag)
        if months.size:
            listed = ", ".join(month_text(m) for m in months)
            progress.info(f"{months.size} months filled in {name}: {listed}")
    left = summary.months_flagged(UNFILLED)
    if left.size:
        listed = ", ".join(month_text(m) for m in left)
        progress.warn(f"{left.size} months are still missing in some cells: {listed}")
    for name, value in summary.median_error.items():
        progress.info(f"Median {name}: {value:.3f} in the stack's units.")
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
