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
    QgsProcessingParameterMultipleLayers,
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
PARAMETER_HELP = {
    "INPUT": "The GRACE/GRACE-FO product as downloaded, on a latitude-longitude grid.",
    "EXTENT": "Region to import, in degrees; empty imports everything.",
    "NOISY": "'keep' leaves noise months in with a warning, 'missing' has them filled.",
    "SOILMOISTURE": "Monthly stack of soil moisture, all layers together, on the grid of GRACE.",
    "SNOW": "Monthly stack of snow water equivalent on the grid of GRACE.",
    "CANOPY": "Monthly stack of canopy water on the grid of GRACE.",
    "INPUT_FOLDER": "Folder with the monthly files of one land model, as downloaded.",
    "PRODUCT": "Which land model the files are of.",
    "WATER": "Lakes and reservoirs: cells mostly covered are left out.",
    "GLACIERS": "Glacier outlines, for example of the Randolph Glacier Inventory.",
    "BASINS": "Polygon layer in any coordinate system.",
    "PREDICTORS": "Monthly stacks and maps of everything the model names, each with its unit.",
    "MODEL": "ONNX file or manifest of a trained model; 'Inspect model' tells what it needs.",
    "STRATA": "Raster of aquifer classes, for models with one file a class.",
    "BASIN_FIELD": "Names in tables and reports; empty numbers the basins.",
}
PRODUCTS = ["gldas-noah", "gldas-clsm", "gldas-vic", "era5-land"]


def basin_series():
    """GRACE product and basins in; series, summary and trend of total storage out."""
    chain = _Chain(
        "Basin series from GRACE",
        "From a GRACE product to the series of every basin in one run: import, fill the missing "
        "months (SSA, two published stages), summarise total water storage by basin, map its "
        "trend. Filled months are set aside for trends and their significance.",
        [*_grace(), *_basins()],
    )
    _import_and_fill(chain)
    _summarise(chain, "basins", "fill", "Total water storage")
    _map_trend(chain, "fill", "Total water storage")
    return chain.model


def groundwater_trend_by_basin():
    """GRACE product, land-model storages and basins in; trends out."""
    chain = _Chain(
        "Groundwater trend by basin",
        "From a GRACE product to groundwater trends by basin in one run: import, fill the missing "
        "months (SSA, two published stages), take soil moisture, snow and canopy water off, "
        "summarise total and groundwater storage by basin, map the groundwater trend. The "
        "land-model stacks must lie on the grid of the imported product (after the extent, where "
        "you give one). Filled months are set aside for trends and their significance.",
        [
            *_grace(),
            *_land(),
            *_basins(),
        ],
    )
    _import_and_fill(chain)
    _separate(chain, {name: _given(name) for name in COMPONENTS}, {"OUTPUT": "GWSA"})
    _summarise(chain, "totals", "fill", "Total water storage")
    _summarise(chain, "basins", "separate", "Groundwater")
    _map_trend(chain, "separate", "Groundwater")
    return chain.model


def groundwater_trend_classes():
    """GRACE product and land-model storages in; trend classes, stippling and hotspots out."""
    chain = _Chain(
        "Groundwater trend with classes and hotspots",
        "From a GRACE product to a map of groundwater trends as it is published: import, fill the "
        "missing months (SSA, two published stages), take soil moisture, snow and canopy water "
        "off, map the trend with a test corrected for the memory of storage (Yue and Wang) beside "
        "the plain one, then seven classes with their shares of the area, stippling where "
        "p < 0.01, and hotspots (p < 0.01, more than 0.10 cm per month) with their volumes. The "
        "land-model stacks must lie on the grid of the imported product (after the extent, where "
        "you give one). Filled months are set aside for trends and their significance.",
        [*_grace(), *_land()],
    )
    _import_and_fill(chain)
    _separate(chain, {name: _given(name) for name in COMPONENTS}, {"OUTPUT": "GWSA"})
    _map_trend(chain, "separate", "Groundwater", {"TEST": _fixed("yue-wang")})
    trend = {"INPUT": _made("trend", "OUTPUT")}
    for child, algorithm, label, outputs in (
        ("classes", "trendclasses", "Trend classes",
         {"OUTPUT": "Groundwater trend classes", "OUTPUT_TABLE": "Shares of the classes",
          "OUTPUT_HTML": "Class report"}),
        ("hotspots", "hotspots", "Hotspots", {"OUTPUT": "Groundwater hotspots"}),
        ("stippling", "stippling", "Stippling", {"OUTPUT": "Significant, p < 0.01"}),
    ):  # fmt: skip
        chain.add(child, algorithm, label, trend, outputs)
    return chain.model


