"""Builds the shipped chains (.model3) with the QGIS in use; run it on QGIS 3.22.

A model saved by an old QGIS opens in newer ones, not the other way round.
"""

import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterLayer,
)
from qgis.PyQt.QtCore import QPointF

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "plugin" / "chains"

COMPONENTS = {
    "SOILMOISTURE": "Soil moisture stack",
    "SNOW": "Snow water equivalent stack",
    "CANOPY": "Canopy water stack",
}
HELP = (
    "From a GRACE product to groundwater trends by basin in one run: import, fill the missing "
    "months (SSA, two published stages), take soil moisture, snow and canopy water off, summarise "
    "total and groundwater storage by basin, map the groundwater trend. The land-model stacks must "
    "lie on the grid of the imported product (after the extent, where you give one). Filled months "
    "are set aside for trends and their significance."
)


def groundwater_trend_by_basin():
    """GRACE product, land-model storages and basins in; trends out."""
    model = QgsProcessingModelAlgorithm("Groundwater trend by basin", "Chains")
    place = _Places()
    parameters = [
        QgsProcessingParameterFile("INPUT", "GRACE product (NetCDF)"),
        QgsProcessingParameterExtent("EXTENT", "Extent to import", optional=True),
        QgsProcessingParameterEnum(
            "NOISY",
            "Noise months",
            ["keep", "missing"],
            defaultValue="keep",
            usesStaticStrings=True,
        ),
        *(
            QgsProcessingParameterRasterLayer(name, label, optional=name != "SOILMOISTURE")
            for name, label in COMPONENTS.items()
        ),
        QgsProcessingParameterFeatureSource(
            "BASINS", "Basins", [QgsProcessing.SourceType.TypeVectorPolygon]
        ),
        QgsProcessingParameterField(
            "BASIN_FIELD", "Field with the basin's name", "", "BASINS", optional=True
        ),
    ]
    for parameter in parameters:
        component = QgsProcessingModelParameter(parameter.name())
        component.setPosition(place.next(0))
        model.addModelParameter(parameter, component)
    model.setParameterOrder([parameter.name() for parameter in parameters])

    add = _Adder(model, place)
    add(
        "import",
        "importgrace",
        "Import GRACE",
        {"INPUT": _given("INPUT"), "EXTENT": _given("EXTENT"), "NOISY": _given("NOISY")},
        {"OUTPUT_HTML": "Import report"},
    )
    add(
        "fill",
        "fillgapsssa",
        "Fill gaps (SSA)",
        {"INPUT": _made("import", "OUTPUT")},
        {"OUTPUT": "TWSA, filled", "OUTPUT_FLAGS": "Flags: what was filled"},
    )
    add(
        "separate",
        "separategroundwater",
        "Separate groundwater",
        {
            "INPUT": _made("fill", "OUTPUT"),
            "FLAGS": _made("fill", "OUTPUT_FLAGS"),
            **{name: _given(name) for name in COMPONENTS},
        },
        {"OUTPUT": "GWSA"},
    )
    for child, source, text in (
        ("totals", "fill", "Total water storage"),
        ("basins", "separate", "Groundwater"),
    ):
        add(
            child,
            "basinstatistics",
            f"{text} by basin",
            {
                "INPUT": _made(source, "OUTPUT"),
                "FLAGS": _made("fill", "OUTPUT_FLAGS"),
                "BASINS": _given("BASINS"),
                "BASIN_FIELD": _given("BASIN_FIELD"),
            },
            {
                "OUTPUT": f"{text}: series by basin",
                "OUTPUT_SUMMARY": f"{text}: summary by basin",
                "OUTPUT_HTML": f"{text}: report",
            },
        )
    add(
        "trend",
        "trendmap",
        "Groundwater trend map",
        {"INPUT": _made("separate", "OUTPUT"), "FLAGS": _made("fill", "OUTPUT_FLAGS")},
        {"OUTPUT": "Groundwater trend"},
    )
    model.setHelpContent({"ALG_DESC": HELP})
    return model


class _Places:
    """Positions on the modeler's canvas: parameters left, steps downwards."""

    def __init__(self):
        self._rows = {}

    def next(self, column):
        row = self._rows[column] = self._rows.get(column, -1) + 1
        return QPointF(140 + 320 * column, 80 + 110 * row)


class _Adder:
    def __init__(self, model, place):
        self._model, self._place = model, place

    def __call__(self, child_id, algorithm, description, sources, outputs):
        child = QgsProcessingModelChildAlgorithm(f"gracewater:{algorithm}")
        child.setChildId(child_id)
        child.setDescription(description)
        for name, source in sources.items():
            child.addParameterSources(name, [source])
        position = self._place.next(1)
        child.setPosition(position)
        finals = {}
        for i, (name, label) in enumerate(outputs.items()):
            output = QgsProcessingModelOutput(name, label)
            output.setChildId(child_id)
            output.setChildOutputName(name)
            output.setPosition(QPointF(position.x() + 320, position.y() + 40 * i))
            finals[name] = output
        child.setModelOutputs(finals)
        self._model.addChildAlgorithm(child)


def _given(name):
    return QgsProcessingModelChildParameterSource.fromModelParameter(name)


def _made(child, output):
    return QgsProcessingModelChildParameterSource.fromChildOutput(child, output)


def main():
    """Write every chain."""
    application = QgsApplication([], False)
    application.initQgis()
    sys.path.append("/usr/share/qgis/python/plugins")
    from processing.core.Processing import Processing

    Processing.initialize()
    from grace_water_toolbox.plugin.plugin import GraceWaterToolbox

    GraceWaterToolbox().initProcessing()
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "groundwatertrendbybasin.model3"
    if not groundwater_trend_by_basin().toFile(str(path)):
        sys.exit(f"could not write {path}")
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
