"""Models that mean harm, or are broken: loaded and run in a process of their own.

Whatever they hold, the process ends by itself, in time and in bounded memory, with an answer
or with an error of ours.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.errors import GraceWaterError
from onnx import TensorProto, helper, numpy_helper

from .conftest import contract_of, save
from .test_resuming import forest
from .test_runners import Tile, convolution

CHILD = """
import json, sys
import numpy as np
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.session import ModelSession
from grace_water_toolbox.core.errors import GraceWaterError

answers = []
for path in json.loads(sys.argv[1]):
    try:
        model = load_model(path)
        contract = model.contract
        shape = (2, len(contract.channels))
        if contract.kind == "patch":
            shape += (contract.tile.height, contract.tile.width)
        with ModelSession(model.files[0], contract) as session:
            mean, _ = session.run(np.ones(shape, np.float32), lambda: None)
        answers.append(["ran", bool(np.isfinite(mean).all())])
    except GraceWaterError as error:
        answers.append(["refused", str(error)])
# getrusage would carry the peak of the parent over into a child of it.
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([answers, peak / 1024]))
"""


def in_a_child(paths, seconds=100):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps([str(p) for p in paths])],
        capture_output=True, text=True, check=False, timeout=seconds,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers, peak = json.loads(done.stdout.splitlines()[-1])
    assert len(answers) == len(paths) and peak < 2000
    return answers


def pixel_graph(nodes, weights):
    return helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("predictors", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items()],
    )


def sum_of(nodes):
    """The result gets the largest value of 'big' added."""
    return [
        *nodes,
        helper.make_node("ReduceMax", ["big"], ["most"], keepdims=0),
        helper.make_node("MatMul", ["predictors", "w"], ["plain"]),
        helper.make_node("Add", ["plain", "most"], ["mean"]),
    ]


def nested(depth):
    """If inside If inside If …"""
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node("Identity", ["predictors"], ["y"])
    inner = helper.make_graph([node], "i", [], [out])
    for _ in range(depth):
        node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
        inner = helper.make_graph([node], "i", [], [out])
    return helper.make_node("If", ["c"], ["mean"], then_branch=inner, else_branch=inner)


W = {"w": np.ones((3, 1), np.float32)}


def hostile(name, folder):
    """(path, what the error says or None where it may run)."""
    path = folder / f"{name}.onnx"
    make = helper.make_node
    if name == "constant_of_100_gb":
        nodes = sum_of([make("ConstantOfShape", ["s"], ["big"])])
        weights = {**W, "s": np.array([25 * 10**9], np.int64)}
    elif name == "expanded_to_100_gb":
        nodes = sum_of([make("Expand", ["w", "s"], ["big"])])
        weights = {**W, "s": np.array([10**10, 3, 1], np.int64)}
    elif name == "tiled_to_100_gb":
        nodes = sum_of([make("Tile", ["w", "s"], ["big"])])
        weights = {**W, "s": np.array([10**5, 10**5], np.int64)}
    elif name == "padded_to_100_gb":
        nodes = sum_of([make("Pad", ["w", "s"], ["big"])])
        weights = {**W, "s": np.array([0, 0, 10**5, 10**5], np.int64)}
    elif name == "product_of_100_gb":
        nodes = sum_of([
            make("ConstantOfShape", ["s"], ["a"]),
            make("MatMul", ["a", "t"], ["big"]),
        ])  # fmt: skip
        weights = {**W, "s": np.array([25 * 10**6, 1], np.int64),
                   "t": np.ones((1, 1000), np.float32)}  # fmt: skip
    elif name == "endless_loop":
        body = helper.make_graph(
            [make("Identity", ["go"], ["again"])],
            "body",
            [
                helper.make_tensor_value_info("i", TensorProto.INT64, []),
                helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            ],
            [helper.make_tensor_value_info("again", TensorProto.BOOL, [])],
        )
        nodes = [make("Loop", ["m", "yes"], [], body=body), make("MatMul", ["predictors", "w"],
                                                                 ["mean"])]  # fmt: skip
        weights = {**W, "m": np.array(2**62), "yes": np.array(True)}
    elif name == "nested_deeply":
        nodes, weights = [nested(3)], {"c": np.array(True)}
        return save(pixel_graph(nodes, weights), contract_of(), path)
    elif name == "nan_weights":
        nodes, weights = [make("MatMul", ["predictors", "w"], ["mean"])], {"w": W["w"] * np.nan}
    elif name == "other_shape_than_promised":
        nodes = [make("Concat", ["predictors", "predictors"], ["mean"], axis=0)]
        weights = {}
    elif name == "whole_numbers":
        nodes = [
            make("MatMul", ["predictors", "w"], ["f"]), make("Cast", ["f"], ["mean"], to=7)
        ]  # fmt: skip
        weights = W
    elif name == "negative_gather":
        nodes = [make("Gather", ["predictors", "g"], ["mean"], axis=1)]
        weights = {"g": np.array([-(2**40)], np.int64)}
    return save(pixel_graph(nodes, weights), contract_of(), path)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("constant_of_100_gb", "runs on its predictors"),
        ("expanded_to_100_gb", "runs on its predictors"),
        ("tiled_to_100_gb", "runs on its predictors"),
        ("padded_to_100_gb", "runs on its predictors"),
        ("product_of_100_gb", "runs on its predictors"),
        ("endless_loop", "without loops"),
        ("nan_weights", None),
        ("other_shape_than_promised", "shape"),
        ("whole_numbers", ""),
        ("negative_gather", ""),
    ],
)
def test_it_ends_with_an_error_of_ours(tmp_path, name, outcome):
    ((what, text),) = in_a_child([hostile(name, tmp_path)])
    if outcome is None:
        assert (what, text) == ("ran", False)
    else:
        assert what == "refused" and outcome in text


def test_graphs_nested_as_deep_as_allowed_do_no_harm(tmp_path):
    in_a_child([hostile("nested_deeply", tmp_path)])


def test_graphs_nested_deeper_are_refused(tmp_path):
    """Beyond what the onnx library would write: as bytes."""

    def field(number, payload):
        size, head = len(payload), bytes([number << 3 | 2])
        while size >= 0x80:
            head += bytes([size & 0x7F | 0x80])
            size >>= 7
        return head + bytes([size]) + payload

    graph = b""
    for _ in range(5000):
        graph = field(1, field(5, field(6, graph)))
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08" + field(7, graph))
    with pytest.raises(GraceWaterError, match="nested"):
        load_model(tmp_path / "m.onnx")


def test_thousands_of_branches_are_refused(tmp_path):
    """ONNX Runtime 1.19 loads them for minutes."""
    nodes = [nested(1)] * 100
    path = save(pixel_graph(nodes, {"c": np.array(True)}), contract_of(), tmp_path / "m.onnx")
    with pytest.raises(GraceWaterError, match="200 graphs"):
        load_model(path)


def test_a_tensor_of_a_million_dimensions_is_refused_at_once(tmp_path):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2**62] * 10**6)
    graph = pixel_graph([helper.make_node("MatMul", ["predictors", "w"], ["mean"])], {})
    graph.initializer.append(tensor)
    path = save(graph, contract_of(), tmp_path / "m.onnx")
    with pytest.raises(GraceWaterError, match="dimensions"):
        load_model(path)


@pytest.mark.parametrize("kind", ["trees", "convolution"])
def test_damaged_files_never_take_the_process_along(tmp_path, kind):
    rng = np.random.default_rng(5)
    whole = tmp_path / "whole.onnx"
    if kind == "trees":
        forest(whole, trees=20)
    else:
        convolution(whole, Tile(16, 16, 4, "crop", fixed=False))
    data, paths = np.frombuffer(whole.read_bytes(), np.uint8), []
    for number in range(120):
        changed = data.copy()
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(data.size)] = rng.integers(256)
        paths.append(tmp_path / f"{number}.onnx")
        paths[-1].write_bytes(changed.tobytes())
    outcomes = [what for what, _ in in_a_child([whole, *paths])]
    assert outcomes[0] == "ran" and "refused" in outcomes
