"""Closure of the water balance of basins."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
)

from ..featurestyles import graduated
from ..version import VERSION
from .closuretables import DECIMALS, MONTHLY_FIELDS, SUMMARY_FIELDS, monthly_rows, summary_rows
from .common import BasinAlgorithm
from .countedbasins import SHARES, basin_shares, declare_filter, filter_limits
from .fluxinputs import FLUXES, check_sources, declare_fluxes, read_flux


class WaterBalance(BasinAlgorithm):
    """Storage change against precipitation less evapotranspiration less runoff."""

    ID = "waterbalance"
    NAME = "Water balance"
    PAGE = "water-balance"
    SUMMARY = "Storage change of basins against precipitation − evapotranspiration − runoff."
    HELP = (
        "Storage change is the central difference of basin means of the stack, "
        "(TWSA(t+1) − TWSA(t−1))/2, and only where both months were observed. Fluxes are smoothed "
        "with ¼, ½, ¼ over t−1, t, t+1, which is what the central difference sees of them, and "
        "turned from mm to cm a month. Each basin gets the correlation (CC), RMSE and mean "
        "difference of the two sides.",
        "Each flux comes as a stack or as a CSV table, wide (a row for each basin, columns ending "
        "in YYYY-MM) or long (columns basin, date, value).",
        "Medians are over the basins that pass the limits of the 'published' filter: at least "
        "10 000 km², at least 200 mm precipitation a year, at most 5 % irrigated, at most 5 % "
        "glacier; the last two where their rasters are given. Others are computed and marked.",
        "With fluxes of the model that a downscaling learned from, this shows consistency, not "
        "truth.",
    )
    CITATION = "Li, Sun et al., section 3.3, Eqs 9–13; Landerer et al. (2010). docs/water-balance."
    TAGS = ("closure", "TWSC", "storage change", "precipitation", "evapotranspiration", "runoff")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "TWSA stack", "Monthly stack of storage in cm, mm or m.")
        self.add_basins()
        self.add_stack(
            "FLAGS",
            "Flags of the gap filling",
            "Flag stack of the gap filling: filled months give no storage change.",
            optional=True,
        )
        declare_fluxes(self)
        declare_filter(self)
        self.add_min_share()
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Monthly balance"), QgsProcessing.SourceType.TypeVector
            ),
            "Long table: basin, date (YYYY-MM), twsc_cm, flux_cm, residual_cm, and the smoothed "
            "precipitation_cm, evapotranspiration_cm, runoff_cm, all cm a month.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_SUMMARY",
                self.tr("Balance by basin"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            ),
            "Polygons with area, months, cc, rmse_cm, bias_cm, precipitation (mm/yr), shares, and "
            "whether the basin counts.",
        )
        self.add_report(
            "Balance report",
            "Medians, table, and plots of both sides and of the residual (the 20 largest basins).",
        )
        for name, label in (
            ("MEDIAN_CC", "Median correlation"),
            ("MEDIAN_RMSE", "Median RMSE (cm)"),
            ("COUNTED", "Basins that count"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, self.tr(label)))

    def check(self, parameters, context):
        """Layers, units, months, and one source for each flux."""
        from ...core.basins.analysis import check_inputs
        from ...core.basins.fluxes import check_flux_stack

        self.check_basins(parameters, context)
        check_sources(self, parameters)
        with ExitStack() as stacks:
            stack, flags = self.open_stacks(stacks, "INPUT", "FLAGS")
            check_inputs(stack, None, flags)
            for name in FLUXES:
                if self.has(name):
                    check_flux_stack(stacks.enter_context(self.open_stack(name)), stack.months)

    def compute(self, parameters, context, progress):
        """Basin means, fluxes, scores; then everything is written."""
        from ...core.basins.closure import close_balance
        from ...core.basins.closure_report import closure_report
        from ...core.basins.observed import basin_means

        check_sources(self, parameters)
        share = self.parameterAsDouble(parameters, "MIN_COVERED_SHARE", context)
        with ExitStack() as stacks:
            stack, flags = self.open_stacks(stacks, "INPUT", "FLAGS")
            polygons = self.polygons(parameters, context, stack.grid.crs, progress)
            part = progress.part(0.05, 0.4)
            means = basin_means(stack, polygons.rings, polygons.names, flags, share, part)
        fluxes, notes = [], polygons.remarks()
        for number, name in enumerate(FLUXES):
            part = progress.part(0.4 + 0.15 * number, 0.55 + 0.15 * number)
            values, remarks = read_flux(self, name, parameters, context, means, share, part)
            fluxes.append(values)
            notes += remarks
        shares = {name: basin_shares(self, name, parameters, context, progress) for name in SHARES}
        limits = filter_limits(self, parameters, context)
        result = close_balance(means, fluxes, limits, shares["IRRIGATED"], shares["GLACIERS"])
        for text in (*notes[len(polygons.remarks()) :], *result.warnings):
            progress.warn(text)
        progress.info(
            f"{int(result.kept.sum())} of {len(means.names)} basins count (limits: "
            f"{limits.text()}): median CC {result.median_cc:.2f}, median RMSE "
            f"{result.median_rmse:.2f} cm."
        )
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        part = progress.part(0.85, 0.98)
        report = closure_report(result, VERSION, notes, part) if page else None
        progress.check()
        tables = {
            "OUTPUT": (MONTHLY_FIELDS, monthly_rows(result)),
            "OUTPUT_SUMMARY": (SUMMARY_FIELDS, summary_rows(result), polygons.geometries),
        }
        style = graduated("cc", "correlation", DECIMALS)
        results = self.write_results(parameters, context, tables, page, report, style, means.names)
        results["MEDIAN_CC"], results["MEDIAN_RMSE"] = result.median_cc, result.median_rmse
        results["COUNTED"] = int(result.kept.sum())
        return results
