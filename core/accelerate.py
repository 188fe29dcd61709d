"""The optional accelerator: numba where it is present, found at run time.

Compiled kernels live in modules of their own (``..._compiled.py``), as plain Python
functions marked with ``@njit(signature)``, helpers before those who call them. Importing
such a module costs nothing. ``load`` compiles its functions (or takes them from numba's
cache) and returns the module, or None where numba is absent, switched off or broken: the
caller then goes on with numpy and gets the same answers.
"""

import importlib
import importlib.util
import os
import threading

#: Environment variable: ``0``, ``off``, ``no`` or ``false`` leave numba alone.
SWITCH = "GRACE_WATER_NUMBA"

_LOCK = threading.RLock()
_LOADED: dict = {}


def njit(signature):
    """Mark a function for ``load``, to be compiled for ``signature``.

    Until then, and without numba, it is the Python function that it is: slow, but the same.
    """

    def mark(function):
        function.numba_signature = signature
        return function

    return mark


def switched_off():
    """Whether the environment asks to do without numba; looked up at each call."""
    return os.environ.get(SWITCH, "").strip().lower() in ("0", "off", "no", "false")


def load(module, package):
    """The module ``module`` of ``package`` (as for import) with compiled functions, or None.

    None where numba is not installed or ``SWITCH`` is off. A numba that is there but does
    not load or compile must not stop an analysis which numpy can do: it is None, too, and
    ``state`` tells why.
    """
    if switched_off():
        return None
    name = importlib.util.resolve_name(module, package)
    if name not in _LOADED:
        with _LOCK:
            if name not in _LOADED:
                _LOADED[name] = _compiled(name)
    found = _LOADED[name]
    return None if isinstance(found, Exception) else found


def state():
    """One line on the accelerator: its version, or why it is not used."""
    if switched_off():
        return f"switched off by {SWITCH}={os.environ[SWITCH]}"
    for name, found in list(_LOADED.items()):
        if isinstance(found, Exception) and not isinstance(found, ModuleNotFoundError):
            return f"does not compile {name}: {found}"
    try:
        import numba
    except ModuleNotFoundError:
        return "not installed"
    except Exception as error:  # a numba that does not fit numpy raises what it likes
        return f"does not load: {error}"
    return f"numba {numba.__version__}"


def _compiled(name):
    """The module with its marked functions compiled, or the exception that kept it from it."""
    try:
        import numba

        module = importlib.import_module(name)
        for key, function in list(vars(module).items()):
            if hasattr(function, "numba_signature") and function.__module__ == name:
                setattr(module, key, _compile(numba, function))
        return module
    except Exception as error:  # whatever it is, numpy does the work
        return error


def _compile(numba, function):
    # Without the interpreter's lock, for our own threads. Not `parallel`, whose pool cannot
    # serve two algorithms at once, and not `fastmath`, which gives other digits than numpy.
    # numpy's division does not look for zeros, which would keep loops from being vectorised.
    how = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(function.numba_signature, cache=True, **how)(function)
    except (OSError, RuntimeError):
        # No place for the cache can be written (a read-only folder): compile in each session.
        return numba.njit(function.numba_signature, **how)(function)
