"""Models of the sizes that papers use, with random weights: for timing only."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


def contract_of(kind, features, tile=None):
    """A contract with ``features`` dynamic predictors."""
    from grace_water_toolbox.core.downscaling.contract import Contract, Spacing, Target, Variable

    return Contract(
        name=f"bench_{kind}",
        kind=kind,
        target=Target("twsa", "cm"),
        inputs=tuple(Variable(f"x{i}", "1", range=(-9.0, 9.0)) for i in range(features)),
        spacing=Spacing(0.1, 0.1),
        tile=tile,
    )


def write(path, nodes, weights, contract, shape, ml=False):
    """Save a graph from 'predictors' to 'mean' with its contract."""
    from grace_water_toolbox.core.downscaling.contract import KEY

    def info(name, dims):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)

    graph = helper.make_graph(
        nodes,
        "bench",
        [info("predictors", shape)],
        [info("mean", [shape[0], 1, *shape[2:]])],
        [numpy_helper.from_array(v, k) for k, v in weights.items()],
    )
    sets = [helper.make_opsetid("", 17)]
    if ml:
        sets.append(helper.make_opsetid("ai.onnx.ml", 3))
    model = helper.make_model(graph, opset_imports=sets, ir_version=8)
    helper.set_model_props(model, {KEY: contract.to_json()})
    save(model, str(path))
    return path


def unet(path, channels=12, size=32):
    """(conv3-ReLU) × 2 at 64, 128, 256, 512, transposed convolutions up: 7.7 M parameters."""
    from grace_water_toolbox.core.downscaling.contract import Tile

    rng = np.random.default_rng(0)
    weights, nodes = {}, []

    def conv(name, source, inside, outside, kernel=3, relu=True):
        scale = np.sqrt(2.0 / (inside * kernel**2))
        weights[f"{name}_w"] = rng.normal(0, scale, (outside, inside, kernel, kernel)).astype("f4")
        weights[f"{name}_b"] = np.zeros(outside, "f4")
        inputs = [source, f"{name}_w", f"{name}_b"]
        pads = [kernel // 2] * 4
        nodes.append(helper.make_node("Conv", inputs, [f"{name}_c"], pads=pads))
        if relu:
            nodes.append(helper.make_node("Relu", [f"{name}_c"], [name]))
        return name if relu else f"{name}_c"

    def twice(name, source, inside, outside):
        return conv(f"{name}2", conv(f"{name}1", source, inside, outside), outside, outside)

    widths, skips, source, inside = (64, 128, 256, 512), [], "predictors", channels
    for level, width in enumerate(widths):
        source = twice(f"d{level}", source, inside, width)
        inside = width
        if level < 3:
            skips.append(source)
            pooled = f"p{level}"
            nodes.append(helper.make_node("MaxPool", [source], [pooled], kernel_shape=[2, 2],
                                          strides=[2, 2]))  # fmt: skip
            source = pooled
    for level in (2, 1, 0):
        width = widths[level]
        weights[f"u{level}_w"] = rng.normal(0, 0.05, (inside, width, 2, 2)).astype("f4")
        weights[f"u{level}_b"] = np.zeros(width, "f4")
        inputs = [source, f"u{level}_w", f"u{level}_b"]
        nodes.append(helper.make_node("ConvTranspose", inputs, [f"u{level}"], strides=[2, 2]))
        both = f"c{level}"
        nodes.append(helper.make_node("Concat", [skips[level], f"u{level}"], [both], axis=1))
        source, inside = twice(f"e{level}", both, 2 * width, width), width
    last = conv("head", source, inside, 1, 1, relu=False)
    nodes.append(helper.make_node("Identity", [last], ["mean"]))
    contract = contract_of("patch", channels, Tile(size, size, 0, "crop"))
    write(path, nodes, weights, contract, ["n", channels, size, size])
    return sum(w.size for w in weights.values())


def trees(path, count=500, depth=8, features=19):
    """Full trees of random splits; the sum of their leaves."""
    rng = np.random.default_rng(0)
    inner, every = 2**depth - 1, 2 ** (depth + 1) - 1
    nodes = np.tile(np.arange(every), count)
    branch = nodes < inner
    leaves = np.flatnonzero(~branch)
    which = np.repeat(np.arange(count), every)
    attributes = {
        "nodes_treeids": which,
        "nodes_nodeids": nodes,
        "nodes_featureids": np.where(branch, rng.integers(features, size=nodes.size), 0),
        "nodes_values": np.where(branch, rng.normal(size=nodes.size), 0.0).astype("f4"),
        "nodes_truenodeids": np.where(branch, 2 * nodes + 1, 0),
        "nodes_falsenodeids": np.where(branch, 2 * nodes + 2, 0),
        "target_treeids": which[leaves],
        "target_nodeids": nodes[leaves],
        "target_ids": np.zeros(leaves.size, int),
        "target_weights": rng.normal(0, 0.1, leaves.size).astype("f4"),
    }
    node = helper.make_node(
        "TreeEnsembleRegressor", ["predictors"], ["mean"], domain="ai.onnx.ml", n_targets=1,
        nodes_modes=np.where(branch, "BRANCH_LEQ", "LEAF").tolist(),
        **{k: v.tolist() for k, v in attributes.items()},
    )  # fmt: skip
    write(path, [node], {}, contract_of("pixel", features), ["n", features], ml=True)
