"""A stack without the cells of a mask."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterRasterDestination,
)

from ..styling import diverging, flags
from .common import MaskAlgorithm


class ApplyMask(MaskAlgorithm):
    """Set the cells of a mask to missing."""

    ID = "applymask"
    NAME = "Apply mask"
    PAGE = "masks"
    SUMMARY = "Sets the cells that a mask excludes to missing in every month of a stack."
    HELP = (
        "Cells where the mask is 1 become missing in every month; all other values, months, units, "
        "baseline and history are kept. Means over basins then leave those cells out, and "
        "volumes still refer to the whole basin: see docs/basins.",
        "The log says how many cells and which share of the area the mask takes, of the grid and "
        "of the cells that have values; CELLS and AREA_SHARE are outputs too.",
        "Mask and stack must have one grid. Cells where the mask has no data are kept and counted. "
        "Flag stacks stay flags.",
    )
    CITATION = "Zhang et al., section 2.3; areas are spherical, R = 6371 km; docs/masks."
    TAGS = ("mask", "clip", "exclude", "water", "glacier", "missing", "NaN")
    REQUIRES = ("rasterio", "xarray")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of any units, or the flags of one.")
        self.add_stack("MASK", "Mask", "Mask on the same grid: 1 excluded, 0 kept.")
        self.add(
            QgsProcessingParameterBoolean("INVERT", self.tr("Invert the mask"), False),
            "Keep what the mask excludes and take out what it keeps, for example to look at "
            "glaciers only.",
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Masked stack")),
            "The stack with missing values where the mask takes cells, in its own units.",
        )
        self.addOutput(QgsProcessingOutputNumber("CELLS", self.tr("Cells with values taken")))
        self.addOutput(
            QgsProcessingOutputNumber("AREA_SHARE", self.tr("Share of their area taken"))
        )

    def check(self, parameters, context):
        """Grids, from the headers."""
        from ...core.data.grid import check_same_grid
        from ...core.masks.maskfile import MaskFile

        with self.open_stack("INPUT") as stack, MaskFile(self.sources["MASK"]) as mask:
            check_same_grid(stack.grid, mask.grid, stack.name, mask.name)

    def compute(self, parameters, context, progress):
        """Apply, log, style."""
        from ...core.data.reference import pixel_type
        from ...core.masks.applying import apply_mask
        from ...core.masks.maskfile import MaskFile

        output = self.raster_target(parameters, "OUTPUT", context)
        with self.open_stack("INPUT") as stack, MaskFile(self.sources["MASK"]) as mask:
            summary = apply_mask(
                stack,
                mask,
                output,
                invert=self.parameterAsBool(parameters, "INVERT", context),
                progress=progress,
            )
            are_flags = pixel_type(stack.source, stack.name)[0] == "uint8"
            look = flags(1) if are_flags else diverging(1, stack.units)
        for line in summary.lines():
            progress.info(line)
        if summary.unknown:
            progress.warn(f"{summary.unknown} cells have no data in the mask: they are kept.")
        if summary.valued and summary.valued_taken == summary.valued:
            progress.warn("No value is left. Is the mask the right way round (INVERT)?")
        self.style(context, output, look)
        return {"OUTPUT": output, "CELLS": summary.valued_taken, "AREA_SHARE": summary.share}
