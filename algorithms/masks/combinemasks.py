"""Several masks as one."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
)

from .common import MaskAlgorithm

METHODS = ("union", "intersection")


class CombineMasks(MaskAlgorithm):
    """Union or intersection of masks."""

    ID = "combinemasks"
    NAME = "Combine masks"
    PAGE = "masks"
    SUMMARY = "Union or intersection of masks on one grid."
    HELP = (
        "'union' excludes what any mask excludes, for example water and glaciers. 'intersection' "
        "excludes only what all of them exclude.",
        "Where a mask has no data the result has none either, unless the others decide: one mask "
        "that excludes decides a union, one that keeps decides an intersection.",
        "All masks must have one grid: make them with one reference.",
    )
    CITATION = "Zhang et al., section 2.3; docs/masks."
    TAGS = ("mask", "union", "intersection", "merge", "water", "glacier", "overlay")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterMultipleLayers(
                "INPUTS", self.tr("Masks"), QgsProcessing.SourceType.TypeRaster
            ),
            "Two or more masks (1 excluded, 0 kept, no data unknown) on one grid.",
        )
        self.add_choice(
            "METHOD",
            "Method",
            METHODS,
            "'union': excluded where any mask excludes. 'intersection': where all do.",
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Combined mask")),
            "Byte raster: 1 excluded, 0 kept, 255 no data.",
        )
        self.add_numbers()

    def check(self, parameters, context):
        """Number and grids of the masks, from the headers."""
        from ...core.masks.combining import check_masks

        check_masks(self.lists["INPUTS"])

    def compute(self, parameters, context, progress):
        """Combine, log, style."""
        from ...core.masks.combining import combine_masks

        output = self.raster_target(parameters, "OUTPUT", context)
        summary = combine_masks(
            self.lists["INPUTS"],
            output,
            method=self.parameterAsEnumString(parameters, "METHOD", context),
            progress=progress,
        )
        progress.info(summary.cells_line())
        return self.mask_results(context, summary, output)
