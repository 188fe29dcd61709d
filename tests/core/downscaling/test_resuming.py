"""A run that was killed goes on where it stopped; trees and products add up in one order."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.downscaling.contract import Contract, Spacing, Target, Variable
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.pixelrunner import LEAST_ROWS, PixelRunner
from grace_water_toolbox.core.downscaling.predictorset import predictor_writer
from grace_water_toolbox.core.downscaling.session import ModelSession
from onnx import TensorProto, helper

from .conftest import linear_pixel, save

MONTHS = np.arange("2004-01", "2006-01", dtype="datetime64[M]")
GRID = Grid(10.0, 40.0, 0.5, 0.5, 40, 30)

RUN = """
import sys, time
from grace_water_toolbox.core.downscaling.domain import choose_domain, choose_months
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
from grace_water_toolbox.core.downscaling.product import make_product
from grace_water_toolbox.core.downscaling.running import Job
from grace_water_toolbox.core.progress import Progress

class Slow(Progress):
    def is_cancelled(self):
        time.sleep(0.003)
        return False

folder = sys.argv[1]
model = load_model(folder + "/m.onnx")
with PredictorSet(folder + "/set.tif") as predictors:
    months, usable = choose_months(model.contract, predictors)
    job = Job(model, predictors, choose_domain(predictors.grid), months, usable)
    summary, _ = make_product(
        job, folder + "/out.tif", outside_output=folder + "/share.tif", memory=60_000,
        progress=Slow(),
    )
print(summary.restored, summary.values.sum(), summary.outside.round(6).tolist())
"""


def contract(columns=2):
    names = ["rain", "elevation", *(f"x{i}" for i in range(columns - 2))]
    return Contract(
        name="m",
        kind="pixel",
        target=Target("twsa", "cm"),
        inputs=tuple(
            Variable(n, "1", "static" if n == "elevation" else "dynamic", range=(0.0, 50.0))
            for n in names
        ),
        spacing=Spacing(0.5, 0.5),
    )


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_a_killed_run_goes_on_and_ends_bit_equal(tmp_path, rng):
    rain = rng.uniform(0, 100, (24, 30, 40))
    rain[rng.random(rain.shape) < 0.1] = np.nan
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
        variables = [("rain", "1", MONTHS), ("elevation", "1", None)]
        with predictor_writer(folder / "set.tif", GRID, variables) as writer:
            writer.write(np.concatenate([rain, np.full((1, 30, 40), 7.0)]))
        linear_pixel([1.7, 0.1], contract(), folder / "m.onnx")

    def start(folder):
        return subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder)], stdout=subprocess.PIPE, text=True
        )

    whole = start(folders[0]).communicate(timeout=120)[0]
    assert whole.startswith("0 ")
    child, deadline = start(folders[1]), time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            found = list(folders[1].glob(".out.*.resume"))
            if found and found[0].stat().st_size > 40_000:
                break
            time.sleep(0.002)
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert not (folders[1] / "out.tif").exists()
    again = start(folders[1]).communicate(timeout=120)[0]
    assert int(again.split()[0]) > 5
    assert again.split(maxsplit=1)[1] == whole.split(maxsplit=1)[1]
    for name in ("out", "share"):
        one, other = ((folder / f"{name}.tif").read_bytes() for folder in folders)
        assert one == other, name
    assert not list(folders[1].glob(".out.*.resume"))


def forest(path, trees=300, features=3, seed=0):
    """Stumps with leaves of very different sizes, whose sum shows the order of its terms."""
    rng = np.random.default_rng(seed)
    nodes = {"treeids": [], "nodeids": [], "featureids": [], "values": [], "modes": []}
    nodes |= {"truenodeids": [], "falsenodeids": []}
    targets = {"treeids": [], "nodeids": [], "ids": [], "weights": []}
    for tree in range(trees):
        for node, mode in enumerate(("BRANCH_LEQ", "LEAF", "LEAF")):
            nodes["treeids"].append(tree)
            nodes["nodeids"].append(node)
            nodes["featureids"].append(int(rng.integers(features)) if node == 0 else 0)
            nodes["values"].append(float(rng.normal()) if node == 0 else 0.0)
            nodes["modes"].append(mode)
            nodes["truenodeids"].append(1 if node == 0 else 0)
            nodes["falsenodeids"].append(2 if node == 0 else 0)
            if node:
                targets["treeids"].append(tree)
                targets["nodeids"].append(node)
                targets["ids"].append(0)
                targets["weights"].append(float(10.0 ** rng.uniform(-4, 2)))
    attributes = {f"nodes_{k}": v for k, v in nodes.items()}
    attributes |= {f"target_{k}": v for k, v in targets.items()}
    node = helper.make_node(
        "TreeEnsembleRegressor", ["predictors"], ["mean"], domain="ai.onnx.ml", n_targets=1,
        **attributes,
    )  # fmt: skip
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("predictors", TensorProto.FLOAT, ["n", features])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return save(graph, contract(features), path, opsets=opsets)


def test_the_number_of_rows_in_a_call_changes_no_bit(tmp_path, rng):
    """ONNX Runtime adds up trees in another order for one row than for many."""
    model = load_model(forest(tmp_path / "t.onnx"))
    session = ModelSession(model.files[0], model.contract, threads=2)
    rows = rng.normal(size=(700, 3)).astype(np.float32)
    plain = onnxruntime.InferenceSession(str(tmp_path / "t.onnx"))
    expected = plain.run(None, {"predictors": rows})[0].ravel()
    runner = PixelRunner(model.contract, None, {None: [session]})
    for size in (1, 2, 19, 64, LEAST_ROWS - 1, LEAST_ROWS, 699):
        runner.pace.size, runner.pace.most = size, size
        mean, _ = runner._members([session], rows, lambda: None)
        np.testing.assert_array_equal(mean, expected)
