"""Droughts of water storage, basin by basin."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
)

from ...core.basins.deficit import MAX_GAP, MIN_MONTHS
from ...core.errors import ParameterError
from ..declaring import BASELINE
from ..featurestyles import graduated
from ..version import VERSION
from .common import BasinAlgorithm
from .deficittables import (
    DECIMALS,
    EVENT_FIELDS,
    MONTHLY_FIELDS,
    SUMMARY_FIELDS,
    event_rows,
    monthly_rows,
    summary_rows,
)

NUMBER = QgsProcessingParameterNumber.Type


class StorageDeficit(BasinAlgorithm):
    """Months below a basin's own climatology, and the events they form."""

    ID = "storagedeficit"
    NAME = "Storage deficit"
    PAGE = "water-balance"
    SUMMARY = "Storage deficits of basins against their own climatology: events with their size."
    HELP = (
        "The departure of a month is the basin mean less the climatology, the mean of its "
        "calendar month over the observed months. A deficit event is a run of at least three "
        "months with a negative departure. Its magnitude is the largest deficit, its severity the "
        "mean deficit × duration, as a depth and as a volume, its recovery the months from the "
        "worst one to the first without deficit.",
        "One or two missing months in a row do not end an event; longer gaps do, and say so. "
        "Filled months (flags) count in events and not in the climatology.",
        "Where storage is lost steadily, the later years are one long deficit: that is meant. "
        "'Remove the trend' asks for droughts beside a trend.",
    )
    CITATION = (
        "Thomas, A. C., Reager, J. T., Famiglietti, J. S., Rodell, M. (2014), Geophysical Research "
        "Letters 41, 1537–1545. docs/water-balance."
    )
    TAGS = ("drought", "deficit", "severity", "recovery", "climatology", "event")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of a storage, for example TWSA or GWSA.")
        self.add_basins()
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling: filled months count in events, not in the climatology.",
            optional=True,
        )
        self.add_baseline(
            "Month written YYYY-MM. Empty: the whole record.",
            labels=("First month of the climatology", "Last month of the climatology"),
            default=None,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("DETREND", self.tr("Remove the trend"), False),
            "Remove the line fitted together with annual and semiannual harmonics to the observed "
            "months first.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD", self.tr("Threshold (cm)"), NUMBER.Double, 0.0, minValue=0.0
            ),
            "A month is in deficit where it lies more than this below the climatology, cm.",
            advanced=True,
        )
        for name, label, default, least, text in (
            ("MIN_MONTHS", "Shortest event (months)", MIN_MONTHS, 1,
             "Months with a value in deficit that make an event."),
            ("MAX_GAP", "Longest bridged gap (months)", MAX_GAP, 0,
             "Missing months in a row that an event may span."),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterNumber(
                    name, self.tr(label), NUMBER.Integer, default, minValue=least
                ),
                text,
                advanced=True,
            )
        self.add_min_share()
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Deficit events"), QgsProcessing.SourceType.TypeVector
            ),
            "One row an event: basin, event, onset, end, duration (months), worst month, "
            "magnitude_cm, mean_deficit_cm, severity (cm × months and km³ × months), recovery "
            "(months), recovery_cm_month, whether a gap cuts its onset, and how it ended.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_MONTHLY",
                self.tr("Monthly departures"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
            ),
            "Long table: basin, date (YYYY-MM), value (cm), departure_cm, departure_km3, number of "
            "the event, filled.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_SUMMARY",
                self.tr("Deficits by basin"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            ),
            "Polygons with number of events, share of months in deficit, longest (months), worst "
            "severity (cm × months) with its dates, and the last month's departure (cm).",
        )
        self.add_report(
            "Deficit report",
            "Definitions, table of events and a plot of each basin (the 40 largest).",
        )

    def check(self, parameters, context):
        """Layers, units, grids, months."""
        from ...core.basins.analysis import check_inputs

        self.check_basins(parameters, context)
        self._reference(parameters, context)
        with ExitStack() as stacks:
            stack, flags = self.open_stacks(stacks, "INPUT", "FLAGS")
            check_inputs(stack, None, flags)

    def compute(self, parameters, context, progress):
        """Basin means, departures, events; then everything is written."""
        from ...core.basins.deficit_report import deficit_report
        from ...core.basins.drought import find_deficits
        from ...core.basins.observed import basin_means

        share = self.parameterAsDouble(parameters, "MIN_COVERED_SHARE", context)
        with ExitStack() as stacks:
            stack, flags = self.open_stacks(stacks, "INPUT", "FLAGS")
            polygons = self.polygons(parameters, context, stack.grid.crs, progress)
            part = progress.part(0.05, 0.8)
            means = basin_means(stack, polygons.rings, polygons.names, flags, share, part)
        result = find_deficits(
            means,
            reference=self._reference(parameters, context),
            threshold=self.parameterAsDouble(parameters, "THRESHOLD", context),
            min_months=self.parameterAsInt(parameters, "MIN_MONTHS", context),
            max_gap=self.parameterAsInt(parameters, "MAX_GAP", context),
            detrend=self.parameterAsBool(parameters, "DETREND", context),
        )
        progress.info(
            f"{sum(map(len, result.events))} deficits in {len(means.names)} basins, against the "
            f"mean of each calendar month over {result.reference[0]} to {result.reference[1]}."
        )
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        part = progress.part(0.85, 0.98)
        report = deficit_report(result, VERSION, polygons.remarks(), part) if page else None
        progress.check()
        tables = {
            "OUTPUT": (EVENT_FIELDS, event_rows(result)),
            "OUTPUT_MONTHLY": (MONTHLY_FIELDS, monthly_rows(result)),
            "OUTPUT_SUMMARY": (SUMMARY_FIELDS, summary_rows(result), polygons.geometries),
        }
        style = graduated("last_departure_cm", "cm", DECIMALS, share=0.9)
        return self.write_results(parameters, context, tables, page, report, style, means.names)

    def _reference(self, parameters, context):
        """First and last month of the climatology, or None for the whole record."""
        first, last = self.baseline(parameters, context)
        if bool(first) != bool(last):
            raise ParameterError(
                "both months of the climatology or neither are expected",
                "one",
                BASELINE[bool(first)],
            )
        return (first, last) if first else None
