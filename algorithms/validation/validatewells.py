"""A stack against groundwater wells."""

from contextlib import ExitStack

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsWkbTypes,
)

from ...core.errors import ParameterError
from ..base import GraceAlgorithm
from ..values import has_value
from ..version import VERSION
from .opening import open_observed
from .sinks import write_sinks
from .wellinputs import WellInputs
from .wellmatching import matched, sampled, yields_of
from .wellparameters import NUMBERS, declare_methods, declare_wells
from .wellstyles import correlation_cells, correlation_points
from .welltables import (
    BIN_FIELDS,
    CELL_FIELDS,
    SCORE_FIELDS,
    WELL_FIELDS,
    bin_rows,
    cell_rows,
    score_rows,
    well_rows,
)

TYPE = QgsProcessing.SourceType
DECIMALS = {"cc": 2, "cc_before": 2, "cc_change": 2, "level_cm_yr": 2, "stack_cm_yr": 2,
            "specific_yield": 3}  # fmt: skip
CELL_DECIMALS = {"cc": 2, "r2": 2, "rmse_cm": 2, "specific_yield": 3, "wells_cm_yr": 2,
                 "stack_cm_yr": 2, "difference_cm_yr": 2}  # fmt: skip


class ValidateWells(GraceAlgorithm):
    """Wells by cell with specific yield, and well by well without."""

    ID = "validatewells"
    NAME = "Validate by wells"
    PAGE = "validation"
    SUMMARY = "Holds a storage stack against water levels of wells: anomalies, trends, correlation."
    HELP = (
        "Readings with any spacing become monthly means; nothing is interpolated. Levels become "
        "anomalies over the months in common with the stack. All wells of a cell are averaged and "
        "multiplied by a specific yield, then anomalies and Sen slopes are compared: in quantile "
        "bins of the predicted trend and unbinned, with the specific yield as it is and ±20 %.",
        "Well by well, levels are correlated with the stack's cell without a specific yield, for "
        "all wells and for those where a raster, such as the irrigated share, exceeds thresholds. "
        "With a second stack (before downscaling) the change of the correlation is given, and its "
        "regression on the correlation before.",
        "A well is a point and GRACE resolves about 300 km. Few wells in one cell say nothing on "
        "the cell's storage, and scores over few cells say nothing at all.",
    )
    CITATION = (
        "Zhang et al., sections 2.5 and 3.1, Table 2; Li et al., sections 3.3 and 4.3; "
        "Oldham (1962)."
    )
    TAGS = ("well", "groundwater level", "specific yield", "validation", "in situ", "observation",
            "piezometer")  # fmt: skip
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of a storage, for example GWSA or TWSA.")
        self.add_stack(
            "FLAGS", "Flags of the gap filling",
            "Flag stack of the gap filling: values that were filled are not compared.", True,
        )  # fmt: skip
        declare_wells(self)
        declare_methods(self)
        for name, label, kind, optional, text in (
            ("OUTPUT", "Wells compared", TYPE.TypeVectorPoint, False,
             "Points with readings, months in common, correlation (before, change), trends in cm "
             "per year, specific yield, class value."),
            ("OUTPUT_CELLS", "Cells compared", TYPE.TypeVectorPolygon, True,
             "Squares of the cells with wells: correlation, R², RMSE (cm), trends of wells and "
             "stack in cm per year."),
            ("OUTPUT_BINS", "Bins of the trend", TYPE.TypeVector, True,
             "Table: predicted and observed mean and standard error of each bin, cm per year."),
            ("OUTPUT_SCORES", "Well scores", TYPE.TypeVector, True,
             "Table: n, CC, p, CC², R² = 1 − SSE/SST, RMSE, bias and fitted line of anomalies and "
             "trends, by factor on the specific yield."),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterFeatureSink(name, self.tr(label), kind, optional=optional),
                text,
            )
        self.add_report(
            "Well report",
            "Scores, scatter of the trends, map of the correlations, series of the best cells.",
        )

    def check(self, parameters, context):
        """Layers, fields, units, grids and months, from the headers."""
        from ...core.validation.wells import check_well_inputs

        self.check_report(parameters)
        wells = WellInputs(self, parameters, context)
        wells.check()
        self._thresholds(parameters, context)
        source = self.parameterAsEnumString(parameters, "YIELD_FROM", context)
        name = {"raster": "YIELD_RASTER", "field": "YIELD_FIELD"}.get(source)
        if name and not has_value(parameters, name):
            raise ParameterError(f"{name} is expected with YIELD_FROM {source!r}", "none", name)
        with ExitStack() as files:
            stack, before, grid = self._open(files)
            check_well_inputs(stack, before, grid)
            self._bands(stack, parameters, context)

    def compute(self, parameters, context, progress):
        """Read the wells, compare, then write everything."""
        from ...core.validation.levels import monthly_levels
        from ...core.validation.well_report import well_report
        from ...core.validation.wells import WellSettings, validate_wells

        wells = WellInputs(self, parameters, context)
        wells.check()
        numbers = {n: self.parameterAsDouble(parameters, n, context) for n in NUMBERS}
        with ExitStack() as files:
            stack, before, grid = self._open(files)
            bands = self._bands(stack, parameters, context)
            field = self.parameterAsString(parameters, "YIELD_FIELD", context)
            source = self.parameterAsEnumString(parameters, "YIELD_FROM", context)
            extra = (field,) if source == "field" else ()
            places = wells.places(stack.grid.crs, progress, extra)
            readings = wells.readings(progress)
            monthly = monthly_levels(readings, stack.months[bands], numbers["OUTLIER"])
            notes = [*places.notes, *readings.notes]
            places, columns = matched(places, readings, stack, notes)
            progress.set(0.1)
            yields, text = yields_of(self, parameters, context, places, stack)
            classes = sampled(self, "CLASSES", places, stack, context)
            settings = WellSettings(
                int(numbers["MIN_MONTHS"]), numbers["MIN_YEARS"], int(numbers["BINS"]),
                numbers["SENSITIVITY"],
                self._thresholds(parameters, context) if classes is not None else (),
                text, "class" if classes is None else "class value",
            )  # fmt: skip
            result = validate_wells(
                stack, places.x, places.y, places.names, monthly.level[:, columns], bands,
                settings=settings, grid=grid, specific_yield=yields, before=before,
                classes=classes, progress=progress.part(0.1, 0.85),
            )  # fmt: skip
            crs = QgsCoordinateReferenceSystem.fromWkt(stack.grid.crs)
        result.readings, result.outliers = monthly.readings[columns], monthly.outliers[columns]
        if result.outliers.any():
            wild = [n for n, k in zip(result.names, result.outliers) if k]
            notes.append(
                f"Wild readings set aside: {int(result.outliers.sum())}, in: "
                f"{', '.join(wild[:20])}."
            )
        for text in (*result.warnings, *notes):
            progress.warn(text)
        self._log(result, progress)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        report = well_report(result, VERSION, notes, progress.part(0.85, 0.97)) if page else None
        progress.check()
        table, none = QgsWkbTypes.Type.NoGeometry, QgsCoordinateReferenceSystem()
        results = write_sinks(
            self, parameters, context,
            {
                "OUTPUT": (WELL_FIELDS, QgsWkbTypes.Type.Point, crs, well_rows(result)),
                "OUTPUT_CELLS": (CELL_FIELDS, QgsWkbTypes.Type.Polygon, crs, cell_rows(result)),
                "OUTPUT_BINS": (BIN_FIELDS, table, none, bin_rows(result.bins)),
                "OUTPUT_SCORES": (SCORE_FIELDS, table, none, score_rows(result.scores)),
            },
        )  # fmt: skip
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        self.style(context, results["OUTPUT"], correlation_points("cc", DECIMALS))
        self.style(context, results.get("OUTPUT_CELLS"), correlation_cells("cc", CELL_DECIMALS))
        return results

    def _log(self, result, progress):
        known = result.cc[np.isfinite(result.cc)]
        progress.info(
            f"{known.size} wells with a correlation, median {np.median(known):.2f}, "
            f"{100 * (known > 0).mean():.0f} % above zero."
        )
        for s in result.scores:
            if s.factor == 1.0 and s.n > 2:
                progress.info(
                    f"{s.name}: n {s.n}, CC {s.cc:.2f}, R² {s.r2:.2f}, RMSE {s.rmse:.2f}."
                )

    def _thresholds(self, parameters, context):
        text = self.parameterAsString(parameters, "THRESHOLDS", context)
        try:
            return tuple(float(t) for t in text.replace(";", ",").split(",") if t.strip())
        except ValueError as error:
            raise ParameterError(
                "numbers such as 40,50 are expected", text, "THRESHOLDS"
            ) from error

    def _bands(self, stack, parameters, context):
        from ...core.validation.periods import bands_between

        return bands_between(stack, *self.period(parameters, context))

    def _open(self, files):
        from ...core.data.reference import read_grid

        stack = open_observed(self, files)
        (before,) = self.open_stacks(files, "BEFORE")
        grid = None
        if self.has("REFERENCE"):
            grid = read_grid(self.sources["REFERENCE"], "REFERENCE")
        return stack, before, grid

    def _resolve(self, parameters, context):
        """The wells' files too, so that no output may replace them."""
        super()._resolve(parameters, context)
        for name in ("POINTS", "READINGS"):
            layer = self.parameterAsVectorLayer(parameters, name, context)
            if layer is not None and layer.isValid():
                self.sources[name] = layer.source()
