"""One stack judged by another."""

from contextlib import ExitStack

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsWkbTypes,
)

from ...core.validation.stacks import BANDS
from ..base import GraceAlgorithm
from ..layers import check_source, flat_polygons, read_polygons
from ..styling import ranged
from ..values import has_value
from ..version import VERSION
from .opening import open_observed
from .sinks import real, write_sinks
from .wellstyles import CORRELATION_COLOURS, correlation_cells

NUMBER = QgsProcessingParameterNumber.Type
TYPE = QgsProcessing.SourceType
BASIN_FIELDS = (
    ("basin", "text"), ("area_km2", "real"), ("months", "integer"), ("cc", "real"),
    ("cc_squared", "real"), ("nse", "real"), ("rmse", "real"), ("bias", "real"), ("kge", "real"),
    ("covered_share", "real"),
)  # fmt: skip
SCORE_FIELDS = (
    ("what", "text"), ("n", "integer"), ("cc", "real"), ("cc_squared", "real"), ("nse", "real"),
    ("rmse", "real"), ("bias", "real"), ("kge", "real"),
)  # fmt: skip
DECIMALS = {"area_km2": 0, "cc": 3, "cc_squared": 3, "nse": 3, "rmse": 3, "bias": 3, "kge": 3,
            "covered_share": 2}  # fmt: skip


