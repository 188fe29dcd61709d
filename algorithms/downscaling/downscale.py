"""Downscale with an ONNX model over the user's own extent."""

from contextlib import ExitStack

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...core.downscaling.product import CORRECTIONS, UNOBSERVED
from ...core.errors import ParameterError
from ..base import GraceAlgorithm
from ..extents import check_raw_extent, read_extent
from ..layers import check_source, read_polygons
from ..styling import classes, diverging, sequential
from ..version import VERSION
from .common import CORRECTED_CLASSES, log_correction, log_downscaling

NUMBER = QgsProcessingParameterNumber.Type
POLYGON = QgsProcessing.SourceType.TypeVectorPolygon
PROVIDERS = ("auto", "cpu", "cuda", "directml", "coreml")


class Downscale(GraceAlgorithm):
    """Model, predictors and extent in; fine map, uncertainty and applicability out."""

    ID = "downscale"
    NAME = "Downscale"
    PAGE = "downscaling"
    SUMMARY = "Makes a fine storage stack from predictors with an ONNX model, with uncertainty."
    HELP = (
        "Runs a trained model over an extent and a period. The model says in its contract which "
        "predictors it needs, in which units and on which grid; 'Prepare predictors' makes that "
        "set, and 'Inspect model' shows the contract. Whatever does not fit is refused by name.",
        "Patch models (U-Net, encoder–decoder) see windows that overlap and are blended; pixel "
        "models (trees, dense networks) see each cell on its own and may have one file for each "
        "class of an aquifer map (STRATA).",
        "CORRECTION makes the result agree with the coarse stack: 'conserving' meets its "
        "area-weighted means within 0.01 cm, 'spline' is the published single pass, which "
        "does not. "
        "Without a correction the model's own large scale stands.",
        "The applicability stack holds the share of predictors outside the range the model was "
        "trained on, of its class where the contract has ranges by class. Where it is not near "
        "zero the model extrapolates; trees, and networks whose contract says 'held', cannot.",
        "The satellite sees about 300 km. What a model adds below that is learnt from predictors, "
        "not measured. Compare every model with the simple baselines ('Compare downscaling').",
    )
    CITATION = (
        "Li, Sun et al., U-Net over China at 0.1°; Zhang et al., aquifer-stratified trees at 1 km, "
        "sections 2.3 and 2.4."
    )
    TAGS = ("downscaling", "super-resolution", "U-Net", "XGBoost", "ONNX", "machine learning")
    REQUIRES = ("rasterio", "scipy", "onnxruntime")

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterFile(
                "MODEL",
                self.tr("Model"),
                fileFilter=self.tr("Models (*.onnx *.json);;All files (*.*)"),
            ),
            "ONNX file with its contract, or the JSON manifest of a model of several files.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("PREDICTORS", self.tr("Predictor set")),
            "Predictors on the fine grid, made by 'Prepare predictors'; each band has its unit.",
        )
        self.add_stack(
            "INPUT",
            "Coarse stack (GRACE)",
            "Total or groundwater storage anomaly, in cm, mm, m or kg m⁻²: for the correction, and "
            "for models that take the coarse field as an input.",
            optional=True,
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", self.tr("Extent"), optional=True),
            "Degrees, or any CRS that QGIS can transform; snaps outward to whole cells of the "
            "predictor set. Across the date line write 170,190. Empty: all of the set.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "AOI", self.tr("Area of interest"), [POLYGON], "", True
            ),
            "Polygons: cells at least half inside get a value. Selected features only, if any.",
        )
        for name, label in (("START", "First month"), ("END", "Last month")):
            self.add(
                QgsProcessingParameterString(name, self.tr(label), optional=True),
                "Month written YYYY-MM; empty is that of the predictor set.",
            )
        self.add(
            QgsProcessingParameterRasterLayer("STRATA", self.tr("Map of classes"), optional=True),
            "Raster of whole numbers (such as WHYMAP aquifer classes) for models with one file a "
            "class; in the CRS of the predictor set, any cell size.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "STRATA_POLYGONS", self.tr("Classes as polygons"), [POLYGON], "", True
            ),
            "Polygons in place of the raster of classes; the class is in the field below.",
        )
        self.add(
            QgsProcessingParameterField(
                "STRATA_FIELD", self.tr("Field of the class"), "", "STRATA_POLYGONS", optional=True
            ),
            "Field with the class as a whole number.",
        )
        self._enum(
            "CORRECTION",
            "Agreement with the coarse stack",
            CORRECTIONS,
            "'none': the model as it is. 'conserving': coarse means met within 0.01 cm. 'spline': "
            "the published single pass.",
        )
        self._enum(
            "UNOBSERVED",
            "Months not observed by the satellite",
            UNOBSERVED,
            "With a correction: 'keep' leaves the model as it is, 'filled' corrects against filled "
            "values of the coarse stack, 'missing' writes no data.",
            advanced=True,
        )
        self.add_stack(
            "FLAGS",
            "Flags of the coarse stack",
            "Flag stack of the gap filling: tells filled from observed months. Without it every "
            "month with a value counts as observed.",
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_SHARE", self.tr("Minimum share of a coarse cell"), NUMBER.Double, 0.5, False,
                0.0, 1.0,
            ),
            "Share (0 to 1) of a coarse cell's area that needs fine values for it to be agreed "
            "with.",
            advanced=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterBoolean(
                "REPLACE_UNCERTAIN", self.tr("Replace the least certain cells"), False
            ),
            "As published for the U-Net: in each month, cells whose sigma is above its 99th "
            "percentile get the value of the nearest other cell, before any correction. Needs a "
            "model with an uncertainty. It takes one cell in a hundred whether sigma is large "
            "there or not; the report counts them.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean(
                "RESUME", self.tr("Keep finished work when cancelled"), False
            ),
            "On Cancel or an error keep what was finished in a hidden file beside the target, so "
            "that the next run with the same model, values and target goes on from there. "
            "Otherwise nothing is left behind. A killed run always goes on.",
            advanced=True,
        )
        self._enum(
            "PROVIDER",
            "Execution provider",
            PROVIDERS,
            "What runs the model: 'auto' takes a graphics card where ONNX Runtime offers one, else "
            "the processor.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "THREADS", self.tr("Threads"), NUMBER.Integer, 0, False, 0, 256
            ),
            "Threads of ONNX Runtime; 0 takes one for each core.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Fine stack")),
            "Monthly stack in the unit of the model's target (cm), on the grid of the predictors.",
        )
        self._optional(
            "OUTPUT_UNCERTAINTY",
            "Uncertainty",
            "One sigma of each value, same unit, from the members of the model or from its graph. "
            "Only for models that have either.",
        )
        self._optional(
            "OUTPUT_APPLICABILITY",
            "Applicability",
            "Share (0 to 1) of the predictors outside the range of the training data.",
        )
        self._optional(
            "OUTPUT_FLAGS",
            "Flags of the correction",
            "0 agrees with an observed coarse month, 1 with a filled one, 255 not corrected.",
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT_HTML",
                self.tr("Downscaling report"),
                self.tr("HTML files (*.html)"),
                optional=True,
            ),
            "HTML page: the model and its contract, what was made, how far outside its training, "
            "agreement with the coarse stack, a map.",
        )

    def _enum(self, name, label, values, help_text, advanced=False):
        self.add(
            QgsProcessingParameterEnum(
                name, self.tr(label), list(values), defaultValue=values[0], usesStaticStrings=True
            ),
            help_text,
            advanced,
        )

    def _optional(self, name, label, help_text):
        self.add(
            QgsProcessingParameterRasterDestination(
                name, self.tr(label), optional=True, createByDefault=False
            ),
            help_text,
        )

    def check(self, parameters, context):
        """Contract, predictors, coarse stack, months: everything headers tell."""
        from ...core.downscaling.product import check_product
        from ...core.downscaling.session import choose_provider

        check_raw_extent(parameters.get("EXTENT"))
        choose_provider(self.parameterAsEnumString(parameters, "PROVIDER", context))
        with ExitStack() as files:
            job, flags = self._job(parameters, context, files)
            for name in ("AOI", "STRATA_POLYGONS"):
                if parameters.get(name) not in (None, ""):
                    source = self.parameterAsSource(parameters, name, context)
                    field = "" if name == "AOI" else self._field(parameters, context)
                    check_source(source, name, field)
            check_product(
                job,
                self.parameterAsEnumString(parameters, "CORRECTION", context),
                self.parameterAsEnumString(parameters, "UNOBSERVED", context),
                parameters.get("OUTPUT_UNCERTAINTY") not in (None, ""),
                flags,
                self.parameterAsBool(parameters, "REPLACE_UNCERTAIN", context),
            )

    def compute(self, parameters, context, progress):
        """Run, report, style."""
        from ...core.downscaling.product import make_product
        from ...core.downscaling.run_report import run_report
        from ...core.downscaling.session import choose_provider

        names = ("OUTPUT", "OUTPUT_UNCERTAINTY", "OUTPUT_APPLICABILITY", "OUTPUT_FLAGS")
        targets = {name: self.raster_target(parameters, name, context) for name in names}
        html = self.file_target(parameters, "OUTPUT_HTML", context)
        correction = self.parameterAsEnumString(parameters, "CORRECTION", context)
        with ExitStack() as files:
            job, flags = self._job(parameters, context, files)
            self._places(parameters, context, job, progress)
            job.provider = choose_provider(
                self.parameterAsEnumString(parameters, "PROVIDER", context)
            )
            job.threads = self.parameterAsInt(parameters, "THREADS", context)
            summary, corrected = make_product(
                job,
                targets["OUTPUT"],
                correction=correction,
                unobserved=self.parameterAsEnumString(parameters, "UNOBSERVED", context),
                flags=flags,
                min_share=self.parameterAsDouble(parameters, "MIN_SHARE", context),
                std_output=targets["OUTPUT_UNCERTAINTY"],
                outside_output=targets["OUTPUT_APPLICABILITY"],
                flags_output=targets["OUTPUT_FLAGS"],
                replace=self.parameterAsBool(parameters, "REPLACE_UNCERTAIN", context),
                keep=self.parameterAsBool(parameters, "RESUME", context),
                progress=progress,
            )
            log_downscaling(job, summary, progress)
            log_correction(corrected, progress)
            if html:
                run_report(job, summary, corrected, targets["OUTPUT"], VERSION).write(html)
        band = int(summary.values.argmax()) + 1
        units = job.model.contract.target.units
        self.style(context, targets["OUTPUT"], diverging(band, units))
        self.style(context, targets["OUTPUT_UNCERTAINTY"], sequential(band, units))
        self.style(context, targets["OUTPUT_APPLICABILITY"], sequential(band, "share"))
        self.style(context, targets["OUTPUT_FLAGS"], classes(band, CORRECTED_CLASSES))
        results = {name: path for name, path in targets.items() if path}
        return {**results, **({"OUTPUT_HTML": html} if html else {})}

    def _field(self, parameters, context):
        field = self.parameterAsString(parameters, "STRATA_FIELD", context)
        if not field:
            raise ParameterError(
                "the field with the class of each polygon is expected", "none", "STRATA_FIELD"
            )
        return field

    def _job(self, parameters, context, files):
        """The `Job` as far as headers tell, and the flags of the coarse stack."""
        from ...core.downscaling.domain import choose_domain, choose_months
        from ...core.downscaling.model import load_model
        from ...core.downscaling.places import ClassRaster
        from ...core.downscaling.predictorset import PredictorSet
        from ...core.downscaling.running import Job

        model = load_model(self.parameterAsFile(parameters, "MODEL", context))
        predictors = files.enter_context(PredictorSet(self.sources["PREDICTORS"], "PREDICTORS"))
        months, usable = choose_months(
            model.contract,
            predictors,
            self.parameterAsString(parameters, "START", context).strip(),
            self.parameterAsString(parameters, "END", context).strip(),
        )
        extent = read_extent(self, parameters, "EXTENT", context)
        domain = choose_domain(predictors.grid, extent)
        coarse, flags = (
            files.enter_context(self.open_stack(name)) if self.has(name) else None
            for name in ("INPUT", "FLAGS")
        )
        job = Job(model, predictors, domain, months, usable, coarse)
        polygons = parameters.get("STRATA_POLYGONS") not in (None, "")
        if self.has("STRATA") and polygons:
            raise ParameterError("STRATA or STRATA_POLYGONS is expected", "both", "STRATA")
        if self.has("STRATA"):
            job.strata = ClassRaster(self.sources["STRATA"], domain.grid)
            files.callback(job.strata.close)
        elif polygons:
            self._field(parameters, context)
            job.strata = True  # read when the run starts
        return job, flags

    def _places(self, parameters, context, job, progress):
        """Polygons of the area of interest and of the classes, read now."""
        from ...core.downscaling.places import AreaOfInterest, ClassPolygons

        crs = job.domain.grid.crs
        if parameters.get("AOI") not in (None, ""):
            source = self.parameterAsSource(parameters, "AOI", context)
            found = read_polygons(source, crs, "", context, progress, "AOI")
            for remark in found.remarks():
                progress.info(remark)
            job.inside = AreaOfInterest(found.rings, job.domain.grid)
        if job.strata is True:
            source = self.parameterAsSource(parameters, "STRATA_POLYGONS", context)
            field = self._field(parameters, context)
            found = read_polygons(source, crs, field, context, progress, "STRATA_POLYGONS")
            # Names of one class were numbered to tell them apart: "12 (2)".
            numbers = [name.split(" (")[0] for name in found.names]
            job.strata = ClassPolygons(found.rings, numbers, job.domain.grid)
