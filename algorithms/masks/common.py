"""What the mask algorithms share: lists of rasters, outputs, colours."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
)

from ..base import GraceAlgorithm
from ..rasterlists import list_layers
from ..styling import classes
from ..values import has_value

NUMBER = QgsProcessingParameterNumber.Type
#: A style: kept cells transparent, excluded ones blue.
mask_style = classes(1, [(0, "kept", "#00000000"), (1, "excluded", "#2166ac")])


class MaskAlgorithm(GraceAlgorithm):
    """An algorithm with lists of rasters (``self.lists``) or polygons among its inputs."""

    #: Vector parameters, whose files no output may replace.
    VECTORS = ()

    def __init__(self):
        """Start without resolved layers."""
        super().__init__()
        self.lists = {}

    def _resolve(self, parameters, context):
        """Lists of rasters and the polygons' files too."""
        super()._resolve(parameters, context)
        self.lists = {}
        for definition in self.parameterDefinitions():
            name = definition.name()
            if isinstance(definition, QgsProcessingParameterMultipleLayers):
                layers = list_layers(self, parameters, name, context)
                self.lists[name] = [layer.source() for layer in layers]
                for number, layer in enumerate(layers, 1):
                    item = f"{name} {number}"
                    self.sources[item], self.titles[item] = layer.source(), layer.name()
        for name in self.VECTORS:
            layer = self.parameterAsVectorLayer(parameters, name, context)
            if layer is not None and layer.isValid():
                self.sources[name] = layer.source()

    def given(self, parameters, name):
        """Whether an input that may be absent was given."""
        if name in self.lists:
            return bool(self.lists[name])
        return has_value(parameters, name)

    # -- parameters and results that several of them have ---------------------------
    def add_numbers(self):
        """Add the numbers that a model may branch on."""
        self.addOutput(QgsProcessingOutputNumber("EXCLUDED", self.tr("Excluded cells")))
        self.addOutput(
            QgsProcessingOutputNumber("EXCLUDED_SHARE", self.tr("Excluded share of the area"))
        )

    def mask_results(self, context, summary, output, fraction=""):
        """Results and colours of a mask."""
        self.style(context, output, mask_style)
        results = {
            "OUTPUT": output,
            "EXCLUDED": summary.excluded,
            "EXCLUDED_SHARE": summary.excluded_area / summary.area,
        }
        if fraction:
            results["OUTPUT_FRACTION"] = fraction
        return results
