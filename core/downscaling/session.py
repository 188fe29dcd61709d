"""Running ONNX files: the only place that knows ONNX Runtime."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import numpy as np

from ..errors import Cancelled, DataError, ModelError, ParameterError

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


#: Bytes that ONNX Runtime may take for what it computes on the processor, over all models.
ARENA_BYTES = 4 * 2**30
#: Seconds between looks at Cancel while a call runs.
_LOOK = 0.2

_arena = threading.Lock()
_arena_made = False


def _bounded_memory(onnxruntime):
    """One arena of bounded size for all sessions of this process.

    A few bytes in a graph can ask for a tensor of 100 GB; Linux would grant it and then
    kill QGIS.
    """
    global _arena_made
    with _arena:
        if not _arena_made:
            kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
            info = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
            # Another plugin may have made one: then its bound holds.
            with suppress(RuntimeError):
                onnxruntime.create_and_register_allocator(
                    info, onnxruntime.OrtArenaCfg(ARENA_BYTES, -1, -1, -1)
                )
            _arena_made = True


class ModelSession:
    """One ONNX file, loaded once; use as a context manager, or ``close`` it.

    While a call runs, ``check`` is called now and then; when it raises, the call is ended
    between two operators of the graph.
    """

    def __init__(self, file, contract, provider="cpu", threads=0):
        """Load ``file`` (`ModelFile`). ``threads`` 0 leaves the number to ONNX Runtime."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Its log goes to the terminal; what went wrong is in the exception too.
        options.log_severity_level = 4
        _bounded_memory(onnxruntime)
        options.add_session_config_entry("session.use_env_allocators", "1")
        if threads:
            options.intra_op_num_threads = int(threads)
        chosen = [PROVIDERS[provider]]
        if provider != "cpu":
            chosen.append(PROVIDERS["cpu"])
        self.name, self.contract = file.path.name, contract
        self._options = onnxruntime.RunOptions
        self._worker, self._smallest = None, None
        self._outputs = [n for n in (contract.output, contract.output_std) if n]
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(file.path),
                sess_options=options,
                providers=chosen,
                # Would compute constants while loading, in memory that nothing bounds.
                disabled_optimizers=["ConstantFolding"],
            )
        except Exception as error:  # its exceptions share no family but Exception
            raise ModelError(
                "a model that ONNX Runtime can load is expected", _first_line(error), self.name
            ) from error
        self.provider = self._session.get_providers()[0]
        self.provider_key = next((k for k, v in PROVIDERS.items() if v == self.provider), "cpu")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Give back the memory that calls have left in the arena."""
        if self._smallest is not None:
            options = self._options()
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
            # One small call more, since only a call gives memory back.
            with suppress(Exception):
                self._session.run(self._outputs, self._smallest, options)
            self._smallest = None
        if self._worker is not None:
            self._worker.shutdown()
            self._worker = None

    def _call(self, values, check):
        """Outputs of the graph; looks at ``check`` while it runs."""
        given = {self.contract.input: values}
        if self._smallest is None:
            self._smallest = {self.contract.input: values[:1].copy()}
        if check is None:
            return self._session.run(self._outputs, given)
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, "onnxruntime")
        options = self._options()
        running = self._worker.submit(self._session.run, self._outputs, given, options)
        try:
            while not wait([running], _LOOK).done:
                check()
        except BaseException:
            options.terminate = True
            wait([running])
            raise
        return running.result()

    def run(self, values, check=None):
        """(mean, std or None) for float32 ``values`` (patch, channel, y, x) or (row, channel).

        Shapes (patch, y, x) or (row,), float32. Raises `ModelError` when the graph fails
        and `DataError` when the result has another shape than its input implies.
        """
        values = np.ascontiguousarray(values, dtype=np.float32)
        try:
            results = self._call(values, check)
        except Cancelled:
            raise
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
