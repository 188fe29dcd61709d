"""Fill scattered holes in space."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ..base import GraceAlgorithm
from ..styling import classes, diverging

NUMBER = QgsProcessingParameterNumber.Type
CLASSES = ((0, "as it was", "#d9d9d9"), (1, "filled", "#e69f00"))


class FillHoles(GraceAlgorithm):
    """Stack or map in, the same with its holes filled out."""

    ID = "fillholes"
    NAME = "Fill holes"
    PAGE = "predictors"
    SUMMARY = "Fills scattered missing cells of a stack or map by inverse distance weighting."
    HELP = (
        "Clouds, lakes and failed retrievals leave holes in predictors, and a model gives no value "
        "where one predictor is missing. Each hole takes the mean of the nearest cell with a value "
        "in each of the four quadrants around it, weighted by the inverse of the distance, as far "
        "as MAX_DISTANCE cells (GDAL's FillNodata, without smoothing). Each month by itself; "
        "values are never changed.",
        "Cells of the MASK are never filled, lend no value, and come out missing. In a stack, "
        "cells without a value in any month count as outside, such as the sea, unless "
        "EMPTY_CELLS is ticked; a map has no other month to tell by, so mask it.",
        "This fills in space. For missing months of storage use 'Fill gaps (SSA)'.",
    )
    CITATION = "Zhang et al., section 2.4 (inverse distance weighting); GDAL, FillNodata."
    TAGS = ("holes", "inverse distance weighting", "IDW", "nodata", "clouds", "interpolation")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack or map", "Monthly stack, or a raster of one band, any unit.")
        self.add(
            QgsProcessingParameterNumber(
                "MAX_DISTANCE", self.tr("Maximum distance (cells)"), NUMBER.Double, 3.0, False,
                1.0, 100.0,
            ),
            "Cells to the farthest value that may lend; holes farther away stay.",
        )  # fmt: skip
        self.add_stack(
            "MASK",
            "Mask",
            "1 excluded, 0 kept: cells never filled, missing in the result. On other cells than "
            "the stack's: half of the area decides.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterBoolean(
                "EMPTY_CELLS", self.tr("Fill cells that never have a value too"), False
            ),
            "Only for stacks: fill cells within the distance that are missing in every month.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Filled stack or map")),
            "The input with its holes filled, same unit.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_FLAGS", self.tr("Flags"), optional=True, createByDefault=False
            ),
            "0 as it was, 1 filled, 255 missing.",
        )
        self.addOutput(QgsProcessingOutputNumber("FILLED", self.tr("Cells filled, all months")))

    def check(self, parameters, context):
        """Distance, input and mask, from the headers."""
        from ...core.downscaling.holes import check_distance

        check_distance(self.parameterAsDouble(parameters, "MAX_DISTANCE", context))
        with ExitStack() as files:
            stack = files.enter_context(self.open_stack_or_map("INPUT"))
            self._mask(stack, files)

    def compute(self, parameters, context, progress):
        """Fill, log, style."""
        from ...core.downscaling.holes import fill_stack_holes

        output = self.raster_target(parameters, "OUTPUT", context)
        flags = self.raster_target(parameters, "OUTPUT_FLAGS", context)
        with ExitStack() as files:
            stack = files.enter_context(self.open_stack_or_map("INPUT"))
            summary = fill_stack_holes(
                stack,
                output,
                distance=self.parameterAsDouble(parameters, "MAX_DISTANCE", context),
                mask=self._mask(stack, files),
                empty_cells=self.parameterAsBool(parameters, "EMPTY_CELLS", context),
                flags_output=flags,
                progress=progress,
            )
            units = stack.units
        filled, left = int(summary.filled.sum()), int(summary.left.sum())
        months = int((summary.filled > 0).sum())
        progress.info(
            f"{filled} holes filled in {months} of {summary.months.size} months "
            f"({int(summary.known.sum())} values stand as they were); {left} cells outside the "
            f"mask stay missing; {summary.masked} cells are masked."
        )
        band = int(summary.filled.argmax()) + 1
        self.style(context, output, diverging(band, units))
        self.style(context, flags, classes(band, CLASSES))
        return {"OUTPUT": output, "FILLED": filled, **({"OUTPUT_FLAGS": flags} if flags else {})}

    def _mask(self, stack, files):
        from ...core.downscaling.gridmask import GridMask
        from ...core.masks.maskfile import MaskFile

        if not self.has("MASK"):
            return None
        mask = files.enter_context(MaskFile(self.sources["MASK"]))
        return GridMask(mask, stack.grid, stack.name)
