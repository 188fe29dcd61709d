"""Downscaled stacks beside each other and beside the baselines."""

from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingUtils,
)

from ...core.downscaling.baselines import BASELINES
from ...core.errors import ParameterError
from ..labels import title
from ..layers import check_source, read_polygons
from ..masks.common import MaskAlgorithm
from ..sinks import write_rows
from ..values import has_value
from ..version import VERSION

NUMBER = QgsProcessingParameterNumber.Type
TYPE = QgsProcessing.SourceType


class CompareDownscaling(MaskAlgorithm):
    """Scores of fine stacks against the coarse field and, where there is one, a truth."""

    ID = "comparedownscaling"
    NAME = "Compare downscaling"
    PAGE = "downscaling"
    SUMMARY = "Scores downscaled stacks beside replicated, bilinear and delta baselines."
    HELP = (
        "Every downscaling has to be worth more than what needs no model. This scores one or more "
        "fine stacks, and beside them baselines that it makes itself: the coarse field replicated, "
        "interpolated bilinearly, and 'delta', the coarse field plus the detail of a fine model.",
        "Against the coarse field: RMSE, correlation and bias of the area-weighted coarse means. "
        "Of the detail: the sub-grid standard deviation. Against a truth, where there is one: "
        "RMSE, correlation and bias of the fine values, and RMSE and correlation within coarse "
        "cells, which is the detail alone.",
        "Only cells and months that all stacks have are scored, so that none gains by leaving "
        "out what is hard. Agreement with the coarse field is no validation: a correction makes "
        "it so.",
    )
    CITATION = "docs/downscaling; Zhang et al., section 3.1 (cross-scale check)."
    TAGS = ("downscaling", "baseline", "delta", "bilinear", "comparison", "RMSE", "sub-grid")
    REQUIRES = ("rasterio", "scipy")
    VECTORS = ("BASINS",)

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterMultipleLayers("INPUTS", self.tr("Fine stacks"), TYPE.TypeRaster),
            "Downscaled monthly stacks on one grid, in cm, mm, m or kg m⁻².",
        )
        self.add_stack(
            "COARSE", "Coarse stack (GRACE)", "The field that was downscaled; same units family."
        )
        self.add_stack(
            "TRUTH", "Truth",
            "Fine stack to score against, on the grid of the fine stacks: a twin's truth, or an "
            "independent product. Empty: only scores against the coarse field.", True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterEnum(
                "BASELINES", self.tr("Baselines"), list(BASELINES), allowMultiple=True,
                defaultValue=list(BASELINES[:2]), optional=True, usesStaticStrings=True,
            ),
            "Made on the grid of the fine stacks. 'delta' needs FINE_MODEL and is added whenever "
            "one is given.",
        )  # fmt: skip
        self.add_stack(
            "FINE_MODEL", "Fine model for delta",
            "Monthly storage of a land model on cells finer than the coarse ones, cm, mm, m or "
            "kg m⁻². Other cells than those of the fine stacks are interpolated.", True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterBoolean("REBASE", self.tr("Re-base the fine model"), True),
            "Take the fine model as anomalies to its mean over the baseline of the coarse stack "
            "(2004 to 2009 where that states none).",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "BASINS", self.tr("Basins"), [TYPE.TypeVectorPolygon], optional=True
            ),
            "Polygons: scores of each as well, over fine cells at least half inside.",
        )
        self.add(
            QgsProcessingParameterField(
                "BASIN_FIELD", self.tr("Field with the basin's name"),
                parentLayerParameterName="BASINS", optional=True,
            ),
            "Names in table and report. Empty: basin_<id>.",
        )  # fmt: skip
        self.add_period(
            "Month written YYYY-MM; empty takes all months in common.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_SHARE", self.tr("Minimum share of a coarse cell"), NUMBER.Double, 0.5, False,
                0.0, 1.0,
            ),
            "Share (0 to 1) of a coarse cell's area that needs fine values to be scored.",
            advanced=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Downscaling scores"), TYPE.TypeVector
            ),
            "Table: a row for each region and stack, cm.",
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT_HTML",
                self.tr("Downscaling comparison report"),
                self.tr("HTML files (*.html)"),
                optional=True,
            ),
            "HTML page: scores, whether a stack beats the baselines, bars.",
        )

    def check(self, parameters, context):
        """Grids, units, baselines, months, from the headers."""
        from ...core.downscaling.baselines import check_baselines
        from ...core.downscaling.comparing import check_comparison

        self.check_report(parameters)
        if has_value(parameters, "BASINS"):
            source = self.parameterAsSource(parameters, "BASINS", context)
            check_source(source, "BASINS", self._field(parameters, context))
        with ExitStack() as files:
            stacks, coarse, truth, model = self._open(files)
            check_baselines(self._baselines(parameters, context), model)
            check_comparison(stacks, coarse, truth, self.period(parameters, context))

    def compute(self, parameters, context, progress):
        """Make the baselines, score everything region by region, write."""
        from ...core.downscaling.baselines import made_baselines
        from ...core.downscaling.compare_report import compare_report, verdicts
        from ...core.downscaling.comparing import check_comparison, compare_downscaling
        from ...core.downscaling.scores import Scores

        html = self.file_target(parameters, "OUTPUT_HTML", context)
        scratch = Path(QgsProcessingUtils.tempFolder()) / "delta.tif"
        with ExitStack() as files:
            stacks, coarse, truth, model = self._open(files)
            wanted = self._baselines(parameters, context)
            months = check_comparison(stacks, coarse, truth, self.period(parameters, context))
            grid = next(iter(stacks.values())).grid
            regions, notes = self._regions(parameters, context, grid, progress)
            baselines = files.enter_context(
                made_baselines(
                    wanted, coarse, grid, months, fine_model=model,
                    rebase=self.parameterAsBool(parameters, "REBASE", context), scratch=scratch,
                    progress=progress.part(0.0, 0.3),
                )
            )  # fmt: skip
            found = {}
            for number, (name, inside) in enumerate(regions.items()):
                low, high = (0.3 + 0.7 * n / len(regions) for n in (number, number + 1))
                found[name] = compare_downscaling(
                    {**stacks, **baselines}, coarse, truth=truth, months=months, inside=inside,
                    min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
                    progress=progress.part(low, high), where=name,
                )  # fmt: skip
            report = None
            if html:
                report = compare_report(found, tuple(baselines), coarse, truth, VERSION, notes)
        for text in notes:
            progress.warn(text)
        for line in verdicts(next(iter(found.values())), tuple(baselines)):
            progress.info(line)
        columns = [("region", "text"), ("stack", "text"), ("baseline", "integer")]
        columns += [(f.name, "integer" if f.type is int else "real") for f in fields(Scores)[1:]]
        rows = [
            [name or "all", s.name, int(s.name in baselines), *s.row()[1:]]
            for name, scores in found.items()
            for s in scores
        ]
        results = {"OUTPUT": write_rows(self, parameters, "OUTPUT", context, columns, rows)}
        if report is not None:
            report.write(html)
            results["OUTPUT_HTML"] = html
        return results

    def _open(self, files):
        """Fine stacks by name, coarse stack, truth and fine model (or None)."""
        from ...core.data.stack import MonthlyStack, short_name

        stacks = {}
        for number, source in enumerate(self.lists["INPUTS"], 1):
            name = title(source, self.titles.get(f"INPUTS {number}"))
            name = Path(name).stem if name == short_name(source) else name
            if name in stacks or name in BASELINES:
                name = f"{name} ({number})"
            stacks[name] = files.enter_context(MonthlyStack(source, name))
        if not stacks:
            raise ParameterError("at least one fine stack is expected", "none", "INPUTS")
        return (stacks, *self.open_stacks(files, "COARSE", "TRUTH", "FINE_MODEL"))

    def _baselines(self, parameters, context):
        # QGIS takes a list without entries for one that was not given.
        none = parameters.get("BASELINES") in ([], (), "")
        wanted = [] if none else self.parameterAsEnumStrings(parameters, "BASELINES", context)
        if self.has("FINE_MODEL") and "delta" not in wanted:
            wanted = [*wanted, "delta"]
        return wanted

    def _field(self, parameters, context):
        return self.parameterAsString(parameters, "BASIN_FIELD", context).strip()

    def _regions(self, parameters, context, grid, progress):
        """{name: cells inside or None for all} and remarks on the polygons."""
        from ...core.downscaling.places import AreaOfInterest

        regions = {"": None}
        if not has_value(parameters, "BASINS"):
            return regions, []
        source = self.parameterAsSource(parameters, "BASINS", context)
        field = self._field(parameters, context)
        found = read_polygons(source, grid.crs, field, context, progress)
        for name, rings in zip(found.names, found.rings):
            regions[name] = AreaOfInterest([rings], grid)
        return regions, found.remarks()
