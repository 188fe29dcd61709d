"""Hotspots of a trend map as polygons."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ...core.trends.hotspots import DIRECTIONS, MIN_SLOPE, P
from ..featurestyles import graduated
from ..shapes import multipolygon
from ..sinks import write_rows
from .common import TrendMapAlgorithm

NUMBER = QgsProcessingParameterNumber.Type
FIELDS = (
    ("hotspot", "integer"),
    ("direction", "text"),
    ("cells", "integer"),
    ("area_km2", "real"),
    ("slope_cm_month", "real"),
    ("slope_cm_yr", "real"),
    ("steepest_cm_month", "real"),
    ("volume_km3_yr", "real"),
    ("p_largest", "real"),
)
DECIMALS = {"area_km2": 0, "slope_cm_month": 3, "slope_cm_yr": 2, "steepest_cm_month": 3,
            "volume_km3_yr": 3, "p_largest": 6}  # fmt: skip


class Hotspots(TrendMapAlgorithm):
    """Regions of fast and significant change, with area and volume rate."""

    ID = "hotspots"
    NAME = "Hotspots"
    PAGE = "trend-maps"
    SUMMARY = "Regions where storage changes fast and significantly, with area and volume rate."
    HELP = (
        "Cells with p below a level and |slope| above a rate, by default those of the paper: "
        "p < 0.01 and 0.10 cm per month. Neighbours of one direction (edges and corners, also "
        "across ±180° on a global grid) are dissolved into one polygon.",
        "Each polygon has its area, the area-weighted mean and the steepest slope, and the volume "
        "rate: the sum of slope × area over its cells, in km³ per year. Hotspot 1 has the largest "
        "volume rate.",
        "GRACE resolves about 300 km. On a map that is not downscaled a hotspot is no well field: "
        "set the minimum area to 100 000 km². Bands are found by their names: slope_per_month "
        "(or slope_per_year) and p, which may be that of a corrected test.",
        "Areas are spherical for longitude and latitude, planar for projected grids.",
    )
    CITATION = "Zhang et al., section 3.4.1."
    TAGS = ("hotspot", "depletion", "polygonize", "trend", "significance", "volume", "km3")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_trend_map()
        for name, label, value, most, text in (
            ("P", "Significance below", P, 1.0, "Cells whose p is below this level (0 to 1)."),
            ("MIN_SLOPE", "Rate above (cm/month)", MIN_SLOPE, None,
             "Cells that change by more than this, up or down, in cm per month. The published 0.1 "
             "is for maps of 1 km: trends on the cells of GRACE are smoother and seldom reach it."),
            ("MIN_AREA", "Minimum area (km²)", 0.0, None,
             "Hotspots smaller than this, in km² on the sphere, are left out."),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterNumber(
                    name, self.tr(label), NUMBER.Double, value, False, 0.0, *(most,) * bool(most)
                ),
                text,
            )
        self.add_choice(
            "DIRECTION",
            "Direction",
            DIRECTIONS,
            "'decrease' for loss only, 'increase' for gain only, 'both' for polygons of each.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Hotspots"), QgsProcessing.SourceType.TypeVectorPolygon
            ),
            "Polygons with direction, cells, area (km²), mean slope (cm/month and cm/yr), steepest "
            "slope (cm/month), volume rate (km³/yr) and the largest p of any cell.",
        )
        self.addOutput(QgsProcessingOutputNumber("HOTSPOTS", self.tr("Number of hotspots")))
        self.addOutput(QgsProcessingOutputNumber("LOSS", self.tr("Volume rate of loss (km³/yr)")))
        self.addOutput(QgsProcessingOutputNumber("GAIN", self.tr("Volume rate of gain (km³/yr)")))

    def check(self, parameters, context):
        """Bands, units and level, from the header."""
        from ...core.trends.trendraster import check_level

        check_level(self.parameterAsDouble(parameters, "P", context))
        with self.open_trend() as trend:
            trend.require_storage()

    def compute(self, parameters, context, progress):
        """Find, log, write, style."""
        from ...core.trends.class_report import area_text
        from ...core.trends.hotspots import find_hotspots

        with self.open_trend() as trend:
            found = find_hotspots(
                trend,
                level=self.parameterAsDouble(parameters, "P", context),
                min_slope=self.parameterAsDouble(parameters, "MIN_SLOPE", context),
                min_area=self.parameterAsDouble(parameters, "MIN_AREA", context),
                direction=self.parameterAsEnumString(parameters, "DIRECTION", context),
                progress=progress.part(0, 0.9),
            )
            crs, sphere = trend.grid.crs, trend.grid.is_geographic
        for falling, what in ((True, "decrease"), (False, "increase")):
            count, area, volume = found.total(falling)
            progress.info(f"{count} hotspots of {what}: {area:,.0f} km², {volume:+.2f} km³/yr.")
        progress.info(f"Areas: {area_text(sphere)}.")
        if not found.falling.size:
            progress.warn("No hotspot: lower MIN_SLOPE or MIN_AREA, or raise P.")
        progress.check()
        shapes = [multipolygon(parts) for parts in found.parts]
        kind = QgsWkbTypes.Type.MultiPolygon
        dest = write_rows(
            self, parameters, "OUTPUT", context, FIELDS, list(_rows(found)), shapes, kind, crs
        )
        self.style(context, dest, graduated("slope_cm_month", "cm/month", DECIMALS))
        return {
            "OUTPUT": dest,
            "HOTSPOTS": int(found.falling.size),
            "LOSS": found.total(True)[2],
            "GAIN": found.total(False)[2],
        }


def _rows(found):
    for i, falling in enumerate(found.falling):
        slope = found.slope[i]
        yield [
            i + 1,
            "decrease" if falling else "increase",
            found.cells[i],
            found.area_km2[i],
            slope,
            12.0 * slope,
            found.steepest[i],
            found.volume_km3_yr[i],
            found.p_largest[i],
        ]
