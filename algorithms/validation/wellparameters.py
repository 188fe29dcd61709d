"""The parameters of 'Validate by wells': where wells and readings stand, and how to compare."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...core.validation.readings import LENGTHS, QUANTITIES
from .wellinputs import LAYOUTS

ANY = QgsProcessing.SourceType.TypeVector
NUMBER = QgsProcessingParameterNumber.Type
YIELDS = ("regions", "value", "raster", "field", "none")
#: Number parameters: label, type, default, least, most, help.
NUMBERS = {
    "MIN_MONTHS": ("Least months in common", NUMBER.Integer, 12, 3, 1000,
                   "Months that a well and the stack must have in common."),
    "MIN_YEARS": ("Least span of a trend (years)", NUMBER.Double, 5.0, 1.0, 100.0,
                  "Years that the common months must span for a trend."),
    "BINS": ("Bins of the trend", NUMBER.Integer, 15, 2, 100,
             "Number of quantile bins of the predicted trend; fewer where there are few cells."),
    "SENSITIVITY": ("Sensitivity of the specific yield (%)", NUMBER.Double, 20.0, 0.0, 90.0,
                    "Scores are repeated with the specific yield lowered and raised by this much; "
                    "0 leaves that out."),
    "OUTLIER": ("Limit for wild readings", NUMBER.Double, 10.0, 0.0, 1000.0,
                "A reading is set aside where it differs from the median of its ten neighbours in "
                "time by more than this many standard deviations (1.4826 × the median difference "
                "of the well); 0 keeps all."),
}  # fmt: skip


def declare_wells(algorithm):
    """Add the parameters on wells and readings, in the order of the dialog."""
    tr, add = algorithm.tr, algorithm.add

    def column(name, label, parent, text, advanced=False):
        add(
            QgsProcessingParameterField(
                name, tr(label), parentLayerParameterName=parent, optional=True
            ),
            text,
            advanced,
        )

    add(
        QgsProcessingParameterFeatureSource("POINTS", tr("Wells"), [ANY]),
        "Point layer of the wells, or a table with coordinates (then give X_FIELD, Y_FIELD and "
        "POINTS_CRS). One row a well, or one a reading.",
    )
    column(
        "POINT_FIELD",
        "Field with the well's name",
        "POINTS",
        "The name by which readings find their well. Empty: wells are numbered from 1.",
    )
    for axis, what in (("X", "x or longitude"), ("Y", "y or latitude")):
        column(
            f"{axis}_FIELD",
            f"Field with {what}",
            "POINTS",
            f"For a table without geometry: {what} in the units of POINTS_CRS.",
            True,
        )
    add(
        QgsProcessingParameterCrs("POINTS_CRS", tr("CRS of the coordinates"), optional=True),
        "Coordinate system of X_FIELD and Y_FIELD, or of a layer without one. Empty: that of the "
        "layer.",
        True,
    )
    add(
        QgsProcessingParameterFeatureSource("READINGS", tr("Readings"), [ANY], optional=True),
        "Table of readings, dates with any spacing. Where the wells' own table holds them, choose "
        "it again (or leave this empty in scripts).",
    )
    add(
        QgsProcessingParameterMultipleLayers(
            "MORE_READINGS", tr("Further tables of readings"), ANY, optional=True
        ),
        "More tables with the same layout, such as one file a well.",
        True,
    )
    algorithm.add_choice(
        "LAYOUT",
        "Layout of the readings",
        LAYOUTS,
        "'long': one row a reading. 'wells in columns': one row a date, a field for each well, "
        "named as the well. 'dates in columns': one row a well, a field for each date.",
    )
    column(
        "WELL_FIELD",
        "Field with the well's name in the readings",
        "READINGS",
        "Holds the names of POINT_FIELD. Not used with wells in columns.",
    )
    column(
        "DATE_FIELD",
        "Field with the date",
        "READINGS",
        "Date, or text written YYYY-MM-DD, YYYY/MM/DD or YYYY-MM; with MONTH_FIELD the year.",
    )
    column(
        "VALUE_FIELD",
        "Field with the value",
        "READINGS",
        "Level or depth in UNITS, numbers or numeric text; long layout only.",
    )
    algorithm.add_choice(
        "QUANTITY",
        "The values are",
        QUANTITIES,
        "'level': water level above any datum, rising with storage. 'depth': depth to water "
        "below ground or a measuring point, falling when storage rises.",
    )
    algorithm.add_choice("UNITS", "Units of the values", LENGTHS, "Unit of length of the readings.")
    column(
        "MONTH_FIELD",
        "Field with the month",
        "READINGS",
        "Number 1 to 12, for tables with the year in DATE_FIELD and the month apart.",
        True,
    )
    column(
        "QUANTITY_FIELD",
        "Field with 'level' or 'depth'",
        "READINGS",
        "For tables that mix levels and depths; takes the place of QUANTITY.",
        True,
    )
    column(
        "UNIT_FIELD",
        "Field with the unit",
        "READINGS",
        "For tables that mix units (m, cm, mm, ft, in); takes the place of UNITS.",
        True,
    )
    add(
        QgsProcessingParameterString("DATE_FORMAT", tr("Format of the dates"), optional=True),
        "For dates written otherwise: a pattern such as %d.%m.%Y or %m/%d/%Y, or 'decimal year'.",
        True,
    )


def declare_methods(algorithm):
    """Add the parameters on specific yield, classes, months and limits."""
    algorithm.add_choice(
        "YIELD_FROM",
        "Specific yield from",
        YIELDS,
        "'regions': .08 to .18 by continent, Table 2 of Zhang et al. 'value': SPECIFIC_YIELD "
        "everywhere. 'raster', 'field': from there. 'none': levels are compared as they are, "
        "so that there are correlations but no RMSE.",
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "SPECIFIC_YIELD", algorithm.tr("Specific yield"), NUMBER.Double, 0.15,
            minValue=0.001, maxValue=1.0,
        ),
        "Share of the volume that drains, 0 to 1; used with 'value'.",
    )  # fmt: skip
    algorithm.add_stack(
        "YIELD_RASTER", "Raster of specific yield",
        "First band: share 0 to 1, any grid and CRS; used with 'raster'.", True, True,
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterField(
            "YIELD_FIELD", algorithm.tr("Field with the specific yield"),
            parentLayerParameterName="POINTS", optional=True,
        ),
        "Share 0 to 1 of each well; used with 'field'.",
        True,
    )  # fmt: skip
    algorithm.add_stack(
        "REFERENCE", "Raster whose cells hold the wells",
        "Wells in a cell of this raster are averaged and compared with the stack's mean over "
        "it. Empty: the stack's own cells. Its cells must not be smaller.", True, True,
    )  # fmt: skip
    algorithm.add_stack(
        "BEFORE", "Stack before downscaling",
        "A second stack, any grid: the change of each well's correlation is given.", True, True,
    )  # fmt: skip
    algorithm.add_stack(
        "CLASSES", "Raster of classes",
        "First band, such as the irrigated share in percent, for the correlation by class.",
        True, True,
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterString(
            "THRESHOLDS", algorithm.tr("Thresholds of the classes"), "40,50", optional=True
        ),
        "Numbers, in the unit of CLASSES: the wells above each of them form a class.",
        True,
    )
    algorithm.add_period(
        "Month written YYYY-MM; empty takes the whole record.",
    )
    for name, (label, kind, default, least, most, text) in NUMBERS.items():
        algorithm.add(
            QgsProcessingParameterNumber(
                name, algorithm.tr(label), kind, default, minValue=least, maxValue=most
            ),
            text,
            True,
        )
