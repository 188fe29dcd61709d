"""Where the tests find the real data, and what every test stands on."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]


def real_data_folder():
    """The folder of real input data, or None where it is not at hand."""
    folder = Path(os.environ.get("GRACE_WATER_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / "grace").is_dir() else None


@pytest.fixture(scope="session")
def data():
    folder = real_data_folder()
    if folder is None:
        pytest.skip("real data not found: set GRACE_WATER_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def csr(data):
    return data / "grace" / "csr_rl06_sh60_dst_g300_1deg_200204_202404.nc"
