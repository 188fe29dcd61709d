"""Import any monthly series, or put its newest months behind a stack."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ...core.data.months import baseline_mask, parse_month
from ...core.errors import ParameterError
from ...core.progress import SILENT
from ..base import GraceAlgorithm
from ..declaring import BASELINE
from ..extents import check_raw_extent, read_extent
from ..inputfiles import read_files
from ..styling import diverging
from ..values import has_value

KINDS = ("storage", "flux", "other")


class ImportSeries(GraceAlgorithm):
    """NetCDF or dated rasters in, monthly stack out."""

    ID = "importseries"
    NAME = "Import series"
    PAGE = "import-storage"
    SUMMARY = "Turns a NetCDF variable or rasters with dated names into a monthly stack."
    HELP = (
        "Reads one variable over time, latitude and longitude from NetCDF files, or GeoTIFF files "
        "whose names hold the month (2004-01 or 200401), and writes a stack: one band for every "
        "month from first to last, missing months as bands of missing values. Storage becomes cm, "
        "a flux mm per month, anything else keeps its units.",
        "With an existing stack, only the months after its last one are appended, and the bands it "
        "has stay as they are. In the months that both have, new and old values must agree: as "
        "they are, or, where the stack holds anomalies, up to one offset a cell, which is then "
        "applied to the new months. Otherwise nothing is written: the product was reprocessed.",
        "To extend a GRACE stack import the longer product with 'Import GRACE' and give the result "
        "as input here.",
    )
    CITATION = "CF conventions, cfconventions.org, for time axes and units."
    TAGS = ("NetCDF", "GeoTIFF", "time series", "append", "update", "precipitation", "import")

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterMultipleLayers(
                "INPUT", self.tr("Files"), QgsProcessing.SourceType.TypeFile, optional=True
            ),
            "NetCDF files, GeoTIFF files with one band and the month in the name, or one monthly "
            "stack. Give these or a folder, not both.",
        )
        self.add(
            QgsProcessingParameterFile(
                "INPUT_FOLDER",
                self.tr("Folder of files"),
                QgsProcessingParameterFile.Behavior.Folder,
                optional=True,
            ),
            "Takes every .nc, .nc4, .tif and .tiff file in this folder (not in folders below it).",
        )
        self.add(
            QgsProcessingParameterString("VARIABLE", self.tr("Variable"), optional=True),
            "Name of the NetCDF variable; empty where there is only one over time, latitude and "
            "longitude.",
        )
        self.add_choice(
            "KIND",
            "Kind of quantity",
            KINDS,
            "'storage' is written in cm of water, 'flux' in mm month-1, 'other' in its own units.",
        )
        self.add(
            QgsProcessingParameterString("UNITS", self.tr("Units of the files"), optional=True),
            "Only for files that do not say their units or say them wrongly, for example mm, "
            "m day-1 (ERA5 accumulations), kg m-2 s-1, K, or 1 for a number without a unit.",
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", self.tr("Extent"), optional=True),
            "Region to keep, in degrees; empty keeps everything. Across the date line write the "
            "east side beyond 180, for example 170,190,-20,0.",
        )
        self.add_baseline(
            "Month written YYYY-MM. Both months given, values become anomalies to their mean; "
            "empty leaves the values as they are.",
            default=None,
        )
        self.add_stack(
            "EXISTING",
            "Existing stack",
            "A stack to which the newer months are appended; its cells, units and baseline hold. "
            "The result is a new file.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "TOLERANCE",
                self.tr("Tolerance of the months in common"),
                QgsProcessingParameterNumber.Type.Double,
                0.01,
                minValue=0.0,
            ),
            "Largest difference, in the existing stack's units, between it and the new files in "
            "the months that both have.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Monthly stack")),
            "GeoTIFF, one band a month.",
        )

    def check(self, parameters, context):
        """Parameters, files and existing stack; a record of many files is opened by the run."""
        self._baseline(parameters, context)
        check_raw_extent(parameters.get("EXTENT"))
        self._check_existing(parameters, context)
        files = self._files(parameters, context)
        if len(files) == 1:
            from ...core.data.products.opening import open_series

            variable = self.parameterAsString(parameters, "VARIABLE", context).strip()
            with open_series(files, variable, SILENT):
                return

    def compute(self, parameters, context, progress):
        """Import or extend, log, style."""
        from ...core.data.products.opening import open_series
        from ...core.data.products.seriesimport import import_series
        from ...core.data.products.stackextension import extend_stack

        baseline = self._baseline(parameters, context)
        self._check_existing(parameters, context)
        output = self.raster_target(parameters, "OUTPUT", context)
        files = self._files(parameters, context, output)
        options = {
            "kind": self.parameterAsEnumString(parameters, "KIND", context),
            "units": self.parameterAsString(parameters, "UNITS", context).strip(),
            "progress": progress.part(0.1, 1),
        }
        variable = self.parameterAsString(parameters, "VARIABLE", context).strip()
        with open_series(files, variable, progress.part(0, 0.1)) as record:
            if self.has("EXISTING"):
                tolerance = self.parameterAsDouble(parameters, "TOLERANCE", context)
                with self.open_stack("EXISTING") as stack:
                    summary = extend_stack(stack, record, output, tolerance=tolerance, **options)
            else:
                extent = read_extent(self, parameters, "EXTENT", context)
                summary = import_series(record, output, baseline=baseline, extent=extent, **options)
        self._log(summary, progress)
        months = summary.info.months
        observed = months[~_inside(months, summary.missing)]
        band = int((observed[-1] - months[0]).astype(int)) + 1
        self.style(context, output, diverging(band, summary.info.units))
        return {"OUTPUT": output}

    def _log(self, summary, progress):
        months = summary.info.months
        text = f"{summary.files} files, {months.size} months {months[0]} to {months[-1]}"
        if summary.common or summary.appended.size < months.size:
            text += (
                f", {summary.appended.size} of them appended; {summary.common} months in common "
                f"differ by up to {summary.residual:.2g} {summary.info.units} from one footing"
            )
        progress.info(f"{text}. Units {summary.source_units} → {summary.info.units}.")
        if summary.missing.size:
            progress.warn(f"Missing months: {', '.join(str(m) for m in summary.missing)}.")

    def _files(self, parameters, context, output=""):
        files = read_files(self, parameters, context, (".nc", ".nc4", ".tif", ".tiff"))
        if output and output in files:
            raise ParameterError("a file different from INPUT is expected", output, "OUTPUT")
        return files

    def _check_existing(self, parameters, context):
        if not self.has("EXISTING"):
            return
        given = [name for name in ("EXTENT", *BASELINE) if has_value(parameters, name)]
        if given:
            raise ParameterError(
                "no extent and no baseline beside EXISTING are expected, it brings its own",
                ", ".join(given),
                "EXISTING",
            )

    def _baseline(self, parameters, context):
        months = self.baseline(parameters, context)
        if not any(months):
            return ()
        for name, month in zip(BASELINE, months):
            parse_month(month, name)
        baseline_mask([], months)
        return months


def _inside(months, others):
    import numpy as np

    return np.isin(months, others)
