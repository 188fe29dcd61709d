"""Means of a map by latitude."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..sinks import write_rows
from ..version import VERSION
from .common import RecordAlgorithm

NUMBER = QgsProcessingParameterNumber.Type
FIELDS = (
    ("latitude", "real"), ("south", "real"), ("north", "real"), ("mean", "real"), ("sd", "real"),
    ("smallest", "real"), ("largest", "real"), ("cells", "integer"), ("area_km2", "real"),
    ("unit", "text"),
)  # fmt: skip


class LatitudeProfileTable(RecordAlgorithm):
    """Area-weighted means of belts of latitude."""

    ID = "latitudeprofile"
    NAME = "Latitude profile"
    PAGE = "trend-maps"
    SUMMARY = "Area-weighted means by latitude of a raster band or of the mean of a stack."
    HELP = (
        "For each belt of latitude the mean of all cells, weighted by the part of their area "
        "inside the belt, with their standard deviation, range and area. Areas are spherical.",
        "INPUT may be a map, such as a trend map or a mean anomaly: give the name of a band, or "
        "none for the first. Or a monthly stack: then the mean over its months, or over those "
        "of a period, is taken first.",
        "On a projected grid a cell belongs to the belt of its centre's latitude and weighs as "
        "its planar area, which is right only in an equal-area projection; a width must be given.",
    )
    CITATION = "Zhang et al., Fig. 6a."
    TAGS = ("zonal mean", "meridional", "latitude", "profile", "belt", "area-weighted")
    REQUIRES = ("rasterio",)

    def declare(self):
        """Parameters."""
        self.add_stack("INPUT", "Map or stack", "Raster with named bands, or a monthly stack.")
        self.add(
            QgsProcessingParameterString("BAND", self.tr("Name of the band"), optional=True),
            "Description of the band, such as slope_per_year, or a month of a stack (YYYY-MM). "
            "Empty: the first band of a map, the mean over time of a stack.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "STEP",
                self.tr("Width of the belts (degrees)"),
                NUMBER.Double,
                0.0,
                False,
                0.0,
                90.0,
            ),
            "Belts start at multiples of it. 0 takes the rows of the raster, one belt each.",
        )
        self.add_flags("filled months are left out of the mean of a stack.")
        self.add_period("For the mean of a stack; empty takes the whole record.")
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT", self.tr("Profile"), QgsProcessing.SourceType.TypeVector
            ),
            "Table, north first: latitude (middle), south and north of the belt in degrees, mean, "
            "sd, smallest and largest in the unit of the map, cells, area in km², unit.",
        )
        self.add_report("Profile plot", "Plot by latitude and table.")

    def check(self, parameters, context):
        """Bands, belts and months, from the header."""
        from ...core.trends.latitude import belts

        self.check_report(parameters)
        with ExitStack() as files:
            source = self._source(files, parameters, context)
            belts(source.grid, self.parameterAsDouble(parameters, "STEP", context))

    def compute(self, parameters, context, progress):
        """Average, write, report."""
        from ...core.trends.latitude import latitude_profile
        from ...core.trends.latitude_report import profile_report

        page = self.file_target(parameters, "OUTPUT_HTML", context)
        with ExitStack() as files:
            source = self._source(files, parameters, context)
            profile = latitude_profile(
                source.grid,
                source.read,
                self.parameterAsDouble(parameters, "STEP", context),
                source.planes,
                progress.part(0, 0.9),
            )
        progress.info(f"{source.what}: {profile.mean.size} belts.")
        report = profile_report(profile, source, VERSION) if page else None
        progress.check()
        columns = (profile.latitude, profile.south, profile.north, profile.mean, profile.sd,
                   profile.low, profile.high, profile.cells, profile.area_km2)  # fmt: skip
        rows = [(*row, source.unit or None) for row in zip(*columns)]
        table = write_rows(self, parameters, "OUTPUT", context, FIELDS, rows)
        if page:
            report.write(page)
        return self.given({"OUTPUT": table, "OUTPUT_HTML": page})

    def _source(self, files, parameters, context):
        from ...core.trends.latitude_report import ProfileSource

        start, end = self.period(parameters, context)
        (flags,) = self.open_stacks(files, "FLAGS")
        source = ProfileSource(
            self.sources["INPUT"],
            self.parameterAsString(parameters, "BAND", context).strip(),
            flags,
            start,
            end,
        )
        files.callback(source.close)
        return source
