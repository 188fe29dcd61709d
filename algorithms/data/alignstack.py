"""Bring a stack to the grid of another raster."""

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ..base import GraceAlgorithm
from ..styling import diverging, flags

NUMBER = QgsProcessingParameterNumber.Type
METHODS = ("mean", "nearest", "bilinear")


class AlignStack(GraceAlgorithm):
    """A stack on the cells of a reference raster."""

    ID = "alignstack"
    NAME = "Align stack"
    PAGE = "stacks"
    SUMMARY = "Brings a monthly stack to the grid of another raster by area-weighted means."
    HELP = (
        "Every algorithm of the toolbox that combines stacks needs them on one grid. This one "
        "writes a stack on exactly the cells of a reference raster: same extent, same cells, "
        "missing where the stack does not reach. Months, units, baseline and history are kept. A "
        "map of one band without a month is taken too, and stays one.",
        "'mean' is for coarser cells: the mean of all cells weighted by the area of their overlap "
        "on the sphere, so that storage over fully covered cells is conserved. Cells need not "
        "nest. 'nearest' and 'bilinear' are for finer cells; they interpolate, and the history of "
        "the result says that there is no new detail.",
        "Both grids must have one coordinate system; longitudes that differ by whole turns "
        "(0–360 and −180–180) are understood. To bring a raster to another coordinate system use "
        "GDAL's Warp first.",
        "The mean of an uncertainty stack is that of fully correlated errors: an upper bound.",
    )
    CITATION = "docs/stacks; weights are overlap areas on the sphere (conservative remapping)."
    TAGS = ("align", "resample", "regrid", "aggregate", "upscale", "conservative", "grid")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack(
            "INPUT",
            "Stack",
            "Monthly stack of any units, or a map: one band without a month, such as elevation.",
        )
        self.add_stack(
            "REFERENCE",
            "Reference grid",
            "Stack or any other raster whose cells the result gets.",
        )
        self.add_choice(
            "METHOD",
            "Method",
            METHODS,
            "'mean': area-weighted mean, to coarser cells. 'nearest', 'bilinear': interpolation, "
            "to finer cells. Flags of a gap filling allow 'nearest' only.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_SHARE",
                self.tr("Minimum share with values"),
                NUMBER.Double,
                0.5,
                minValue=0.0,
                maxValue=1.0,
            ),
            "Share of a cell's area (0 to 1) on which the stack must have values; for an "
            "interpolation the share of its weights.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("FORCE", self.tr("Force the method"), False),
            "Allow a mean over finer cells, and an interpolation to coarser ones, which leaves "
            "most cells unread. Rarely wanted.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Aligned stack")),
            "The stack on the cells of the reference, in its own units.",
        )

    def check(self, parameters, context):
        """Grids and method, from the headers."""
        from ...core.data.aligning import check_alignment, check_values

        with self.open_stack_or_map("INPUT") as stack:
            target, names = self._target(stack)
            method = self.parameterAsEnumString(parameters, "METHOD", context)
            force = self.parameterAsBool(parameters, "FORCE", context)
            check_alignment(stack.grid, target, method, force, names)
            check_values(stack, method)

    def compute(self, parameters, context, progress):
        """Align, log, style."""
        from ...core.data.aligning import align_stack, check_values

        output = self.raster_target(parameters, "OUTPUT", context)
        with self.open_stack_or_map("INPUT") as stack:
            target, names = self._target(stack)
            summary = align_stack(
                stack,
                target,
                output,
                method=self.parameterAsEnumString(parameters, "METHOD", context),
                min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
                force=self.parameterAsBool(parameters, "FORCE", context),
                names=names,
                progress=progress,
            )
            units, kind = stack.units, check_values(stack, summary.method)[0]
        progress.info(f"{summary.line}.")
        progress.info(f"{summary.cells} of {target.nx * target.ny} cells have values.")
        if not summary.cells:
            progress.warn(
                "No cell has a value: too little of each cell is covered (MIN_SHARE), or the "
                "stack is empty there."
            )
        self.style(context, output, flags(1) if kind == "uint8" else diverging(1, units))
        return {"OUTPUT": output}

    def _target(self, stack):
        from ...core.data.reference import read_grid
        from ...core.data.stack import short_name

        source = self.sources["REFERENCE"]
        name = f"REFERENCE ({short_name(source)})"
        return read_grid(source, name), (stack.name, name)
