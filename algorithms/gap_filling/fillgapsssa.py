"""Fill missing months by singular spectrum analysis."""

from contextlib import ExitStack

from ..base import GraceAlgorithm
from ..feedback import tell_accelerator
from ..styling import diverging, sequential
from ..styling import flags as flag_style
from ..values import has_value
from ..version import VERSION
from .common import log_fill, middle_filled_band
from .ssaparameters import add_outputs, add_settings, read_settings, warn_of_unused

PRESETS = ("published", "fixed")
RASTERS = ("OUTPUT", "OUTPUT_FLAGS", "OUTPUT_ERROR", "OUTPUT_MODES", "OUTPUT_UNCERTAINTY")


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
        "are not extrapolated unless you ask.",
        "'published' works in two stages: the short gaps up to 2017-06 with M = 24 and K = 12, "
        "then the gap between the missions and later ones with M = 48 and the K between 1 and 12 "
        "that fills hidden years best, chosen for each pixel. 'fixed' fills all gaps in one stage "
        "with the window and the modes you give; nothing is validated.",
        "epsilon_1 is the in-sample spread of observed minus reconstructed in the first stage, "
        "epsilon_2 the held-out error of the second: the RMSE over years that were hidden and "
        "filled. heldout_short is the held-out error of the first stage. The tolerance belongs to "
        "the method: stopping early smooths.",
        "A run that was killed goes on where it stopped when it is started again with the same "
        "input, settings and target.",
    )
    CITATION = (
        "Yi and Sneeuw (2021), Filling the data gaps within GRACE missions using singular spectrum "
        "analysis; Zhang et al., section 2.2, Eqs 1–14."
    )
    TAGS = ("SSA", "singular spectrum analysis", "missing months", "interpolate", "gap",
            "cross-validation", "uncertainty")  # fmt: skip
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack with missing months", "Monthly stack, as imported.")
        self.add_choice(
            "PRESET",
            "Procedure",
            PRESETS,
            "'published': two stages as in the papers, modes by cross-validation. 'fixed': one "
            "stage over all gaps and many times faster.",
        )
        add_settings(self)
        add_outputs(self)

    def check(self, parameters, context):
        """A record too short for the windows is found before anything runs."""
        from ...core.gap_filling.filling import check_fill

        self.check_report(parameters)
        with ExitStack() as files:
            stack, sigma = self.open_stacks(files, "INPUT", "UNCERTAINTY")
            wanted = has_value(parameters, "OUTPUT_UNCERTAINTY")
            check_fill(stack, sigma, wanted, **read_settings(self, parameters, context))

    def compute(self, parameters, context, progress):
        """Fill, report and style."""
        from ...core.gap_filling.fill_report import fill_report
        from ...core.gap_filling.filling import FillTargets, fill_stack_ssa

        settings = read_settings(self, parameters, context)
        warn_of_unused(settings, progress)
        tell_accelerator(progress)
        paths = [self.raster_target(parameters, name, context) for name in RASTERS]
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        with ExitStack() as files:
            stack, sigma = self.open_stacks(files, "INPUT", "UNCERTAINTY")
            summary = fill_stack_ssa(
                stack,
                paths[0],
                targets=FillTargets(*paths[1:]),
                sigma=sigma,
                keep=self.parameterAsBool(parameters, "RESUME", context),
                progress=progress.part(0.0, 0.98 if page else 1.0),
                **settings,
            )
            units = stack.units
            if page:
                fill_report(summary, stack, paths[0], VERSION).write(page)
        log_fill(summary, progress)
        band, staged = middle_filled_band(summary), settings["preset"] == "published"
        styles = (
            diverging(band, units), flag_style(band, staged),
            sequential(1, units), sequential(1),
            sequential(band, units),
        )  # fmt: skip
        for path, style in zip(paths, styles):
            self.style(context, path, style)
        results = {name: path for name, path in zip(RASTERS, paths) if path}
        return {**results, **({"OUTPUT_HTML": page} if page else {})}