class CompareStacks(GraceAlgorithm):
    """Metrics of two stacks by cell, pooled and by basin."""

    ID = "comparestacks"
    NAME = "Compare stacks"
    PAGE = "validation"
    SUMMARY = "Correlation, R², RMSE, bias, NSE and KGE between two stacks: map, pooled, by basin."
    HELP = (
        "The months that both stacks have are compared cell by cell. Units are converted, "
        "baselines compared. Where one grid is finer, its area-weighted means on the coarser grid "
        "are compared, so that a downscaled stack can be held against the field it came from: "
        "the report then says how closely the coarse field is kept, and how much varies within "
        "the coarse cells.",
        "Pooled scores weigh by area: of all months and cells, and of the cells' means over the "
        "months. With basins, both stacks are averaged over each basin first.",
        "KGE holds the ratio of the means and says nothing about anomalies, whose mean is near "
        "zero. Agreement with a field that was used to make the stack is no validation.",
    )
    CITATION = (
        "Zhang et al., Eqs. 16–18; Li et al., section 3.3; Nash & Sutcliffe (1970); Gupta et al. "
        "(2009)."
    )
    TAGS = ("validation", "metrics", "correlation", "RMSE", "NSE", "KGE", "R2", "bias",
            "downscaling", "difference")  # fmt: skip
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack to be judged; it states its units.")
        self.add_stack(
            "INPUT_B", "Reference stack",
            "Monthly stack to judge by, in units that can be converted; any finer or coarser grid.",
        )  # fmt: skip
        self.add_stack(
            "FLAGS", "Flags of the gap filling",
            "Flag stack of the gap filling: values that were filled are not compared.", True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterBoolean("REBASE", self.tr("Take means off"), False),
            "Take each cell's mean over the common months off both, for anomalies to different "
            "baselines.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "BASINS", self.tr("Basins"), [TYPE.TypeVectorPolygon], optional=True
            ),
            "Polygon layer in any coordinate system, for metrics of basin means.",
        )
        self.add(
            QgsProcessingParameterField(
                "BASIN_FIELD", self.tr("Field with the basin's name"),
                parentLayerParameterName="BASINS", optional=True,
            ),
            "Names in the table. Empty: basin_<id>.",
        )  # fmt: skip
        self.add_period(
            "Month written YYYY-MM; empty takes all months in common.",
        )
        for name, label, text in (
            ("MIN_SHARE", "Minimum share of a coarse cell",
             "Share of a coarse cell's area (0 to 1) that must have values in the finer stack."),
            ("MIN_COVERED_SHARE", "Minimum covered share of a basin",
             "Share of a basin's area (0 to 1) that must have values in both."),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterNumber(
                    name, self.tr(label), NUMBER.Double, 0.5, minValue=0.0, maxValue=1.0
                ),
                text,
                True,
            )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Agreement")),
            f"Float raster with the bands {', '.join(BANDS)}; rmse, bias and subgrid_sd in the "
            "units of the stack.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_SUMMARY", self.tr("Agreement by basin"), TYPE.TypeVectorPolygon,
                optional=True,
            ),
            "Polygons with the metrics of the basin means; needs BASINS.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_SCORES", self.tr("Stack scores"), TYPE.TypeVector, optional=True
            ),
            "Table of the pooled metrics, weighted by area.",
        )
        self.add_report(
            "Comparison report", "Scores, quantiles over the cells, maps and a scatter."
        )

    def check(self, parameters, context):
        """Units, baselines, months, grids and the layer's CRS, from the headers."""
        self.check_report(parameters)
        source = self._source(parameters, context)
        if source is not None:
            field = self.parameterAsString(parameters, "BASIN_FIELD", context)
            check_source(source, "BASINS", field)
        with ExitStack() as files:
            self._pair(files, parameters, context)

    def compute(self, parameters, context, progress):
        """Compare by cell, then by basin, then write everything."""
        from ...core.basins.zonal import coverage_of
        from ...core.data.atomic import atomic_path
        from ...core.validation.stack_report import comparison_report
        from ...core.validation.stacks import compare_basins, compare_stacks

        output = self.raster_target(parameters, "OUTPUT", context)
        source, polygons, notes = self._source(parameters, context), None, []
        # The raster appears at the end: a run that fails or is cancelled leaves nothing.
        with ExitStack() as files:
            pair = self._pair(files, parameters, context)
            if source is not None:
                field = self.parameterAsString(parameters, "BASIN_FIELD", context)
                polygons = read_polygons(source, pair.grid.crs, field, context, progress)
                notes = polygons.remarks()
                matrix = coverage_of(pair.simulated, polygons.rings, polygons.names)
            partial = files.enter_context(atomic_path(output))
            result = compare_stacks(pair, partial, progress.part(0.0, 0.7))
            if polygons is not None:
                share = self.parameterAsDouble(parameters, "MIN_COVERED_SHARE", context)
                part = progress.part(0.7, 0.85)
                compare_basins(pair, result, matrix, polygons.names, share, part)
            for text in (*pair.warnings, *notes):
                progress.warn(text)
            self._log(result, progress)
            page = self.file_target(parameters, "OUTPUT_HTML", context)
            report = None
            if page:
                report = comparison_report(result, VERSION, notes, progress.part(0.85, 0.97))
            progress.check()
            table, none = QgsWkbTypes.Type.NoGeometry, QgsCoordinateReferenceSystem()
            wanted = {"OUTPUT_SCORES": (SCORE_FIELDS, table, none, _score_rows(result))}
            if polygons is not None:
                rows = _basin_rows(result, polygons)
                kind = QgsWkbTypes.Type.MultiPolygon
                wanted["OUTPUT_SUMMARY"] = (BASIN_FIELDS, kind, source.sourceCrs(), rows)
            results = {"OUTPUT": output, **write_sinks(self, parameters, context, wanted)}
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        self.style(context, output, ranged(1, -1.0, 1.0, CORRELATION_COLOURS, "CC"))
        self.style(context, results.get("OUTPUT_SUMMARY"), correlation_cells("cc", DECIMALS))
        return results

    def _log(self, result, progress):
        pair = result.pair
        if pair.aggregated:
            progress.info(f"Compared on the coarser grid: {pair.grid.describe()}.")
        for name, m in _pooled(result):
            progress.info(
                f"{name}: n {m.n}, CC {m.cc:.3f}, R² {m.nse:.3f}, RMSE {m.rmse:.3f} {pair.units}, "
                f"bias {m.bias:.3f}."
            )

    def _pair(self, files, parameters, context):
        from ...core.validation.pairing import pair_stacks

        first = open_observed(self, files)
        second = files.enter_context(self.open_stack("INPUT_B"))
        start, end = self.period(parameters, context)
        return pair_stacks(
            first, second, start=start, end=end,
            rebase=self.parameterAsBool(parameters, "REBASE", context),
            min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
        )  # fmt: skip

    def _source(self, parameters, context):
        if not has_value(parameters, "BASINS"):
            return None
        return self.parameterAsSource(parameters, "BASINS", context)

    def _resolve(self, parameters, context):
        """The polygons' file too, so that no output may replace it."""
        super()._resolve(parameters, context)
        layer = self.parameterAsVectorLayer(parameters, "BASINS", context)
        if layer is not None and layer.isValid():
            self.sources["BASINS"] = layer.source()


def _pooled(result):
    pooled = {"all months and cells": result.months, "means": result.means}
    return [(name, m) for name, m in pooled.items() if m is not None]


def _values(m):
    return [real(v) for v in (m.cc, m.cc2, m.nse, m.rmse, m.bias, m.kge)]


def _score_rows(result):
    for name, m in _pooled(result):
        yield [name, m.n, *_values(m)]


def _basin_rows(result, polygons):
    b = result.basins
    for i, name in enumerate(result.names):
        one = type(b)(*(v[i] for v in b))
        row = [
            name, float(result.basin_area[i]), int(b.n[i]), *_values(one),
            real(result.basin_share[i]),
        ]  # fmt: skip
        yield row, flat_polygons(polygons.geometries[i])
