"""The optional accelerator: absent, switched off, broken, without a place for its cache."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core import accelerate

KERNEL = """
import sys
import numpy as np
from grace_water_toolbox.core.accelerate import njit

@njit("float64(float64[::1])")
def total(x):
    s = 0.0
    for i in range(x.size):
        s += x[i]
    return s
"""
ASK = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from grace_water_toolbox.core import accelerate
m = accelerate.load("kernel_of_a_test", None)
print(m is not None, m and m.total(np.arange(5.0)), accelerate.state(), sep="|")
"""


@pytest.fixture
def ask(tmp_path):
    """Run ``ASK`` in a fresh process; (loaded, answer, state)."""
    (tmp_path / "kernel_of_a_test.py").write_text(KERNEL)

    def call(**environment):
        done = subprocess.run(
            [sys.executable, "-c", ASK, str(tmp_path)],
            env={**os.environ, **{k: str(v) for k, v in environment.items()}},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip().split("|")

    call.folder = tmp_path
    return call


def test_compiles_and_keeps_the_code_beside_the_module(ask):
    assert ask(NUMBA_CACHE_DIR="")[:2] == ["True", "10.0"]
    cached = list((ask.folder / "__pycache__").glob("*.nbc"))
    assert len(cached) == 1
    written = cached[0].stat().st_mtime_ns
    assert ask(NUMBA_CACHE_DIR="")[2].startswith("numba 0.")
    assert cached[0].stat().st_mtime_ns == written


def test_nowhere_to_keep_the_code_is_no_failure(ask):
    # Files where folders would have to be made: nobody can write there, not even root.
    (ask.folder / "__pycache__").write_text("")
    (ask.folder / "home").write_text("")
    home = ask.folder / "home"
    answer = ask(HOME=home, XDG_CACHE_HOME=home / "x", NUMBA_CACHE_DIR=home / "y")
    assert answer[:2] == ["True", "10.0"]
    assert not list(Path(ask.folder).rglob("*.nb?"))


@pytest.mark.parametrize("value", ["0", "off", "No", "false"])
def test_switched_off(ask, value):
    loaded, _, state = ask(GRACE_WATER_NUMBA=value)
    assert loaded == "False" and state == f"switched off by GRACE_WATER_NUMBA={value}"


def test_absent(ask):
    # None in sys.modules is how Python marks what cannot be imported.
    (ask.folder / "sitecustomize.py").write_text("import sys; sys.modules['numba'] = None")
    loaded, _, state = ask(PYTHONPATH=ask.folder)
    assert loaded == "False" and state == "not installed"


def test_broken(ask):
    (ask.folder / "numba").mkdir()
    (ask.folder / "numba" / "__init__.py").write_text("raise ImportError('needs another numpy')")
    loaded, _, state = ask(PYTHONPATH=ask.folder)
    assert loaded == "False" and "needs another numpy" in state


def test_the_switch_is_looked_up_each_time(monkeypatch):
    monkeypatch.setenv(accelerate.SWITCH, "0")
    assert accelerate.load("numpy", None) is None
    monkeypatch.setenv(accelerate.SWITCH, "1")
    assert accelerate.load("numpy", None) is np
    monkeypatch.delenv(accelerate.SWITCH)
    assert accelerate.load("numpy", None) is np
