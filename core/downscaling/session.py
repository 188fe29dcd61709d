"""Running ONNX files: the only place that knows ONNX Runtime."""

import os
import threading

import numpy as np

from ..errors import DataError, ModelError, ParameterError

#: What the user chooses from, and ONNX Runtime's name for it.
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}


def available_providers():
    """The keys of `PROVIDERS` that this machine's ONNX Runtime offers."""
    import onnxruntime

    there = onnxruntime.get_available_providers()
    return [key for key, name in PROVIDERS.items() if name in there]


def choose_provider(wanted="auto"):
    """The provider to use: ``wanted``, or with ``auto`` the fastest that is there.

    Raises `ParameterError` where the wanted one is not there.
    """
    there = available_providers()
    if wanted == "auto":
        return next((key for key in ("cuda", "directml", "coreml") if key in there), "cpu")
    if wanted not in there:
        raise ParameterError(
            f"one of the execution providers of this machine ({', '.join(there)}) is expected",
            wanted,
            "PROVIDER",
            "Install the build of ONNX Runtime for your graphics card, or choose 'auto'.",
        )
    return wanted


class ModelSession:
    """One ONNX file, loaded once; ``run`` may be called from several threads."""

    def __init__(self, file, contract, provider="cpu", threads=0):
        """Load ``file`` (`ModelFile`). ``threads`` 0 leaves the number to ONNX Runtime."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads:
            options.intra_op_num_threads = int(threads)
        chosen = [PROVIDERS[provider]]
        if provider != "cpu":
            chosen.append(PROVIDERS["cpu"])
        self.name, self.contract = file.path.name, contract
        self._lock = threading.Lock()
        self._outputs = [n for n in (contract.output, contract.output_std) if n]
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(file.path), sess_options=options, providers=chosen
            )
        except Exception as error:  # its exceptions share no family but Exception
            raise ModelError(
                "a model that ONNX Runtime can load is expected", _first_line(error), self.name
            ) from error
        self.provider = self._session.get_providers()[0]
        self.provider_key = next((k for k, v in PROVIDERS.items() if v == self.provider), "cpu")

    def run(self, values):
        """(mean, std or None) for float32 ``values`` (patch, channel, y, x) or (row, channel).

        Shapes (patch, y, x) or (row,), float32. Raises `ModelError` when the graph fails
        and `DataError` when the result has another shape than its input implies.
        """
        values = np.ascontiguousarray(values, dtype=np.float32)
        try:
            results = self._session.run(self._outputs, {self.contract.input: values})
        except Exception as error:  # as above
            raise ModelError(
                "a model that runs on its predictors is expected", _first_line(error), self.name
            ) from error
        shape = (values.shape[0], *values.shape[2:])
        found = [_shaped(result, shape, self.name) for result in results]
        return found[0], found[1] if len(found) > 1 else None


def _shaped(result, shape, where):
    result = np.asarray(result)
    if result.size != int(np.prod(shape)) or result.dtype.kind != "f":
        raise DataError(
            f"a result of shape {shape} is expected from the model",
            f"{result.dtype} of shape {result.shape}",
            where,
        )
    return result.reshape(shape).astype(np.float32, copy=False)


def _first_line(error):
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
