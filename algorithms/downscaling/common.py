"""What the downscaling algorithms say in their logs."""

import numpy as np

from ...core.data.months import month_text

CORRECTED_CLASSES = (
    (0, "corrected, observed month", "#d9d9d9"),
    (1, "corrected, filled month", "#e69f00"),
)


def log_downscaling(job, summary, progress):
    """What was made, with what, and where the model was outside its training."""
    from ...core.downscaling.domain import reaches_beyond
    from ...core.downscaling.running import OUTSIDE_WARNING

    made = summary.values > 0
    progress.info(
        f"{int(made.sum())} months made with {job.model.contract.name}, up to "
        f"{int(summary.values.max())} cells a month, on {summary.provider} "
        f"({summary.busy:.1f} s in ONNX Runtime)."
    )
    absent = np.setdiff1d(summary.months, summary.usable)
    if absent.size:
        listed = ", ".join(month_text(m) for m in absent[:12]) + (" …" if absent.size > 12 else "")
        progress.warn(f"{absent.size} months lack a predictor or a lag and stay empty: {listed}")
    for number, count in sorted(summary.without.items()):
        name = "no class" if number == 0 else f"class {number}"
        progress.warn(f"{count} cell-months in {name} got no value: no model serves it.")
    if summary.restored:
        progress.info(
            f"{summary.restored} blocks and months were taken over from an earlier run that was "
            "killed or cancelled."
        )
    if summary.replaced is not None:
        progress.warn(
            f"{int(summary.replaced.sum())} cell-months with the largest sigma got the value of "
            f"their nearest neighbour, up to {int(summary.replaced.max())} a month."
        )
    if summary.broken:
        progress.warn(
            f"{summary.broken} cell-months with all predictors got no finite value from the model."
        )
    outside = np.nanmean(summary.outside[made])
    if outside > OUTSIDE_WARNING:
        progress.warn(
            f"{100 * outside:.0f} % of the predictor values lie outside the range the model was "
            "trained on: there it extrapolates. Look at the applicability stack."
        )
    training = job.model.contract.training
    if training.extent and reaches_beyond(job.domain.grid, training.extent):
        west, east, south, north = training.extent
        progress.warn(
            f"The extent reaches beyond the region of the training data ({west:g} to {east:g}, "
            f"{south:g} to {north:g})."
        )


def log_correction(summary, progress):
    """How well the result agrees with the coarse stack."""
    if summary is None:
        return
    done = np.isfinite(summary.rms_before)
    if not done.any():
        progress.warn("No coarse cell could be agreed with: no value, or too little of it covered.")
        return
    progress.info(
        f"Coarse residual over {summary.cells} cells: RMS {np.nanmean(summary.rms_before):.3g} "
        f"before, {np.nanmean(summary.rms_after):.3g} after; largest after "
        f"{np.nanmax(summary.most_after):.3g}."
    )
    left = int((~summary.corrected).sum())
    if left:
        progress.info(f"{left} months were not corrected: the satellite did not observe them.")
