"""Seven classes of a trend map."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ...core.data.atomic import atomic_path
from ...core.trends.classes import CLASSES, FLAT, share_rows
from ..sinks import write_rows
from ..styling import classes
from ..version import VERSION
from .common import TrendMapAlgorithm

NUMBER = QgsProcessingParameterNumber.Type
FIELDS = (
    ("class", "integer"),
    ("name", "text"),
    ("cells", "integer"),
    ("area_km2", "real"),
    ("share", "real"),
    ("share_plain", "real"),
    ("share_published", "real"),
)


class TrendClasses(TrendMapAlgorithm):
    """Direction and significance of a trend as seven classes, with their shares."""

    ID = "trendclasses"
    NAME = "Trend classes"
    PAGE = "trend-maps"
    SUMMARY = "Seven classes of a trend map, from sure decrease to sure increase, and their shares."
    HELP = (
        "Classes by the sign of the slope and by p of the trend map: decrease or increase with "
        "p < 0.01, with 0.01 ≤ p < 0.05, and with p ≥ 0.05; no trend where p ≥ 0.05 and the slope "
        "is below a small value. Bands are found by their names: slope_per_month (or "
        "slope_per_year) and p.",
        "The table and the report give the share of the area of each class. Where the trend map "
        "was made with a corrected test, its band p_original gives the shares of the plain test "
        "beside them. The published shares stand beside both: 37.13, 1.70, 12.00, 2.15 and "
        "47.01 % for decrease p < 0.01, decrease p < 0.05, not significant, increase p < 0.05, "
        "increase p < 0.01 (groundwater at 1 km, 2002–2020, plain test).",
        "Areas are spherical for longitude and latitude. For projected grids they are the planar "
        "areas of the cells, true only in an equal-area projection: the log says so.",
    )
    CITATION = "Zhang et al., section 3.4.2; the class of no trend by a slope: docs/trend-maps."
    TAGS = ("trend", "classification", "Mann-Kendall", "significance", "area share", "legend")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_trend_map()
        self.add(
            QgsProcessingParameterNumber(
                "MIN_SLOPE", self.tr("No trend below (cm/month)"), NUMBER.Double, FLAT, minValue=0.0
            ),
            "Insignificant slopes smaller than this, up or down, count as no trend, in cm per "
            "month; maps in mm or m are converted, others are taken in their own unit.",
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Trend classes")),
            "Byte raster: 1 decrease p < 0.01, 2 decrease p < 0.05, 3 decrease, 4 no trend, "
            "5 increase, 6 increase p < 0.05, 7 increase p < 0.01; 0 no data.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_TABLE",
                self.tr("Shares of the classes"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
            ),
            "Table: class, name, cells, area in km², share in % of the area with a trend, the same "
            "by the plain test where the map holds both, and the published share.",
        )
        self.add_report("Class report", "Map, bar chart and table of the shares.")
        self.addOutput(
            QgsProcessingOutputNumber("DECREASE", self.tr("Share of decrease, p < 0.05 (%)"))
        )
        self.addOutput(
            QgsProcessingOutputNumber("INCREASE", self.tr("Share of increase, p < 0.05 (%)"))
        )

    def check(self, parameters, context):
        """Bands, from the header."""
        self.check_report(parameters)
        self.open_trend().close()

    def compute(self, parameters, context, progress):
        """Classify, log, write, style."""
        from ...core.trends.class_report import class_report
        from ...core.trends.classes import map_classes

        output = self.raster_target(parameters, "OUTPUT", context)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        flat = self.parameterAsDouble(parameters, "MIN_SLOPE", context)
        # The raster appears with the table and the report, or none of them.
        with atomic_path(output) as partial:
            with self.open_trend() as trend:
                if not trend.is_storage:
                    progress.warn(
                        f"The map is in {trend.slope_unit}: MIN_SLOPE is taken in that unit."
                    )
                summary = map_classes(trend, partial, flat, progress.part(0, 0.8), name=output)
            self._log(summary, progress)
            report = class_report(summary, VERSION) if page else None
            progress.check()
            rows = share_rows(summary)
            table = write_rows(self, parameters, "OUTPUT_TABLE", context, FIELDS, rows)
            if page:
                report.write(page)
        results = {"OUTPUT": output, "OUTPUT_TABLE": table, "OUTPUT_HTML": page}
        results = {name: path for name, path in results.items() if path}
        results["DECREASE"] = float(summary.shares[:2].sum())
        results["INCREASE"] = float(summary.shares[5:].sum())
        self.style(context, output, classes(1, CLASSES))
        return results

    def _log(self, summary, progress):
        from ...core.trends.class_report import area_text

        for row in share_rows(summary):
            plain = "" if row[5] is None else f", by the plain test {row[5]:.2f} %"
            published = "" if row[6] is None else f" (published {row[6]:.2f})"
            progress.info(f"{row[1]}: {row[4]:.2f} %{plain}{published}")
        progress.info(f"Areas: {area_text(summary.sphere)}.")
