"""How an algorithm declares its parameters, each with its help."""

from qgis.core import (
    QgsProcessingException,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..core.data.months import DEFAULT_BASELINE
from .identity import Identity

BASELINE = ("BASELINE_START", "BASELINE_END")
PERIOD = ("START", "END")


class Declaring(Identity):
    """An algorithm that adds its parameters in ``declare`` through ``add``."""

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        self.declare()

    def declare(self):
        """Add the parameters, in the order of the dialog."""
        raise QgsProcessingException(f"{type(self).__name__} declares no parameters")

    def add(self, parameter, help_text, advanced=False):
        """Add a parameter together with its help."""
        parameter.setHelp(self.tr(help_text))
        if advanced:
            flags = parameter.flags()
            flags |= QgsProcessingParameterDefinition.Flag.FlagAdvanced
            parameter.setFlags(flags)
        self.addParameter(parameter)

    def add_stack(self, name, label, help_text, optional=False, advanced=False):
        """Add a raster parameter that takes a monthly stack."""
        parameter = QgsProcessingParameterRasterLayer(name, self.tr(label), optional=optional)
        self.add(parameter, help_text, advanced)

    def add_baseline(
        self,
        help_text,
        labels=("First month of the baseline", "Last month of the baseline"),
        default=DEFAULT_BASELINE,
        advanced=False,
    ):
        """Add `BASELINE`, two months; without a ``default`` they may stay empty."""
        for name, label, month in zip(BASELINE, labels, default or ("", "")):
            parameter = QgsProcessingParameterString(
                name, self.tr(label), month, optional=default is None
            )
            self.add(parameter, help_text, advanced)

    def add_choice(self, name, label, values, help_text, advanced=False):
        """Add an enum of static strings, of which the first is the default."""
        values = list(values)
        parameter = QgsProcessingParameterEnum(
            name, self.tr(label), values, defaultValue=values[0], usesStaticStrings=True
        )
        self.add(parameter, help_text, advanced)

    def add_period(self, help_text, advanced=True):
        """Add `START` and `END`, months that may stay empty."""
        for name, label in zip(PERIOD, ("First month", "Last month")):
            parameter = QgsProcessingParameterString(name, self.tr(label), optional=True)
            self.add(parameter, help_text, advanced)

    def add_report(self, label, help_text):
        """Add the HTML report, `OUTPUT_HTML`."""
        parameter = QgsProcessingParameterFileDestination(
            "OUTPUT_HTML", self.tr(label), "HTML (*.html)", optional=True
        )
        self.add(parameter, help_text)
