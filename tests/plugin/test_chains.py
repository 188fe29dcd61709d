"""The shipped chains, run headless on the synthetic sample; batch and iterate too."""

import csv
import json
import subprocess
import sysconfig

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import MonthlyStack
from headless import ROOT, SITE_PACKAGES, Headless, find_qgis_process

pytestmark = pytest.mark.headless

CHAINS = {
    "basinseriesfromgrace": ["INPUT", "EXTENT", "NOISY", "BASINS", "BASIN_FIELD"],
    "downscalegroundwater": [
        *("INPUT", "EXTENT", "NOISY", "SOILMOISTURE", "SNOW", "CANOPY"),
        *("PREDICTORS", "MODEL", "STRATA"),
    ],
    "downscalestorage": ["INPUT", "EXTENT", "NOISY", "PREDICTORS", "MODEL"],
    "groundwatertrendbybasin": [
        *("INPUT", "EXTENT", "NOISY", "SOILMOISTURE", "SNOW", "CANOPY", "BASINS", "BASIN_FIELD"),
    ],
    "groundwatertrendclasses": ["INPUT", "EXTENT", "NOISY", "SOILMOISTURE", "SNOW", "CANOPY"],
    "groundwatertrendmasked": [
        *("INPUT", "EXTENT", "NOISY", "INPUT_FOLDER", "PRODUCT", "WATER", "GLACIERS"),
        *("BASINS", "BASIN_FIELD"),
    ],
}
BASINS = ["Arvane", "Belmor", "Drusk", "Elmara", "Kessin", "Sorrel"]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    files = {
        "OUTPUT_GRACE": folder / "grace.nc",
        "OUTPUT_SOILMOISTURE": folder / "soil_moisture.tif",
        "OUTPUT_SNOW": folder / "snow.tif",
        "OUTPUT_CANOPY": folder / "canopy.tif",
        "OUTPUT_BASINS": folder / "basins.gpkg",
        "OUTPUT_GLDAS": folder / "gldas",
        "OUTPUT_FINE_TWS": folder / "storage.tif",
    }
    with Headless(python_path=SITE_PACKAGES) as qgis:
        qgis.run("gracewater:sampledata", **files)
    # A lake over a 3° × 2° box and a glacier over one cell, both well inside the land.
    write_boxes(folder / "lakes.geojson", [(-36.0, 40.0, -33.0, 42.0)])
    write_boxes(folder / "glaciers.geojson", [(-33.0, 45.0, -32.0, 46.0)])
    return folder


def write_boxes(path, boxes):
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]],
            },
        }
        for w, s, e, n in boxes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def test_chains_and_their_inputs_are_the_fixed_ones(provider):
    found = {
        a.name(): [d.name() for d in a.parameterDefinitions() if not d.isDestination()]
        for a in provider.algorithms()
        if a.groupId() == "chains"
    }
    assert {name: sorted(inputs) for name, inputs in found.items()} == {
        name: sorted(inputs) for name, inputs in CHAINS.items()
    }


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_basin_series_from_grace(sample, tmp_path):
    with Headless(python_path=SITE_PACKAGES) as qgis:
        qgis.run(
            "gracewater:basinseriesfromgrace",
            INPUT=sample / "grace.nc",
            NOISY="missing",
            BASINS=sample / "basins.gpkg",
            BASIN_FIELD="basin",
            **{
                "import:OUTPUT_HTML": tmp_path / "import.html",
                "fill:OUTPUT": tmp_path / "twsa.tif",
                "fill:OUTPUT_FLAGS": tmp_path / "flags.tif",
                "basins:OUTPUT": tmp_path / "basins.csv",
                "basins:OUTPUT_SUMMARY": tmp_path / "summary.csv",
                "basins:OUTPUT_HTML": tmp_path / "basins.html",
                "trend:OUTPUT": tmp_path / "trend.tif",
            },
        )
    rows = rows_of(tmp_path / "basins.csv")
    assert sorted({r["basin"] for r in rows}) == BASINS
    assert len(rows) == 6 * 265
    assert all(r["value"] for r in rows)
    # 36 missing months and the noise month 2015-02.
    assert sum(r["filled"] == "1" for r in rows if r["basin"] == "Elmara") == 37
    elmara = next(r for r in rows_of(tmp_path / "summary.csv") if r["basin"] == "Elmara")
    assert float(elmara["slope_upper"]) < -0.5
    page = (tmp_path / "basins.html").read_text(encoding="utf-8")
    assert "synthetic" in page.lower()


