"""What is missing from a stack, before or after it was filled."""

from contextlib import ExitStack

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterRasterDestination,
    QgsWkbTypes,
)

from ...core.data.months import month_text
from ..base import GraceAlgorithm
from ..compat import field
from ..styling import sequential
from ..values import has_value
from ..version import VERSION

MONTH_FIELDS = (
    ("date", "text"),
    ("status", "text"),
    ("observed", "integer"),
    ("missing", "integer"),
    ("missing_share", "real"),
    ("filled_a", "integer"),
    ("filled_b", "integer"),
    ("gap_months", "integer"),
)
CELL_FIELDS = (
    ("x", "real"),
    ("y", "real"),
    ("missing", "integer"),
    ("missing_inside", "integer"),
    ("longest_gap", "integer"),
    ("first", "text"),
    ("last", "text"),
)
NUMBERS = (
    ("MISSING", "Months missing everywhere"),
    ("PARTLY", "Months missing in some cells"),
    ("LONGEST", "Longest run of months missing everywhere"),
)


class GapReport(GraceAlgorithm):
    """Table, map, calendar and page of the missing months."""

    ID = "gapreport"
    NAME = "Gap report"
    PAGE = "gap-filling"
    SUMMARY = "Says what is missing from a stack, by month and by cell, and how long the gaps are."
    HELP = (
        "Counts for every month the cells with and without an observation, and for every cell the "
        "missing months, those between its first and last observation, and the longest gap. Cells "
        "that never have a value (masked, ocean) do not count.",
        "With the flags of a gap filling, filled values count as missing observations, and the "
        "table says by which stage they were filled.",
        "The numbers MISSING, PARTLY and LONGEST are outputs too, so that a model can branch on "
        "them: linear filling where LONGEST is 2 or less, SSA otherwise.",
    )
    CITATION = "docs/gap-filling; shares are of area on the sphere."
    TAGS = ("missing months", "gap", "calendar", "completeness", "observed", "record")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of any units.")
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling of this stack: filled values count as missing.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Missing by month"), QgsProcessing.SourceType.TypeVector
            ),
            "Table with a row a month: date (YYYY-MM), status (observed, partly, missing, filled), "
            "observed and missing (cells), missing_share (of the area of all cells ever observed, "
            "0–1), filled_a and filled_b (cells filled by stage), gap_months (length of the run of "
            "months missing everywhere that the month belongs to).",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_MAP", self.tr("Gaps by cell"), optional=True
            ),
            "Bands in months: missing (all), missing_inside (between the first and the last "
            "observation), longest_gap (the longest run of these).",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_CELLS",
                self.tr("Missing by cell"),
                QgsProcessing.SourceType.TypeVectorPoint,
                optional=True,
                createByDefault=False,
            ),
            "Points with a row a cell: x, y (centre, in the stack's coordinate system), the bands "
            "of the map in months, first and last observed month (YYYY-MM).",
        )
        self.add_report(
            "Gap report",
            "Facts, calendar of observed, missing and filled months, list of gaps, maps.",
        )
        for name, label in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name, self.tr(label)))

    def check(self, parameters, context):
        """Headers, and the package that draws."""
        from ...core.data.agreement import check_same_months
        from ...core.data.grid import check_same_grid

        self.check_report(parameters)
        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            if flags is not None:
                check_same_grid(stack.grid, flags.grid, stack.name, flags.name)
                check_same_months(stack, flags)

    def compute(self, parameters, context, progress):
        """Count, then write everything."""
        from ...core.gap_filling.missing import missing_months
        from ...core.gap_filling.missing_report import missing_report

        path = self.raster_target(parameters, "OUTPUT_MAP", context)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        by_cell = has_value(parameters, "OUTPUT_CELLS")
        with ExitStack() as files:
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            found = missing_months(stack, flags, path, points=by_cell, progress=progress)
            grid = stack.grid
        results = {"OUTPUT": self._write_months(found, parameters, context)}
        if by_cell:
            results["OUTPUT_CELLS"] = self._write_cells(found, grid, parameters, context, progress)
        if page:
            missing_report(found, VERSION).write(page)
            results["OUTPUT_HTML"] = page
        if path:
            results["OUTPUT_MAP"] = path
            self.style(context, path, sequential(1, "months"))
        numbers = (found.missing.sum(), found.partly.sum(), found.run_lengths().max())
        results.update({name: int(n) for (name, _), n in zip(NUMBERS, numbers)})
        self._log(found, results, progress)
        return results

    def _log(self, found, results, progress):
        progress.info(
            f"{found.cells} cells; {results['MISSING']} months missing everywhere, "
            f"{results['PARTLY']} in some cells; longest run {results['LONGEST']} months."
        )
        if found.uneven:
            progress.info(f"{found.uneven} cells have gaps that others do not have.")
        if found.late or found.early:
            progress.info(
                f"{found.late} cells begin later and {found.early} end earlier than the record."
            )

    def _write_months(self, found, parameters, context):
        from ...core.gap_filling.missing_report import PARTLY, calendar_status
        from ...core.report.coverage import FILLED_A, FILLED_B, MISSING

        names = {PARTLY: "partly", MISSING: "missing", FILLED_A: "filled", FILLED_B: "filled"}
        rows = zip(
            (month_text(m) for m in found.info.months),
            (names.get(int(code), "observed") for code in calendar_status(found)),
            found.observed.tolist(),
            (found.cells - found.observed).tolist(),
            found.missing_share.tolist(),
            found.filled_a.tolist(),
            found.filled_b.tolist(),
            found.run_lengths().tolist(),
        )
        kind = QgsWkbTypes.Type.NoGeometry
        crs = QgsCoordinateReferenceSystem()
        return self._sink("OUTPUT", MONTH_FIELDS, kind, crs, rows, None, parameters, context)

    def _write_cells(self, found, grid, parameters, context, progress):
        columns, lines, missing, inside, longest, first, last = found.points
        x, y = grid.x[columns], grid.y[lines]
        dates = [month_text(m) for m in found.info.months]
        rows = zip(
            x.tolist(), y.tolist(), missing.tolist(), inside.tolist(), longest.tolist(),
            (dates[i] for i in first), (dates[i] for i in last),
        )  # fmt: skip
        crs = QgsCoordinateReferenceSystem.fromWkt(grid.crs)
        kind = QgsWkbTypes.Type.Point
        return self._sink(
            "OUTPUT_CELLS", CELL_FIELDS, kind, crs, rows, progress, parameters, context
        )

    def _sink(self, name, columns, kind, crs, rows, progress, parameters, context):
        fields = QgsFields()
        for column, of in columns:
            fields.append(field(column, of))
        sink, target = self.parameterAsSink(parameters, name, context, fields, kind, crs)
        self.require_sink(sink, name, parameters)
        for row in rows:
            feature = QgsFeature(fields)
            feature.setAttributes(list(row))
            if progress is not None:
                progress.check()
                feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(row[0], row[1])))
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return target
