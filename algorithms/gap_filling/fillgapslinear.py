"""Fill missing months by linear interpolation."""

from qgis.core import QgsProcessingParameterNumber, QgsProcessingParameterRasterDestination

from ..base import GraceAlgorithm
from ..styling import diverging
from ..styling import flags as flag_style
from ..values import has_value
from .common import log_fill, middle_filled_band


class FillGapsLinear(GraceAlgorithm):
    """The simplest filling, and the yardstick for the others."""

    ID = "fillgapslinear"
    NAME = "Fill gaps (linear)"
    PAGE = "gap-filling"
    SUMMARY = "Fills the missing months of a stack on the straight line between their neighbours."
    HELP = (
        "Interpolates each pixel linearly in time between the observed months around a gap. "
        "Observed values are never changed; nothing is extrapolated beyond the first and last "
        "observation of a pixel.",
        "Good for one or two missing months. Over the eleven months between the missions it cuts "
        "off the season: use 'Fill gaps (SSA)' there.",
    )
    CITATION = "Li, Sun et al. fill short gaps linearly (section 2)."
    TAGS = ("linear", "interpolation", "missing months", "gap")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack with missing months", "Monthly stack, as imported.")
        self.add(
            QgsProcessingParameterNumber(
                "MAX_GAP",
                self.tr("Longest gap to fill (months)"),
                QgsProcessingParameterNumber.Type.Integer,
                optional=True,
                minValue=1,
            ),
            "Gaps of more consecutive months stay missing; empty fills every gap.",
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Filled stack")),
            "The stack with its missing months filled, same units.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_FLAGS", self.tr("Flags"), optional=True
            ),
            "What each value is: 0 observed, 1 filled, 255 not filled. Give it to later steps as "
            "FLAGS.",
        )

    def check(self, parameters, context):
        """That the input is a stack at all, from its header."""
        self.open_stack("INPUT").close()

    def compute(self, parameters, context, progress):
        """Fill and style."""
        from ...core.gap_filling.filling import fill_stack_linear

        output = self.raster_target(parameters, "OUTPUT", context)
        flags = self.raster_target(parameters, "OUTPUT_FLAGS", context)
        limit = None
        if has_value(parameters, "MAX_GAP"):
            limit = self.parameterAsInt(parameters, "MAX_GAP", context)
        with self.open_stack("INPUT") as stack:
            summary = fill_stack_linear(
                stack, output, max_gap=limit, flags_output=flags, progress=progress
            )
            units = stack.units
        log_fill(summary, progress)
        band = middle_filled_band(summary)
        self.style(context, output, diverging(band, units))
        self.style(context, flags, flag_style(band, staged=False))
        return {"OUTPUT": output, **({"OUTPUT_FLAGS": flags} if flags else {})}
