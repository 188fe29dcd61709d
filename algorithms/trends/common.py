"""What the algorithms on whole records share: a stack, flags and a period."""

from qgis.core import QgsProcessingParameterFileDestination, QgsProcessingParameterString

from ...core.dependencies import check_packages
from ..base import GraceAlgorithm
from ..sinks import wanted


class RecordAlgorithm(GraceAlgorithm):
    """An algorithm with a stack, optional flags, and a first and a last month."""

    #: Months that the period must hold.
    LEAST = 1

    def add_flags(self, text):
        """Add the flag stack; ``text`` says what becomes of filled months."""
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            f"Flag stack of the gap filling: {text} Without it every month with a value counts.",
            optional=True,
        )

    def add_period(self, text="Empty takes the whole record."):
        """Add the first and the last month."""
        for name, label in (("START", "First month"), ("END", "Last month")):
            self.add(
                QgsProcessingParameterString(name, self.tr(label), optional=True),
                f"Month written YYYY-MM. {text}",
                advanced=True,
            )

    def add_report(self, label, text):
        """Add the HTML report."""
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT_HTML", self.tr(label), "HTML (*.html)", optional=True
            ),
            text,
        )

    def check(self, parameters, context):
        """Grid, months and period, from the headers; the report's package."""
        from ...core.trends.months import observed_reader

        self.check_report(parameters)
        with self.open_stack("INPUT") as stack:
            start, end = self.period(parameters, context)
            if self.has("FLAGS"):
                with self.open_stack("FLAGS") as flags:
                    observed_reader(stack, flags, start, end, self.LEAST)
            else:
                observed_reader(stack, None, start, end, self.LEAST)

    def check_report(self, parameters):
        """Raise `DependencyError` where a report is wanted that cannot be drawn."""
        if wanted(parameters, "OUTPUT_HTML"):
            # The report comes last: without its package the work would be in vain.
            check_packages(("matplotlib",))

    def period(self, parameters, context):
        """First and last month as given."""
        return tuple(
            self.parameterAsString(parameters, n, context).strip() for n in ("START", "END")
        )

    def opened(self, files, *names):
        """The stacks of several parameters, None where one is not given."""
        return tuple(
            files.enter_context(self.open_stack(name)) if self.has(name) else None for name in names
        )

    def given(self, results):
        """The outputs that were made."""
        return {name: value for name, value in results.items() if value not in ("", None)}
