"""The parameters of `fillgapsssa`, and what they say."""

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from .common import parse_numbers

WINDOW, MODES = 24, 12
FOLDS, CANDIDATE_MODES, CANDIDATE_WINDOWS = "2004-2015", "1-12", "48"
NUMBER = QgsProcessingParameterNumber.Type


def add_settings(algorithm):
    """The expert settings, all with the published values."""
    algorithm.add(
        QgsProcessingParameterNumber(
            "MODES", algorithm.tr("Modes K"), NUMBER.Integer, MODES, minValue=1
        ),
        "Leading modes kept by 'fixed', and by the second stage of 'published' where no years "
        "are hidden.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "WINDOW", algorithm.tr("Window M (months)"), NUMBER.Integer, WINDOW, minValue=2
        ),
        "Window of 'fixed', in months, at most half the record; 'published' has its own.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "TOLERANCE",
            algorithm.tr("Tolerance"),
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
        algorithm.add(
            QgsProcessingParameterString(name, algorithm.tr(label), value, optional=True),
            text,
            advanced=True,
        )
    algorithm.add(
        QgsProcessingParameterBoolean(
            "EXTRAPOLATE", algorithm.tr("Extrapolate the ends of the record"), False
        ),
        "Also fill months before a pixel's first and after its last observation. Nothing "
        "bounds such values: use them for a month or two at most.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean(
            "RESUME", algorithm.tr("Keep finished work when cancelled"), False
        ),
        "On Cancel or an error keep what was finished in a hidden file beside the target, so "
        "that the next run with the same input, settings and target goes on from there. "
        "Otherwise nothing is left behind. A killed run always goes on.",
        advanced=True,
    )
    algorithm.add_stack(
        "UNCERTAINTY",
        "Uncertainty of the observed months",
        "One-sigma stack on the same grid, as imported; it goes into OUTPUT_UNCERTAINTY.",
        optional=True,
        advanced=True,
    )


def add_outputs(algorithm):
    """The filled stack and what else can be written."""
    algorithm.add(
        QgsProcessingParameterRasterDestination("OUTPUT", algorithm.tr("Filled stack")),
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
        algorithm.add(
            QgsProcessingParameterRasterDestination(
                name, algorithm.tr(label), optional=True, createByDefault=default
            ),
            text,
        )
    algorithm.add_report(
        "Filling report",
        "Months filled, held-out errors by year and by K, maps, example series with the gap "
        "shaded, spectrum of modes.",
    )


def warn_of_unused(settings, progress):
    """Say which settings were given that the procedure does not look at."""
    if settings["preset"] != "published":
        return
    if settings["window"] != WINDOW:
        progress.warn("WINDOW counts for 'fixed' only: 'published' has windows of its own.")
    if settings["modes"] != MODES and settings["candidates"]:
        progress.warn("MODES does not count where years are hidden: K is chosen by pixel.")


def read_settings(algorithm, parameters, context):
    """The settings of `fill_stack_ssa` and `check_fill`."""
    from ...core.gap_filling.crossvalidation import Candidates

    def numbers(name):
        return parse_numbers(algorithm.parameterAsString(parameters, name, context), name)

    years, candidates = numbers("FOLDS"), None
    preset = algorithm.parameterAsEnumString(parameters, "PRESET", context)
    if preset == "published" and years:
        candidates = Candidates(years, numbers("CANDIDATE_MODES"), numbers("CANDIDATE_WINDOWS"))
    return {
        "preset": preset,
        "window": algorithm.parameterAsInt(parameters, "WINDOW", context),
        "modes": algorithm.parameterAsInt(parameters, "MODES", context),
        "tolerance": algorithm.parameterAsDouble(parameters, "TOLERANCE", context),
        "candidates": candidates,
        "extrapolate": algorithm.parameterAsBool(parameters, "EXTRAPOLATE", context),
    }
