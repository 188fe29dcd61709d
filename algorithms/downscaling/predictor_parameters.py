"""What *Prepare predictors* asks for: its parameters and their help."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

NUMBER = QgsProcessingParameterNumber.Type
FINER = ("bilinear", "nearest")


def declare_parameters(algorithm):
    """Add every parameter of `PreparePredictors`, inputs first, then outputs."""
    algorithm.add(
        QgsProcessingParameterMultipleLayers(
            # Optional for QGIS alone, which cannot open every source: `check` wants one.
            "PREDICTORS",
            algorithm.tr("Predictor layers"),
            QgsProcessing.SourceType.TypeRaster,
            optional=True,
        ),
        "Monthly stacks ('Import series' makes them), maps of one band, sources such as "
        'NETCDF:"file":variable; any cells, one coordinate system, each with its unit.',
    )
    algorithm.add(
        QgsProcessingParameterFile(
            "MODEL",
            algorithm.tr("Model"),
            fileFilter=algorithm.tr("Models (*.onnx *.json);;All files (*.*)"),
            optional=True,
        ),
        "ONNX file or manifest whose contract says what is wanted. Empty: MAPPING says it.",
    )
    algorithm.add(
        QgsProcessingParameterString(
            "MAPPING", algorithm.tr("Mapping"), multiLine=True, optional=True
        ),
        "Lines 'variable = layer', 'variable = factor * layer [unit]' or 'variable = "
        "cumulative_anomaly(other)'; only what names do not tell.",
    )
    algorithm.add(
        QgsProcessingParameterRasterLayer(
            "REFERENCE", algorithm.tr("Reference grid"), optional=True
        ),
        "Raster whose cells the set gets. Empty: the model's cells over EXTENT, else those of "
        "the first layer that has the model's cells.",
    )
    algorithm.add(
        QgsProcessingParameterExtent("EXTENT", algorithm.tr("Extent"), optional=True),
        "Degrees, or any CRS that QGIS can transform; snaps outward to whole cells. Across the "
        "date line write 170,190.",
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "SPACING", algorithm.tr("Cell size (degrees)"), NUMBER.Double, None, True, 1e-4, 30.0
        ),
        "Degrees; only with EXTENT and without model and reference.",
        advanced=True,
    )
    for name, label, text in (
        ("START", "First month", "that is to be predicted; empty: the first possible one"),
        ("END", "Last month", "that is to be predicted; empty: the last possible one"),
    ):
        algorithm.add(
            QgsProcessingParameterString(name, algorithm.tr(label), optional=True),
            f"Month written YYYY-MM {text}. Months that lags need before it are added.",
        )
    algorithm.add_stack(
        "MASK",
        "Mask",
        "1 excluded, 0 kept: such cells get no value. On other cells than the set's: half of "
        "the area decides.",
        optional=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "HOLES", algorithm.tr("Fill holes up to (cells)"), NUMBER.Double, 0.0, False, 0.0, 100.0
        ),
        "Cells of the set to the farthest value that may lend to a missing cell; 0 fills none.",
    )
    algorithm.add_choice(
        "FINER",
        "Coarser layers become finer by",
        FINER,
        "'bilinear' between cell centres, or 'nearest', which keeps blocks (for classes).",
    )
    algorithm.add(
        QgsProcessingParameterBoolean(
            "EMPTY_CELLS", algorithm.tr("Fill cells that never have a value too"), False
        ),
        "Holes of monthly layers in cells that are missing in every month.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "MIN_SHARE", algorithm.tr("Minimum share with values"), NUMBER.Double, 0.5, False,
            0.0, 1.0,
        ),
        "Share (0 to 1) of a cell's area, or of an interpolation's weights, that needs values.",
        advanced=True,
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterString("CUMULATE_FROM", algorithm.tr("Sums start with"), "2002-04"),
        "Month written YYYY-MM with which cumulative variables start: that of the model's "
        "training.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "MAX_GAP",
            algorithm.tr("Longest gap to interpolate in sums (months)"),
            NUMBER.Integer,
            0,
            minValue=0,
        ),
        "Months of a flux bridged by a straight line before it is summed up; behind longer "
        "gaps the sum is unknown.",
        advanced=True,
    )
    algorithm.add_baseline(
        "Month written YYYY-MM; cumulative anomalies are against the mean of the baseline.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterRasterDestination("OUTPUT", algorithm.tr("Predictor set")),
        "GeoTIFF with a band for each variable and month, each with its unit.",
    )
    algorithm.add(
        QgsProcessingParameterFileDestination(
            "OUTPUT_HTML",
            algorithm.tr("Predictor report"),
            algorithm.tr("HTML files (*.html)"),
            optional=True,
        ),
        "HTML page: source, unit, resampling, months, holes and range of each variable.",
    )
