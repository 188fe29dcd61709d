"""From model to product: prediction, correction against the coarse field, report numbers."""

from contextlib import ExitStack

from ..data.atomic import atomic_paths, scratch_path
from ..data.stack import MonthlyStack
from ..errors import ModelError, ParameterError
from ..progress import SILENT
from .correcting import UNOBSERVED, check_correction, correct_residuals
from .residual import METHODS
from .running import check_job, check_uncertainty, downscale
from .uncertain import replace_uncertain

CORRECTIONS = ("none", *METHODS)


def correction_of(model, correction):
    """The correction that is made: what was asked for, else what the model's contract demands."""
    if correction == "none" and model.contract.target.conserves:
        return "conserving"
    return correction


def check_product(
    job, correction="none", unobserved="keep", std_output="", flags=None, replace=False
):
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
    correction = correction_of(job.model, correction)
    check_uncertainty(job.model, std_output)
    check_uncertainty(job.model, replace, "REPLACE_UNCERTAIN")
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
    replace=False,
    keep=False,
    progress=SILENT,
    **blocks,
):
    """Downscale and, unless ``correction`` is 'none', correct against the coarse stack.

    A model whose contract says that it conserves is corrected in any case: that is its last
    layer.
    ``replace``: the least certain hundredth of each month gets the values of its
    neighbours, before the correction. ``keep``: as `downscale`, beside ``output``. All
    outputs appear together or not at all. Returns (`DownscaleSummary`,
    `CorrectionSummary` or None). Raises as `check_product` and `downscale`.
    """
    check_product(job, correction, unobserved, std_output, flags, replace)
    correction = correction_of(job.model, correction)
    if flags_output and correction == "none":
        raise ParameterError(
            "a CORRECTION other than 'none' is expected where its flags are wanted",
            "none",
            "CORRECTION",
        )
    steps = [s for s, wanted in (("replace", replace), ("correct", correction != "none")) if wanted]
    ends = {0: (1.0,), 1: (0.8, 1.0), 2: (0.7, 0.85, 1.0)}[len(steps)]
    shares = [progress.part(low, high) for low, high in zip((0.0, *ends), ends)]
    with ExitStack() as files:
        targets = [output, std_output, outside_output, flags_output]
        paths = files.enter_context(atomic_paths(targets))
        made = paths[0] if not steps else files.enter_context(scratch_path(paths[0]))
        sigma = paths[1]
        if replace and not sigma:
            sigma = files.enter_context(scratch_path(paths[0]))
        summary = downscale(
            job, made, std_output=sigma or "", outside_output=paths[2] or "", resume=output,
            keep=keep, progress=shares[0], **blocks,
        )  # fmt: skip
        if replace:
            target = paths[0]
            if correction != "none":
                target = files.enter_context(scratch_path(paths[0]))
            with _opened(made) as fine, _opened(sigma) as spread:
                summary.replaced = replace_uncertain(
                    fine, spread, target, name=output, progress=shares[1], **blocks
                )
            made = target
        if correction == "none":
            return summary, None
        with _opened(made) as fine:
            corrected = correct_residuals(
                fine, job.coarse, paths[0], method=correction, unobserved=unobserved, flags=flags,
                min_share=min_share, flags_output=paths[3] or "", progress=shares[-1], **blocks,
            )  # fmt: skip
    return summary, corrected


def _opened(path):
    return MonthlyStack(str(path), "the prediction")
