"""Show what a downscaling model wants and gives, and whether it runs here."""

from qgis.core import (
    QgsProcessingOutputBoolean,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
)

from ..base import GraceAlgorithm
from ..version import VERSION


class InspectModel(GraceAlgorithm):
    """The contract as a page."""

    ID = "inspectmodel"
    NAME = "Inspect model"
    PAGE = "model-contract"
    SUMMARY = "Shows the contract of a downscaling model and whether this machine can run it."
    HELP = (
        "Reads the contract of an ONNX model: what it gives, which predictors it wants in which "
        "units and order, its grid, the region, period and data it was trained on, its scores and "
        "limits. Nothing in the file is executed before its claims have been checked: size, "
        "operators, versions, files outside its folder, checksums.",
        "Then the model is loaded and run once on ordinary values, where ONNX Runtime is "
        "installed.",
    )
    CITATION = "docs/model-contract."
    TAGS = ("ONNX", "model", "contract", "model card", "downscaling", "U-Net", "XGBoost")
    REQUIRES = ()

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
            QgsProcessingParameterFileDestination(
                "OUTPUT_HTML",
                self.tr("Model report"),
                self.tr("HTML files (*.html)"),
                optional=True,
            ),
            "HTML page with the contract.",
        )
        self.addOutput(QgsProcessingOutputBoolean("RUNS", self.tr("The model runs here")))
        self.addOutput(QgsProcessingOutputString("NAME", self.tr("Name of the model")))
        self.addOutput(QgsProcessingOutputString("VARIABLES", self.tr("Predictors it needs")))

    def check(self, parameters, context):
        """Everything the file claims."""
        from ...core.downscaling.model import load_model

        load_model(self.parameterAsFile(parameters, "MODEL", context))

    def compute(self, parameters, context, progress):
        """Read, try, report."""
        from ...core.downscaling.inspecting import try_model
        from ...core.downscaling.model import load_model
        from ...core.downscaling.model_report import model_report

        html = self.file_target(parameters, "OUTPUT_HTML", context)
        model = load_model(self.parameterAsFile(parameters, "MODEL", context))
        contract = model.contract
        runs, lines = try_model(model)
        for line in lines:
            (progress.info if runs else progress.warn)(line)
        needed = [f"{v.name} [{v.units}]" for v in contract.predictors()]
        progress.info(
            f"{contract.name} {contract.version} gives {contract.target.name} in "
            f"{contract.target.units} from {', '.join(needed)}."
        )
        if html:
            model_report(model, lines, VERSION).write(html)
        results = {"RUNS": runs, "NAME": contract.name, "VARIABLES": ", ".join(needed)}
        return {**results, **({"OUTPUT_HTML": html} if html else {})}
