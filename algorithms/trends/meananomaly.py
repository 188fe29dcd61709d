"""Map of the mean anomaly."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ...core.data.atomic import atomic_path
from ..styling import diverging
from ..version import VERSION
from .common import RecordAlgorithm

NUMBER = QgsProcessingParameterNumber.Type
METHODS = ("months", "calendar")


class MeanAnomaly(RecordAlgorithm):
    """Where storage stood above or below its baseline over a period."""

    ID = "meananomaly"
    NAME = "Mean anomaly"
    PAGE = "trend-maps"
    SUMMARY = "Mean of a stack over a period, with its profile by latitude."
    HELP = (
        "The mean of all months with a value of every pixel: where storage stood above or below "
        "the mean of its baseline over the period. Over the months of the baseline itself it is "
        "zero by definition, and the log says so.",
        "'calendar' is the mean of the means of the twelve calendar months. Use it where months "
        "are missing unevenly, so that a wet season that was observed more often does not count "
        "more.",
        "The report draws the map and the mean by latitude, weighted by area.",
    )
    CITATION = "Zhang et al., section 3.3.1 and Fig. 6."
    TAGS = ("mean", "average", "climatology", "anomaly", "GWSA", "latitude")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of anomalies, for example GWSA.")
        self.add_flags("filled months are left out.")
        self.add_choice(
            "METHOD",
            "Method",
            METHODS,
            "'months': all months alike, as published. 'calendar': mean of the means of the "
            "twelve calendar months.",
        )
        self.add_period()
        self.add(
            QgsProcessingParameterNumber(
                "MIN_SHARE", self.tr("Minimum share of months"), NUMBER.Double, 0.5, False, 0.0, 1.0
            ),
            "Share (0 to 1) of the period's months that must have a value in a cell.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Mean anomaly")),
            "Raster with bands mean (unit of the stack) and months.",
        )
        self.add_report("Mean anomaly report", "Map, and mean by latitude weighted by area.")

    def compute(self, parameters, context, progress):
        """Map, log, report, style."""
        from ...core.trends.mean_report import mean_report
        from ...core.trends.meanmap import map_mean

        output = self.raster_target(parameters, "OUTPUT", context)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        start, end = self.period(parameters, context)
        with ExitStack() as files:
            partial = files.enter_context(atomic_path(output))
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            unit = stack.units
            summary = map_mean(
                stack, partial, flags=flags, start=start, end=end, name=output,
                method=self.parameterAsEnumString(parameters, "METHOD", context),
                min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
                progress=progress.part(0, 0.9),
            )  # fmt: skip
            if page:
                report = mean_report(summary, stack.info, partial, VERSION)
                progress.check()
                report.write(page)
        progress.info(
            f"{summary.cells} cells, {summary.first} to {summary.last}; {summary.fewest} to "
            f"{summary.most} months each."
        )
        if summary.on_baseline:
            progress.warn(
                "These are the months of the baseline: the mean is zero where all were observed."
            )
        title = f"Mean of {summary.first} to {summary.last}"
        self.style(context, output, diverging(1, unit), title)
        return self.given({"OUTPUT": output, "OUTPUT_HTML": page})
