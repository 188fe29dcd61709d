"""Say what a stack holds."""

from qgis.core import QgsProcessingOutputNumber

from ..base import GraceAlgorithm
from ..version import VERSION

NUMBERS = (
    ("MONTHS", "Months"),
    ("MISSING", "Months without values"),
    ("WIDTH", "Columns"),
    ("HEIGHT", "Rows"),
)


class DescribeStack(GraceAlgorithm):
    """Report of a stack: grid, months, gaps, units, range, mean."""

    ID = "describestack"
    NAME = "Describe stack"
    PAGE = "stacks"
    SUMMARY = "Reports grid, months, gaps, units, baseline, history and means of a monthly stack."
    HELP = (
        "Reads a stack and reports what the other algorithms see in it: its grid, its months and "
        "which of them are empty, units, baseline, history, the range of values, the area-weighted "
        "mean series and a map of the mean over time.",
        "The numbers MONTHS, MISSING (months without any value), WIDTH and HEIGHT are outputs too, "
        "so that a model can branch on them: fill gaps only where MISSING is above 0.",
    )
    CITATION = "docs/stacks; means are weighted by cell areas on the sphere."
    TAGS = ("info", "metadata", "report", "statistics", "missing months", "inspect", "summary")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of any units.")
        self.add_report(
            "Stack report", "Facts, calendar of months, mean series, mean map, history."
        )
        for name, label in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name, self.tr(label)))

    def check(self, parameters, context):
        """The headers, and the package that draws."""
        self.check_report(parameters)
        self.open_stack("INPUT").close()

    def compute(self, parameters, context, progress):
        """Describe, log, report."""
        from ...core.data.describing import describe_stack
        from ...core.data.stack_report import stack_report

        page = self.file_target(parameters, "OUTPUT_HTML", context)
        with self.open_stack("INPUT") as stack:
            found = describe_stack(stack, progress)
        months, grid = found.info.months, found.info.grid
        low, high = found.range
        progress.info(grid.describe())
        progress.info(
            f"{months.size} months {months[0]} to {months[-1]}, {found.missing.size} without "
            f"values; values {low:.4g} to {high:.4g} {found.info.units or '(no units)'}."
        )
        results = {
            "MONTHS": int(months.size),
            "MISSING": int(found.missing.size),
            "WIDTH": int(grid.nx),
            "HEIGHT": int(grid.ny),
        }
        if page:
            stack_report(found, VERSION).write(page)
            results["OUTPUT_HTML"] = page
        return results
