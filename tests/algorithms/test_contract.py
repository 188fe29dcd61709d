"""What every algorithm of the provider owes its users."""

import re
from html import unescape
from pathlib import Path

import pytest
from grace_water_toolbox import classFactory
from grace_water_toolbox.algorithms.groups import GROUPS
from grace_water_toolbox.algorithms.registry import ALGORITHMS
from grace_water_toolbox.core.dependencies import missing_packages
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
)

#: Scripts and models rely on these: never rename one, only add.
IDS = {
    "importgrace": "1 Data",
    "importstorage": "1 Data",
    "importseries": "1 Data",
    "sampledata": "1 Data",
    "exportstack": "1 Data",
    "pointseries": "1 Data",
    "stackcalculator": "1 Data",
    "extractperiod": "1 Data",
    "alignstack": "1 Data",
    "describestack": "1 Data",
    "watermask": "2 Masks",
    "glaciermask": "2 Masks",
    "combinemasks": "2 Masks",
    "applymask": "2 Masks",
    "gapreport": "3 Gap filling",
    "fillgapsssa": "3 Gap filling",
    "fillgapslinear": "3 Gap filling",
    "separategroundwater": "4 Groundwater",
    "glacierstorage": "4 Groundwater",
    "physicalstorage": "4 Groundwater",
    "preparepredictors": "5 Downscaling",
    "cumulativeanomaly": "5 Downscaling",
    "fillholes": "5 Downscaling",
    "inspectmodel": "5 Downscaling",
    "downscale": "5 Downscaling",
    "downscaledelta": "5 Downscaling",
    "correctresiduals": "5 Downscaling",
    "comparedownscaling": "5 Downscaling",
    "basinstatistics": "6 Basins",
    "waterbalance": "6 Basins",
    "storagedeficit": "6 Basins",
    "deseasonalise": "7 Trends",
    "trendmap": "7 Trends",
    "trendclasses": "7 Trends",
    "stippling": "7 Trends",
    "hotspots": "7 Trends",
    "meananomaly": "7 Trends",
    "latitudeprofile": "7 Trends",
    "seasonality": "7 Trends",
    "amplitudephase": "7 Trends",
    "comparestacks": "8 Validation",
    "compareseries": "8 Validation",
    "validatewells": "8 Validation",
    "attribution": "7 Trends",
}
#: Parameters that scripts and models rely on, in the order of the dialog.
PARAMETERS = {
    "importgrace": "INPUT EXTENT NOISY BASELINE_START BASELINE_END VARIABLE UNITS DOUBLES "
    "OUTPUT OUTPUT_UNCERTAINTY OUTPUT_HTML",
    "importstorage": "INPUT INPUT_FOLDER PRODUCT EXTENT BASELINE_START BASELINE_END ABSOLUTE "
    "OUTPUT OUTPUT_SOILMOISTURE OUTPUT_SNOW OUTPUT_CANOPY OUTPUT_HTML",
    "importseries": "INPUT INPUT_FOLDER VARIABLE KIND UNITS EXTENT BASELINE_START BASELINE_END "
    "EXISTING TOLERANCE OUTPUT",
    "watermask": "INPUT CLASSES WATER REFERENCE THRESHOLD NODATA OUTPUT OUTPUT_FRACTION",
    "glaciermask": "GLACIERS ICE ICE_VALUES REFERENCE THRESHOLD OUTPUT OUTPUT_FRACTION",
    "combinemasks": "INPUTS METHOD OUTPUT",
    "applymask": "INPUT MASK INVERT OUTPUT",
    "fillgapsssa": "INPUT PRESET MODES WINDOW TOLERANCE FOLDS CANDIDATE_MODES CANDIDATE_WINDOWS "
    "EXTRAPOLATE RESUME UNCERTAINTY OUTPUT OUTPUT_FLAGS OUTPUT_ERROR OUTPUT_MODES "
    "OUTPUT_UNCERTAINTY OUTPUT_HTML",
    "gapreport": "INPUT FLAGS OUTPUT OUTPUT_MAP OUTPUT_CELLS OUTPUT_HTML",
    "fillgapslinear": "INPUT MAX_GAP OUTPUT OUTPUT_FLAGS",
    "separategroundwater": "INPUT SOILMOISTURE SNOW CANOPY SURFACEWATER FLAGS REBASE "
    "BASELINE_START BASELINE_END UNCERTAINTY UNCERTAINTY_SOILMOISTURE UNCERTAINTY_SNOW "
    "UNCERTAINTY_CANOPY UNCERTAINTY_SURFACEWATER OUTPUT OUTPUT_OBSERVED OUTPUT_UNCERTAINTY",
    "preparepredictors": "PREDICTORS MODEL MAPPING REFERENCE EXTENT SPACING START END MASK HOLES "
    "FINER EMPTY_CELLS MIN_SHARE CUMULATE_FROM MAX_GAP BASELINE_START BASELINE_END OUTPUT "
    "OUTPUT_HTML",
    "cumulativeanomaly": "INPUT KIND START MAX_GAP BASELINE_START BASELINE_END OUTPUT",
    "fillholes": "INPUT MAX_DISTANCE MASK EMPTY_CELLS OUTPUT OUTPUT_FLAGS",
    "inspectmodel": "MODEL OUTPUT_HTML",
    "correctresiduals": "INPUT COARSE METHOD FLAGS UNOBSERVED MIN_SHARE OUTPUT OUTPUT_FLAGS",
    "comparedownscaling": "INPUTS COARSE TRUTH BASELINES FINE_MODEL REBASE BASINS BASIN_FIELD "
    "START END MIN_SHARE OUTPUT OUTPUT_HTML",
    "downscaledelta": "INPUT FINE METHOD REBASE BASELINE_START BASELINE_END FLAGS UNOBSERVED "
    "MIN_SHARE OUTPUT OUTPUT_FLAGS",
    "downscale": "MODEL PREDICTORS INPUT EXTENT AOI START END STRATA STRATA_POLYGONS STRATA_FIELD "
    "CORRECTION UNOBSERVED FLAGS MIN_SHARE REPLACE_UNCERTAIN RESUME PROVIDER THREADS OUTPUT "
    "OUTPUT_UNCERTAINTY OUTPUT_APPLICABILITY OUTPUT_FLAGS OUTPUT_HTML",
    "describestack": "INPUT OUTPUT_HTML",
    "alignstack": "INPUT REFERENCE METHOD MIN_SHARE FORCE OUTPUT",
    "extractperiod": "INPUT PERIOD START END MONTH YEAR SEASON CALENDAR_MONTH "
    "STATISTIC FLAGS MIN_SHARE OUTPUT",
    "stackcalculator": "INPUT INPUT_B OPERATION FACTOR MONTHS REBASE BASELINE_START "
    "BASELINE_END LONG_NAME OUTPUT",
    "pointseries": "INPUT POINTS POINT_FIELD METHOD FLAGS UNCERTAINTY OUTPUT OUTPUT_HTML",
    "exportstack": "INPUT VARIABLE PREFIX OUTPUT OUTPUT_FOLDER",
    "sampledata": "SEED LOCAL OUTPUT_GRACE OUTPUT_SOILMOISTURE OUTPUT_SNOW OUTPUT_CANOPY "
    "OUTPUT_BASINS OUTPUT_TRUTH OUTPUT_UNCERTAINTY_SOILMOISTURE OUTPUT_UNCERTAINTY_SNOW "
    "OUTPUT_UNCERTAINTY_CANOPY OUTPUT_TRUE_TWS OUTPUT_TRUE_GWS OUTPUT_GLDAS "
    "OUTPUT_WELLS OUTPUT_LEVELS SIZE OUTPUT_FINE_TWS OUTPUT_FINE_GWS OUTPUT_FINE_TREND "
    "OUTPUT_GLACIERS OUTPUT_LAKE OUTPUT_WATER OUTPUT_AQUIFERS "
    "OUTPUT_REANALYSIS OUTPUT_REANALYSIS_STORAGE OUTPUT_NDVI OUTPUT_LST OUTPUT_SM OUTPUT_TAS "
    "OUTPUT_PR OUTPUT_ET OUTPUT_DEM OUTPUT_CLAY OUTPUT_SILT OUTPUT_SAND OUTPUT_CFVO "
    "OUTPUT_CEC OUTPUT_PH OUTPUT_SOC OUTPUT_NITROGEN OUTPUT_IRRIGATION "
    "OUTPUT_IRRIGATION_GROUNDWATER OUTPUT_POPULATION OUTPUT_UNCERTAINTY_CLAY "
    "OUTPUT_UNCERTAINTY_SILT OUTPUT_UNCERTAINTY_SAND OUTPUT_UNCERTAINTY_CFVO "
    "OUTPUT_UNCERTAINTY_CEC OUTPUT_UNCERTAINTY_PH OUTPUT_UNCERTAINTY_SOC "
    "OUTPUT_UNCERTAINTY_NITROGEN OUTPUT_FINE_P OUTPUT_FINE_ET OUTPUT_FINE_R",
    "waterbalance": "INPUT BASINS BASIN_FIELD FLAGS PRECIPITATION PRECIPITATION_TABLE "
    "EVAPOTRANSPIRATION EVAPOTRANSPIRATION_TABLE RUNOFF RUNOFF_TABLE UNITS FILTER MIN_AREA "
    "MIN_PRECIPITATION MAX_IRRIGATED MAX_GLACIER IRRIGATED GLACIERS MIN_COVERED_SHARE OUTPUT "
    "OUTPUT_SUMMARY OUTPUT_HTML",
    "deseasonalise": "INPUT FLAGS METHOD SEASONAL_WINDOW TREND_WINDOW OUTPUT OUTPUT_SEASONAL",
    "storagedeficit": "INPUT BASINS BASIN_FIELD FLAGS BASELINE_START BASELINE_END DETREND "
    "THRESHOLD MIN_MONTHS MAX_GAP MIN_COVERED_SHARE OUTPUT OUTPUT_MONTHLY OUTPUT_SUMMARY "
    "OUTPUT_HTML",
    "trendmap": "INPUT FLAGS DESEASONALISE TEST FILLED UNCERTAINTY DRAWS START END OUTPUT",
    "glacierstorage": "GLACIERS GLACIER_FIELD CHANGES QUANTITY THICKNESS REFERENCE START END "
    "BASELINE_START BASELINE_END DENSITY OUTPUT",
    "physicalstorage": "INPUT GLACIERS BASELINE_START BASELINE_END LOWER UPPER OUTPUT "
    "OUTPUT_OUTLIERS OUTPUT_FILTERED",
    "trendclasses": "INPUT MIN_SLOPE OUTPUT OUTPUT_TABLE OUTPUT_HTML",
    "stippling": "INPUT P KIND SPACING DISTANCE OUTPUT",
    "hotspots": "INPUT P MIN_SLOPE MIN_AREA DIRECTION OUTPUT",
    "meananomaly": "INPUT FLAGS METHOD START END MIN_SHARE OUTPUT OUTPUT_HTML",
    "latitudeprofile": "INPUT BAND STEP FLAGS START END OUTPUT OUTPUT_HTML",
    "seasonality": "INPUT FLAGS MIN_YEARS START END OUTPUT OUTPUT_TABLE OUTPUT_HTML",
    "amplitudephase": "INPUT FLAGS MIN_AMPLITUDE START END OUTPUT OUTPUT_PHASE",
    "comparestacks": "INPUT INPUT_B FLAGS REBASE BASINS BASIN_FIELD START END MIN_SHARE "
    "MIN_COVERED_SHARE OUTPUT OUTPUT_SUMMARY OUTPUT_SCORES OUTPUT_HTML",
    "compareseries": "INPUT FLAGS AOI TABLE DATE_FIELD VALUE_FIELD MONTH_FIELD UNITS DATE_FORMAT "
    "FIRST_MONTH MIN_SHARE MIN_COVERED_SHARE OUTPUT OUTPUT_SCORES OUTPUT_HTML",
    "validatewells": "INPUT FLAGS POINTS POINT_FIELD X_FIELD Y_FIELD POINTS_CRS READINGS "
    "MORE_READINGS LAYOUT WELL_FIELD DATE_FIELD VALUE_FIELD QUANTITY UNITS MONTH_FIELD "
    "QUANTITY_FIELD "
    "UNIT_FIELD DATE_FORMAT YIELD_FROM SPECIFIC_YIELD YIELD_RASTER YIELD_FIELD REFERENCE BEFORE "
    "CLASSES THRESHOLDS START END MIN_MONTHS MIN_YEARS BINS SENSITIVITY OUTLIER OUTPUT "
    "OUTPUT_CELLS OUTPUT_BINS OUTPUT_SCORES OUTPUT_HTML",
    "attribution": "INPUT BACKGROUND FLAGS DESEASONALISE TEST BASELINE_START BASELINE_END START "
    "END OUTPUT OUTPUT_TOTAL OUTPUT_NATURAL OUTPUT_STACK OUTPUT_TABLE OUTPUT_HTML",
}
names = [a.ID for a in ALGORITHMS]


