"""The core's type annotations hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def mypy(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "mypy", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_mypy_finds_nothing_in_core():
    done = mypy("core")
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_would_find_something(tmp_path):
    """The settings in pyproject.toml do not switch the check off."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def half(x: int) -> str:\n    return x / 2\n")
    done = mypy(str(wrong))
    assert done.returncode == 1 and "return-value" in done.stdout
