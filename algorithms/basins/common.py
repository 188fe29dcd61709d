"""What the algorithms on basins share: polygons, flags, covered share, results."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ..base import GraceAlgorithm
from ..layers import check_source, read_polygons
from ..sinks import title_layers, write_sinks


class BasinAlgorithm(GraceAlgorithm):
    """An algorithm with BASINS, BASIN_FIELD and MIN_COVERED_SHARE among its parameters."""

    REQUIRES = ("rasterio", "scipy")

    def add_basins(self):
        """Add the polygons and the field with their names."""
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

    def add_min_share(self):
        """Add the least share of a basin that must have values."""
        self.add(
            QgsProcessingParameterNumber(
                "MIN_COVERED_SHARE",
                self.tr("Minimum covered share"),
                QgsProcessingParameterNumber.Type.Double,
                0.5,
                minValue=0.0,
                maxValue=1.0,
            ),
            "Share of the basin's area (0 to 1) that must have values in a month.",
            advanced=True,
        )

    def check_basins(self, parameters, context):
        """Raise unless the layer can be used, and the report can be drawn if wanted."""
        self.check_report(parameters)
        source = self.parameterAsSource(parameters, "BASINS", context)
        check_source(source, "BASINS", self.basin_field(parameters, context))

    def polygons(self, parameters, context, crs, progress, tell=True):
        """`Polygons` in the CRS ``crs``; what was done to them goes to the log."""
        source = self.parameterAsSource(parameters, "BASINS", context)
        field = self.basin_field(parameters, context)
        found = read_polygons(source, crs, field, context, progress)
        for text in found.remarks() if tell else ():
            progress.warn(text)
        return found

    def write_results(self, parameters, context, tables, page, report, style, names):
        """Write ``tables``, and ``report`` to ``page`` if wanted; where they are, by output.

        ``style`` is that of the summary; layers of a single basin get its name.
        """
        crs = self.parameterAsSource(parameters, "BASINS", context).sourceCrs()
        results = write_sinks(self, parameters, context, crs, tables)
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        self.style(context, results.get("OUTPUT_SUMMARY"), style)
        if len(names) == 1:
            title_layers(self, context, results, tables, names[0])
        return results

    def basin_field(self, parameters, context):
        """Name of the field with the basins' names, or ''."""
        return self.parameterAsString(parameters, "BASIN_FIELD", context).strip()

    def _resolve(self, parameters, context):
        """The polygons' file too, so that no output may replace it."""
        super()._resolve(parameters, context)
        layer = self.parameterAsVectorLayer(parameters, "BASINS", context)
        if layer is not None and layer.isValid():
            self.sources["BASINS"] = layer.source()