@pytest.fixture
def algorithm(provider, request):
    return provider.algorithm(request.param)


each = pytest.mark.parametrize("algorithm", names, indirect=True)


def test_ids_are_the_fixed_ones(provider):
    assert sorted(names) == sorted(IDS), "pin a new algorithm's id and group here"
    assert {a.name() for a in provider.algorithms() if a.groupId() != "chains"} == set(names)


def test_groups_come_in_the_order_the_work_flows():
    groups = [IDS[name] for name in names]
    assert groups == sorted(groups)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_fixed_ones(provider, name):
    definitions = provider.algorithm(name).parameterDefinitions()
    assert [d.name() for d in definitions] == PARAMETERS[name].split()


@each
def test_identity(algorithm):
    assert re.fullmatch("[a-z0-9]+", algorithm.name())
    assert algorithm.id() == f"gracewater:{algorithm.name()}"
    assert type(algorithm).__module__.endswith(f"{algorithm.groupId()}.{algorithm.name()}")
    assert algorithm.displayName().strip() and algorithm.displayName() != algorithm.name()
    assert algorithm.group() == GROUPS[algorithm.groupId()] == IDS[algorithm.name()]


@each
def test_help(algorithm):
    assert algorithm.shortDescription().endswith(".")
    text = algorithm.shortHelpString()
    assert len(text) > 300 and "Parameters" in text and "Source" in text
    for definition in algorithm.parameterDefinitions():
        assert definition.description() in unescape(text)
    assert re.fullmatch(r"https://\S+/docs/[a-z-]+\.md", algorithm.helpUrl())
    assert "GRACE" in algorithm.tags() and len(set(algorithm.tags())) == len(algorithm.tags()) > 6


