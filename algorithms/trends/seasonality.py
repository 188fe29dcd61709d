"""How much of the variability is the season."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ...core.data.atomic import atomic_path
from ..sinks import write_rows
from ..styling import steps
from ..version import VERSION
from .common import RecordAlgorithm

NUMBER = QgsProcessingParameterNumber.Type
FIELDS = (
    ("above", "real"), ("area_km2", "real"), ("share", "real"), ("share_published", "real"),
)  # fmt: skip
#: Upper end in %, colour, label: red is seasonal, as in the paper's figure.
STEPS = (
    (33.0, "#2166ac", "below 33 %: years, trend"),
    (50.0, "#92c5de", "33–50 %"),
    (66.0, "#fddbc7", "50–66 %"),
    (77.0, "#f4a582", "66–77 % (white noise: 77 %)"),
    (100.0, "#b2182b", "above 77 %: more than white noise"),
)


class Seasonality(RecordAlgorithm):
    """Seasonal share of the variability, Eq. 20."""

    ID = "seasonality"
    NAME = "Seasonality"
    PAGE = "trend-maps"
    SUMMARY = "Share of the season in the variability of every pixel of a stack, in percent."
    HELP = (
        "C = σ̄ / (σ̄ + δ) in percent: σ̄ is the mean over years of the standard deviation within "
        "the year, δ the standard deviation of the annual means, both with n − 1, over calendar "
        "years in which all twelve months have a value.",
        "WHITE NOISE SCORES 77 %: a series without any season has σ̄ = σ and δ = σ/√12. The rule "
        "of the papers that more than 50 % means seasonal dominance is therefore unsafe. Read 77 "
        "% as the mark, as the legend does; a value below it means variations slower than a year.",
        "Report, table and log give the shares of the area above 50 % and above 66 % beside the "
        "published 52.30 and 26.09 % (groundwater at 1 km, 2002–2020). GRACE misses months in "
        "most years: use a gap-filled stack without flags, or few years remain.",
        "Bands: seasonality in %, within_year_sd and annual_mean_sd in the stack's unit, years.",
    )
    CITATION = "Zhang et al., section 2.6, Eq. 20; the mark of noise: docs/trend-maps."
    TAGS = ("seasonal contribution", "interannual", "variability", "annual cycle", "Eq. 20")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack, best gap-filled, of any units.")
        self.add_flags("filled months are set aside, so that only years observed in full count.")
        self.add(
            QgsProcessingParameterNumber(
                "MIN_YEARS", self.tr("Fewest complete years"), NUMBER.Integer, 5, False, 2, 200
            ),
            "Cells with fewer complete calendar years get no value.",
            advanced=True,
        )
        self.add_period("Only whole calendar years in between count; empty takes the record.")
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Seasonality")),
            "Raster; band seasonality in percent (noise without a season: 77 %), the two standard "
            "deviations, the complete years.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_TABLE",
                self.tr("Shares of the area"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
                createByDefault=False,
            ),
            "Table: threshold in %, area above it in km², its share of the area with values in %, "
            "the published share.",
        )
        self.add_report("Seasonality report", "Map, and shares beside the published ones.")
        self.addOutput(QgsProcessingOutputNumber("ABOVE_50", self.tr("Area above 50 % (%)")))
        self.addOutput(QgsProcessingOutputNumber("ABOVE_66", self.tr("Area above 66 % (%)")))

    def compute(self, parameters, context, progress):
        """Map, log, report, style."""
        from ...core.trends.season_report import season_report, share_rows
        from ...core.trends.seasonality import map_seasonality

        output = self.raster_target(parameters, "OUTPUT", context)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        start, end = self.period(parameters, context)
        with ExitStack() as files:
            partial = files.enter_context(atomic_path(output))
            stack, flags = self.open_stacks(files, "INPUT", "FLAGS")
            summary = map_seasonality(
                stack, partial, flags=flags, start=start, end=end, name=output,
                min_years=self.parameterAsInt(parameters, "MIN_YEARS", context),
                progress=progress.part(0, 0.85),
            )  # fmt: skip
            rows = share_rows(summary)
            for level, _, share, published in rows:
                progress.info(
                    f"Above {level:g} %: {share:.2f} % of the area (published {published:.2f})."
                )
            progress.info(
                f"{summary.cells} cells, whole years {summary.first} to {summary.last}, "
                f"{summary.fewest} to {summary.most} complete; "
                f"mean over the area {summary.mean:.1f} %. Noise without any season scores 77 %."
            )
            report = season_report(summary, stack.info, partial, VERSION) if page else None
            progress.check()
            table = write_rows(self, parameters, "OUTPUT_TABLE", context, FIELDS, rows)
            if page:
                report.write(page)
        self.style(context, output, steps(1, STEPS))
        results = self.given({"OUTPUT": output, "OUTPUT_TABLE": table, "OUTPUT_HTML": page})
        return {**results, "ABOVE_50": rows[0][2], "ABOVE_66": rows[1][2]}
