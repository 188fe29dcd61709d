"""Closure of the water balance of basins."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...core.data.stack import short_name
from ...core.errors import ParameterError
from ..featurestyles import graduated
from ..sinks import title_layers, write_sinks
from ..version import VERSION
from .closuretables import DECIMALS, MONTHLY_FIELDS, SUMMARY_FIELDS, monthly_rows, summary_rows
from .common import BasinAlgorithm

NUMBER = QgsProcessingParameterNumber.Type
FLUXES = {
    "PRECIPITATION": "Precipitation",
    "EVAPOTRANSPIRATION": "Evapotranspiration",
    "RUNOFF": "Runoff",
}
FILTERS = ("none", "published")
SHARES = {"IRRIGATED": "Irrigated share", "GLACIERS": "Glacier share"}


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
        for name, label in FLUXES.items():
            what = label.lower()
            self.add_stack(
                name,
                f"{label} stack",
                f"Monthly stack of {what} in units of a flux (mm month-1, mm day-1, …), on any "
                f"grid, counting upwards. Either this or the table.",
                optional=True,
            )
            self.add(
                QgsProcessingParameterFile(
                    f"{name}_TABLE", self.tr(f"{label} table"), extension="csv", optional=True
                ),
                f"CSV of monthly {what} by basin, with the basins' names.",
            )
        self.add(
            QgsProcessingParameterString("UNITS", self.tr("Units of the tables"), "mm month-1"),
            "Units of the fluxes in the tables, for example mm month-1 or mm day-1.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "FILTER",
                self.tr("Basins that count"),
                list(FILTERS),
                defaultValue=FILTERS[0],
                usesStaticStrings=True,
            ),
            "'none': all with a score. 'published': those within the four limits below.",
        )
        for name, label, value, unit in (
            ("MIN_AREA", "Smallest area (km²)", 10_000.0, "km²"),
            ("MIN_PRECIPITATION", "Least precipitation (mm/yr)", 200.0, "mm a year"),
            ("MAX_IRRIGATED", "Largest irrigated share", 0.05, "0 to 1"),
            ("MAX_GLACIER", "Largest glacier share", 0.05, "0 to 1"),
        ):
            self.add(
                QgsProcessingParameterNumber(
                    name, self.tr(label), NUMBER.Double, value, minValue=0
                ),
                f"Limit of the 'published' filter, {unit}.",
                advanced=True,
            )
        for name, label in SHARES.items():
            self.add_stack(
                name,
                f"{label} raster",
                f"Raster whose first band is the {label.lower()} of each cell, 0 to 1, for the "
                "'published' filter; without it that limit is not applied.",
                optional=True,
                advanced=True,
            )
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
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT_HTML", self.tr("Balance report"), "HTML (*.html)", optional=True
            ),
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
        self._check_ways_of_fluxes(parameters)
        with ExitStack() as stacks:
            stack = stacks.enter_context(self.open_stack("INPUT"))
            flags = stacks.enter_context(self.open_stack("FLAGS")) if self.has("FLAGS") else None
            check_inputs(stack, None, flags)
            for name in FLUXES:
                if self.has(name):
                    check_flux_stack(stacks.enter_context(self.open_stack(name)), stack.months)

    def compute(self, parameters, context, progress):
        """Basin means, fluxes, scores; then everything is written."""
        from ...core.basins.closure import close_balance
        from ...core.basins.closure_report import closure_report
        from ...core.basins.observed import basin_means

        self._check_ways_of_fluxes(parameters)
        share = self.parameterAsDouble(parameters, "MIN_COVERED_SHARE", context)
        with ExitStack() as stacks:
            stack = stacks.enter_context(self.open_stack("INPUT"))
            flags = stacks.enter_context(self.open_stack("FLAGS")) if self.has("FLAGS") else None
            polygons = self.polygons(parameters, context, stack.grid.crs, progress)
            part = progress.part(0.05, 0.4)
            means = basin_means(stack, polygons.rings, polygons.names, flags, share, part)
        fluxes, notes = [], polygons.remarks()
        for number, name in enumerate(FLUXES):
            part = progress.part(0.4 + 0.15 * number, 0.55 + 0.15 * number)
            values, remarks = self._flux(name, parameters, context, means, share, part)
            fluxes.append(values)
            notes += remarks
        shares = {name: self._share(name, parameters, context, progress) for name in SHARES}
        limits = self._limits(parameters, context)
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
        crs = self.basin_crs(parameters, context)
        results = write_sinks(self, parameters, context, crs, tables)
        if page:
            report.write(page)
            results["OUTPUT_HTML"] = page
        style = graduated("cc", "correlation", DECIMALS)
        self.style(context, results.get("OUTPUT_SUMMARY"), style)
        if len(means.names) == 1:
            title_layers(self, context, results, tables, means.names[0])
        results["MEDIAN_CC"], results["MEDIAN_RMSE"] = result.median_cc, result.median_rmse
        results["COUNTED"] = int(result.kept.sum())
        return results

    def _check_ways_of_fluxes(self, parameters):
        for name in FLUXES:
            table = parameters.get(f"{name}_TABLE") not in (None, "")
            if self.has(name) == table:
                found = "both" if table else "neither"
                raise ParameterError(f"either {name} or {name}_TABLE is expected", found, name)

    def _flux(self, name, parameters, context, means, share, progress):
        """A flux (time, basin) in cm a month, and remarks about it."""
        from ...core.basins.fluxes import stack_fluxes
        from ...core.basins.fluxtables import read_flux_table

        if self.has(name):
            with self.open_stack(name) as stack:
                shapes = self.polygons(parameters, context, stack.grid.crs, progress, tell=False)
                return (
                    stack_fluxes(stack, shapes.rings, means.names, means.months, share, progress),
                    [],
                )
        path = self.parameterAsFile(parameters, f"{name}_TABLE", context)
        units = self.parameterAsString(parameters, "UNITS", context)
        where = f"{name}_TABLE ({short_name(path)})"
        values, lacking = read_flux_table(path, means.names, means.months, units, where)
        if not lacking:
            return values, []
        more = f" and {len(lacking) - 12} more" if len(lacking) > 12 else ""
        return values, [f"{where} lacks {len(lacking)} basins: {', '.join(lacking[:12])}{more}."]

    def _share(self, name, parameters, context, progress):
        from ...core.basins.fluxes import raster_shares
        from ...core.data.reference import read_grid

        if not self.has(name):
            return None
        source = self.sources[name]
        where = f"{name} ({short_name(source)})"
        crs = read_grid(source, where).crs
        rings = self.polygons(parameters, context, crs, progress, tell=False).rings
        return raster_shares(source, rings, where)

    def _limits(self, parameters, context):
        from ...core.basins.closure import Limits

        if self.parameterAsEnumString(parameters, "FILTER", context) == "none":
            return Limits()
        area, rain, irrigated, glacier = (
            self.parameterAsDouble(parameters, name, context)
            for name in ("MIN_AREA", "MIN_PRECIPITATION", "MAX_IRRIGATED", "MAX_GLACIER")
        )
        return Limits(
            area,
            rain,
            irrigated if self.has("IRRIGATED") else None,
            glacier if self.has("GLACIERS") else None,
        )
