"""Import land-surface storage (GLDAS, ERA5-Land) as monthly stacks."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
)

from ...core.data.months import baseline_mask
from ..base import GraceAlgorithm
from ..extents import check_raw_extent, read_extent
from ..inputfiles import read_files
from ..styling import diverging, sequential
from ..version import VERSION

PRODUCTS = ("gldas-noah", "gldas-clsm", "gldas-vic", "era5-land")
COMPONENTS = (
    ("soilmoisture", "OUTPUT_SOILMOISTURE", "Soil moisture stack", "all soil layers together"),
    ("snow", "OUTPUT_SNOW", "Snow stack", "snow water equivalent"),
    ("canopy", "OUTPUT_CANOPY", "Canopy water stack", "water on leaves and branches"),
)


class ImportStorage(GraceAlgorithm):
    """Monthly files of a land-surface model in, storage stacks out."""

    ID = "importstorage"
    NAME = "Import land-surface storage"
    PAGE = "import-storage"
    SUMMARY = "Turns monthly GLDAS or ERA5-Land files into stacks of soil, snow and canopy water."
    HELP = (
        "Reads the storages of a land-surface model from its monthly files, one or several months "
        "a file, changes them to cm of water, and writes stacks with a complete time axis: a month "
        "without a file is a band of missing values and is listed. Soil moisture of ERA5-Land is "
        "multiplied by the thickness of its layers.",
        "The stacks are anomalies to the baseline and go straight into 'Separate groundwater'. The "
        "total is the sum of soil moisture, snow and canopy water; a cell needs all three.",
        "Files of another product, that are not monthly, that lack a layer, or that do not go "
        "together are refused, and so is a month that occurs twice. Nothing is resampled; an "
        "extent snaps outward to whole cells.",
    )
    CITATION = (
        "Rodell et al. (2004) for GLDAS; Muñoz-Sabater et al. (2021) for ERA5-Land; Zhang et al., "
        "section 2.1.2."
    )
    TAGS = ("GLDAS", "Noah", "CLSM", "VIC", "ERA5-Land", "soil moisture", "snow", "SWE", "import")

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterMultipleLayers(
                "INPUT",
                self.tr("Monthly files"),
                QgsProcessing.SourceType.TypeFile,
                optional=True,
            ),
            "The product's NetCDF files, in any order. Give these or a folder, not both.",
        )
        self.add(
            QgsProcessingParameterFile(
                "INPUT_FOLDER",
                self.tr("Folder of monthly files"),
                QgsProcessingParameterFile.Behavior.Folder,
                optional=True,
            ),
            "Takes every .nc and .nc4 file in this folder (not in folders below it).",
        )
        self.add_choice(
            "PRODUCT",
            "Product",
            PRODUCTS,
            "What the files are. A file of another product is refused.",
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", self.tr("Extent"), optional=True),
            "Region to keep, in degrees; empty keeps everything. Across the date line write the "
            "east side beyond 180, for example 170,190,-20,0.",
        )
        self.add_baseline(
            "Month written YYYY-MM. Use the baseline of the GRACE stack that these storages "
            "will be taken from."
        )
        self.add(
            QgsProcessingParameterBoolean(
                "ABSOLUTE", self.tr("Components as absolute storage"), defaultValue=False
            ),
            "Writes soil moisture, snow and canopy water as the model has them, in cm, not as "
            "anomalies. The total stays an anomaly.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Total storage stack")),
            "GeoTIFF, one band a month: anomaly of soil moisture + snow + canopy water in cm.",
        )
        for _, name, label, what in COMPONENTS:
            self.add(
                QgsProcessingParameterRasterDestination(name, self.tr(label), optional=True),
                f"GeoTIFF, one band a month, in cm: {what}. 'Separate groundwater' asks for it.",
            )
        self.add_report(
            "Land-surface import report",
            "Files, months, missing months, layers used and their conversion factors.",
        )

    def check(self, parameters, context):
        """Files, baseline and extent; of the files only the first and the last are opened."""
        from ...core.data.products.landfiles import PRODUCTS as KNOWN
        from ...core.data.products.landfiles import inspect_file

        self.check_report(parameters)
        baseline_mask([], self.baseline(parameters, context))
        check_raw_extent(parameters.get("EXTENT"))
        files = read_files(self, parameters, context)
        product = KNOWN[self.parameterAsEnumString(parameters, "PRODUCT", context)]
        for path in sorted({files[0], files[-1]}):
            inspect_file(path, product)

    def compute(self, parameters, context, progress):
        """Import, report, style."""
        from ...core.data.products.landimport import import_land

        self.check_report(parameters)
        page = self.file_target(parameters, "OUTPUT_HTML", context)
        outputs = {"total": self.raster_target(parameters, "OUTPUT", context)}
        for name, parameter, _, _ in COMPONENTS:
            outputs[name] = self.raster_target(parameters, parameter, context)
        summary = import_land(
            read_files(self, parameters, context),
            self.parameterAsEnumString(parameters, "PRODUCT", context),
            outputs,
            baseline=self.baseline(parameters, context),
            extent=read_extent(self, parameters, "EXTENT", context),
            absolute=self.parameterAsBoolean(parameters, "ABSOLUTE", context),
            progress=progress,
        )
        self._log(summary, progress)
        results = {"OUTPUT": outputs["total"]}
        for name, parameter, _, _ in COMPONENTS:
            if outputs[name]:
                results[parameter] = outputs[name]
        if page:
            from ...core.data.products.land_report import land_report

            land_report(summary, VERSION).write(page)
            results["OUTPUT_HTML"] = page
        band = int(summary.record.present.nonzero()[0][-1]) + 1
        for name, path in outputs.items():
            anomaly = name == "total" or not summary.absolute
            self.style(context, path, (diverging if anomaly else sequential)(band, "cm"))
        return results

    def _log(self, summary, progress):
        record = summary.record
        progress.info(
            f"{len(record.files)} files, {record.months.size} months {record.months[0]} to "
            f"{record.months[-1]}, {record.missing.size} without a file"
            + (f": {', '.join(str(m) for m in record.missing)}." if record.missing.size else ".")
        )
        for remark in summary.remarks:
            progress.warn(remark)
