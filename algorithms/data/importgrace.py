"""Import a GRACE/GRACE-FO product as a monthly stack."""

from qgis.core import (
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ...core.data.importing import NOISY, import_grace
from ...core.data.merging import DOUBLES
from ...core.data.months import DEFAULT_BASELINE, baseline_mask, month_text
from ...core.data.units import STORAGE_UNITS, storage_factor
from ..base import GraceAlgorithm
from ..extents import check_raw_extent, read_extent
from ..styling import diverging, sequential
from ..version import VERSION


class ImportGrace(GraceAlgorithm):
    """GRACE product in, complete monthly stack of storage anomalies out."""

    ID = "importgrace"
    NAME = "Import GRACE"
    PAGE = "import"
    SUMMARY = "Turns a GRACE/GRACE-FO product into a complete monthly stack of storage anomalies."
    HELP = (
        "Reads a gridded GRACE/GRACE-FO product (NetCDF) and writes a stack: one band for every "
        "calendar month from the first to the last, in cm of equivalent water height, north-up, "
        "longitudes −180 to 180. A month without observation is a band of missing values.",
        "Two solutions in one month are merged. Anomalies are re-based to the mean of the observed "
        "months in the baseline. Noise months (over the ocean more than three times the median "
        "noise) are listed in the report and kept, unless you choose otherwise.",
        "Nothing is resampled; an extent snaps outward to whole cells.",
    )
    CITATION = "Zhang et al., High-resolution global groundwater storage anomalies, section 2.1.1."
    TAGS = ("mascon", "NetCDF", "JPL", "CSR", "GSFC", "import", "load", "gravimetry")

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterFile(
                "INPUT",
                self.tr("GRACE product"),
                fileFilter="NetCDF, HDF5 (*.nc *.nc4 *.h5);;All files (*)",
            ),
            "The product's file as downloaded: NetCDF with time, latitude and longitude, or GSFC's "
            "mascon HDF5, which is painted on 0.5° cells. Longitudes 0–360 and any latitude order "
            "are understood.",
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", self.tr("Extent"), optional=True),
            "Region to keep, in degrees; empty keeps everything. Across the date line write the "
            "east side beyond 180, for example 170,190,-20,0.",
        )
        self.add_choice(
            "NOISY",
            "Noise months",
            NOISY,
            "What happens to noise months: 'keep' leaves them in with a warning, 'missing' makes "
            "them missing so that gap filling replaces them.",
        )
        self.add_baseline(
            f"Month written YYYY-MM. Anomalies refer to the mean of the baseline; the field's "
            f"usual one is {DEFAULT_BASELINE[0]} to {DEFAULT_BASELINE[1]}."
        )
        self.add(
            QgsProcessingParameterString("VARIABLE", self.tr("Variable"), optional=True),
            "Name of the variable that holds equivalent water height; empty finds lwe_thickness "
            "and its relatives.",
            advanced=True,
        )
        self.add_choice(
            "UNITS",
            "Units of the file",
            ["from file", *STORAGE_UNITS],
            "Only for a file that does not say its units or says them wrongly. 1 kg m⁻² is 1 mm.",
            advanced=True,
        )
        self.add_choice(
            "DOUBLES",
            "Two solutions in one month",
            DOUBLES,
            "'weighted' averages by the days of each solution inside the month, 'mean' averages "
            "plainly, 'neighbour' gives one of them to an empty neighbouring month it touches.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("TWSA stack")),
            "GeoTIFF, one band a month, cm of equivalent water height.",
        )
        self.add(
            QgsProcessingParameterRasterDestination(
                "OUTPUT_UNCERTAINTY",
                self.tr("Uncertainty stack"),
                optional=True,
                createByDefault=False,
            ),
            "One-sigma uncertainty of each month in cm, for products that state it (JPL does).",
        )
        self.add_report(
            "Import report",
            "What was in the file and what was done: solutions, months, missing, doubles, noise.",
        )

    def check(self, parameters, context):
        """Headers only: baseline, extent, and that the file is a product."""
        from ...core.data.grace import open_grace

        self.check_report(parameters)
        baseline = self.baseline(parameters, context)
        baseline_mask([], baseline)
        check_raw_extent(parameters.get("EXTENT"))
        variable, units = self._overrides(parameters, context)
        open_grace(self.parameterAsFile(parameters, "INPUT", context), variable, units)

    def compute(self, parameters, context, progress):
        """Import, report, style."""
        self.check_report(parameters)
        variable, units = self._overrides(parameters, context)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        path = self.raster_target(parameters, "OUTPUT", context)
        sigma = self.raster_target(parameters, "OUTPUT_UNCERTAINTY", context)
        summary = import_grace(
            self.parameterAsFile(parameters, "INPUT", context),
            path,
            variable=variable,
            units=units,
            baseline=self.baseline(parameters, context),
            noisy=self.parameterAsEnumString(parameters, "NOISY", context),
            doubles=self.parameterAsEnumString(parameters, "DOUBLES", context),
            extent=read_extent(self, parameters, "EXTENT", context),
            uncertainty_output=sigma,
            progress=progress,
        )
        self._log(summary, progress)
        results = {"OUTPUT": path}
        if sigma:
            results["OUTPUT_UNCERTAINTY"] = sigma
        if page:
            from ...core.data.import_report import import_report

            import_report(summary, VERSION).write(page)
            results["OUTPUT_HTML"] = page
        last = summary.info.months[summary.observed][-1]
        band = int((last - summary.info.months[0]).astype(int)) + 1
        self.style(context, path, diverging(band, "cm"))
        self.style(context, sigma, sequential(band, "cm"))
        return results

    def _log(self, summary, progress):
        months = summary.info.months
        progress.info(
            f"{summary.solutions} solutions, {months.size} months {months[0]} to {months[-1]}, "
            f"{int(summary.observed.sum())} observed, {summary.missing.size} missing, "
            f"{summary.doubles.size} with two solutions."
        )
        if summary.noisy.size:
            names = ", ".join(month_text(m) for m in summary.noisy)
            progress.warn(f"Noise months: {names} ({summary.noisy_policy}).")
        elif not summary.noise_assessed:
            progress.info("Noise months were not assessed: the product has no ocean to judge by.")

    def _overrides(self, parameters, context):
        units = self.parameterAsEnumString(parameters, "UNITS", context)
        units = "" if units in ("", "from file") else units
        if units:
            storage_factor(units, "UNITS")
        return self.parameterAsString(parameters, "VARIABLE", context).strip(), units
