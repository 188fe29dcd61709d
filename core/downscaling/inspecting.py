"""Whether this machine can run a model."""

import numpy as np

from ..dependencies import missing_packages, onnxruntime_remedy
from ..errors import GraceWaterError

#: Rows or patches of the trial.
_ROWS = 64


def try_model(model):
    """``(whether it runs, lines that say so)``; loads and runs every file once on made-up input.

    The input is the middle of each variable's training range (0 where it has none): what
    comes out must be finite. A missing ONNX Runtime is a line, not an error.
    """
    if missing_packages(["onnxruntime"]):
        return False, [
            "ONNX Runtime (the Python package onnxruntime) is not installed: the model can be "
            "inspected but not run. "
            f"{onnxruntime_remedy()}"
        ]
    import onnxruntime

    from .session import ModelSession, available_providers

    lines = [
        f"ONNX Runtime {onnxruntime.__version__}, execution providers: "
        f"{', '.join(available_providers())}."
    ]
    values = _trial(model.contract)
    for file in model.files:
        try:
            with ModelSession(file, model.contract) as session:
                mean, std = session.run(values)
        except GraceWaterError as error:
            return False, [*lines, str(error)]
        for what, result in ((model.contract.output, mean), (model.contract.output_std, std)):
            if result is not None and not np.isfinite(result).all():
                return False, [
                    *lines,
                    f"{file.path.name}: the output '{what}' is not finite for ordinary input. The "
                    "weights are damaged: get the model again.",
                ]
    count = len(model.files)
    lines.append(f"{'The file runs' if count == 1 else f'All {count} files run'} here.")
    return True, lines


def _trial(contract):
    middle = []
    for variable, _ in contract.channels:
        low, high = variable.range
        middle.append((low + high) / 2 if np.isfinite([low, high]).all() else 0.0)
    values = np.array(middle, dtype=np.float32)
    if contract.kind == "pixel":
        return np.repeat(values[None], _ROWS, axis=0)
    shape = (1, values.size, contract.tile.height, contract.tile.width)
    return np.broadcast_to(values[None, :, None, None], shape).copy()
