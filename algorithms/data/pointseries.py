"""Monthly series of a stack at points."""

import math
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
    QgsWkbTypes,
)

from ...core.data.points import METHODS
from ..base import GraceAlgorithm
from ..compat import field
from ..featurenames import listed
from ..version import VERSION
from .pointlayer import check_points, read_points

FIELDS = (
    ("point", "text"),
    ("date", "text"),
    ("value", "real"),
    ("unit", "text"),
    ("filled", "integer"),
    ("uncertainty", "real"),
)


class PointSeriesTable(GraceAlgorithm):
    """A table of what a stack says at wells, gauges, cities."""

    ID = "pointseries"
    NAME = "Series at points"
    PAGE = "stacks"
    SUMMARY = "Monthly series of a stack at the points of a layer, as a long table and plots."
    HELP = (
        "Reads a stack at each point of a layer and writes a long table: one row for each point "
        "and month. 'nearest' is the value of the cell that the point lies in, 'bilinear' weighs "
        "the four cells around it. Points in another coordinate system are transformed; "
        "longitudes of 0–360 and −180–180 both work.",
        "With flags, months that were gap-filled are marked. Points outside the stack get no rows "
        "and are listed in the log.",
        "GRACE resolves about 300 km: a point of it is no measurement of that place. To judge "
        "wells by it, use the mean of a basin.",
    )
    CITATION = "docs/stacks."
    TAGS = ("sample", "extract values", "time series", "well", "station", "gauge", "city")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of any units.")
        self.add(
            QgsProcessingParameterFeatureSource(
                "POINTS", self.tr("Points"), [QgsProcessing.SourceType.TypeVectorPoint]
            ),
            "Point layer in any coordinate system; only selected features if you tick that.",
        )
        self.add(
            QgsProcessingParameterField(
                "POINT_FIELD",
                self.tr("Field with the point's name"),
                parentLayerParameterName="POINTS",
                optional=True,
            ),
            "Names in the table and the report. Empty: point_<id>. A name that occurs twice is "
            "numbered.",
        )
        self.add_choice(
            "METHOD",
            "Method",
            METHODS,
            "'nearest': value of the cell. 'bilinear': between the four cells around the point; "
            "those with values must hold half of the weight.",
        )
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling: filled months are marked.",
            optional=True,
        )
        self.add_stack(
            "UNCERTAINTY",
            "Uncertainty stack",
            "One-sigma uncertainty of every cell and month, same grid and months as the stack.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Series by point"), QgsProcessing.SourceType.TypeVector
            ),
            "Long table: point, date (YYYY-MM), value and unit (those of the stack), filled (1 "
            "where gap-filled), uncertainty (same unit).",
        )
        self.add_report("Point report", "Table of the points and a plot of each (the first 40).")

    def check(self, parameters, context):
        """Layer, grids and months, from the headers."""
        from ...core.data.points import check_point_inputs

        self.check_report(parameters)
        source = self.parameterAsSource(parameters, "POINTS", context)
        check_points(source, "POINTS", self._field(parameters, context))
        with ExitStack() as files:
            check_point_inputs(*self.open_stacks(files, "INPUT", "UNCERTAINTY", "FLAGS"))

    def compute(self, parameters, context, progress):
        """Read the points, sample, then write everything."""
        from ...core.data.point_report import point_report
        from ...core.data.points import point_series

        source = self.parameterAsSource(parameters, "POINTS", context)
        with ExitStack() as files:
            stack, sigma, flags = self.open_stacks(files, "INPUT", "UNCERTAINTY", "FLAGS")
            points = read_points(
                source, stack.grid.crs, self._field(parameters, context), context, progress
            )
            result = point_series(
                stack,
                points.x,
                points.y,
                points.names,
                method=self.parameterAsEnumString(parameters, "METHOD", context),
                sigma=sigma,
                flags=flags,
                progress=progress.part(0.05, 0.8),
            )
        notes = points.remarks() + _notes(points, result)
        for text in notes:
            progress.warn(text)
        progress.info(f"{len(result.names)} points, {result.info.months.size} months.")
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        report = point_report(result, VERSION, notes, progress.part(0.8, 0.95)) if page else None
        progress.check()
        columns = QgsFields()
        for name, kind in FIELDS:
            columns.append(field(name, kind))
        sink, table = self.parameterAsSink(
            parameters, "OUTPUT", context, columns, QgsWkbTypes.Type.NoGeometry, source.sourceCrs()
        )
        self.require_sink(sink, "OUTPUT", parameters)
        for row in _rows(result):
            feature = QgsFeature()
            feature.setAttributes(row)
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, "OUTPUT"))
        results = {"OUTPUT": table}
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        return results

    def _resolve(self, parameters, context):
        """The points' file too, so that no output may replace it."""
        super()._resolve(parameters, context)
        layer = self.parameterAsVectorLayer(parameters, "POINTS", context)
        if layer is not None and layer.isValid():
            self.sources["POINTS"] = layer.source()

    def _field(self, parameters, context):
        return self.parameterAsString(parameters, "POINT_FIELD", context).strip()


def _notes(points, result):
    outside = [name for name, good in zip(points.names, result.inside) if not good]
    notes = []
    if outside:
        notes.append(f"{len(outside)} points lie outside the stack: {listed(outside)}.")
    if result.empty:
        notes.append(f"{len(result.empty)} points have no value: {listed(result.empty)}.")
    return notes


def _rows(result):
    dates = [str(m) for m in result.info.months]
    unit = result.info.units or None
    for i, name in enumerate(result.names):
        values = result.value[:, i].tolist()
        count = len(dates)
        made = [None] * count if result.filled is None else result.filled[:, i].astype(int).tolist()
        sigma = [None] * count if result.sigma is None else result.sigma[:, i].tolist()
        for date, value, one, error in zip(dates, values, made, sigma):
            yield [name, date, _real(value), unit, one, _real(error)]


def _real(value):
    return value if value is not None and math.isfinite(value) else None