def masked_groundwater_trend():
    """GRACE product, land-model files, lakes, glaciers and basins in; masked trends out."""
    chain = _Chain(
        "Groundwater trend, masked",
        "From a GRACE product and the monthly files of a land model to groundwater trends without "
        "lakes and glaciers: import both, bring the land model to the grid of GRACE by "
        "area-weighted means, fill the missing months of GRACE, take soil moisture, snow and "
        "canopy water off, leave out cells that are mostly lake or glacier, summarise by basin, "
        "map the trend. Filled months are set aside for trends and their significance.",
        [
            *_grace(),
            QgsProcessingParameterFile(
                "INPUT_FOLDER",
                "Folder with the land model's monthly files",
                QgsProcessingParameterFile.Behavior.Folder,
            ),
            QgsProcessingParameterEnum(
                "PRODUCT", "Land model", PRODUCTS, defaultValue=PRODUCTS[0], usesStaticStrings=True
            ),
            _polygons("WATER", "Lakes"),
            _polygons("GLACIERS", "Glaciers"),
            *_basins(),
        ],
    )
    _import_and_fill(chain)
    chain.add(
        "land",
        "importstorage",
        "Import land-surface storage",
        {name: _given(name) for name in ("INPUT_FOLDER", "PRODUCT", "EXTENT")},
        {"OUTPUT_HTML": "Land model: import report"},
    )
    aligned = {}
    for name, label in COMPONENTS.items():
        child = f"align_{name.lower()}"
        sources = {"INPUT": _made("land", f"OUTPUT_{name}"), "REFERENCE": _made("fill", "OUTPUT")}
        chain.add(child, "alignstack", f"Align {label.lower()}", sources, {})
        aligned[name] = _made(child, "OUTPUT")
    _separate(chain, aligned, {})
    for child, algorithm, name in (
        ("water", "watermask", "WATER"),
        ("glaciers", "glaciermask", "GLACIERS"),
    ):
        sources = {name: _given(name), "REFERENCE": _made("separate", "OUTPUT")}
        chain.add(child, algorithm, f"Mask: {name.lower()}", sources, {})
    chain.add(
        "masks",
        "combinemasks",
        "Combine masks",
        {"INPUTS": [_made("water", "OUTPUT"), _made("glaciers", "OUTPUT")]},
        {"OUTPUT": "Mask"},
    )
    chain.add(
        "mask",
        "applymask",
        "Apply mask",
        {"INPUT": _made("separate", "OUTPUT"), "MASK": _made("masks", "OUTPUT")},
        {"OUTPUT": "GWSA, masked"},
    )
    _summarise(chain, "basins", "mask", "Groundwater")
    _map_trend(chain, "mask", "Groundwater")
    return chain.model


def downscale_storage():
    """GRACE product, predictors and a model in; fine storage that agrees with GRACE out."""
    chain = _Chain(
        "Downscale storage to 0.1°",
        "From a GRACE product to total water storage on fine cells in one run: import, fill the "
        "missing months (SSA, two published stages), put the predictors of the model on one grid, "
        "run the model, and correct it so that its means over the cells of GRACE are those of "
        "GRACE. The cells are those of the model. Months that were filled are not corrected.",
        [*_grace(), *_model()],
    )
    _import_and_fill(chain)
    _downscale(chain, "fill", {}, "Storage")
    return chain.model


def downscale_groundwater():
    """GRACE product, land-model storages, predictors and a model in; fine groundwater out."""
    strata = QgsProcessingParameterRasterLayer("STRATA", "Aquifer classes", optional=True)
    chain = _Chain(
        "Downscale groundwater to 1 km",
        "From a GRACE product to groundwater storage on fine cells in one run: import, fill the "
        "missing months (SSA, two published stages), take soil moisture, snow and canopy water "
        "off, put the predictors of the model on one grid, run the model class by class, and "
        "correct it so that its means over the cells of GRACE are the separated groundwater. The "
        "cells are those of the model; the land-model stacks must lie on the grid of the imported "
        "product. Months that were filled are not corrected.",
        [*_grace(), *_land(), *_model(), strata],
    )
    _import_and_fill(chain)
    _separate(chain, {name: _given(name) for name in COMPONENTS}, {"OUTPUT": "GWSA"})
    _downscale(chain, "separate", {"STRATA": _given("STRATA")}, "Groundwater")
    return chain.model


def _model():
    return [
        QgsProcessingParameterMultipleLayers(
            "PREDICTORS", "Predictor layers", QgsProcessing.SourceType.TypeRaster
        ),
        QgsProcessingParameterFile("MODEL", "Model"),
    ]


def _downscale(chain, source, more, text):
    chain.add(
        "prepare",
        "preparepredictors",
        "Prepare predictors",
        {name: _given(name) for name in ("PREDICTORS", "MODEL")},
        {"OUTPUT_HTML": "Predictors: report"},
    )
    chain.add(
        "downscale",
        "downscale",
        f"Downscale {text.lower()}",
        {
            "MODEL": _given("MODEL"),
            "PREDICTORS": _made("prepare", "OUTPUT"),
            "INPUT": _made(source, "OUTPUT"),
            "FLAGS": _made("fill", "OUTPUT_FLAGS"),
            "CORRECTION": _fixed("conserving"),
            **more,
        },
        {
            "OUTPUT": f"{text}, fine",
            "OUTPUT_UNCERTAINTY": f"{text}, one sigma",
            "OUTPUT_HTML": f"{text}: report",
        },
    )


