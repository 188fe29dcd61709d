"""Amplitude and phase of the season."""

from contextlib import ExitStack

from qgis.core import QgsProcessingParameterNumber, QgsProcessingParameterRasterDestination

from ..styling import calendar_months, sequential
from .common import RecordAlgorithm

NUMBER = QgsProcessingParameterNumber.Type


class AmplitudePhase(RecordAlgorithm):
    """Annual and semiannual wave of every pixel."""

    ID = "amplitudephase"
    NAME = "Amplitude and phase"
    PAGE = "trend-maps"
    SUMMARY = "Annual and semiannual amplitude of every pixel, and the month of its maximum."
    HELP = (
        "Fits mean, trend, an annual and a semiannual wave to the months with a value, by least "
        "squares, so that gaps do no harm. Amplitude is half of the range of the wave, in the "
        "unit of the stack.",
        "The phase is the month in which the wave is highest: 1.0 is the beginning of January, "
        "1.5 its middle, 12.99 the end of December, so that the whole number is the calendar "
        "month. The semiannual wave has two maxima; the first of the year is given, 1 to 7.",
        "Where the amplitude is small the phase means nothing: a minimum amplitude leaves it "
        "out. explained_share is the share (0 to 1) of the variance without the trend that the "
        "two waves explain.",
    )
    CITATION = "Harmonic regression: Bloomfield (2000), chapter 2; docs/trend-maps."
    TAGS = ("annual cycle", "semiannual", "harmonic", "peak month", "season", "cyclic")
    REQUIRES = ("rasterio",)
    LEAST = 24

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of any units; gaps are allowed.")
        self.add_flags("filled months are set aside.")
        self.add(
            QgsProcessingParameterNumber(
                "MIN_AMPLITUDE", self.tr("Smallest amplitude with a phase"), NUMBER.Double, 0.0,
                minValue=0.0,
            ),
            "Cells whose wave has a smaller amplitude, in the unit of the stack, get no phase.",
        )  # fmt: skip
        self.add_period("Empty takes the whole record. At least 24 months.")
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Seasonal amplitude")),
            "Raster with bands annual_amplitude, semiannual_amplitude (unit of the stack), "
            "explained_share (0 to 1), months.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_PHASE", self.tr("Month of the seasonal maximum"), optional=True
            ),
            "Raster with bands annual_peak_month (1 to 13) and semiannual_peak_month (1 to 7).",
        )

    def compute(self, parameters, context, progress):
        """Fit, log, style."""
        from ...core.trends.amplitude import map_amplitude_phase

        output = self.raster_target(parameters, "OUTPUT", context)
        phase = self.raster_target(parameters, "OUTPUT_PHASE", context)
        start, end = self.period(parameters, context)
        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            unit = stack.units
            summary = map_amplitude_phase(
                stack, output, phase, flags=flags, start=start, end=end, progress=progress,
                min_amplitude=self.parameterAsDouble(parameters, "MIN_AMPLITUDE", context),
            )  # fmt: skip
        progress.info(
            f"{summary.cells} cells, {summary.months} months; annual amplitude "
            f"{summary.mean:.2f} {unit}, mean over the area."
        )
        if summary.small:
            progress.info(f"{summary.small} cells are below the smallest amplitude: no phase.")
        self.style(context, output, sequential(1, unit))
        self.style(context, phase, calendar_months(1))
        return self.given({"OUTPUT": output, "OUTPUT_PHASE": phase})
