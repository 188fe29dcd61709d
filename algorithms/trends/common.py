"""What the algorithms on whole records share: a stack, flags and a period."""

from contextlib import ExitStack

from ..base import GraceAlgorithm


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
        super().add_period(f"Month written YYYY-MM. {text}")

    def check(self, parameters, context):
        """Grid, months and period, from the headers; the report's package."""
        from ...core.trends.months import observed_reader

        self.check_report(parameters)
        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            observed_reader(stack, flags, *self.period(parameters, context), self.LEAST)

    def given(self, results):
        """The outputs that were made."""
        return {name: value for name, value in results.items() if value not in ("", None)}


class TrendMapAlgorithm(GraceAlgorithm):
    """An algorithm that looks at a trend map."""

    def add_trend_map(self):
        """Add the map."""
        self.add_stack("INPUT", "Trend map", "Result of 'Trend map' or of 'Attribution'.")

    def open_trend(self):
        """The `TrendRaster` of the map."""
        from ...core.trends.trendraster import TrendRaster

        return TrendRaster(self.sources["INPUT"])