def _grace():
    return [
        QgsProcessingParameterFile("INPUT", "GRACE product (NetCDF)"),
        QgsProcessingParameterExtent("EXTENT", "Extent to import", optional=True),
        QgsProcessingParameterEnum(
            "NOISY",
            "Noise months",
            ["keep", "missing"],
            defaultValue="keep",
            usesStaticStrings=True,
        ),
    ]


def _land():
    return [
        QgsProcessingParameterRasterLayer(name, label, optional=name != "SOILMOISTURE")
        for name, label in COMPONENTS.items()
    ]


def _polygons(name, label):
    return QgsProcessingParameterFeatureSource(
        name, label, [QgsProcessing.SourceType.TypeVectorPolygon]
    )


def _basins():
    return [
        _polygons("BASINS", "Basins"),
        QgsProcessingParameterField(
            "BASIN_FIELD", "Field with the basin's name", "", "BASINS", optional=True
        ),
    ]


def _import_and_fill(chain):
    chain.add(
        "import",
        "importgrace",
        "Import GRACE",
        {name: _given(name) for name in ("INPUT", "EXTENT", "NOISY")},
        {"OUTPUT_HTML": "Import report"},
    )
    chain.add(
        "fill",
        "fillgapsssa",
        "Fill gaps (SSA)",
        {"INPUT": _made("import", "OUTPUT")},
        {"OUTPUT": "TWSA, filled", "OUTPUT_FLAGS": "Flags: what was filled"},
    )


def _separate(chain, components, outputs):
    chain.add(
        "separate",
        "separategroundwater",
        "Separate groundwater",
        {
            "INPUT": _made("fill", "OUTPUT"),
            "FLAGS": _made("fill", "OUTPUT_FLAGS"),
            **components,
        },
        outputs,
    )


def _summarise(chain, child, source, text):
    chain.add(
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


def _map_trend(chain, source, text, settings=None):
    chain.add(
        "trend",
        "trendmap",
        f"{text}: trend map",
        {
            "INPUT": _made(source, "OUTPUT"),
            "FLAGS": _made("fill", "OUTPUT_FLAGS"),
            **(settings or {}),
        },
        {"OUTPUT": f"{text} trend"},
    )


class _Places:
    """Positions on the modeler's canvas: parameters left, steps downwards."""

    def __init__(self):
        self._rows = {}

    def next(self, column):
        row = self._rows[column] = self._rows.get(column, -1) + 1
        return QPointF(140 + 320 * column, 80 + 110 * row)


class _Chain:
    """A model under construction."""

    def __init__(self, name, help_text, parameters):
        self.model = QgsProcessingModelAlgorithm(name, "Chains")
        self._place = _Places()
        for parameter in parameters:
            parameter.setHelp(PARAMETER_HELP[parameter.name()])
            component = QgsProcessingModelParameter(parameter.name())
            component.setPosition(self._place.next(0))
            self.model.addModelParameter(parameter, component)
        self.model.setParameterOrder([parameter.name() for parameter in parameters])
        helps = {p.name(): PARAMETER_HELP[p.name()] for p in parameters}
        self.model.setHelpContent({"ALG_DESC": help_text, **helps})

    def add(self, child_id, algorithm, description, sources, outputs):
        """A step: its inputs, and which of its outputs the chain shows under which label."""
        child = QgsProcessingModelChildAlgorithm(f"gracewater:{algorithm}")
        child.setChildId(child_id)
        child.setDescription(description)
        for name, source in sources.items():
            child.addParameterSources(name, source if isinstance(source, list) else [source])
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
        self.model.addChildAlgorithm(child)


def _given(name):
    return QgsProcessingModelChildParameterSource.fromModelParameter(name)


def _fixed(value):
    return QgsProcessingModelChildParameterSource.fromStaticValue(value)


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
    for name, build in CHAINS.items():
        path = FOLDER / f"{name}.model3"
        if not build().toFile(str(path)):
            sys.exit(f"could not write {path}")
        print(path.relative_to(ROOT))


#: The file's name is the id of the chain.
CHAINS = {
    "basinseriesfromgrace": basin_series,
    "downscalegroundwater": downscale_groundwater,
    "downscalestorage": downscale_storage,
    "groundwatertrendbybasin": groundwater_trend_by_basin,
    "groundwatertrendclasses": groundwater_trend_classes,
    "groundwatertrendmasked": masked_groundwater_trend,
}


if __name__ == "__main__":
    main()
