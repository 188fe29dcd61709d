"""Files of land models, and of every reader, for this folder's tests."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import GraceWaterError

from . import fault_files as faults
from .landfiles import LAT, LON, NOAH, era5_file, gldas_file


@pytest.fixture(scope="session")
def gldas():
    return gldas_file


@pytest.fixture(scope="session")
def era5():
    return era5_file


@pytest.fixture
def noah(tmp_path):
    """Writes Noah files of ``months``: variable v of month m holds 100 (v + 1) + m in each cell.

    Cell (0, 0) of the file, the south-western one, is missing.
    """

    def build(months, folder=None, names=NOAH, **quirks):
        paths = []
        for m, month in enumerate(months):
            fields = {}
            for v, name in enumerate(names):
                fields[name] = np.full((LAT.size, LON.size), 100.0 * (v + 1) + m)
                fields[name][1] += 0.5
                fields[name][0, 0] = np.nan
            name = f"GLDAS_NOAH025_M.A{str(month).replace('-', '')}.021.nc4"
            paths.append(gldas_file((folder or tmp_path) / name, month, fields, **quirks))
        return paths

    return build


@pytest.fixture
def files(tmp_path):
    """Writes a reader's files; gives their paths."""

    def build(name):
        folder = tmp_path / "files"
        folder.mkdir()
        return faults.BUILD[name](folder)

    return build


@pytest.fixture
def refused(tmp_path):
    """The message with which a reader refuses ``paths``; nothing is written."""

    def call(name, paths):
        with pytest.raises(GraceWaterError) as caught:
            faults.read(name, paths, tmp_path / "out.tif")
        assert not (tmp_path / "out.tif").exists()
        return str(caught.value)

    return call
