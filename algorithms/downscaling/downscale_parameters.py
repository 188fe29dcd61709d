"""What *Downscale* asks for: its parameters and their help."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ...core.downscaling.product import CORRECTIONS, UNOBSERVED

NUMBER = QgsProcessingParameterNumber.Type
POLYGON = QgsProcessing.SourceType.TypeVectorPolygon
PROVIDERS = ("auto", "cpu", "cuda", "directml", "coreml")


def declare_parameters(algorithm):
    """Add every parameter of `Downscale`, inputs first, then outputs."""
    algorithm.add(
        QgsProcessingParameterFile(
            "MODEL",
            algorithm.tr("Model"),
            fileFilter=algorithm.tr("Models (*.onnx *.json);;All files (*.*)"),
        ),
        "ONNX file with its contract, or the JSON manifest of a model of several files.",
    )
    algorithm.add(
        QgsProcessingParameterRasterLayer("PREDICTORS", algorithm.tr("Predictor set")),
        "Predictors on the fine grid, made by 'Prepare predictors'; each band has its unit.",
    )
    algorithm.add_stack(
        "INPUT",
        "Coarse stack (GRACE)",
        "Total or groundwater storage anomaly, in cm, mm, m or kg m⁻²: for the correction, and "
        "for models that take the coarse field as an input.",
        optional=True,
    )
    algorithm.add(
        QgsProcessingParameterExtent("EXTENT", algorithm.tr("Extent"), optional=True),
        "Degrees, or any CRS that QGIS can transform; snaps outward to whole cells of the "
        "predictor set. Across the date line write 170,190. Empty: all of the set.",
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "AOI", algorithm.tr("Area of interest"), [POLYGON], "", True
        ),
        "Polygons: cells at least half inside get a value. Selected features only, if any.",
    )
    algorithm.add_period(
        "Month written YYYY-MM; empty is that of the predictor set, or of the coarse stack "
        "where no predictor changes by month.",
        advanced=False,
    )
    algorithm.add(
        QgsProcessingParameterRasterLayer("STRATA", algorithm.tr("Map of classes"), optional=True),
        "Raster of whole numbers (such as WHYMAP aquifer classes) for models with one file a "
        "class; in the CRS of the predictor set, any cell size.",
    )
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "STRATA_POLYGONS", algorithm.tr("Classes as polygons"), [POLYGON], "", True
        ),
        "Polygons in place of the raster of classes; the class is in the field below.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            "STRATA_FIELD", algorithm.tr("Field of the class"), "", "STRATA_POLYGONS", optional=True
        ),
        "Field with the class as a whole number.",
    )
    algorithm.add_choice(
        "CORRECTION",
        "Agreement with the coarse stack",
        CORRECTIONS,
        "'none': the model as it is (one that conserves closes the coarse means itself). "
        "'conserving': coarse means met within 0.01 cm. 'spline': the published single pass.",
    )
    algorithm.add_choice(
        "UNOBSERVED",
        "Months not observed by the satellite",
        UNOBSERVED,
        "With a correction: 'keep' leaves the model as it is, 'filled' corrects against filled "
        "values of the coarse stack, 'missing' writes no data.",
        advanced=True,
    )
    algorithm.add_stack(
        "FLAGS",
        "Flags of the coarse stack",
        "Flag stack of the gap filling: tells filled from observed months. Without it every "
        "month with a value counts as observed.",
        optional=True,
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "MIN_SHARE", algorithm.tr("Minimum share of a coarse cell"), NUMBER.Double, 0.5, False,
            0.0, 1.0,
        ),
        "Share (0 to 1) of a coarse cell's area that needs fine values for it to be agreed "
        "with.",
        advanced=True,
    )  # fmt: skip
    algorithm.add(
        QgsProcessingParameterBoolean(
            "REPLACE_UNCERTAIN", algorithm.tr("Replace the least certain cells"), False
        ),
        "As published for the U-Net: in each month, cells whose sigma is above its 99th "
        "percentile get the value of the nearest other cell, before any correction. Needs a "
        "model with an uncertainty. It takes one cell in a hundred whether sigma is large "
        "there or not; the report counts them.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterBoolean(
            "RESUME", algorithm.tr("Keep finished work when cancelled"), False
        ),
        "On Cancel or an error keep what was finished in a hidden file beside the target, so "
        "that the next run with the same model, values and target goes on from there. "
        "Otherwise nothing is left behind. A killed run always goes on.",
        advanced=True,
    )
    algorithm.add_choice(
        "PROVIDER",
        "Execution provider",
        PROVIDERS,
        "What runs the model: 'auto' takes a graphics card where ONNX Runtime offers one, else "
        "the processor.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "THREADS", algorithm.tr("Threads"), NUMBER.Integer, 0, False, 0, 256
        ),
        "Threads of ONNX Runtime; 0 takes one for each core.",
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterRasterDestination("OUTPUT", algorithm.tr("Fine stack")),
        "Monthly stack in the unit of the model's target (cm), on the grid of the predictors.",
    )
    _optional(
        algorithm,
        "OUTPUT_UNCERTAINTY",
        "Uncertainty",
        "One sigma of each value, same unit, from the members of the model or from its graph. "
        "Only for models that have either.",
    )
    _optional(
        algorithm,
        "OUTPUT_APPLICABILITY",
        "Applicability",
        "Share (0 to 1) of the predictors outside the range of the training data.",
    )
    _optional(
        algorithm,
        "OUTPUT_FLAGS",
        "Flags of the correction",
        "0 agrees with an observed coarse month, 1 with a filled one, 255 not corrected.",
    )
    algorithm.add(
        QgsProcessingParameterFileDestination(
            "OUTPUT_HTML",
            algorithm.tr("Downscaling report"),
            algorithm.tr("HTML files (*.html)"),
            optional=True,
        ),
        "HTML page: the model and its contract, what was made, how far outside its training, "
        "agreement with the coarse stack, a map.",
    )


def _optional(algorithm, name, label, help_text):
    algorithm.add(
        QgsProcessingParameterRasterDestination(
            name, algorithm.tr(label), optional=True, createByDefault=False
        ),
        help_text,
    )
