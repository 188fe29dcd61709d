"""Arithmetic of two stacks."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ...core.data.calculating import MONTHS, OPERATIONS
from ..base import GraceAlgorithm
from ..styling import diverging

NUMBER = QgsProcessingParameterNumber.Type


class StackCalculator(GraceAlgorithm):
    """A + kB, A − kB, A·kB, A/(kB), mean, month by month."""

    ID = "stackcalculator"
    NAME = "Stack calculator"
    PAGE = "stacks"
    SUMMARY = "Adds, subtracts, multiplies, divides or averages two stacks month by month."
    HELP = (
        "Combines two stacks A and B with a factor k: A + kB, A − kB, A × kB, A ÷ kB, or the mean "
        "(A + kB)/(1 + k). Without B the factor takes its place: A × 0.1. Bands are matched by "
        "their months, not by their numbers; a cell is missing where either stack is.",
        "Grids must be equal. For adding, subtracting and averaging the units of B are converted "
        "to those of A (cm, mm, m, kg m⁻²), and anomalies to different baselines are refused "
        "unless both are re-based: each cell then loses its mean over the baseline months in "
        "which both stacks have values.",
        "What was done, and the history of both stacks, is written to the result.",
    )
    CITATION = "docs/stacks."
    TAGS = ("raster calculator", "difference", "sum", "ratio", "ensemble mean", "arithmetic")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack A", "Monthly stack; the result has its units and grid.")
        self.add_stack(
            "INPUT_B",
            "Stack B",
            "Monthly stack on the same grid; empty puts the factor in its place.",
            optional=True,
        )
        self.add_choice(
            "OPERATION",
            "Operation",
            OPERATIONS,
            "'add' A + kB, 'subtract' A − kB, 'multiply' A × kB, 'divide' A ÷ kB (missing where "
            "kB is 0), 'mean' (A + kB)/(1 + k).",
        )
        self.add(
            QgsProcessingParameterNumber("FACTOR", self.tr("Factor k"), NUMBER.Double, 1.0),
            "Number by which B is multiplied, or that stands for B. Without B it is in A's units "
            "when added or subtracted.",
        )
        self.add_choice(
            "MONTHS",
            "Months",
            MONTHS,
            "'common': the months that both stacks cover. 'union': all months of both, missing "
            "where one of them has none.",
        )
        self.add(
            QgsProcessingParameterBoolean("REBASE", self.tr("Re-base both first"), False),
            "Bring both stacks to the baseline below before they are added, subtracted or "
            "averaged. Both are storages or their anomalies.",
        )
        self.add_baseline(
            "Month written YYYY-MM; used only when both stacks are re-based.", advanced=True
        )
        self.add(
            QgsProcessingParameterString("LONG_NAME", self.tr("What it is"), optional=True),
            "Name of the resulting quantity; empty makes one from the operation.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Result")),
            "Monthly stack. Sums and means are in the units of A; a ratio of like units is in 1.",
        )

    def check(self, parameters, context):
        """Everything but the values."""
        from ...core.data.calculating import plan_calculation

        with ExitStack() as files:
            a, b = self.open_stacks(files, "INPUT", "INPUT_B")
            operation, factor, settings = self._settings(parameters, context)
            plan_calculation(a, b, operation, factor, **settings)

    def compute(self, parameters, context, progress):
        """Calculate, log, style."""
        from ...core.data.calculating import calculate_stacks

        output = self.raster_target(parameters, "OUTPUT", context)
        with ExitStack() as files:
            a, b = self.open_stacks(files, "INPUT", "INPUT_B")
            operation, factor, settings = self._settings(parameters, context)
            plan = calculate_stacks(a, b, output, operation, factor, progress=progress, **settings)
        for text in plan.warnings:
            progress.warn(text)
        months = plan.info.months
        progress.info(
            f"{plan.info.long_name}: {months.size} months {months[0]} to {months[-1]}, units "
            f"{plan.info.units or 'none'}."
        )
        self.style(context, output, diverging(1, plan.info.units))
        return {"OUTPUT": output}

    def _settings(self, parameters, context):
        def text(name):
            return self.parameterAsString(parameters, name, context).strip()

        rebase = None
        if self.parameterAsBool(parameters, "REBASE", context) and self.has("INPUT_B"):
            rebase = self.baseline(parameters, context)
        return (
            self.parameterAsEnumString(parameters, "OPERATION", context),
            self.parameterAsDouble(parameters, "FACTOR", context),
            {
                "months": self.parameterAsEnumString(parameters, "MONTHS", context),
                "rebase": rebase,
                "long_name": text("LONG_NAME"),
            },
        )
