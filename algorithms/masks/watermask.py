"""A mask of permanent water."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ...core.errors import ParameterError
from ..styling import sequential
from .covering import CoverAlgorithm

NODATA = ("kept", "unknown")


class WaterMask(CoverAlgorithm):
    """Permanent water from class rasters or from lakes."""

    ID = "watermask"
    NAME = "Water mask"
    PAGE = "masks"
    SUMMARY = "Mask of the cells that permanent water covers, from class rasters or lake polygons."
    HELP = (
        "From yearly water classes (JRC Global Surface Water, yearly classification, class 3 is "
        "permanent water): a fine cell is water if it has one of the classes in any of the rasters "
        "and bands (union over years). Rasters may be years and tiles of one grid. The share of "
        "each cell of the reference is the area of the water in it on the sphere, exact for any "
        "alignment of the cells.",
        "Or from polygons, such as lakes: exact covered share of the area, also on the sphere. "
        "Invalid polygons are repaired and counted; where polygons overlap an area counts once.",
        "A cell is excluded from a share on, half by default, so that coasts stay. Give either "
        "rasters or polygons. To use both make two masks and unite them with 'Combine masks'.",
    )
    CITATION = "Zhang et al., section 2.3; Pekel et al. (2016) for the classes; docs/masks."
    TAGS = ("lake", "water body", "surface water", "JRC", "GSWE", "mask", "permanent water")
    REQUIRES = ("rasterio", "xarray", "scipy")
    VECTORS = ("WATER",)

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterMultipleLayers(
                "INPUT",
                self.tr("Class rasters"),
                QgsProcessing.SourceType.TypeRaster,
                optional=True,
            ),
            "Rasters of water classes, one or more years or tiles; all bands count.",
        )
        self.add(
            QgsProcessingParameterString("CLASSES", self.tr("Classes that are water"), "3"),
            "Whole numbers, separated by commas. 3 is permanent water in the yearly "
            "classification of JRC; used with class rasters only.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "WATER",
                self.tr("Water bodies"),
                [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            ),
            "Polygon layer of lakes in any coordinate system, instead of class rasters.",
        )
        self.add_reference("class rasters")
        self.add_threshold()
        self.add_choice(
            "NODATA",
            "Places without data",
            NODATA,
            "'kept': no data counts as no water. 'unknown': shares are of the area with data, and "
            "a cell without any gets no data. Class rasters only.",
            advanced=True,
        )
        self.add_outputs("Water mask")

    def check(self, parameters, context):
        """One kind of input, its grid and coordinate system, from the headers."""
        self._rasters(parameters, context)

    def compute(self, parameters, context, progress):
        """Mask, log, style."""
        from ...core.masks.masking import make_mask

        output = self.raster_target(parameters, "OUTPUT", context)
        fraction = self.raster_target(parameters, "OUTPUT_FRACTION", context)
        target, lattices = self._rasters(parameters, context)
        outlines, line = None, ""
        if lattices:
            names = ", ".join(t.name for x in lattices for t in x.tiles)
            classes = self.parameterAsString(parameters, "CLASSES", context)
            line = f"water: classes {classes} of {names}"
        else:
            polygons, layer = self.read_outlines(parameters, context, "WATER", target.crs, progress)
            outlines = polygons.outlines
            line = f"water: {polygons.count} polygons of {layer}"
        summary = make_mask(
            target,
            output,
            outlines=outlines,
            lattices=lattices,
            threshold=self.parameterAsDouble(parameters, "THRESHOLD", context),
            nodata=self.parameterAsEnumString(parameters, "NODATA", context),
            fraction=fraction,
            what="water",
            line=line,
            progress=progress,
        )
        self.log_mask(summary, "Water bodies", bool(lattices), progress)
        self.style(context, fraction, sequential(1))
        return self.mask_results(context, summary, output, fraction)

    def _rasters(self, parameters, context):
        """The target grid and the lattices of the class rasters, none for polygons."""
        from ...core.masks.lattice import open_lattices
        from ...core.masks.masking import check_threshold
        from ...core.masks.measures import class_measure, parse_classes
        from ..layers import check_source

        rasters, polygons = (self.given(parameters, n) for n in ("INPUT", "WATER"))
        if rasters == polygons:
            raise ParameterError(
                "either class rasters (INPUT) or water bodies (WATER) are expected",
                "both" if rasters else "neither",
                "INPUT, WATER",
                "Make two masks and unite them with 'Combine masks'." if rasters else "",
            )
        check_threshold(self.parameterAsDouble(parameters, "THRESHOLD", context))
        if polygons:
            check_source(self.parameterAsSource(parameters, "WATER", context), "WATER")
            if self.parameterAsEnumString(parameters, "NODATA", context) != "kept":
                raise ParameterError("'kept' is expected for polygons", "unknown", "NODATA")
            return self.target_grid()[0], []
        classes = parse_classes(self.parameterAsString(parameters, "CLASSES", context))
        lattices = open_lattices(self.lists["INPUT"], class_measure(classes))
        return self.fitting_target(lattices), lattices
