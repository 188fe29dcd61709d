"""The dialog of a correction against a coarse stack, shared by two algorithms."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ...core.downscaling.correcting import UNOBSERVED
from ..base import GraceAlgorithm
from ..styling import classes, diverging
from .common import CORRECTED_CLASSES, log_correction

NUMBER = QgsProcessingParameterNumber.Type


class CorrectionAlgorithm(GraceAlgorithm):
    """Parameters after the inputs, the checks and the outputs of a correction."""

    REQUIRES = ("rasterio", "scipy")

    def declare_correction(self, output_help):
        """What both algorithms ask for, and their outputs."""
        self.add_stack(
            "FLAGS",
            "Flags of the coarse stack",
            "Flag stack of its gap filling: tells filled from observed months. Without it every "
            "month with a value counts as observed.",
            optional=True,
        )
        self.add_choice(
            "UNOBSERVED",
            "Months not observed by the satellite",
            UNOBSERVED,
            "'keep' leaves the fine stack as it is, 'filled' uses filled values of the coarse "
            "stack where there are some, 'missing' writes no data.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_SHARE", self.tr("Minimum share of a coarse cell"), NUMBER.Double, 0.5, False,
                0.0, 1.0,
            ),
            "Share (0 to 1) of a coarse cell's area that needs fine values for it to be agreed "
            "with; others take the residual of the nearest such cell.",
            advanced=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Fine stack")), output_help
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_FLAGS", self.tr("Flags"), optional=True, createByDefault=False
            ),
            "0 agrees with an observed coarse month, 1 with a filled one, 255 not corrected.",
        )

    def check_pair(self, parameters, context, fine, coarse, labels):
        """Headers of both stacks and the flags."""
        from ...core.downscaling.correcting import check_correction

        with ExitStack() as files:
            stacks = self.open_stacks(files, fine, coarse, "FLAGS")
            unobserved = self.parameterAsEnumString(parameters, "UNOBSERVED", context)
            check_correction(*stacks, unobserved, labels)

    def run_correction(self, correct, parameters, context, progress, fine, coarse):
        """Open, call ``correct(fine, coarse, output, **settings)``, log, style."""
        output = self.raster_target(parameters, "OUTPUT", context)
        flags_output = self.raster_target(parameters, "OUTPUT_FLAGS", context)
        with ExitStack() as files:
            small, large, flags = self.open_stacks(files, fine, coarse, "FLAGS")
            summary = correct(
                small,
                large,
                output,
                method=self.parameterAsEnumString(parameters, "METHOD", context),
                unobserved=self.parameterAsEnumString(parameters, "UNOBSERVED", context),
                flags=flags,
                min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
                flags_output=flags_output,
                progress=progress,
            )
            units = small.units
        log_correction(summary, progress)
        corrected = summary.corrected.nonzero()[0]
        band = int(corrected[corrected.size // 2]) + 1 if corrected.size else 1
        self.style(context, output, diverging(band, units))
        self.style(context, flags_output, classes(band, CORRECTED_CLASSES))
        return {"OUTPUT": output, **({"OUTPUT_FLAGS": flags_output} if flags_output else {})}