def test_groundwater_trend_classes(sample, tmp_path):
    import rasterio

    with Headless(python_path=SITE_PACKAGES) as qgis:
        qgis.run(
            "gracewater:groundwatertrendclasses",
            INPUT=sample / "grace.nc",
            SOILMOISTURE=sample / "soil_moisture.tif",
            SNOW=sample / "snow.tif",
            CANOPY=sample / "canopy.tif",
            **{
                "import:OUTPUT_HTML": tmp_path / "import.html",
                "fill:OUTPUT": tmp_path / "twsa.tif",
                "fill:OUTPUT_FLAGS": tmp_path / "flags.tif",
                "separate:OUTPUT": tmp_path / "gwsa.tif",
                "trend:OUTPUT": tmp_path / "trend.tif",
                "classes:OUTPUT": tmp_path / "classes.tif",
                "classes:OUTPUT_TABLE": tmp_path / "shares.csv",
                "classes:OUTPUT_HTML": tmp_path / "classes.html",
                "hotspots:OUTPUT": tmp_path / "hotspots.geojson",
                "stippling:OUTPUT": tmp_path / "points.geojson",
            },
        )
    rows = rows_of(tmp_path / "shares.csv")
    assert sum(float(r["share"]) for r in rows[:7]) == pytest.approx(100)
    # The plain test is surer of itself than the corrected one.
    sure, plain = (sum(float(rows[i][name]) for i in (0, 6)) for name in ("share", "share_plain"))
    assert 0 < sure < plain
    with (
        rasterio.open(tmp_path / "trend.tif") as trend,
        rasterio.open(tmp_path / "classes.tif") as classes,
    ):
        bands = dict(zip(trend.descriptions, trend.read()))
        found = classes.read(1)
    assert ((found == 1) == ((bands["p"] < 0.01) & (bands["slope_per_month"] < 0))).all()
    points = json.loads((tmp_path / "points.geojson").read_text(encoding="utf-8"))["features"]
    assert points and all(f["properties"]["p"] < 0.01 for f in points)
    spots = json.loads((tmp_path / "hotspots.geojson").read_text(encoding="utf-8"))["features"]
    assert all(abs(f["properties"]["steepest_cm_month"]) > 0.1 for f in spots)
    assert "plain test, %" in (tmp_path / "classes.html").read_text(encoding="utf-8")


def test_masked_groundwater_trend(sample, tmp_path):
    with Headless(python_path=SITE_PACKAGES) as qgis:
        qgis.run(
            "gracewater:groundwatertrendmasked",
            INPUT=sample / "grace.nc",
            INPUT_FOLDER=sample / "gldas",
            PRODUCT="gldas-noah",
            WATER=sample / "lakes.geojson",
            GLACIERS=sample / "glaciers.geojson",
            BASINS=sample / "basins.gpkg",
            BASIN_FIELD="basin",
            **{
                "import:OUTPUT_HTML": tmp_path / "import.html",
                "fill:OUTPUT": tmp_path / "twsa.tif",
                "fill:OUTPUT_FLAGS": tmp_path / "flags.tif",
                "land:OUTPUT_HTML": tmp_path / "land.html",
                "masks:OUTPUT": tmp_path / "mask.tif",
                "mask:OUTPUT": tmp_path / "gwsa.tif",
                "basins:OUTPUT": tmp_path / "basins.csv",
                "basins:OUTPUT_SUMMARY": tmp_path / "summary.csv",
                "basins:OUTPUT_HTML": tmp_path / "basins.html",
                "trend:OUTPUT": tmp_path / "trend.tif",
            },
        )
    with MonthlyStack(tmp_path / "gwsa.tif") as stack:
        grid, values = stack.grid, stack.read()
    lake = (grid.x[None, :] > -36) & (grid.x[None, :] < -33)
    lake = lake & (grid.y[:, None] > 40) & (grid.y[:, None] < 42)
    glacier = (grid.x[None, :] == -32.5) & (grid.y[:, None] == 45.5)
    assert lake.sum() == 6 and glacier.sum() == 1
    assert np.isnan(values[:, lake | glacier]).all()
    beside = (grid.x[None, :] == -36.5) & (grid.y[:, None] == 41.5)
    assert np.isfinite(values[:, beside]).all()
    summary = {r["basin"]: r for r in rows_of(tmp_path / "summary.csv")}
    assert float(summary["Elmara"]["slope_upper"]) < 0
    assert 0.5 < float(summary["Elmara"]["covered_share"]) < 0.95
    assert float(summary["Sorrel"]["covered_share"]) > 0.99


