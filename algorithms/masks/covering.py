"""What the masks of covered cells share: polygons or rasters, a reference grid, a threshold."""

from qgis.core import QgsProcessingParameterNumber, QgsProcessingParameterRasterDestination

from ...core.errors import GridError, ParameterError
from .common import MaskAlgorithm


class CoverAlgorithm(MaskAlgorithm):
    """A mask of the cells of which something covers a share, from polygons or from rasters."""

    def add_reference(self, rasters):
        """Add the grid that the mask gets; ``rasters`` says whose cells it has without."""
        self.add_stack(
            "REFERENCE",
            "Reference grid",
            "Stack or any other raster whose cells the mask gets. Without it the mask has the "
            f"cells of the {rasters}.",
            optional=True,
        )

    def add_threshold(self):
        """Add the covered share from which a cell is excluded."""
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD",
                self.tr("Threshold (share of the cell)"),
                QgsProcessingParameterNumber.Type.Double,
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

    def target_grid(self, lattices=()):
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

    def fitting_target(self, lattices):
        """As `target_grid`; `GridError` unless every lattice can be brought to it."""
        from ...core.masks.shares import check_lattice

        target, name = self.target_grid(lattices)
        for lattice in lattices:
            check_lattice(lattice, target, name)
        return target

    def read_outlines(self, parameters, context, name, crs, progress):
        """The `LayerOutlines` of a parameter in the CRS ``crs``, and the layer's name."""
        from .outlines import LayerOutlines

        source = self.parameterAsSource(parameters, name, context)
        polygons = LayerOutlines(source, crs, context, progress, name)
        for text in polygons.remarks():
            progress.warn(text)
        return polygons, source.sourceName()

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
