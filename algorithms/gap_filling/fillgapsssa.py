"""Fill missing months by singular spectrum analysis."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ...core.dependencies import check_packages
from ..base import GraceAlgorithm
from ..styling import diverging, sequential
from ..styling import flags as flag_style
from ..version import VERSION
from .common import log_fill, middle_filled_band, parse_numbers

PRESETS = ("published", "fixed")
WINDOW, MODES = 24, 12
FOLDS, CANDIDATE_MODES, CANDIDATE_WINDOWS = "2004-2015", "1-12", "48"
NUMBER = QgsProcessingParameterNumber.Type
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
        self.add(
            QgsProcessingParameterEnum(
                "PRESET",
                self.tr("Procedure"),
                list(PRESETS),
                defaultValue="published",
                usesStaticStrings=True,
            ),
            "'published': two stages as in the papers, modes by cross-validation. 'fixed': one "
            "stage over all gaps.",
        )
        self._declare_settings()
        self._declare_outputs()

    def _declare_settings(self):
        self.add(
            QgsProcessingParameterNumber(
                "MODES", self.tr("Modes K"), NUMBER.Integer, MODES, minValue=1
            ),
            "Leading modes kept by 'fixed', and by the second stage of 'published' where no years "
            "are hidden.",
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
            "below this. 0.01 as published; smaller values fit noise.",
            advanced=True,
        )
        for name, label, value, text in (
            (
                "FOLDS", "Years to hide", FOLDS,
                "Calendar years that 'published' hides one after the other to choose K, written "
                "2004-2015 or 2005, 2010. Only years with twelve months of record before and "
                "after count. Empty: no cross-validation, K = MODES, no epsilon_2.",
            ),
            (
                "CANDIDATE_MODES", "Modes to try", CANDIDATE_MODES,
                "Numbers of modes K that the cross-validation tries, written 1-12 or 2, 4, 8.",
            ),
            (
                "CANDIDATE_WINDOWS", "Windows to try (months)", CANDIDATE_WINDOWS,
                "Windows M of the second stage that the cross-validation tries, in months, as "
                "36, 48; each costs as much again. At most half of the years to hide with a year "
                "before and after: 84 by default.",
            ),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterString(name, self.tr(label), value, optional=True),
                text,
                advanced=True,
            )
        self.add(
            QgsProcessingParameterBoolean(
                "EXTRAPOLATE", self.tr("Extrapolate the ends of the record"), False
            ),
            "Also fill months before a pixel's first and after its last observation. Nothing "
            "bounds such values: use them for a month or two at most.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean(
                "RESUME", self.tr("Keep finished work when cancelled"), False
            ),
            "On Cancel or an error keep what was finished in a hidden file beside the target, so "
            "that the next run with the same input, settings and target goes on from there. "
            "Otherwise nothing is left behind. A killed run always goes on.",
            advanced=True,
        )
        self.add_stack(
            "UNCERTAINTY",
            "Uncertainty of the observed months",
            "One-sigma stack on the same grid, as imported; it goes into OUTPUT_UNCERTAINTY.",
            optional=True,
            advanced=True,
        )

    def _declare_outputs(self):
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Filled stack")),
            "The stack with its missing months filled, same units.",
        )
        for name, label, text, default in (
            (
                "OUTPUT_FLAGS", "Flags",
                "What each value is: 0 observed, 1 filled in stage a (or in the only stage), 2 "
                "filled in stage b, 255 not filled. Give it to later steps as FLAGS.",
                True,
            ),
            (
                "OUTPUT_ERROR", "Errors of the filling",
                "Bands in the stack's units: epsilon_1, standard deviation of observed minus "
                "reconstructed in stage a (or the only stage); epsilon_2, held-out RMSE of stage "
                "b; residual_stage_b, as epsilon_1 for stage b; heldout_short, RMSE of hidden "
                "short gaps in stage a.",
                False,
            ),
            (
                "OUTPUT_MODES", "Modes and window",
                "Bands modes (K) and window (M, months) of stage b by pixel.",
                False,
            ),
            (
                "OUTPUT_UNCERTAINTY", "Uncertainty",
                "One-sigma by month in the stack's units: UNCERTAINTY where observed (missing "
                "without it), epsilon_1 where filled in stage a or the only stage, epsilon_2 "
                "where filled in stage b. Give it to later steps as UNCERTAINTY.",
                False,
            ),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterRasterDestination(
                    name, self.tr(label), optional=True, createByDefault=default
                ),
                text,
            )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT_HTML", self.tr("Filling report"), "HTML (*.html)", optional=True,
                createByDefault=False,
            ),
            "Months filled, held-out errors by year and by K, maps, example series with the gap "
            "shaded, spectrum of modes.",
        )  # fmt: skip

    def check(self, parameters, context):
        """A record too short for the windows is found before anything runs."""
        from ...core.gap_filling.filling import check_fill

        if parameters.get("OUTPUT_HTML") not in (None, ""):
            check_packages(("matplotlib",))
        with ExitStack() as files:
            stack, sigma = self._open(files)
            wanted = parameters.get("OUTPUT_UNCERTAINTY") not in (None, "")
            check_fill(stack, sigma, wanted, **self._settings(parameters, context))

    def compute(self, parameters, context, progress):
        """Fill, report and style."""
        from ...core.gap_filling.fill_report import fill_report
        from ...core.gap_filling.filling import FillTargets, fill_stack_ssa

        settings = self._settings(parameters, context)
        self._warn_of_unused(settings, progress)
        paths = [self.raster_target(parameters, name, context) for name in RASTERS]
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        with ExitStack() as files:
            stack, sigma = self._open(files)
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
        band = middle_filled_band(summary)
        styles = (
            diverging(band, units), flag_style(band), sequential(1, units), sequential(1),
            sequential(band, units),
        )  # fmt: skip
        for path, style in zip(paths, styles):
            self.style(context, path, style)
        results = {name: path for name, path in zip(RASTERS, paths) if path}
        return {**results, **({"OUTPUT_HTML": page} if page else {})}

    def _open(self, files):
        def opened(name):
            return files.enter_context(self.open_stack(name)) if self.has(name) else None

        return opened("INPUT"), opened("UNCERTAINTY")

    def _warn_of_unused(self, settings, progress):
        if settings["preset"] != "published":
            return
        if settings["window"] != WINDOW:
            progress.warn("WINDOW counts for 'fixed' only: 'published' has windows of its own.")
        if settings["modes"] != MODES and settings["candidates"]:
            progress.warn("MODES does not count where years are hidden: K is chosen by pixel.")

    def _settings(self, parameters, context):
        from ...core.gap_filling.crossvalidation import Candidates

        def numbers(name):
            return parse_numbers(self.parameterAsString(parameters, name, context), name)

        years, candidates = numbers("FOLDS"), None
        preset = self.parameterAsEnumString(parameters, "PRESET", context)
        if preset == "published" and years:
            candidates = Candidates(years, numbers("CANDIDATE_MODES"), numbers("CANDIDATE_WINDOWS"))
        return {
            "preset": preset,
            "window": self.parameterAsInt(parameters, "WINDOW", context),
            "modes": self.parameterAsInt(parameters, "MODES", context),
            "tolerance": self.parameterAsDouble(parameters, "TOLERANCE", context),
            "candidates": candidates,
            "extrapolate": self.parameterAsBool(parameters, "EXTRAPOLATE", context),
        }
