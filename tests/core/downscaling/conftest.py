import json

import numpy as np
import onnx
import pytest
from grace_water_toolbox.core.downscaling.contract import (
    KEY,
    Contract,
    Spacing,
    Target,
    Tile,
    Training,
    Variable,
)
from onnx import TensorProto, helper, numpy_helper

from .layersofaworld import COARSE, DETAIL, FINE, World


def contract_of(kind="pixel", **more):
    """A small valid contract: two months of rain, elevation."""
    given = {
        "name": "small",
        "kind": kind,
        "target": Target("twsa", "cm", baseline=("2004-01", "2009-12")),
        "inputs": (
            Variable("precipitation", "mm month-1", lags=(0, 1), range=(0.0, 400.0)),
            Variable("elevation", "m", "static", range=(0.0, 3000.0)),
        ),
        "spacing": Spacing(0.1, 0.1),
        "tile": Tile(8, 8, 4) if kind == "patch" else None,
        "training": Training((-47.0, -25.0, 32.0, 50.0), ("2002-04", "2015-12"), "made up", "CC0"),
    }
    given.update(more)
    return Contract(**given)


def linear_pixel(weights, contract, path, *, opset=17, ir=8, metadata=None, **more):
    """Write a model y = x · w; ``more`` goes to ``helper.make_node``."""
    w = np.asarray(weights, np.float32).reshape(-1, 1)
    node = helper.make_node("MatMul", ["predictors", "w"], ["mean"], **more)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("predictors", TensorProto.FLOAT, ["n", len(w)])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(w, "w")],
    )
    return save(graph, contract, path, opset=opset, ir=ir, metadata=metadata)


def save(graph, contract, path, *, opset=17, ir=8, metadata=None, opsets=None):
    """Write a graph with its contract in the metadata."""
    sets = opsets or [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=sets, ir_version=ir)
    if metadata is None:
        metadata = {KEY: contract.to_json()}
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def pixel_model(tmp_path):
    """Path of a linear pixel model, 1·rain(t) + 2·rain(t−1) + 3·elevation."""
    return linear_pixel([1, 2, 3], contract_of(), tmp_path / "pixel.onnx")


def changed(contract, **fields):
    """JSON of a contract with top-level fields replaced."""
    return json.dumps({**json.loads(contract.to_json()), **fields})


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    rng = np.random.default_rng(4)
    made.add("pr", rng.gamma(2, 0.04, (30, 8, 12)), "m month-1", FINE, "2004-01")
    made.add("t2m", rng.normal(10, 8, (30, 2, 3)), "degC", COARSE, "2004-01")
    made.add("dem", rng.uniform(0, 3, (40, 40)), "km", DETAIL, "")
    yield made
    for layer in made.layers:
        layer.close()
