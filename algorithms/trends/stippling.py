"""Points or hatching where a trend is significant."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ..featurestyles import dots, hatched
from ..shapes import multipolygon, point
from ..sinks import write_rows
from .common import TrendMapAlgorithm

NUMBER = QgsProcessingParameterNumber.Type
KINDS = ("points", "hatch")
POINT_FIELDS = (("slope_month", "real"), ("p", "real"))
REGION_FIELDS = (("cells", "integer"), ("area_km2", "real"), ("slope_month", "real"))


class Stippling(TrendMapAlgorithm):
    """A layer over a trend map that shows where it is significant."""

    ID = "stippling"
    NAME = "Stippling of significance"
    PAGE = "trend-maps"
    SUMMARY = "Points or hatched polygons over a trend map where p is below a threshold."
    HELP = (
        "'points': a black dot at the centre of every n-th cell, rows staggered, wherever p of "
        "that cell is below the threshold; each has the slope and p of its cell. 'hatch': "
        "connected significant cells as polygons, drawn as slanting lines; each has its cells, "
        "its area and its area-weighted mean slope.",
        "p is found by the name of its band. It is that of the test which the trend map was made "
        "with: the plain test marks too much, because water storage remembers from month to "
        "month.",
    )
    CITATION = "Zhang et al., Figs. 8 and 10 (p < 0.01)."
    TAGS = ("stipple", "hatch", "significance", "p value", "trend", "overlay", "dots")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_trend_map()
        self.add(
            QgsProcessingParameterNumber(
                "P", self.tr("Significance below"), NUMBER.Double, 0.01, False, 0.0, 1.0
            ),
            "Cells whose p is below this level (0 to 1) are marked.",
        )
        self.add_choice(
            "KIND",
            "Draw",
            KINDS,
            "'points': dots on a lattice. 'hatch': hatched polygons.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "SPACING", self.tr("Spacing of points (cells)"), NUMBER.Integer, 0, False, 0, 10000
            ),
            "Points: one on every n-th cell of every n-th row. 1 takes every cell, 0 chooses about "
            "180 points along the longer side of the map.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "DISTANCE", self.tr("Distance of lines (mm)"), NUMBER.Double, 2.0, False, 0.2, 50.0
            ),
            "Hatch: millimetres between lines on the screen or on paper; only in the style.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Stippling"), QgsProcessing.SourceType.TypeVectorAnyGeometry
            ),
            "Points with slope per month and p, or polygons with cells, area (km²) and mean slope "
            "per month; slopes in cm for maps of a storage, else in the map's unit.",
        )
        self.addOutput(QgsProcessingOutputNumber("FEATURES", self.tr("Points or polygons")))

    def check(self, parameters, context):
        """Bands and level, from the header."""
        from ...core.trends.trendraster import check_level

        check_level(self.parameterAsDouble(parameters, "P", context))
        self.open_trend().close()

    def compute(self, parameters, context, progress):
        """Find, log, write, style."""
        level = self.parameterAsDouble(parameters, "P", context)
        points = self.parameterAsEnumString(parameters, "KIND", context) == "points"
        with self.open_trend() as trend:
            if points:
                spacing = self.parameterAsInt(parameters, "SPACING", context)
                columns, rows, shapes = self._points(trend, level, spacing, progress)
                kind = QgsWkbTypes.Type.Point
            else:
                columns, rows, shapes = self._regions(trend, level, progress)
                kind = QgsWkbTypes.Type.MultiPolygon
            crs = trend.grid.crs
        if not rows:
            progress.warn(f"No cell has p below {level:g}.")
        progress.check()
        dest = write_rows(self, parameters, "OUTPUT", context, columns, rows, shapes, kind, crs)
        distance = self.parameterAsDouble(parameters, "DISTANCE", context)
        self.style(context, dest, dots() if points else hatched(distance), f"p < {level:g}")
        return {"OUTPUT": dest, "FEATURES": len(rows)}

    def _points(self, trend, level, spacing, progress):
        from ...core.trends.stippling import spacing_for, stipple_points

        x, y, slope, p = stipple_points(trend, level, spacing, progress.part(0, 0.9))
        step = spacing_for(trend.grid, spacing)
        progress.info(f"{x.size} points, one for every {step} × {step} cells with p < {level:g}.")
        return POINT_FIELDS, list(zip(slope, p)), [point(*at) for at in zip(x, y)]

    def _regions(self, trend, level, progress):
        from ...core.trends.stippling import significant_regions

        found = significant_regions(trend, level, progress.part(0, 0.9))
        progress.info(f"{found.area.size} regions of {found.area.sum():,.0f} km², p < {level:g}.")
        rows = list(zip(found.cells, found.area, found.sums[:, 0] / found.area))
        return REGION_FIELDS, rows, [multipolygon(parts) for parts in found.parts]