def halving_model(path):
    """A model of one predictor with its contract: half of a storage, in cm."""
    import onnx
    from grace_water_toolbox.core.downscaling.contract import (
        KEY,
        Contract,
        Spacing,
        Target,
        Variable,
    )
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(np.array([[0.5]], np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["predictors", "w"], ["mean"])],
        "g",
        [helper.make_tensor_value_info("predictors", TensorProto.FLOAT, ["n", 1])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 1])],
        [weight],
    )
    contract = Contract(
        name="half",
        kind="pixel",
        target=Target("twsa", "cm"),
        inputs=(Variable("storage", "cm", range=(-400.0, 400.0)),),
        spacing=Spacing(0.1, 0.1),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {KEY: contract.to_json()})
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("chain", ["downscalestorage", "downscalegroundwater"])
def test_downscaled_storage_agrees_with_what_it_was_made_from(sample, tmp_path, chain):
    from grace_water_toolbox.core.downscaling.residual import Correction

    land, source = {}, "fill:OUTPUT"
    if chain == "downscalegroundwater":
        names = ("SOILMOISTURE", "SNOW", "CANOPY")
        files = ("soil_moisture.tif", "snow.tif", "canopy.tif")
        land, source = {n: sample / f for n, f in zip(names, files)}, "separate:OUTPUT"
    outputs = {
        "import:OUTPUT_HTML": tmp_path / "import.html",
        "fill:OUTPUT": tmp_path / "twsa.tif",
        "fill:OUTPUT_FLAGS": tmp_path / "flags.tif",
        source: tmp_path / "coarse.tif",
        "prepare:OUTPUT_HTML": tmp_path / "prepare.html",
        "downscale:OUTPUT": tmp_path / "fine.tif",
        "downscale:OUTPUT_HTML": tmp_path / "downscale.html",
    }
    with Headless(python_path=sysconfig.get_paths()["purelib"]) as qgis:
        qgis.run(
            f"gracewater:{chain}",
            INPUT=sample / "grace.nc",
            **land,
            PREDICTORS=sample / "storage.tif",
            MODEL=halving_model(tmp_path / "half.onnx"),
            **outputs,
        )
    with (
        MonthlyStack(tmp_path / "fine.tif") as fine,
        MonthlyStack(tmp_path / "coarse.tif") as coarse,
        MonthlyStack(tmp_path / "flags.tif") as flags,
    ):
        assert fine.grid.dx == pytest.approx(0.1)
        observed = np.isin(fine.months, flags.months[(flags.read() == 0).any(axis=(1, 2))])
        months = fine.months[observed][::20]
        values = fine.read(bands=np.searchsorted(fine.months, months))
        wanted = coarse.read(bands=np.searchsorted(coarse.months, months))
        correction = Correction(coarse.grid, fine.grid)
    total, weight = correction.sums(values, 0, 0)
    whole = weight >= 0.999 * correction.whole
    inside = whole & (correction.whole > 0) & np.isfinite(wanted)
    assert inside.sum() > 20 * len(months)
    assert np.abs((total / np.where(weight > 0, weight, 1) - wanted)[inside]).max() < 0.01
    # What is finer than a cell of GRACE is the model's.
    assert np.nanstd(values[0]) > np.nanstd(wanted[0][inside[0]]) * 0.5
    assert "storage" in (tmp_path / "prepare.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("step", ["prepare", "downscale"])
def test_a_chain_whose_step_refuses_ends_by_itself(sample, tmp_path, step):
    """Nothing that ran before the refusal (threads of GDAL, numba) holds the process."""
    given = {
        "INPUT": sample / "grace.nc",
        "EXTENT": "-40,-33,40,46",
        "PREDICTORS": sample / ("storage.tif" if step == "downscale" else "snow.tif"),
        "MODEL": halving_model(tmp_path / "half.onnx"),
        "import:OUTPUT_HTML": tmp_path / "import.html",
        "fill:OUTPUT": tmp_path / "twsa.tif",
        "fill:OUTPUT_FLAGS": tmp_path / "flags.tif",
        "prepare:OUTPUT_HTML": tmp_path / "prepare.html",
        "downscale:OUTPUT": tmp_path / "fine.tif",
        "downscale:OUTPUT_UNCERTAINTY": tmp_path / "sigma.tif",
        "downscale:OUTPUT_HTML": tmp_path / "downscale.html",
    }
    said = {
        "prepare": "no layer has cells of 0.1",
        "downscale": "a model of several members, or with a standard deviation",
    }
    with Headless(python_path=SITE_PACKAGES) as qgis:
        arguments = [f"--{name}={value}" for name, value in given.items()]
        done = qgis.call("run", "gracewater:downscalestorage", *arguments, timeout=300)
    assert done.returncode != 0
    assert said[step] in done.stderr
    assert not list(tmp_path.glob("fine*")) and not list(tmp_path.glob("sigma*"))


def test_a_batch_over_two_seeds_keeps_its_runs_apart(tmp_path):
    """A server loop: the same chain of steps, one folder a run."""
    series = []
    with Headless(python_path=SITE_PACKAGES) as qgis:
        for seed in (0, 1):
            folder = tmp_path / str(seed)
            folder.mkdir()
            qgis.run(
                "gracewater:sampledata",
                SEED=seed,
                OUTPUT_GRACE=folder / "grace.nc",
                OUTPUT_SOILMOISTURE=folder / "sm.tif",
                OUTPUT_SNOW=folder / "snow.tif",
                OUTPUT_CANOPY=folder / "canopy.tif",
                OUTPUT_BASINS=folder / "basins.gpkg",
            )
            qgis.run("gracewater:importgrace", INPUT=folder / "grace.nc", OUTPUT=folder / "t.tif")
            with MonthlyStack(folder / "t.tif") as stack:
                series.append(stack.read())
    assert not np.array_equal(series[0], series[1], equal_nan=True)


ITERATE = """
import json, sys
sys.path.append("/usr/share/qgis/python/plugins")
from qgis.core import (
    QgsApplication, QgsFeatureRequest, QgsProcessingContext, QgsProcessingFeedback, QgsProject,
    QgsVectorLayer,
)
app = QgsApplication([], False)
app.initQgis()
from processing.core.Processing import Processing
Processing.initialize()
import grace_water_toolbox
plugin = grace_water_toolbox.classFactory(None)
plugin.initProcessing()
from processing.gui.AlgorithmExecutor import executeIterating
asked = json.loads(sys.argv[1])
layer = QgsVectorLayer(asked["BASINS"], "basins")
QgsProject.instance().addMapLayer(layer)
asked["BASINS"] = layer.id()
context = QgsProcessingContext()
context.setProject(QgsProject.instance())
algorithm = QgsApplication.processingRegistry().createAlgorithmById("gracewater:basinstatistics")
print("ran", executeIterating(algorithm, asked, "BASINS", context, QgsProcessingFeedback()))
plugin.unload()
QgsProject.instance().clear()
"""


def test_iterate_over_this_layer_gives_one_named_table_a_basin(sample, tmp_path):
    """QGIS's own iterating executor, in a process of its own; files get _0, _1, …"""
    import os
    import sys

    assert find_qgis_process()
    with Headless(python_path=SITE_PACKAGES) as qgis:
        qgis.run("gracewater:importgrace", INPUT=sample / "grace.nc", OUTPUT=tmp_path / "t.tif")
    asked = {
        "INPUT": str(tmp_path / "t.tif"),
        "BASINS": str(sample / "basins.gpkg"),
        "BASIN_FIELD": "basin",
        "MIN_COVERED_SHARE": 0.5,
        "CORRELATION_LENGTH": 300,
        "OUTPUT": str(tmp_path / "series.csv"),
        "OUTPUT_HTML": str(tmp_path / "report.html"),
    }
    done = subprocess.run(
        [sys.executable, "-c", ITERATE, json.dumps(asked)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)},
        cwd=ROOT,
        timeout=300,
    )
    assert "ran True" in done.stdout, done.stdout + done.stderr
    found = sorted(tmp_path.glob("series_*.csv"))
    assert len(found) == 6
    assert sorted({r["basin"] for path in found for r in rows_of(path)}) == BASINS
    assert all(len({r["basin"] for r in rows_of(path)}) == 1 for path in found)
    pages = [path.read_text(encoding="utf-8") for path in sorted(tmp_path.glob("report_*.html"))]
    titles = [page.split("<title>")[1].split("</title>")[0] for page in pages]
    assert sorted(titles) == [f"Basin statistics: {name}" for name in BASINS]
