"""Tree and dense models to ONNX, with proof."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch

from ..core.downscaling.model import load_model
from ..core.downscaling.onnxlimits import MAX_ML, MAX_OPSET
from ..core.downscaling.session import ModelSession
from ..core.errors import ModelError
from . import dense, trees
from .convert import TOLERANCE, add_contract

#: Largest difference of a tree's file from the tree, relative to the largest value.
TREE_TOLERANCE = 1e-5
#: Rows that a file is proved on.
ROWS = 100_000
#: Ranges of the real rows that a network which holds its inputs is proved on beyond them.
FAR = 20
#: Operator set that trees are written in, with ai.onnx.ml 3.
_OPSET = 15


def write_pixel_model(kind, model, contract, path, example, rows=ROWS):
    """Write a model of ``kind`` with its contract; the largest relative difference found.

    ``example`` (row, feature) float32 are real inputs. Raises `ModelError` and leaves no
    file where the file says something else than the model.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.part.onnx")
    tolerance = TREE_TOLERANCE if kind == "trees" else TOLERANCE
    try:
        (_write_trees if kind == "trees" else _write_dense)(model, contract, partial)
        add_contract(partial, contract)
        worst = difference(kind, model, partial, probes(kind, model, example, rows))
        if not worst <= tolerance:
            raise ModelError(
                f"an ONNX file within {tolerance:g} of its model is expected",
                f"{worst:.3g}",
                path.name,
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return worst


def difference(kind, model, path, rows):
    """Largest difference between file and model over ``rows``, relative to the largest value."""
    loaded = load_model(path)
    found, _ = ModelSession(loaded.files[0], loaded.contract, threads=1).run(rows)
    expected = (trees if kind == "trees" else dense).predict(model, rows)
    scale = max(float(np.abs(expected).max()), 1e-6)
    return float(np.abs(found - expected).max()) / scale


def probes(kind, model, example, count, seed=0):
    """Rows to compare on: real ones, random ones, and for trees NaN and values on thresholds,
    for networks that hold their inputs within the training range rows far beyond it."""
    rng = np.random.default_rng(seed)
    real = example[rng.integers(0, len(example), count)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        low, high = np.nanmin(example, axis=0), np.nanmax(example, axis=0)
    low, high = np.nan_to_num(low), np.nan_to_num(high)
    rows = real.copy()
    rows[: count // 4] = rng.uniform(low, high, (count // 4, example.shape[1]))
    if kind != "trees":
        if model.held:
            at, span = slice(count // 4, count // 2), FAR * (high - low)
            rows[at] = rng.uniform(low - span, high + span, rows[at].shape)
        return rows.astype(np.float32)
    holes = rng.random(rows.shape) < 0.2
    holes[: count // 2] = False
    rows[holes] = np.nan
    rows[-1] = np.nan
    splits = trees.thresholds(model)
    if splits:
        # On the threshold itself, and one step of float32 to either side.
        at = np.arange(count // 4, 3 * count // 4)
        feature, value = np.array(splits)[rng.integers(0, len(splits), at.size)].T
        value = value.astype(np.float32)
        step = rng.integers(-1, 2, at.size)
        value = np.where(step < 0, np.nextafter(value, np.float32(-np.inf)), value)
        value = np.where(step > 0, np.nextafter(value, np.float32(np.inf)), value)
        rows[at, feature.astype(int)] = value
    return rows.astype(np.float32)


def _write_trees(model, contract, path):
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    width = len(contract.channels)
    made = convert_xgboost(
        model,
        initial_types=[(contract.input, FloatTensorType([None, width]))],
        target_opset=_OPSET,
    )
    old = made.graph.output[0].name
    for node in made.graph.node:
        for i, name in enumerate(node.output):
            if name == old:
                node.output[i] = contract.output
    made.graph.output[0].name = contract.output
    for opset in made.opset_import:
        if opset.domain == "ai.onnx.ml":
            opset.version = min(opset.version, MAX_ML)
    onnx.save(made, str(path))


def _write_dense(network, contract, path):
    with warnings.catch_warnings():
        # The older exporter is the one that writes opset 17 and IR 8.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(2, len(contract.channels)),),
            str(path),
            opset_version=MAX_OPSET,
            dynamo=False,
            input_names=[contract.input],
            output_names=[contract.output],
            dynamic_axes={contract.input: {0: "row"}, contract.output: {0: "row"}},
        )
