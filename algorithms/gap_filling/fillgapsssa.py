"""Fill missing months by singular spectrum analysis."""

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ..base import GraceAlgorithm
from ..styling import diverging, sequential
from ..styling import flags as flag_style
from .common import log_fill, middle_filled_band

PRESETS = ("published", "fixed")
WINDOW = 24
NUMBER = QgsProcessingParameterNumber.Type


class FillGapsSsa(GraceAlgorithm):
    """Iterative SSA, in the two published stages or in one."""

    ID = "fillgapsssa"
    NAME = "Fill gaps (SSA)"
    PAGE = "gap-filling"
    SUMMARY = "Fills the missing months of a stack by singular spectrum analysis, pixel by pixel."
    HELP = (
        "Each pixel's series is embedded in windows of M months; its K leading modes are kept, the "
        "missing months are replaced by the reconstruction, and this repeats until they settle. "
        "Observed values are never changed. Missing months at the start or end of a pixel's record "
        "are not extrapolated.",
        "'published' works in two stages: the short gaps up to 2017-06 with M = 24 and K = "
        "12, then "
        "the gap between the missions and later ones with M = 48 and K as given. 'fixed' fills all "
        "gaps in one stage with the window and the modes you give.",
        "The tolerance belongs to the method: stopping early smooths. The error raster holds the "
        "in-sample spread of observed minus reconstructed, which says how closely the modes follow "
        "the data, not how well a gap is filled.",
    )
    CITATION = (
        "Yi and Sneeuw (2021), Filling the data gaps within GRACE missions using singular spectrum "
        "analysis; Zhang et al., section 2.2, Eqs 1–14."
    )
    TAGS = ("SSA", "singular spectrum analysis", "missing months", "interpolate", "gap")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack with missing months", "Monthly stack, as imported.")
        self.add(
            QgsProcessingParameterEnum(
                "PRESET",
                self.tr("Procedure"),
                list(PRESETS),
                defaultValue="published",
                usesStaticStrings=True,
            ),
            "'published': two stages as in the papers. 'fixed': one stage over all gaps.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MODES", self.tr("Modes K"), NUMBER.Integer, 12, minValue=1
            ),
            "Leading modes kept; for 'published' those of the second stage.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "WINDOW", self.tr("Window M (months)"), NUMBER.Integer, WINDOW, minValue=2
            ),
            "Window of 'fixed', in months, at most half the record; 'published' has its own.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "TOLERANCE",
                self.tr("Tolerance"),
                NUMBER.Double,
                0.01,
                minValue=1e-8,
                maxValue=0.5,
            ),
            "Iteration stops when the change at the gaps, relative to the values there, falls "
            "below "
            "this. 0.01 as published; smaller values fit noise.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Filled stack")),
            "The stack with its missing months filled, same units.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_FLAGS", self.tr("Flags"), optional=True
            ),
            "What each value is: 0 observed, 1 filled in stage a (or in the only stage), 2 "
            "filled in "
            "stage b, 255 not filled. Give it to later steps as FLAGS.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_ERROR",
                self.tr("Reconstruction error"),
                optional=True,
                createByDefault=False,
            ),
            "Band epsilon_1: standard deviation of observed minus reconstructed in stage a (or the "
            "only stage); band residual_stage_b: the same for stage b. In the stack's units.",
        )

    def check(self, parameters, context):
        """A record too short for the windows is found before anything runs."""
        import numpy as np

        from ...core.errors import located
        from ...core.gap_filling.stages import fill_fixed, fill_published

        preset, settings = self._settings(parameters, context)
        with self.open_stack("INPUT") as stack, located(stack.name):
            nothing = np.empty((stack.months.size, 0))
            if preset == "published":
                fill_published(nothing, stack.months, modes_b=settings["modes"])
            else:
                fill_fixed(nothing, stack.months, settings["window"], settings["modes"])

    def compute(self, parameters, context, progress):
        """Fill and style."""
        from ...core.gap_filling.filling import fill_stack_ssa

        preset, settings = self._settings(parameters, context)
        if preset == "published" and settings["window"] != WINDOW:
            progress.warn("WINDOW counts for 'fixed' only: 'published' has windows of its own.")
        names = ("OUTPUT", "OUTPUT_FLAGS", "OUTPUT_ERROR")
        output, flags, error = (self.raster_target(parameters, n, context) for n in names)
        with self.open_stack("INPUT") as stack:
            summary = fill_stack_ssa(
                stack,
                output,
                preset=preset,
                flags_output=flags,
                error_output=error,
                progress=progress,
                **settings,
            )
            units = stack.units
        log_fill(summary, progress)
        band = middle_filled_band(summary)
        self.style(context, output, diverging(band, units))
        self.style(context, flags, flag_style(band))
        self.style(context, error, sequential(1, units))
        return {n: p for n, p in zip(names, (output, flags, error)) if p}

    def _settings(self, parameters, context):
        preset = self.parameterAsEnumString(parameters, "PRESET", context)
        return preset, {
            "window": self.parameterAsInt(parameters, "WINDOW", context),
            "modes": self.parameterAsInt(parameters, "MODES", context),
            "tolerance": self.parameterAsDouble(parameters, "TOLERANCE", context),
        }
