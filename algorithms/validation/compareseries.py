"""A region's mean against an independent table."""

from contextlib import ExitStack

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)

from ...core.errors import DataError, ParameterError
from ..base import GraceAlgorithm
from ..layers import check_source, polygons_of, read_polygons, rings_of
from ..sourcecrs import transform_to
from ..version import VERSION
from .opening import open_observed
from .rows import check_fields, read_columns
from .seriestables import SCORE_FIELDS, SERIES_FIELDS, score_rows, series_rows
from .sinks import write_sinks
from .wellinputs import month_text

NUMBER = QgsProcessingParameterNumber.Type
TYPE = QgsProcessing.SourceType


class CompareSeries(GraceAlgorithm):
    """Monthly, seasonal and annual means of a region and of a table."""

    ID = "compareseries"
    NAME = "Compare with series"
    PAGE = "validation"
    SUMMARY = "A region's mean of a stack against an independent table, by month, season and year."
    HELP = (
        "The stack is averaged over the polygons (exact covered fractions, areas on the sphere) "
        "and held against a table of dates and values with any spacing: glacier surface "
        "elevation, lake levels, another storage product. Both become means of months, seasons "
        "and years, as far as the table's dates are dense enough, and anomalies over the periods "
        "they have in common.",
        "Correlation, also after straight lines are taken off both, and Sen slopes are given. RMSE "
        "and R² need UNITS of a water storage: without them the table is another quantity.",
    )
    CITATION = "Li et al., section 4.3 (glacier surface elevation by season and year)."
    TAGS = ("validation", "glacier elevation", "altimetry", "lake level", "time series",
            "independent", "seasonal mean", "annual mean")  # fmt: skip
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of a storage; it states its units.")
        self.add_stack(
            "FLAGS", "Flags of the gap filling",
            "Flag stack of the gap filling: values that were filled are not compared.", True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterFeatureSource("AOI", self.tr("Region"), [TYPE.TypeVectorPolygon]),
            "Polygons in any coordinate system, taken together as one region; only selected "
            "features if you tick that.",
        )
        self.add(
            QgsProcessingParameterFeatureSource("TABLE", self.tr("Table"), [TYPE.TypeVector]),
            "Table or layer with one row a date.",
        )
        for name, label, optional, text in (
            ("DATE_FIELD", "Field with the date", False,
             "Date, or text written YYYY-MM-DD, YYYY/MM/DD, YYYY-MM or YYYY; with MONTH_FIELD the "
             "year."),
            ("VALUE_FIELD", "Field with the value", False, "Numbers or numeric text."),
            ("MONTH_FIELD", "Field with the month", True,
             "Number 1 to 12, for tables with the year and the month apart."),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterField(
                    name, self.tr(label), parentLayerParameterName="TABLE", optional=optional
                ),
                text,
                optional,
            )
        self.add(
            QgsProcessingParameterString("UNITS", self.tr("Units of a water storage"),
                                         optional=True),
            "cm, mm, m or kg m-2, only where the values are a water storage as the stack is. "
            "Empty: another quantity, such as a surface elevation.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterString("DATE_FORMAT", self.tr("Format of the dates"),
                                         optional=True),
            "For dates written otherwise: a pattern such as %d.%m.%Y, or 'decimal year'.",
            True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterNumber(
                "FIRST_MONTH", self.tr("First month of the year"), NUMBER.Integer, 1,
                minValue=1, maxValue=12,
            ),
            "Calendar month, 1 to 12, from which years count; 10 for hydrological years, which are "
            "named by the year they begin in.",
            True,
        )  # fmt: skip
        for name, label, default, text in (
            ("MIN_SHARE", "Minimum share of a season or year", 0.6,
             "Share of the months of a season or year (0 to 1) that must have values."),
            ("MIN_COVERED_SHARE", "Minimum covered share", 0.5,
             "Share of the region's area (0 to 1) that must have values in a month."),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterNumber(
                    name, self.tr(label), NUMBER.Double, default, minValue=0.0, maxValue=1.0
                ),
                text,
                True,
            )
        self.add(
            QgsProcessingParameterFeatureSink("OUTPUT", self.tr("Both series"), TYPE.TypeVector),
            "Long table: level (month, season, year), period, anomaly of the stack (cm) and of the "
            "table, months with values in each.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_SCORES", self.tr("Series scores"), TYPE.TypeVector, optional=True
            ),
            "Table by level: n, CC, CC after straight lines are taken off, R², RMSE, trends.",
        )
        self.add_report("Series report", "Scores, both series and a scatter at each level.")

    def check(self, parameters, context):
        """Layers, fields and units, from the headers."""
        from ...core.data.units import storage_factor

        self.check_report(parameters)
        check_source(self.parameterAsSource(parameters, "AOI", context), "AOI")
        table = self.parameterAsSource(parameters, "TABLE", context)
        if table is None:
            raise DataError("a table that QGIS can open is expected", "none", "TABLE")
        fields = self._fields(parameters, context)
        for name in ("DATE_FIELD", "VALUE_FIELD"):
            if not fields[name]:
                raise ParameterError("a field of the table is expected", "none", name)
        check_fields(table, fields, f"TABLE ({table.sourceName()})")
        units = self.parameterAsString(parameters, "UNITS", context).strip()
        if units:
            storage_factor(units, "UNITS")
        with ExitStack() as files:
            open_observed(self, files).to_centimetres()

    def compute(self, parameters, context, progress):
        """Average, read the table, compare, then write everything."""
        from ...core.validation.readings import parse_dates, parse_numbers
        from ...core.validation.series import SeriesComparison, compare_series, region_series
        from ...core.validation.series_report import series_report

        table = self.parameterAsSource(parameters, "TABLE", context)
        fields = self._fields(parameters, context)
        columns = read_columns(table, {f for f in fields.values() if f}, progress)
        values, wrong = parse_numbers(columns[fields["VALUE_FIELD"]], "VALUE_FIELD")
        notes = _remark(wrong, "values are no numbers and were left out")
        dates = columns[fields["DATE_FIELD"]]
        if fields["MONTH_FIELD"]:
            months = columns[fields["MONTH_FIELD"]]
            dates = [month_text(y, m) for y, m in zip(dates, months)]
        pattern = self.parameterAsString(parameters, "DATE_FORMAT", context)
        days, wrong = parse_dates(dates, pattern, "DATE_FIELD")
        notes += _remark(wrong, "dates cannot be read and were left out")
        units = self.parameterAsString(parameters, "UNITS", context).strip()
        with ExitStack() as files:
            stack = open_observed(self, files)
            name, rings, remarks = self._region(parameters, context, stack, progress)
            share = self.parameterAsDouble(parameters, "MIN_COVERED_SHARE", context)
            mean, area = region_series(stack, rings, name, share, progress.part(0.05, 0.7))
            info, stack_name = stack.info, stack.name
        levels, warnings = compare_series(
            mean, info.months, days, values, units=units,
            min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
            first_month=self.parameterAsInt(parameters, "FIRST_MONTH", context),
        )  # fmt: skip
        result = SeriesComparison(
            info, stack_name, name, area, units, bool(units), levels, warnings
        )
        notes += remarks
        for text in (*warnings, *notes):
            progress.warn(text)
        for level in levels:
            progress.info(
                f"By {level.name}: n {level.n}, CC {level.cc:.2f}, {level.cc_detrended:.2f} with "
                "straight lines taken off."
            )
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        report = None
        if page:
            titles = (table.sourceName(), fields["VALUE_FIELD"])
            report = series_report(result, *titles, VERSION, notes, progress.part(0.7, 0.95))
        progress.check()
        kind, none = QgsWkbTypes.Type.NoGeometry, QgsCoordinateReferenceSystem()
        results = write_sinks(
            self, parameters, context,
            {
                "OUTPUT": (SERIES_FIELDS, kind, none, series_rows(levels)),
                "OUTPUT_SCORES": (SCORE_FIELDS, kind, none, score_rows(levels)),
            },
        )  # fmt: skip
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        return results

    def _region(self, parameters, context, stack, progress):
        """Name, rings in the stack's CRS and remarks of the polygons as one."""
        source = self.parameterAsSource(parameters, "AOI", context)
        polygons = read_polygons(source, stack.grid.crs, "", context, progress, "AOI")
        name = source.sourceName()
        remarks = [t for t in polygons.remarks() if "without a name" not in t]
        if len(polygons.names) == 1:
            return name, polygons.rings[0], remarks
        whole = polygons_of(QgsGeometry.unaryUnion(polygons.geometries))
        transform = transform_to(source, stack.grid.crs, context)
        same = transform.isShortCircuited()
        return name, rings_of(whole, None if same else transform, 0.0), remarks

    def _fields(self, parameters, context):
        return {
            name: self.parameterAsString(parameters, name, context).strip()
            for name in ("DATE_FIELD", "VALUE_FIELD", "MONTH_FIELD")
        }

    def _resolve(self, parameters, context):
        """The layers' files too, so that no output may replace them."""
        super()._resolve(parameters, context)
        for name in ("AOI", "TABLE"):
            layer = self.parameterAsVectorLayer(parameters, name, context)
            if layer is not None and layer.isValid():
                self.sources[name] = layer.source()


def _remark(wrong, text):
    return [f"{len(wrong)} {text}, such as {str(wrong[0])!r}."] if wrong else []
