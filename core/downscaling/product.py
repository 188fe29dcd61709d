"""From model to product: prediction, correction against the coarse field, report numbers."""

from ..data.atomic import atomic_paths, scratch_path
from ..data.stack import MonthlyStack
from ..errors import ModelError, ParameterError
from ..progress import SILENT
from .correcting import UNOBSERVED, check_correction, correct_residuals
from .residual import METHODS
from .running import check_job, check_uncertainty, downscale

CORRECTIONS = ("none", *METHODS)


def check_product(job, correction="none", unobserved="keep", std_output="", flags=None):
    """Raise unless the run and its correction can be done (headers only)."""
    if correction not in CORRECTIONS:
        raise ParameterError(
            f"one of {', '.join(CORRECTIONS)} is expected", correction, "CORRECTION"
        )
    if unobserved not in UNOBSERVED:
        raise ParameterError(
            f"one of {', '.join(UNOBSERVED)} is expected", unobserved, "UNOBSERVED"
        )
    check_job(job)
    check_uncertainty(job.model, std_output)
    if correction != "none":
        if job.coarse is None:
            raise ModelError(
                f"the coarse field is expected, which CORRECTION '{correction}' agrees with",
                "none",
                "INPUT",
                "Give the stack of GRACE with INPUT, or choose CORRECTION 'none'.",
            )
        check_correction(Planned(job), job.coarse, flags, unobserved, ("the prediction", "INPUT"))


class Planned:
    """A stack that is still to be made, for checks on headers."""

    def __init__(self, job):
        target = job.model.contract.target
        self.name, self.grid, self.months = "the prediction", job.domain.grid, job.months
        self.units, self.baseline = target.units, tuple(target.baseline)

    def to_centimetres(self):
        """As `MonthlyStack.to_centimetres`."""
        from ..data.units import storage_factor

        return storage_factor(self.units, self.name)


def make_product(
    job,
    output,
    *,
    correction="none",
    unobserved="keep",
    flags=None,
    min_share=0.5,
    std_output="",
    outside_output="",
    flags_output="",
    progress=SILENT,
    **blocks,
):
    """Downscale and, unless ``correction`` is 'none', correct against the coarse stack.

    All outputs appear together or not at all. Returns (`DownscaleSummary`,
    `CorrectionSummary` or None). Raises as `check_product` and `downscale`.
    """
    check_product(job, correction, unobserved, std_output, flags)
    if flags_output and correction == "none":
        raise ParameterError(
            "a CORRECTION other than 'none' is expected where its flags are wanted",
            "none",
            "CORRECTION",
        )
    with atomic_paths([output, std_output, outside_output, flags_output]) as paths:
        more = {"std_output": paths[1] or "", "outside_output": paths[2] or "", **blocks}
        if correction == "none":
            return downscale(job, paths[0], progress=progress, **more), None
        with scratch_path(paths[0]) as raw:
            summary = downscale(job, raw, progress=progress.part(0.0, 0.8), **more)
            with MonthlyStack(str(raw), "the prediction") as fine:
                corrected = correct_residuals(
                    fine,
                    job.coarse,
                    paths[0],
                    method=correction,
                    unobserved=unobserved,
                    flags=flags,
                    min_share=min_share,
                    flags_output=paths[3] or "",
                    progress=progress.part(0.8, 1.0),
                    **blocks,
                )
    return summary, corrected
