"""The zip: what is in it, that it scans clean, and that QGIS runs it."""

import subprocess
import sys
import zipfile

import pytest
from headless import Headless
from package import build


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(build(folder)) as archive:
        archive.extractall(folder / "plugins")
    return folder / "plugins" / "grace_water_toolbox"


def test_zip_holds_the_plugin_and_nothing_else(unpacked):
    top = {p.name for p in unpacked.iterdir()}
    assert {"__init__.py", "metadata.txt", "LICENSE", "plugin", "algorithms", "core"} <= top
    assert not top & {"tests", "bench", "export", "tools", ".ci", "docs"}
    assert not [p for p in unpacked.rglob("*") if p.suffix in (".pyc", ".so", ".dll", ".exe")]


def test_zip_passes_bandit(unpacked):
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-r", str(unpacked)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.headless
def test_unpacked_zip_runs_in_qgis(unpacked, tmp_path):
    with Headless(plugin=unpacked) as qgis:
        result = qgis.run(
            "gracewater:sampledata",
            OUTPUT_GRACE=tmp_path / "grace.nc",
            OUTPUT_SOILMOISTURE=tmp_path / "sm.tif",
            OUTPUT_SNOW=tmp_path / "snow.tif",
            OUTPUT_CANOPY=tmp_path / "canopy.tif",
            OUTPUT_BASINS=tmp_path / "basins.gpkg",
        )
    assert result["OUTPUT_GRACE"] == str(tmp_path / "grace.nc")
    assert (tmp_path / "grace.nc").stat().st_size > 100_000
