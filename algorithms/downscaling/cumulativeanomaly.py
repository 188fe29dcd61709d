"""What has come in, or gone out, since a fixed month."""

from qgis.core import (
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ..base import GraceAlgorithm
from ..styling import diverging

KINDS = ("anomaly", "sum")


class CumulativeAnomaly(GraceAlgorithm):
    """Stack of a flux in, stack of its sums out."""

    ID = "cumulativeanomaly"
    NAME = "Cumulative anomaly"
    PAGE = "predictors"
    SUMMARY = "Sums up a flux, less its long-term mean, from a fixed month on."
    HELP = (
        "C(t) = Σ (x(s) − x̄) from START to t, with x̄ the mean of all baseline months. Not the "
        "climatology of each calendar month: the season stays. Precipitation, evapotranspiration "
        "and runoff summed up so carry the memory of wet and dry years, which storage has too.",
        "A missing month is not zero: behind it a cell has no value, unless MAX_GAP bridges it. A "
        "cell that lacks a month of the baseline has none at all, since an error of the mean "
        "grows with every month.",
        "'sum' takes nothing off: the plain sum since START.",
        "'Prepare predictors' makes both by itself where a model asks for them.",
    )
    CITATION = (
        "Li, Sun et al., section 2.2.3 and Eq. 5 (anomaly); Zhang et al., section 2.1.3 (sum)."
    )
    TAGS = ("cumulative", "accumulated", "anomaly", "precipitation", "evapotranspiration", "flux")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack of a flux", "Monthly stack in mm, cm, m or kg m⁻² a month.")
        self.add_choice(
            "KIND",
            "Kind",
            KINDS,
            "'anomaly': the mean of the baseline is taken off first. 'sum': the flux itself.",
        )
        self.add(
            QgsProcessingParameterString("START", self.tr("First month"), "2002-04"),
            "Month written YYYY-MM with which the sum starts; the published one is 2002-04. The "
            "result starts there.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MAX_GAP",
                self.tr("Longest gap to interpolate (months)"),
                QgsProcessingParameterNumber.Type.Integer,
                0,
                minValue=0,
            ),
            "Runs of up to so many missing months are bridged by a straight line; 0 bridges none.",
        )
        self.add_baseline("Month written YYYY-MM; only for 'anomaly'.", advanced=True)
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Cumulated stack")),
            "Monthly stack from START on, in the unit of the flux without 'a month' (mm).",
        )

    def check(self, parameters, context):
        """Unit, months and baseline, from the header."""
        from ...core.downscaling.cumulating import cumulated_units

        with self.open_stack("INPUT") as stack:
            self._settings(parameters, context).check(stack.months, stack.name)
            cumulated_units(stack.units, stack.name)

    def compute(self, parameters, context, progress):
        """Sum up, log, style."""
        from ...core.downscaling.cumulating import cumulate_stack

        output = self.raster_target(parameters, "OUTPUT", context)
        settings = self._settings(parameters, context)
        with self.open_stack("INPUT") as stack:
            summary = cumulate_stack(stack, output, settings, progress=progress)
        months, cells = summary.months, summary.cells
        progress.info(
            f"{months.size} months {months[0]} to {months[-1]}, {summary.units}; {cells[0]} cells "
            f"have a value in the first month, {cells[-1]} in the last."
        )
        if summary.interpolated:
            progress.info(f"{summary.interpolated} values a cell and month were interpolated.")
        if cells[-1] < cells[0]:
            progress.warn(
                f"{cells[0] - cells[-1]} cells end behind a missing month. MAX_GAP bridges short "
                "gaps."
            )
        self.style(context, output, diverging(months.size, summary.units))
        return {"OUTPUT": output}

    def _settings(self, parameters, context):
        from ...core.downscaling.cumulating import Cumulation

        def text(name):
            return self.parameterAsString(parameters, name, context).strip()

        return Cumulation(
            self.parameterAsEnumString(parameters, "KIND", context),
            text("START"),
            self.baseline(parameters, context),
            self.parameterAsInt(parameters, "MAX_GAP", context),
        )
