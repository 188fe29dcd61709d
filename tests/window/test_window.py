"""A real QGIS window: the toolbox panel, dialogs, and what they load.

These fail, and do not skip, where QGIS or Xvfb is missing: tools/setup.sh installs both.
"""

from pathlib import Path

import numpy as np
import pytest
from headless import ROOT, SITE_PACKAGES, Headless
from window import WindowError, run_in_window

pytestmark = pytest.mark.window

HERE = Path(__file__).resolve().parent
CHAINS = sorted(path.stem for path in (ROOT / "plugin" / "chains").glob("*.model3"))
ORDER = [
    "1 Data",
    "2 Masks",
    "3 Gap filling",
    "4 Groundwater",
    "5 Downscaling",
    "6 Basins",
    "7 Trends",
    "8 Validation",
    "9 Chains",
]
# The ramp as red, green, blue: loss, nothing, gain.
RAMP = np.array(
    [
        (0xB2, 0x18, 0x2B),
        (0xEF, 0x8A, 0x62),
        (0xFD, 0xDB, 0xC7),
        (0xF7, 0xF7, 0xF7),
        (0xD1, 0xE5, 0xF0),
        (0x67, 0xA9, 0xCF),
        (0x21, 0x66, 0xAC),
    ]
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The synthetic sample, imported and filled, as files by name."""
    folder = tmp_path_factory.mktemp("sample")
    names = ("soil_moisture", "snow", "canopy", "twsa", "filled", "flags")
    files = {name: str(folder / f"{name}.tif") for name in names}
    files["grace"], files["basins"] = str(folder / "grace.nc"), str(folder / "basins.gpkg")
    files["gldas"], files["lakes"] = str(folder / "gldas"), str(folder / "lakes.gpkg")
    with Headless(python_path=SITE_PACKAGES) as qgis:
        qgis.run(
            "gracewater:sampledata",
            OUTPUT_GRACE=files["grace"],
            OUTPUT_SOILMOISTURE=files["soil_moisture"],
            OUTPUT_SNOW=files["snow"],
            OUTPUT_CANOPY=files["canopy"],
            OUTPUT_BASINS=files["basins"],
            OUTPUT_GLDAS=files["gldas"],
        )
        # One basin stands in for lakes and glaciers: what is tested here is the window.
        qgis.run(
            "native:extractbyexpression",
            INPUT=files["basins"],
            EXPRESSION="basin = 'Kessin'",
            OUTPUT=files["lakes"],
        )
        qgis.run("gracewater:importgrace", INPUT=files["grace"], OUTPUT=files["twsa"])
        qgis.run(
            "gracewater:fillgapslinear",
            INPUT=files["twsa"],
            OUTPUT=files["filled"],
            OUTPUT_FLAGS=files["flags"],
        )
    return files


def run_dialog(folder, algorithm, layers, values):
    asked = {"algorithm": f"gracewater:{algorithm}", "layers": layers, "values": values}
    shown = run_in_window(HERE / "scenario_run.py", asked, folder)
    assert shown["ran"] == values
    return shown


def assert_styled_and_drawn(raster, unit):
    """One band in symmetric limits, its unit in the legend, its colours on the canvas."""
    assert raster["renderer"] == "QgsSingleBandPseudoColorRenderer"
    low, high = raster["limits"]
    assert low == -high < 0
    assert raster["units"] == [unit]
    (least, _), (most, _) = raster["drawn"]
    assert least < 0 < most
    for value, colour in raster["drawn"]:
        places = np.linspace(low, high, len(RAMP))
        expected = [np.interp(value, places, RAMP[:, channel]) for channel in range(3)]
        assert np.abs(np.subtract(colour, expected)).max() <= 2, (value, colour, expected)


def test_trend_map_from_the_toolbox(sample, tmp_path):
    layers = {"INPUT": sample["filled"], "FLAGS": sample["flags"]}
    shown = run_dialog(tmp_path, "trendmap", layers, {"DESEASONALISE": "harmonic"})
    groups = [group for group, _ in shown["toolbox"]]
    assert groups == [group for group in ORDER if group in groups]
    algorithms = {name: group for group, names in shown["toolbox"] for name in names}
    assert algorithms["Import GRACE"] == "1 Data"
    assert algorithms["Trend map"] == "7 Trends"
    (trend,) = shown["rasters"]
    assert trend["name"].startswith("Trend map")
    assert_styled_and_drawn(trend, "cm/yr")


#: What each chain asks for: layers of the project, and values, by the sample's names.
CHAIN_LAYERS = {
    "basinseriesfromgrace": {},
    "groundwatertrendbybasin": {
        "SOILMOISTURE": "soil_moisture",
        "SNOW": "snow",
        "CANOPY": "canopy",
    },
    "groundwatertrendmasked": {"WATER": "lakes", "GLACIERS": "lakes"},
}
CHAIN_VALUES = {"groundwatertrendmasked": {"INPUT_FOLDER": "gldas"}}
#: Those that end in classes, and those that need a model: tests/plugin/test_chains.py runs them.
OTHER_CHAINS = {"groundwatertrendclasses", "downscalestorage", "downscalegroundwater"}


def test_no_chain_is_forgotten():
    assert set(CHAINS) == set(CHAIN_LAYERS) | OTHER_CHAINS


def test_the_chain_of_classes_from_its_dialog(sample, tmp_path):
    layers = {"SOILMOISTURE": sample["soil_moisture"], "SNOW": sample["snow"]}
    shown = run_dialog(tmp_path, "groundwatertrendclasses", layers, {"INPUT": sample["grace"]})
    (trend,) = [raster for raster in shown["rasters"] if raster["units"] == ["cm/yr"]]
    assert_styled_and_drawn(trend, "cm/yr")
    assert "QgsPalettedRasterRenderer" in [raster["renderer"] for raster in shown["rasters"]]
    (shares,) = [table for table in shown["tables"] if not table["spatial"]]
    assert shares["rows"] >= 7


@pytest.mark.parametrize("chain", sorted(CHAIN_LAYERS))
def test_chain_from_its_dialog(chain, sample, tmp_path):
    named = {**CHAIN_LAYERS[chain], "BASINS": "basins"}
    layers = {parameter: sample[name] for parameter, name in named.items()}
    named = {"INPUT": "grace", **CHAIN_VALUES.get(chain, {})}
    values = {parameter: sample[name] for parameter, name in named.items()}
    values["BASIN_FIELD"] = "basin"
    shown = run_dialog(tmp_path, chain, layers, values)
    (trend,) = [raster for raster in shown["rasters"] if raster["units"] == ["cm/yr"]]
    assert_styled_and_drawn(trend, "cm/yr")
    tables = [table for table in shown["tables"] if not table["spatial"]]
    summaries = [table for table in shown["tables"] if table["spatial"]]
    assert tables and summaries
    for table in tables + summaries:
        assert table["basins"] == ["Arvane", "Belmor", "Drusk", "Elmara", "Kessin", "Sorrel"]
    for table in tables:
        assert table["fields"][:4] == ["basin", "date", "variable", "value"]
        assert table["rows"] >= 6 * 265
    for summary in summaries:
        assert summary["rows"] == 6
    names = [layer["name"] for layer in shown["rasters"] + shown["tables"]]
    assert len(set(names)) == len(names), names
    assert not [name for name in names if name.startswith("OUTPUT")]


def test_an_error_inside_qgis_is_reported(tmp_path):
    with pytest.raises(WindowError, match="no such key"):
        run_in_window(HERE / "scenario_broken.py", folder=tmp_path)
    assert (tmp_path / "failed.png").stat().st_size > 0


def test_a_stuck_window_is_killed(tmp_path):
    with pytest.raises(WindowError, match="without an answer"):
        run_in_window(HERE / "scenario_stuck.py", folder=tmp_path, timeout=15)
