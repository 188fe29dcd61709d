"""A mask of glaciers."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
)

from ...core.errors import ParameterError
from ..styling import sequential
from .covering import CoverAlgorithm

ICE_VALUES = ("nonzero", "fraction")


class GlacierMask(CoverAlgorithm):
    """Ice from glacier outlines, ice rasters, or both."""

    ID = "glaciermask"
    NAME = "Glacier mask"
    PAGE = "masks"
    SUMMARY = "Mask of the cells that glaciers cover, from outlines (RGI), ice rasters, or both."
    HELP = (
        "From glacier outlines, such as any version of the Randolph Glacier Inventory (only the "
        "shapes count, whatever the attributes are called): exact covered share of each cell's "
        "area on the sphere. Invalid polygons are repaired and counted; where outlines overlap an "
        "area counts once. Thousands of glaciers are read piece by piece.",
        "From ice rasters, such as GIMP's ice mask of Greenland: the area of the ice cells, exact "
        "for any alignment of the cells. They must be in the reference's coordinate system.",
        "Outlines and rasters together are united, cell by cell of the ice raster. A cell is "
        "excluded from a share on, half by default.",
    )
    CITATION = "Zhang et al., section 2.3; RGI Consortium (2017, 2023) for outlines; docs/masks."
    TAGS = ("glacier", "ice", "ice sheet", "ice cap", "RGI", "Randolph", "GIMP", "mask")
    REQUIRES = ("rasterio", "xarray", "scipy")
    VECTORS = ("GLACIERS",)

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterFeatureSource(
                "GLACIERS",
                self.tr("Glacier outlines"),
                [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            ),
            "Polygon layer of outlines in any coordinate system, for example RGI 5, 6 or 7.",
        )
        self.add(
            QgsProcessingParameterMultipleLayers(
                "ICE", self.tr("Ice rasters"), QgsProcessing.SourceType.TypeRaster, optional=True
            ),
            "Rasters of ice, one or more tiles or dates; all bands count.",
        )
        self.add_choice(
            "ICE_VALUES",
            "Values of the ice rasters",
            ICE_VALUES,
            "'nonzero': every value but 0 and no data is ice. 'fraction': the share of the cell "
            "that is ice, 0 to 1.",
        )
        self.add_reference("ice rasters")
        self.add_threshold()
        self.add_outputs("Glacier mask")

    def check(self, parameters, context):
        """At least one kind of input, grids and coordinate systems, from the headers."""
        self._rasters(parameters, context)

    def compute(self, parameters, context, progress):
        """Mask, log, style."""
        from ...core.masks.masking import make_mask

        output = self.raster_target(parameters, "OUTPUT", context)
        fraction = self.raster_target(parameters, "OUTPUT_FRACTION", context)
        target, lattices = self._rasters(parameters, context)
        outlines, parts = None, []
        if self.given(parameters, "GLACIERS"):
            polygons, layer = self.read_outlines(
                parameters, context, "GLACIERS", target.crs, progress
            )
            outlines = polygons.outlines
            parts.append(f"{polygons.count} outlines of {layer}")
        parts.extend(t.name for x in lattices for t in x.tiles)
        summary = make_mask(
            target,
            output,
            outlines=outlines,
            lattices=lattices,
            threshold=self.parameterAsDouble(parameters, "THRESHOLD", context),
            fraction=fraction,
            what="ice",
            line=f"ice: {', '.join(parts)}",
            progress=progress,
        )
        self.log_mask(summary, "Glaciers", bool(lattices) and outlines is None, progress)
        self.style(context, fraction, sequential(1))
        return self.mask_results(context, summary, output, fraction)

    def _rasters(self, parameters, context):
        """The target grid and the lattices of the ice rasters."""
        from ...core.masks.lattice import open_lattices
        from ...core.masks.masking import check_threshold
        from ...core.masks.measures import ice_measure
        from ..layers import check_source

        polygons, rasters = (self.given(parameters, n) for n in ("GLACIERS", "ICE"))
        if not (polygons or rasters):
            raise ParameterError(
                "glacier outlines (GLACIERS), ice rasters (ICE) or both are expected",
                "neither",
                "GLACIERS, ICE",
            )
        check_threshold(self.parameterAsDouble(parameters, "THRESHOLD", context))
        if polygons:
            check_source(self.parameterAsSource(parameters, "GLACIERS", context), "GLACIERS")
        lattices = []
        if rasters:
            measure = ice_measure(self.parameterAsEnumString(parameters, "ICE_VALUES", context))
            lattices = open_lattices(self.lists["ICE"], measure, "ICE")
        return self.fitting_target(lattices), lattices
