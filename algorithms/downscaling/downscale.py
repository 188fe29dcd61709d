"""Downscale with an ONNX model over the user's own extent."""

from contextlib import ExitStack

from ...core.errors import ParameterError
from ..base import GraceAlgorithm
from ..extents import check_raw_extent, read_extent
from ..layers import check_source, read_polygons
from ..styling import WARNING, classes, diverging, sequential
from ..values import has_value
from ..version import VERSION
from .common import CORRECTED_CLASSES, log_correction, log_downscaling
from .downscale_parameters import declare_parameters


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
        "Without a correction the model's own large scale stands, unless its contract says that it "
        "conserves: then closing the coarse means is its last layer and is done in any case.",
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
        declare_parameters(self)

    def check(self, parameters, context):
        """Contract, predictors, coarse stack, months: everything headers tell."""
        from ...core.downscaling.product import check_product
        from ...core.downscaling.session import choose_provider

        check_raw_extent(parameters.get("EXTENT"))
        choose_provider(self.parameterAsEnumString(parameters, "PROVIDER", context))
        with ExitStack() as files:
            job, flags = self._job(parameters, context, files)
            for name in ("AOI", "STRATA_POLYGONS"):
                if has_value(parameters, name):
                    source = self.parameterAsSource(parameters, name, context)
                    field = "" if name == "AOI" else self._field(parameters, context)
                    check_source(source, name, field)
            check_product(
                job,
                self.parameterAsEnumString(parameters, "CORRECTION", context),
                self.parameterAsEnumString(parameters, "UNOBSERVED", context),
                has_value(parameters, "OUTPUT_UNCERTAINTY"),
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
        share = sequential(band, "outside training", WARNING)
        self.style(context, targets["OUTPUT_APPLICABILITY"], share)
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
        extent = read_extent(self, parameters, "EXTENT", context)
        domain = choose_domain(predictors.grid, extent)
        coarse, flags = self.open_stacks(files, "INPUT", "FLAGS")
        months, usable = choose_months(
            model.contract,
            predictors,
            self.parameterAsString(parameters, "START", context).strip(),
            self.parameterAsString(parameters, "END", context).strip(),
            coarse,
        )
        job = Job(model, predictors, domain, months, usable, coarse)
        polygons = has_value(parameters, "STRATA_POLYGONS")
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
        if has_value(parameters, "AOI"):
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