@each
def test_icon(algorithm):
    assert Path(algorithm.svgIconPath()).is_file()
    assert not algorithm.icon().isNull()


@each
def test_every_parameter_is_explained(algorithm):
    for definition in algorithm.parameterDefinitions():
        assert re.fullmatch("[A-Z][A-Z_]*", definition.name())
        assert definition.description().strip()
        assert len(definition.help()) > 20, definition.name()
        assert definition.help().rstrip().endswith((".", "cm/yr")), definition.name()


@each
def test_enumerations_are_static_strings(algorithm):
    for definition in algorithm.parameterDefinitions():
        if isinstance(definition, QgsProcessingParameterEnum):
            assert definition.usesStaticStrings(), definition.name()
            default = definition.defaultValue()
            several = default if definition.allowMultiple() else [default]
            assert set(several) <= set(definition.options()), definition.name()


@each
def test_outputs_are_named_alike_and_optional_ones_can_be_left_out(algorithm):
    # Numbers, texts and answers that a model may branch on have names of their own.
    values = ("outputNumber", "outputString", "outputBoolean")
    outputs = [d.name() for d in algorithm.outputDefinitions() if d.type() not in values]
    assert outputs and all(re.fullmatch("OUTPUT(_[A-Z_]+)?", name) for name in outputs)
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    for definition in algorithm.destinationParameterDefinitions():
        if not definition.createByDefault():
            assert definition.flags() & optional, definition.name()


