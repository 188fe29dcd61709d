"""Means, volumes and trends of basins."""

from contextlib import ExitStack

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ...core.dependencies import check_packages
from ..base import GraceAlgorithm
from ..compat import field
from ..layers import check_source, flat_polygons, read_polygons
from ..styling import graduated
from ..version import VERSION
from .tables import SERIES_FIELDS, SUMMARY_FIELDS, series_rows, summary_rows

NUMBER = QgsProcessingParameterNumber.Type

#: How the attribute table rounds the summary.
DECIMALS = {name: 3 for name, kind in SUMMARY_FIELDS if kind == "real"}
DECIMALS.update(area_km2=0, n_eff=0, p=4, r1=2, covered_share=2)


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
    REQUIRES = ("rasterio", "scipy")

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
                "OUTPUT_HTML", self.tr("Basin report"), "HTML (*.html)", optional=True
            ),
            "Assumptions, table and a plot of each basin (the 40 largest).",
        )

    def check(self, parameters, context):
        """Units, grids, months and the layer's CRS, from the headers."""
        from ...core.basins.analysis import check_inputs

        if parameters.get("OUTPUT_HTML") not in (None, ""):
            # The report comes last: without its package the work would be in vain.
            check_packages(("matplotlib",))
        source = self.parameterAsSource(parameters, "BASINS", context)
        check_source(source, "BASINS", self._field(parameters, context))
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
                self._field(parameters, context),
                context,
                progress,
            )
            for text in polygons.remarks():
                progress.warn(text)
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
        progress.info(f"Trend: {result.trend_text}.")
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        report = None
        if page:
            notes = polygons.remarks()
            report = basin_report(result, VERSION, notes, progress.part(0.85, 0.95))
        progress.check()
        results = self._write_tables(parameters, context, result, polygons, source.sourceCrs())
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        style = graduated("slope_cm_yr", "cm/yr", DECIMALS)
        self.style(context, results.get("OUTPUT_SUMMARY"), style)
        if len(result.names) == 1:
            self._title_layers(context, results, result.names[0])
        return results

    def _write_tables(self, parameters, context, result, polygons, crs):
        """Both sinks are opened before a row is written: one that fails leaves no half."""
        sinks = {"OUTPUT": (SERIES_FIELDS, QgsWkbTypes.Type.NoGeometry)}
        if parameters.get("OUTPUT_SUMMARY") not in (None, ""):
            sinks["OUTPUT_SUMMARY"] = (SUMMARY_FIELDS, QgsWkbTypes.Type.MultiPolygon)
        opened, results = {}, {}
        for name, (columns, kind) in sinks.items():
            sink, results[name] = self.parameterAsSink(
                parameters, name, context, _fields(columns), kind, crs
            )
            self.require_sink(sink, name, parameters)
            opened[name] = sink
        self._write(opened["OUTPUT"], "OUTPUT", parameters, series_rows(result))
        if "OUTPUT_SUMMARY" in opened:
            rows, shapes = summary_rows(result), polygons.geometries
            self._write(opened["OUTPUT_SUMMARY"], "OUTPUT_SUMMARY", parameters, rows, shapes)
        return results

    def _write(self, sink, name, parameters, rows, shapes=None):
        for number, row in enumerate(rows):
            feature = QgsFeature()
            feature.setAttributes(row)
            if shapes is not None:
                feature.setGeometry(flat_polygons(shapes[number]))
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, name))

    def _title_layers(self, context, results, basin):
        """Name the layers of a single basin after it, as 'iterate over this layer' makes many."""
        for name in ("OUTPUT", "OUTPUT_SUMMARY"):
            path = results.get(name, "")
            if path and context.willLoadLayerOnCompletion(path):
                details = context.layerToLoadOnCompletionDetails(path)
                details.name = f"{self.parameterDefinition(name).description()}: {basin}"

    def _resolve(self, parameters, context):
        """The polygons' file too, so that no output may replace it."""
        super()._resolve(parameters, context)
        layer = self.parameterAsVectorLayer(parameters, "BASINS", context)
        if layer is not None and layer.isValid():
            self.sources["BASINS"] = layer.source()

    def _field(self, parameters, context):
        return self.parameterAsString(parameters, "BASIN_FIELD", context).strip()

    def _open(self, stacks):
        def opened(name):
            return stacks.enter_context(self.open_stack(name)) if self.has(name) else None

        return opened("INPUT"), opened("UNCERTAINTY"), opened("FLAGS")


def _fields(columns):
    fields = QgsFields()
    for name, kind in columns:
        fields.append(field(name, kind))
    return fields
