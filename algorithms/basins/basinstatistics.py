"""Means, volumes and trends of basins."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
)

from ..featurestyles import graduated
from ..version import VERSION
from .common import BasinAlgorithm
from .tables import SERIES_FIELDS, SUMMARY_FIELDS, series_rows, summary_rows
from .uncertainty import COMPONENTS, declare_uncertainty, uncertainty_options

#: How the attribute table rounds the summary.
DECIMALS = {name: 3 for name, kind in SUMMARY_FIELDS if kind == "real"}
DECIMALS.update(area_km2=0, n_eff=0, p=4, r1=2, covered_share=2)


class BasinStatistics(BasinAlgorithm):
    """Zonal statistics of a monthly stack over polygons."""

    ID = "basinstatistics"
    NAME = "Basin statistics"
    PAGE = "basins"
    SUMMARY = "Area-weighted means, volumes and trends of every basin for every month of a stack."
    HELP = (
        "Means are weighted by the exact covered fraction of each cell and its area on the sphere, "
        "for all months in one pass. A month is missing where less than a minimum share of the "
        "basin has values. Volumes are mean × area of the whole basin.",
        "The summary gives the Sen slope after removing annual and semiannual harmonics, with 95 % "
        "Theil limits on the effective sample size, the plain Mann–Kendall p, lag-1 "
        "autocorrelation r1, the seasonal amplitude and the wettest and driest month. With flags, "
        "filled months do not enter the trend.",
        "Uncertainty is an assumption about how errors of neighbours are alike, and it is written "
        "into log, report and summary. Mascon products: σ² = Σm (Σ wi σi)², one error a mascon. "
        "Other grids: σ² = ΣΣ wi wj σi σj exp(−d²/2L²), L = 300 km. The error of a filled month "
        "is one for the whole basin and the whole gap. The upper bound is Σ wi σi.",
        "Invalid, multipart, holed and curved geometries, other coordinate systems and polygons "
        "across the date line work; what was repaired is counted in the log. GRACE resolves about "
        "300 km: basins under 100 000 km² are marked.",
    )
    CITATION = "docs/basins; spatial correlation of errors with L = 300 km is an assumption."
    TAGS = ("zonal statistics", "catchment", "watershed", "basin mean", "volume", "km3", "GWSA")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of a storage, for example TWSA or GWSA.")
        self.add_basins()
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling: filled months are marked in tables and plots and do "
            "not enter the trend.",
            optional=True,
        )
        declare_uncertainty(self)
        self.add_min_share()
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Series by basin"), QgsProcessing.SourceType.TypeVector
            ),
            "Long table: basin, date (YYYY-MM), variable, value (cm), volume_km3, cells, "
            "covered_share, uncertainty (one sigma, cm), uncertainty_upper (cm, all cells' errors "
            "one), volume_uncertainty_km3, filled (1 where at least half was gap-filled).",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_SUMMARY",
                self.tr("Summary by basin"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            ),
            "Polygons with area, trend (cm/yr) and its limits, p, r1, volume trend (km³/yr), "
            "amplitude, wettest and driest month, whether the basin is small, mean over the record "
            "(cm) with its one-sigma uncertainty, and the assumption about errors.",
        )
        self.add_report(
            "Basin report", "Assumptions, table and a plot of each basin (the 40 largest)."
        )

    def check(self, parameters, context):
        """Units, grids, months and the layer's CRS, from the headers."""
        from ...core.basins.analysis import check_inputs

        self.check_basins(parameters, context)
        with ExitStack() as stacks:
            stack, sigma, flags, components = self._open(stacks)
            check_inputs(stack, sigma, flags, components)
            uncertainty_options(self, parameters, context, stack.grid)

    def compute(self, parameters, context, progress):
        """Read the polygons, analyse, then write everything."""
        from ...core.basins.analysis import analyse_basins
        from ...core.basins.basin_report import basin_report

        with ExitStack() as stacks:
            stack, sigma, flags, components = self._open(stacks)
            polygons = self.polygons(parameters, context, stack.grid.crs, progress)
            result = analyse_basins(
                stack,
                polygons.rings,
                polygons.names,
                sigma=sigma,
                flags=flags,
                components=components,
                min_covered_share=self.parameterAsDouble(parameters, "MIN_COVERED_SHARE", context),
                progress=progress.part(0.05, 0.85),
                **uncertainty_options(self, parameters, context, stack.grid),
            )
        for text in result.warnings:
            progress.warn(text)
        progress.info(f"Trend: {result.trend_text}.")
        progress.info(f"Uncertainty: {result.uncertainty_text}.")
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        report = None
        if page:
            notes = polygons.remarks()
            report = basin_report(result, VERSION, notes, progress.part(0.85, 0.95))
        progress.check()
        tables = {
            "OUTPUT": (SERIES_FIELDS, series_rows(result)),
            "OUTPUT_SUMMARY": (SUMMARY_FIELDS, summary_rows(result), polygons.geometries),
        }
        style = graduated("slope_cm_yr", "cm/yr", DECIMALS)
        return self.write_results(parameters, context, tables, page, report, style, result.names)

    def _open(self, stacks):
        components = self.open_stacks(stacks, *(f"UNCERTAINTY_{name}" for name in COMPONENTS))
        return (
            *self.open_stacks(stacks, "INPUT", "UNCERTAINTY", "FLAGS"),
            [one for one in components if one is not None],
        )
