"""One map, or a shorter stack, of a period."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ...core.data.periods import PERIODS, SEASONS, STATISTICS
from ..base import GraceAlgorithm
from ..styling import diverging, sequential
from ..values import has_value

NUMBER = QgsProcessingParameterNumber.Type
STACK = "stack"


class ExtractPeriod(GraceAlgorithm):
    """The mean of a season, a drought's span, one month, as a single band."""

    ID = "extractperiod"
    NAME = "Extract period"
    PAGE = "stacks"
    SUMMARY = "One map of a month, span, year or season of a stack, or a shorter stack."
    HELP = (
        "Takes the months of a period out of a stack and writes their mean, sum, minimum, maximum "
        "or standard deviation as a single band, with units. The band's description, its tags and "
        "its history say what was taken. 'stack' writes the months themselves.",
        "A season of a year starts with the December before: DJF 2012 is 2011-12 to 2012-02. "
        "Without a year the season or calendar month of all years counts, between the first and "
        "the last month if you give them.",
        "A cell gets a value where at least a minimum share of the period's months has one. "
        "Months of the period that lie outside the record count as missing. A sum needs every "
        "month, because a missing one would count as zero.",
    )
    CITATION = "docs/stacks."
    TAGS = ("season", "climatology", "composite", "average", "subset", "time slice", "drought")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of any units.")
        self.add_choice(
            "PERIOD",
            "Period",
            PERIODS,
            "'span': first to last month. 'month': one month. 'year': one calendar year. 'season': "
            "DJF, MAM, JJA or SON. 'calendar month': such as every July.",
        )
        self._add_text(
            "START", "First month", "Month written YYYY-MM, of a span or of a season of all years; "
            "empty is that of the record."
        )  # fmt: skip
        self._add_text("END", "Last month", "Month written YYYY-MM; empty is that of the record.")
        self._add_text("MONTH", "Month", "Month written YYYY-MM, for the period 'month'.")
        self.add(
            QgsProcessingParameterNumber(
                "YEAR", self.tr("Year"), NUMBER.Integer, None, True, 1900, 2200
            ),
            "For the period 'year', and for one season or calendar month; empty takes all years.",
        )
        self.add_choice("SEASON", "Season", list(SEASONS), "For the period 'season'.")
        self.add(
            QgsProcessingParameterNumber(
                "CALENDAR_MONTH", self.tr("Calendar month"), NUMBER.Integer, 1, False, 1, 12
            ),
            "1 to 12, for the period 'calendar month'.",
        )
        self.add_choice(
            "STATISTIC",
            "Statistic",
            (*STATISTICS, STACK),
            "What is written for each cell. 'std' is the standard deviation (n − 1). 'stack' "
            "writes the months of the period as a stack.",
        )
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack: filled months are left out. Without it every month with a value counts.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_SHARE", self.tr("Minimum share of months"), NUMBER.Double, 0.5, False, 0.0, 1.0
            ),
            "Share (0 to 1) of the period's months that must have a value in a cell.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Map of the period")),
            "Single-band raster in the stack's units (a sum of mm/month is in mm), or a stack.",
        )

    def check(self, parameters, context):
        """Period and flags, from the headers."""
        from ...core.data.agreement import check_same_months
        from ...core.data.grid import check_same_grid

        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            self._period(parameters, context, stack).bands(stack)
            if flags is not None:
                check_same_grid(stack.grid, flags.grid, stack.name, flags.name)
                check_same_months(stack, flags)

    def compute(self, parameters, context, progress):
        """Extract, log, style."""
        from ...core.data.periods import extract_period, extract_stack

        output = self.raster_target(parameters, "OUTPUT", context)
        statistic = self.parameterAsEnumString(parameters, "STATISTIC", context)
        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            period = self._period(parameters, context, stack)
            units = stack.units
            if statistic == STACK:
                months = extract_stack(stack, output, period, flags=flags, progress=progress)
                progress.info(f"{months.size} months, {months[0]} to {months[-1]}.")
                self.style(context, output, diverging(1, units))
                return {"OUTPUT": output}
            summary = extract_period(
                stack,
                output,
                period,
                statistic=statistic,
                min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
                flags=flags,
                progress=progress,
            )
        progress.info(f"{summary.text}; {summary.cells} cells.")
        if summary.present < summary.expected:
            progress.warn(
                f"The record holds {summary.present} of the period's {summary.expected} months."
            )
        style = diverging(1, units) if summary.signed else sequential(1, units)
        self.style(context, output, style, f"{statistic} of {period.text}")
        return {"OUTPUT": output}

    def _period(self, parameters, context, stack):
        from ...core.data.periods import choose_period

        def text(name):
            return self.parameterAsString(parameters, name, context).strip()

        given = has_value(parameters, "YEAR")
        return choose_period(
            self.parameterAsEnumString(parameters, "PERIOD", context),
            stack.months,
            start=text("START"),
            end=text("END"),
            month=text("MONTH"),
            year=self.parameterAsInt(parameters, "YEAR", context) if given else None,
            season=self.parameterAsEnumString(parameters, "SEASON", context),
            calendar_month=self.parameterAsInt(parameters, "CALENDAR_MONTH", context),
        )

    def _add_text(self, name, label, help_text):
        self.add(QgsProcessingParameterString(name, self.tr(label), optional=True), help_text)
