"""A small model, its predictors and a coarse stack."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import StackInfo, write_stack
from grace_water_toolbox.core.downscaling.contract import (
    KEY,
    Contract,
    Spacing,
    Target,
    Training,
    Variable,
)
from grace_water_toolbox.core.downscaling.predictorset import predictor_writer

MONTHS = np.arange("2004-01", "2004-05", dtype="datetime64[M]")
FINE = Grid(10.0, 40.0, 0.5, 0.5, 12, 8)
COARSE = Grid(10.0, 40.0, 2.0, 2.0, 3, 2)


def write_linear(path, weights=(1.0, 0.1), **more):
    """A pixel model y = Σ w x of rain and elevation, in ONNX, with its contract."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    given = {
        "name": "linear",
        "kind": "pixel",
        "target": Target("twsa", "cm", "storage by a line", ("2004-01", "2009-12")),
        "inputs": (
            Variable("rain", "mm month-1", range=(0.0, 80.0), source="ERA5-Land tp"),
            Variable("elevation", "m", "static", range=(0.0, 1000.0)),
        ),
        "spacing": Spacing(0.5, 0.5),
        "training": Training((9.0, 20.0, 30.0, 45.0), ("2002-04", "2015-12"), "made up", "CC0"),
    }
    contract = Contract(**{**given, **more})
    w = np.asarray(weights, np.float32).reshape(-1, 1)
    outputs = [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 1])]
    nodes = [helper.make_node("MatMul", ["predictors", "w"], ["mean"])]
    if contract.output_std:
        nodes.append(helper.make_node("Abs", ["mean"], [contract.output_std]))
        outputs.append(
            helper.make_tensor_value_info(contract.output_std, TensorProto.FLOAT, ["n", 1])
        )
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("predictors", TensorProto.FLOAT, ["n", len(w)])],
        outputs,
        [numpy_helper.from_array(w, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    helper.set_model_props(model, {KEY: contract.to_json()})
    onnx.save(model, str(path))
    return str(path)


@pytest.fixture
def world(tmp_path):
    """``model.onnx``, ``set.tif`` and ``coarse.tif`` in ``tmp_path``, and their values."""
    rng = np.random.default_rng(11)
    rain = rng.uniform(0, 100, (4, 8, 12)).astype("f4")
    elevation = rng.uniform(0, 900, (1, 8, 12)).astype("f4")
    variables = [("rain", "mm month-1", MONTHS), ("elevation", "m", None)]
    with predictor_writer(tmp_path / "set.tif", FINE, variables) as writer:
        writer.write(np.concatenate([rain, elevation]))
    coarse = rng.normal(size=(4, 2, 3)).astype("f4")
    info = StackInfo(COARSE, MONTHS, "cm", baseline=("2004-01", "2009-12"))
    write_stack(tmp_path / "coarse.tif", info, coarse)
    write_linear(tmp_path / "model.onnx")
    return rain.astype(float), elevation[0].astype(float), coarse.astype(float)
