"""From PyTorch to ONNX with proof: a file is only kept when it says what the network says."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch

from ..core.downscaling.contract import KEY
from ..core.downscaling.model import load_model
from ..core.downscaling.onnxlimits import MAX_IR, MAX_OPSET
from ..core.downscaling.session import ModelSession
from ..core.errors import ModelError

#: Largest difference between source and file, relative to the size of the values.
TOLERANCE = 1e-4


def finished_contract(trainer, metrics=None, training=None, limits=()):
    """The contract of a trained member: ranges, fills, where and when it learnt."""
    contract, cube = trainer.cube.contract, trainer.cube
    inputs, at = [], 0
    for variable in contract.inputs:
        rows = slice(at, at + len(variable.lags))
        at += len(variable.lags)
        low, high = trainer.ranges[rows, 0].min(), trainer.ranges[rows, 1].max()
        fill = float(np.float32(trainer.fills[rows][0]))
        inputs.append(replace(variable, range=(float(low), float(high)), fill=fill))
    west, south, east, north = cube.grid.extent
    months = cube.months[np.unique(trainer.samples.train[:, 0])]
    data = trainer.config.data
    learnt = replace(
        contract.training,
        extent=(west, east, south, north),
        period=(str(months[0]), str(months[-1])),
        data=data.description,
        licence=data.licence,
        citation=data.citation,
    )
    return replace(
        contract,
        inputs=tuple(inputs),
        training=training or learnt,
        metrics=dict(metrics or {}),
        limits=tuple(limits or trainer.config.limits),
    )


def to_onnx(network, contract, path, example):
    """Write ``network`` with its contract and prove it on ``example`` and on random input.

    ``example`` (patch, channel, y, x) float32 are real inputs. Raises `ModelError` and
    leaves no file where the two differ by more than 1e-4 of the spread of the output, or
    where the file is outside the bounds of opset and IR.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.part.onnx")
    network = network.to("cpu").eval()
    try:
        with warnings.catch_warnings():
            # The older exporter is the one that writes opset 17 and IR 8.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (torch.from_numpy(example[:1]),),
                str(partial),
                opset_version=MAX_OPSET,
                dynamo=False,
                input_names=[contract.input],
                output_names=[contract.output],
                dynamic_axes={contract.input: {0: "patch"}, contract.output: {0: "patch"}},
            )
        add_contract(partial, contract)
        check_parity(network, partial, example)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def add_contract(path, contract):
    """Store the contract in the metadata of an ONNX file, and hold its versions to the bounds."""
    model = onnx.load(str(path))
    if model.ir_version > MAX_IR:
        model.ir_version = MAX_IR
    model.producer_name = "GRACE Water Toolbox"
    onnx.helper.set_model_props(model, {KEY: contract.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def check_parity(network, path, example, tolerance=TOLERANCE, seed=0):
    """Largest relative difference of the ONNX file from the network; raises `ModelError` above."""
    model = load_model(path)
    session = ModelSession(model.files[0], model.contract)
    rng = np.random.default_rng(seed)
    low, high = example.min(axis=(0, 2, 3)), example.max(axis=(0, 2, 3))
    noise = rng.uniform(low[:, None, None], high[:, None, None], (4, *example.shape[1:]))
    worst = 0.0
    for values in (example, noise.astype(np.float32)):
        with torch.no_grad():
            expected = network(torch.from_numpy(values)).numpy()
        found, _ = session.run(values)
        scale = max(float(np.abs(expected).max()), 1e-6)
        worst = max(worst, float(np.abs(found - expected).max()) / scale)
    if not worst <= tolerance:
        raise ModelError(
            f"an ONNX file within {tolerance:g} of its network is expected",
            f"{worst:.3g}",
            Path(path).name,
        )
    return worst
