"""Take a natural background off groundwater storage and test what is left."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterRasterDestination,
)

from ...core.data.atomic import atomic_paths
from ..sinks import write_rows
from ..styling import diverging
from ..version import VERSION
from .common import RecordAlgorithm
from .trendmap import DESEASONALISE, TESTS

FIELDS = (
    ("class", "integer"), ("name", "text"), ("area_total_km2", "real"), ("share_total", "real"),
    ("share_background", "real"), ("share_residual", "real"), ("stays", "real"),
)  # fmt: skip
OPTIONAL = {
    "OUTPUT_TOTAL": ("Trend of the total", "Trend map of the groundwater storage itself, cm."),
    "OUTPUT_NATURAL": (
        "Trend of the background",
        "Trend map of the background over the same months and cells, cm.",
    ),
    "OUTPUT_STACK": ("Residual stack", "Monthly stack of the residual, cm."),
}


class Attribution(RecordAlgorithm):
    """Residual trend of groundwater storage beyond a naturalised model run."""

    ID = "attribution"
    NAME = "Attribution"
    PAGE = "attribution"
    SUMMARY = "Trend of groundwater storage that a natural background run does not explain."
    HELP = (
        "Residual = groundwater storage anomaly − background, month by month; both re-based to "
        "the months of one baseline that both have. Then Sen slope and Mann–Kendall test of "
        "residual, total and background alike, after removing the season. The maps have the "
        "bands of 'Trend map', so that 'Trend classes', 'Hotspots' and 'Stippling' take them.",
        "BACKGROUND is the GROUNDWATER storage of a naturalised model run (climate only, without "
        "pumping and irrigation), never its total water storage: a stack that calls itself total "
        "water storage is refused. It is interpolated bilinearly to finer cells, averaged by "
        "area to coarser ones.",
        "The residual holds the model's own error besides what people did. It is a hint, no "
        "proof: repeat it with a second model.",
    )
    CITATION = "Zhang et al., section 3.5; docs/attribution."
    TAGS = ("anthropogenic", "pumping", "naturalised", "GHM", "residual", "irrigation", "trend")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "GWSA stack", "Groundwater storage anomaly, best gap-filled.")
        self.add_stack(
            "BACKGROUND",
            "Background groundwater stack",
            "Monthly stack of the groundwater storage of a naturalised run, in cm, mm, m or "
            "kg m⁻², same coordinate system; absolute values or anomalies.",
        )
        self.add_flags("filled months help to find the season, then are set aside.")
        self.add_choice(
            "DESEASONALISE",
            "Remove the season by",
            DESEASONALISE,
            "As in 'Trend map': 'stl' needs stacks without gaps, 'harmonic' works with gaps, "
            "'none' leaves the season in.",
        )
        self.add_choice(
            "TEST",
            "Significance test",
            TESTS,
            "As in 'Trend map': 'original' takes months as independent and calls too much "
            "significant; 'hamed-rao' and 'yue-wang' correct for the memory of the series.",
        )
        self.add_baseline("Month written YYYY-MM.")
        self.add_period("Empty takes all months that both stacks cover. At least 24 months.")
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Residual trend")),
            "Trend map of the residual, Float64; band 1 is the slope in cm per year.",
        )
        for name, (label, text) in OPTIONAL.items():
            made = name != "OUTPUT_STACK"
            self.add(
                QgsProcessingParameterRasterDestination(
                    name, self.tr(label), optional=True, createByDefault=made
                ),
                text,
            )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_TABLE",
                self.tr("Shares of the classes"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
            ),
            "Table by trend class: area by the total in km², shares of the area of total, "
            "background and residual in %, share of the total's class that the residual stays in.",
        )
        self.add_report("Attribution report", "Map, bars and table of the shares, volumes.")
        for name, label in (
            ("TOTAL", "Total"),
            ("BACKGROUND", "Background"),
            ("RESIDUAL", "Residual"),
        ):
            number = QgsProcessingOutputNumber(f"VOLUME_{name}", self.tr(f"{label} (km³/yr)"))
            self.addOutput(number)

    def check(self, parameters, context):
        """Units, grids, months, baseline, from the headers."""
        from ...core.trends.attribution import check_attribution

        self.check_report(parameters)
        with ExitStack() as files:
            stack, background, flags = self.open_stacks(files, "INPUT", "BACKGROUND", "FLAGS")
            period, baseline = self.period(parameters, context), self.baseline(parameters, context)
            check_attribution(stack, background, flags, *period, baseline)

    def compute(self, parameters, context, progress):
        """Attribute, log, report, style."""
        from ...core.trends.attribution import attribute
        from ...core.trends.attribution_report import attribution_report, attribution_rows
        from ...core.trends.thinning import common_limit

        names = ("OUTPUT", *OPTIONAL)
        targets = [self.raster_target(parameters, name, context) for name in names]
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        start, end = self.period(parameters, context)
        with ExitStack() as files:
            paths = files.enter_context(atomic_paths(targets))
            stack, background, flags = self.open_stacks(files, "INPUT", "BACKGROUND", "FLAGS")
            summary = attribute(
                stack, background, paths[:3], residual_output=paths[3], flags=flags,
                deseasonalise=self.parameterAsEnumString(parameters, "DESEASONALISE", context),
                test=self.parameterAsEnumString(parameters, "TEST", context),
                start=start, end=end, baseline=self.baseline(parameters, context),
                progress=progress.part(0, 0.9),
            )  # fmt: skip
            self._log(summary, progress)
            limit = common_limit([path for path in paths[:3] if path], "slope_per_year")
            report = attribution_report(summary, paths[0], VERSION) if page else None
            progress.check()
            rows = list(attribution_rows(summary))
            table = write_rows(self, parameters, "OUTPUT_TABLE", context, FIELDS, rows)
            if page:
                report.write(page)
        # One scale for all three: they are there to be compared.
        for path in targets[:3]:
            self.style(context, path, diverging(1, "cm/yr", limit))
        self.style(context, targets[3], diverging(summary.months, "cm"))
        results = dict(zip(names, targets), OUTPUT_TABLE=table, OUTPUT_HTML=page)
        volumes = dict(
            zip(("VOLUME_RESIDUAL", "VOLUME_TOTAL", "VOLUME_BACKGROUND"), summary.volume)
        )
        return {**self.given(results), **{n: float(v) for n, v in volumes.items()}}

    def _log(self, summary, progress):
        residual, total, background = summary.volume
        progress.info(
            f"{summary.cells} cells, {summary.months} months {summary.first} to {summary.last}; "
            f"background {summary.alignment}."
        )
        progress.info(
            f"Slope × area: total {total:+.2f}, background {background:+.2f}, residual "
            f"{residual:+.2f} km³/yr."
        )
        for which in (0, 6):
            progress.info(
                f"{('Decrease', 'Increase')[which > 0]} with p < 0.01: total "
                f"{summary.shares[1, which]:.2f} %, residual {summary.shares[0, which]:.2f} % of "
                f"the area; {summary.stays[which]:.1f} % of the former stays."
            )
        if summary.fewest_baseline_months < summary.expected_baseline_months:
            progress.warn(
                f"The common baseline has {summary.fewest_baseline_months} months in some cells, "
                f"of {summary.expected_baseline_months} in the period."
            )
