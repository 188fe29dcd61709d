"""Means, volumes and trends of basins."""

from contextlib import ExitStack

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ..base import GraceAlgorithm
from ..compat import field
from ..layers import check_source, read_polygons
from ..version import VERSION
from .tables import SERIES_FIELDS, SUMMARY_FIELDS, series_rows, summary_rows

NUMBER = QgsProcessingParameterNumber.Type


class BasinStatistics(GraceAlgorithm):
    """Zonal statistics of a monthly stack over polygons."""

    ID = "basinstatistics"
    NAME = "Basin statistics"
    PAGE = "basins"
    SUMMARY = "Area-weighted means, volumes and trends of every basin for every month of a stack."
    HELP = (
        "Means are weighted by the exact covered fraction of each cell and its area on the sphere, "
        "for all months in one pass. A month is missing where less than a minimum share of the "
        "basin has values. Volumes are mean × area of the whole basin.",
        "The summary gives the Sen slope after removing annual and semiannual harmonics, with 95 % "
        "Theil limits on the effective sample size, the plain Mann–Kendall p, lag-1 "
        "autocorrelation r1, the seasonal amplitude and the wettest and driest month. With flags, "
        "filled months do not enter the trend.",
        "Invalid, multipart, holed and curved geometries, other coordinate systems and polygons "
        "across the date line work; what was repaired is counted in the log. GRACE resolves about "
        "300 km: basins under 100 000 km² are marked.",
    )
    CITATION = "docs/basins; spatial correlation of errors with L = 300 km is an assumption."
    TAGS = ("zonal statistics", "catchment", "watershed", "basin mean", "volume", "km3", "GWSA")
    REQUIRES = ("rasterio", "xarray", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of a storage, for example TWSA or GWSA.")
        self.add(
            QgsProcessingParameterFeatureSource(
                "BASINS", self.tr("Basins"), [QgsProcessing.SourceType.TypeVectorPolygon]
            ),
            "Polygon layer in any coordinate system; only selected features if you tick that.",
        )
        self.add(
            QgsProcessingParameterField(
                "BASIN_FIELD",
                self.tr("Field with the basin's name"),
                parentLayerParameterName="BASINS",
                optional=True,
            ),
            "Names in tables and report. Empty: basin_<id>. A name that occurs twice is numbered.",
        )
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling: filled months are marked in tables and plots and do "
            "not enter the trend.",
            optional=True,
        )
        self.add_stack(
            "UNCERTAINTY",
            "Uncertainty stack",
            "One-sigma uncertainty of every cell and month, same grid and months as the stack.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_COVERED_SHARE",
                self.tr("Minimum covered share"),
                NUMBER.Double,
                0.5,
                minValue=0.0,
                maxValue=1.0,
            ),
            "Share of the basin's area (0 to 1) that must have values in a month.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "CORRELATION_LENGTH",
                self.tr("Correlation length of errors (km)"),
                NUMBER.Double,
                300.0,
                minValue=1.0,
            ),
            "Distance in km over which errors of neighbouring cells are correlated; used with the "
            "uncertainty stack only.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Series by basin"), QgsProcessing.SourceType.TypeVector
            ),
            "Long table: basin, date (YYYY-MM), variable, value (cm), volume_km3, cells, "
            "covered_share, uncertainty (cm), filled (1 where at least half was gap-filled).",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_SUMMARY",
                self.tr("Summary by basin"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            ),
            "Polygons with area, trend (cm/yr) and its limits, p, r1, volume trend (km³/yr), "
            "amplitude, wettest and driest month, and whether the basin is small.",
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT_HTML", self.tr("Report"), "HTML (*.html)", optional=True
            ),
            "Assumptions, table and a plot of each basin (the 40 largest).",
        )

    def check(self, parameters, context):
        """Units, grids, months and the layer's CRS, from the headers."""
        from ...core.basins.analysis import check_inputs

        check_source(self.parameterAsSource(parameters, "BASINS", context), "BASINS")
        with ExitStack() as stacks:
            check_inputs(*self._open(stacks))

    def compute(self, parameters, context, progress):
        """Read the polygons, analyse, then write everything."""
        from ...core.basins.analysis import analyse_basins
        from ...core.basins.basin_report import basin_report

        source = self.parameterAsSource(parameters, "BASINS", context)
        with ExitStack() as stacks:
            stack, sigma, flags = self._open(stacks)
            polygons = read_polygons(
                source,
                stack.grid.crs,
                self.parameterAsString(parameters, "BASIN_FIELD", context),
                context,
                progress,
            )
            self._log_polygons(polygons, progress)
            result = analyse_basins(
                stack,
                polygons.rings,
                polygons.names,
                sigma=sigma,
                flags=flags,
                min_covered_share=self.parameterAsDouble(parameters, "MIN_COVERED_SHARE", context),
                length_km=self.parameterAsDouble(parameters, "CORRELATION_LENGTH", context),
                progress=progress.part(0.05, 0.85),
            )
        for text in result.warnings:
            progress.warn(text)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        report = basin_report(result, VERSION) if page else None
        progress.check()
        results = {"OUTPUT": self._write_series(parameters, context, result)}
        if parameters.get("OUTPUT_SUMMARY") not in (None, ""):
            results["OUTPUT_SUMMARY"] = self._write_summary(
                parameters, context, result, polygons, source.sourceCrs()
            )
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        return results

    def _log_polygons(self, polygons, progress):
        if polygons.repaired:
            progress.warn(
                f"{len(polygons.repaired)} invalid geometries were repaired: "
                + ", ".join(polygons.repaired[:20])
            )
        if polygons.skipped:
            progress.warn(
                f"{len(polygons.skipped)} features without a polygon were left out: "
                + ", ".join(polygons.skipped[:20])
            )

    def _write_series(self, parameters, context, result):
        fields = _fields(SERIES_FIELDS)
        sink, dest = self.parameterAsSink(parameters, "OUTPUT", context, fields)
        self.require_sink(sink, "OUTPUT", parameters)
        for row in series_rows(result):
            feature = QgsFeature(fields)
            feature.setAttributes(row)
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return dest

    def _write_summary(self, parameters, context, result, polygons, crs):
        fields = _fields(SUMMARY_FIELDS)
        sink, dest = self.parameterAsSink(
            parameters, "OUTPUT_SUMMARY", context, fields, QgsWkbTypes.Type.MultiPolygon, crs
        )
        self.require_sink(sink, "OUTPUT_SUMMARY", parameters)
        for geometry, row in zip(polygons.geometries, summary_rows(result)):
            feature = QgsFeature(fields)
            feature.setGeometry(geometry)
            feature.setAttributes(row)
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return dest

    def _open(self, stacks):
        def opened(name):
            return stacks.enter_context(self.open_stack(name)) if self.has(name) else None

        return opened("INPUT"), opened("UNCERTAINTY"), opened("FLAGS")


def _fields(columns):
    fields = QgsFields()
    for name, kind in columns:
        fields.append(field(name, kind))
    return fields
