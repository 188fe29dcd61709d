"""Make a fine stack agree with the coarse one."""

from ...core.downscaling.residual import METHODS
from .correction import CorrectionAlgorithm


class CorrectResiduals(CorrectionAlgorithm):
    """Residual correction, conserving or as published."""

    ID = "correctresiduals"
    NAME = "Correct residuals"
    PAGE = "downscaling"
    SUMMARY = "Corrects a fine stack so that its coarse means are those of GRACE."
    HELP = (
        "Residual = coarse value − area-weighted mean of the fine values in the coarse cell. A "
        "smooth field with these residuals is added to the fine stack.",
        "'conserving' (the default) asks the cubic spline for the cell means, and closes what "
        "coasts and masks leave over: the result agrees with the coarse stack within 0.01 cm "
        "wherever a coarse cell is known and covered. 'spline' is the published single pass, a "
        "spline through the residuals at the cell centres: it does not give the coarse field "
        "back. "
        "The log says how far each is off.",
        "Cells need not nest; missing fine cells stay missing.",
    )
    CITATION = "Zhang et al., section 2.4; conserving form: docs/downscaling."
    TAGS = ("residual", "downscaling", "mass conservation", "spline", "bias correction")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Fine stack", "Prediction of a model, in cm, mm, m or kg m⁻².")
        self.add_stack("COARSE", "Coarse stack (GRACE)", "Storage to agree with, same baseline.")
        self.add_choice(
            "METHOD",
            "Method",
            METHODS,
            "'conserving' meets the coarse means, 'spline' is the published single pass.",
        )
        self.declare_correction("The corrected stack, in the units of the fine stack.")

    def check(self, parameters, context):
        """Grids, units, baselines, months, from the headers."""
        self.check_pair(parameters, context, "INPUT", "COARSE", ("INPUT", "COARSE"))

    def compute(self, parameters, context, progress):
        """Correct, log, style."""
        from ...core.downscaling.correcting import correct_residuals

        return self.run_correction(
            correct_residuals, parameters, context, progress, "INPUT", "COARSE"
        )
