"""What the mask algorithms share: lists of rasters, outputs, colours."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ...core.errors import GridError, ParameterError
from ..base import GraceAlgorithm
from ..rasterlists import list_layers
from ..styling import classes

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
        return parameters.get(name) not in (None, "")

    # -- parameters and results that several of them have ---------------------------
    def add_threshold(self):
        """Add the covered share from which a cell is excluded."""
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD",
                self.tr("Threshold (share of the cell)"),
                NUMBER.Double,
                0.5,
                minValue=0.0,
                maxValue=1.0,
            ),
            "A cell is excluded where at least this share of its area (0 to 1) is covered; with 0 "
            "every cell that is touched at all.",
        )

    def add_outputs(self, label):
        """Add the mask, its shares and the numbers."""
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr(label)),
            "Byte raster: 1 excluded, 0 kept, 255 no data.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_FRACTION",
                self.tr("Covered share"),
                optional=True,
                createByDefault=False,
            ),
            "Share of each cell's area that is covered, 0 to 1.",
        )
        self.add_numbers()

    def add_numbers(self):
        """Add the numbers that a model may branch on."""
        self.addOutput(QgsProcessingOutputNumber("EXCLUDED", self.tr("Excluded cells")))
        self.addOutput(
            QgsProcessingOutputNumber("EXCLUDED_SHARE", self.tr("Excluded share of the area"))
        )

    def target_grid(self, lattices):
        """The grid of REFERENCE, or that of the only lattice, and its name."""
        from ...core.data.reference import read_grid
        from ...core.data.stack import short_name

        if self.has("REFERENCE"):
            source = self.sources["REFERENCE"]
            name = f"REFERENCE ({short_name(source)})"
            return read_grid(source, name), name
        if not lattices:
            raise ParameterError(
                "a reference grid is expected for polygons",
                "none",
                "REFERENCE",
                "Give the stack that is to be masked.",
            )
        if len(lattices) > 1:
            raise GridError(
                "a reference grid is expected for rasters whose cells do not coincide",
                " and ".join(x.tiles[0].name for x in lattices),
                "REFERENCE",
            )
        return lattices[0].grid, "the rasters' own grid"

    def log_mask(self, summary, what, tell_no_data, progress):
        """Say what a mask covers and excludes, and where rasters say nothing."""
        for line in summary.lines(what):
            progress.info(line)
        if tell_no_data and summary.no_data > 1e-6 * summary.area:
            progress.warn(
                f"{100 * summary.no_data / summary.area:.3g} % of the grid's area has no data in "
                "the rasters."
            )
        if not summary.covered_area:
            progress.warn("Nothing of the grid is covered: is it the right place?")

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
