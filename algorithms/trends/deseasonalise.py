"""Remove the season of every pixel."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ..base import GraceAlgorithm
from ..styling import diverging
from ..values import has_value

METHODS = ("stl", "stl-robust", "harmonic")


class Deseasonalise(GraceAlgorithm):
    """A stack without its season, and the season."""

    ID = "deseasonalise"
    NAME = "Deseasonalise"
    PAGE = "trends"
    SUMMARY = "Removes the season of every pixel: what stays is trend, slow swings and the rest."
    HELP = (
        "X = Y − S: the seasonal term S of each pixel's series is taken off; trend and remainder "
        "stay. Units and baseline stay as they are.",
        "'stl' and 'stl-robust' need a stack without gaps: fill it first and give the flags, then "
        "the filled months are set to missing again. 'harmonic' works with gaps.",
        "'Trend map' removes the season by itself: this is for looking at the series, and for "
        "other programs.",
    )
    CITATION = (
        "Cleveland et al. (1990) for STL; Bloomfield (2000) for harmonics; Zhang et al., section "
        "2.7."
    )
    TAGS = ("STL", "LOESS", "season", "seasonal cycle", "harmonic", "annual", "climatology")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack, for example TWSA or GWSA, any unit.")
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling. Filled months are missing in the result; with STL they "
            "help to find the season, with 'harmonic' they do not. Without it every month counts.",
            optional=True,
        )
        self.add_choice(
            "METHOD",
            "Method",
            METHODS,
            "'stl': seasonal-trend decomposition by LOESS, period 12. 'stl-robust': the same with "
            "15 rounds in which outlying months lose their weight; some 1000 cells a second. "
            "'harmonic': annual and semiannual sinusoids fitted together with a trend to the "
            "months with a value.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "SEASONAL_WINDOW",
                self.tr("Seasonal window (years)"),
                QgsProcessingParameterNumber.Type.Integer,
                defaultValue=7,
                minValue=3,
            ),
            "STL: length of the LOESS window over the values of one calendar month, an odd number "
            "of years. Short: the season may change fast and takes noise with it. Long: it hardly "
            "changes.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "TREND_WINDOW",
                self.tr("Trend window (months)"),
                QgsProcessingParameterNumber.Type.Integer,
                optional=True,
                minValue=13,
            ),
            "STL: length of the LOESS window of the trend, an odd number of months above 12. Empty "
            "takes the smallest odd number not below 18 / (1 − 1.5 / seasonal window): 23 for 7.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Deseasonalised stack")),
            "The stack less its season, same units and baseline.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_SEASONAL",
                self.tr("Seasonal component"),
                optional=True,
                createByDefault=False,
            ),
            "The season of every month, also of missing ones, in the stack's units.",
        )

    def check(self, parameters, context):
        """Record, windows and flags, from the headers."""
        from ...core.trends.deseasonalising import check_season

        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            check_season(stack, flags=flags, **self._settings(parameters, context))

    def compute(self, parameters, context, progress):
        """Remove, log, style."""
        from ...core.trends.deseasonalising import deseasonalise_stack

        output = self.raster_target(parameters, "OUTPUT", context)
        season = self.raster_target(parameters, "OUTPUT_SEASONAL", context)
        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            summary = deseasonalise_stack(
                stack,
                output,
                flags=flags,
                season_output=season,
                progress=progress,
                **self._settings(parameters, context),
            )
            units = stack.units
        progress.info(
            f"{summary.cells} cells, {summary.months} months. The season holds "
            f"{100 * summary.seasonal_share:.0f} % of the variance, mean over the cells."
        )
        self.style(context, output, diverging(summary.last, units))
        self.style(context, season, diverging(summary.last, units))
        return {"OUTPUT": output, **({"OUTPUT_SEASONAL": season} if season else {})}

    def _settings(self, parameters, context):
        trend = None
        if has_value(parameters, "TREND_WINDOW"):
            trend = self.parameterAsInt(parameters, "TREND_WINDOW", context)
        return {
            "method": self.parameterAsEnumString(parameters, "METHOD", context),
            "seasonal_window": self.parameterAsInt(parameters, "SEASONAL_WINDOW", context),
            "trend_window": trend,
        }