@each
def test_instances_are_fresh(algorithm):
    copy, another = algorithm.create(), algorithm.create()
    assert type(copy) is type(algorithm) and copy is not algorithm and copy is not another
    assert len(copy.parameterDefinitions()) == len(algorithm.parameterDefinitions())
    copy.sources["INPUT"] = "x"
    assert not another.sources and not algorithm.sources


@each
def test_flags(algorithm):
    flag = QgsProcessingAlgorithm.Flag
    assert algorithm.flags() & flag.FlagCanCancel
    assert algorithm.flags() & flag.FlagSupportsBatch
    for unwanted in (flag.FlagNoThreading, flag.FlagHideFromModeler, flag.FlagDeprecated):
        assert not algorithm.flags() & unwanted


@each
def test_can_execute_where_its_packages_are(algorithm):
    # QGIS gives Python two answers, newer versions one: both start with the verdict.
    answer = algorithm.canExecute()
    assert (answer[0] if isinstance(answer, tuple) else answer) is True
    assert not missing_packages(algorithm.REQUIRES)


def test_provider(provider):
    assert provider.id() == "gracewater" and provider.name() == "GRACE Water Toolbox"
    assert provider.defaultRasterFileExtension() == "tif"
    assert provider.supportedOutputRasterLayerExtensions()[0] == "tif"
    assert Path(provider.svgIconPath()).is_file() and not provider.icon().isNull()
    assert re.match(r"\d+\.\d+", provider.versionInfo())


def test_plugin_loads_without_an_interface_and_leaves_without_a_trace(provider):
    registry = QgsApplication.processingRegistry()
    others = {p.id() for p in registry.providers()}
    plugin = classFactory(None)
    assert plugin.iface is None
    plugin.unload()  # never loaded: nothing to do, nothing to break
    assert {p.id() for p in registry.providers()} == others
