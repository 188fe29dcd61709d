"""Downscale without training: the coarse field plus a fine model's own detail."""

from qgis.core import QgsProcessingParameterBoolean

from ...core.downscaling.residual import INTERPOLATIONS
from .correction import CorrectionAlgorithm


class DownscaleDelta(CorrectionAlgorithm):
    """The baseline that every network has to beat."""

    ID = "downscaledelta"
    NAME = "Downscale (delta)"
    PAGE = "downscaling"
    SUMMARY = "Adds to the coarse field what a fine model departs from its own coarse mean."
    HELP = (
        "Delta = coarse field + (fine model − its own coarse mean). The large scale is GRACE's, "
        "the detail that of the fine model, for example the storage of a land model. No training "
        "and no predictors: it is the baseline that any trained model has to beat, and often a "
        "good product.",
        "'conserving' spreads the coarse field by a spline that keeps its cell means; 'replicate' "
        "gives each fine cell its coarse cell's value and leaves steps; 'bilinear' and 'spline' "
        "are "
        "smooth but do not keep the means.",
        "The fine model may be absolute storage: it is re-based to the months given. What it does "
        "not know (pumping, glaciers, lakes) is spread evenly over the coarse cell.",
    )
    CITATION = "docs/downscaling; delta or change-factor method, applied to storage."
    TAGS = ("delta", "change factor", "downscaling", "baseline", "land model", "GLDAS")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Coarse stack (GRACE)", "Storage anomaly, cm, mm, m or kg m⁻².")
        self.add_stack(
            "FINE",
            "Fine model",
            "Monthly stack of storage on finer cells, cm, mm, m or kg m⁻²; the result has its grid "
            "and months.",
        )
        self.add_choice(
            "METHOD",
            "How the coarse field is spread",
            INTERPOLATIONS,
            "'conserving' and 'replicate' keep the coarse means; 'spline' and 'bilinear' do not.",
        )
        self.add(
            QgsProcessingParameterBoolean("REBASE", self.tr("Re-base the fine model"), True),
            "Take the fine model as anomalies to its mean over the months below. Switch off only "
            "if it is an anomaly to the baseline of the coarse stack already.",
        )
        self.add_baseline("Month written YYYY-MM; that of the coarse stack.", advanced=True)
        self.declare_correction("The fine stack, in the units of the fine model.")

    def check(self, parameters, context):
        """Grids, units, baselines, months, from the headers."""
        from ...core.downscaling.correcting import check_correction
        from ...core.downscaling.delta import Rebased

        with self.open_stack("INPUT") as coarse, self.open_stack("FINE") as fine:
            baseline = self._baseline(parameters, context)
            model = Rebased(fine, baseline) if baseline else fine
            check_correction(model, coarse, names=("FINE", "INPUT"))

    def compute(self, parameters, context, progress):
        """Downscale, log, style."""
        from ...core.downscaling.delta import downscale_delta

        baseline = self._baseline(parameters, context)

        def correct(fine, coarse, output, **settings):
            return downscale_delta(coarse, fine, output, baseline=baseline, **settings)

        return self.run_correction(correct, parameters, context, progress, "FINE", "INPUT")

    def _baseline(self, parameters, context):
        if not self.parameterAsBool(parameters, "REBASE", context):
            return ()
        return self.baseline(parameters, context)
