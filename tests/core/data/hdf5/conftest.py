"""Files of h5py, written once."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def h5py_files(tmp_path_factory):
    """The folder in which h5py_files.py has written."""
    if importlib.util.find_spec("h5py") is None:
        pytest.skip("h5py is not installed: pip install -e .[test]")
    folder = tmp_path_factory.mktemp("h5py")
    writer = Path(__file__).with_name("h5py_files.py")
    subprocess.run([sys.executable, "-W", "ignore", str(writer), str(folder)], check=True)
    return folder
