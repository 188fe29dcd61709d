"""A stack for other programs: CF NetCDF, or one GeoTIFF a month."""

from pathlib import Path

from qgis.core import (
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterString,
)

from ...core.errors import ParameterError
from ..base import GraceAlgorithm
from ..targets import check_folder
from ..values import has_value


class ExportStack(GraceAlgorithm):
    """Monthly stack in, NetCDF file or dated GeoTIFFs out."""

    ID = "exportstack"
    NAME = "Export stack"
    PAGE = "stacks"
    SUMMARY = "Writes a monthly stack as CF NetCDF or as one dated GeoTIFF a month."
    HELP = (
        "NetCDF: one file by the CF-1.8 conventions, with latitude, longitude and time (days since "
        "2002-01-01 at the middle of the month) and their bounds, units, fill values, baseline and "
        "history. Total storage is written as lwe_thickness, so that the file can be imported "
        "again. It is NetCDF-3 with 64-bit offsets, which every reader knows; one month may take "
        "4 GiB.",
        "GeoTIFF: a file for each month, PREFIX_2004-01.tif and so on, for programs that take one "
        "date a file, such as QGIS's temporal controller before 3.38. A month without observation "
        "is a file of missing values.",
    )
    CITATION = "CF Conventions 1.8; NetCDF classic format specification."
    TAGS = ("NetCDF", "CF", "xarray", "Panoply", "temporal controller", "save", "GeoTIFF")
    REQUIRES = ("rasterio", "xarray")

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Stack", "Monthly stack of any units.")
        self.add(
            QgsProcessingParameterString("VARIABLE", self.tr("Variable"), optional=True),
            "Name of the variable in the NetCDF file; empty makes one from what the stack holds.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString("PREFIX", self.tr("Prefix"), optional=True),
            "First part of the GeoTIFFs' names; empty takes the name of the stack's file.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT", self.tr("NetCDF file"), "NetCDF (*.nc)", optional=True
            ),
            "CF-1.8 NetCDF-3; the stack must be in degrees of longitude and latitude.",
        )
        self.add(
            QgsProcessingParameterFolderDestination(
                "OUTPUT_FOLDER",
                self.tr("Folder of GeoTIFFs"),
                optional=True,
                createByDefault=False,
            ),
            "One GeoTIFF a month; files of the same names in the folder are replaced.",
        )

    def check(self, parameters, context):
        """Something is wanted, and can be written (headers only)."""
        from ...core.data.exporting import check_export
        from ...core.data.monthfiles import check_prefix

        self._wanted(parameters)
        with self.open_stack("INPUT") as stack:
            if has_value(parameters, "OUTPUT"):
                check_export(stack, self._text(parameters, "VARIABLE", context))
            if has_value(parameters, "OUTPUT_FOLDER"):
                check_prefix(self._prefix(parameters, context, stack))

    def compute(self, parameters, context, progress):
        """Write what is wanted."""
        from ...core.data.exporting import export_netcdf
        from ...core.data.monthfiles import export_months

        self._wanted(parameters)
        page = self.file_target(parameters, "OUTPUT", context)
        folder = ""
        if has_value(parameters, "OUTPUT_FOLDER"):
            folder = self.parameterAsString(parameters, "OUTPUT_FOLDER", context)
        results = {}
        share = 0.5 if page and folder else 1.0
        with self.open_stack("INPUT") as stack:
            if page:
                name = export_netcdf(
                    stack,
                    page,
                    variable=self._text(parameters, "VARIABLE", context),
                    progress=progress.part(0.0, share),
                )
                progress.info(f"{stack.months.size} months of {name} in {Path(page).name}.")
                results["OUTPUT"] = page
            if folder:
                prefix = self._prefix(parameters, context, stack)
                part = progress.part(1.0 - share, 1.0)
                files = export_months(stack, folder, prefix, progress=part)
                progress.info(f"{len(files)} files, {Path(files[0]).name} and so on, in {folder}.")
                results["OUTPUT_FOLDER"] = folder
        return results

    def _wanted(self, parameters):
        if not any(has_value(parameters, n) for n in ("OUTPUT", "OUTPUT_FOLDER")):
            raise ParameterError("a NetCDF file or a folder is expected", "neither", "OUTPUT")
        check_folder(parameters.get("OUTPUT_FOLDER"), "OUTPUT_FOLDER")

    def _text(self, parameters, name, context):
        return self.parameterAsString(parameters, name, context).strip()

    def _prefix(self, parameters, context, stack):
        given = self._text(parameters, "PREFIX", context)
        source = self.sources["INPUT"].split("|")[0]
        return given or (Path(source).stem if Path(source).is_file() else "stack")
