"""The zip: what is in it, that it scans clean, and that QGIS runs it."""

import configparser
import json
import re
import subprocess
import sys
import zipfile

import pytest
from headless import Headless
from package import FILES, ROOMS, build

#: What the plugin repository takes, in bytes.
LIMIT = 25 * 10**6


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def unpacked(package):
    with zipfile.ZipFile(package) as archive:
        archive.extractall(package.parent / "plugins")
    return package.parent / "plugins" / "grace_water_toolbox"


@pytest.fixture(scope="module")
def metadata(unpacked):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(unpacked / "metadata.txt", encoding="utf-8")
    return parser["general"]


def test_zip_holds_the_plugin_and_nothing_else(unpacked):
    top = {p.name for p in unpacked.iterdir()}
    rooms = {"plugin", "algorithms", "core", "models"}
    assert rooms | {"__init__.py", "metadata.txt", "LICENSE"} <= top
    assert not top & {"tests", "bench", "export", "tools", ".ci", "docs"}
    assert not [p for p in unpacked.rglob("*") if p.suffix in (".pyc", ".so", ".dll", ".exe")]


def test_zip_is_one_folder_of_listed_names_and_small(package):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        unpacked_size = sum(entry.file_size for entry in archive.infolist())
    assert package.stat().st_size < LIMIT and unpacked_size < 4 * LIMIT
    for name in names:
        folder, _, inside = name.partition("/")
        assert folder == "grace_water_toolbox" and ".." not in name
        assert inside in FILES or inside.startswith(ROOMS), name
        assert not any(part.startswith((".", "__MACOSX")) for part in inside.split("/")), name
    assert "grace_water_toolbox/LICENSE" in names
    # A plugin with this file makes some QGIS versions run pip.
    assert "grace_water_toolbox/requirements.txt" not in names


def test_metadata_is_what_the_plugin_repository_asks_for(metadata):
    for key in ("name", "description", "version", "author", "about", "email"):
        assert metadata[key].strip(), key
    assert metadata["qgisMinimumVersion"] == "3.22"
    assert metadata["qgisMaximumVersion"] == "4.99"
    assert "supportsQt6" not in metadata
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert re.fullmatch(r"\S+@\S+\.\S+", metadata["email"])
    assert metadata["hasProcessingProvider"] == "yes"
    assert metadata["name"].isascii() and "plugin" not in metadata["name"].lower()
    for key in ("tracker", "repository", "homepage"):
        assert re.fullmatch(r"https://\S+", metadata[key]), key


def test_metadata_names_the_dependencies(metadata):
    about = metadata["about"].lower()
    assert "dependencies" in about
    for package in ("numpy", "scipy", "xarray", "rasterio", "matplotlib"):
        assert package in about


def test_icon_of_the_metadata_is_in_the_zip(unpacked, metadata):
    assert (unpacked / metadata["icon"]).is_file()


def test_licence_is_the_general_public_one(unpacked):
    text = (unpacked / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text and "Version 2" in text


def test_zip_brings_whole_models_of_bounded_size(unpacked):
    folder = unpacked / "models"
    for name in ("sample-trees", "sample-trees-1km", "sample-dense"):
        listed = json.loads((folder / name / f"{name}.json").read_text("utf-8"))["files"]
        assert all((folder / name / entry["path"]).is_file() for entry in listed)
        assert (folder / name / f"{name}.md").is_file()
    sizes = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    assert max(sizes) < 5 * 10**6 and sum(sizes) < 15 * 10**6


def secrets_in(folder):
    done = subprocess.run(
        [sys.executable, "-m", "detect_secrets", "scan", "--all-files", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["results"]


def test_zip_holds_no_secrets(unpacked):
    assert secrets_in(unpacked) == {}


def test_the_search_for_secrets_finds_one(tmp_path):
    (tmp_path / "a.py").write_text(f"key = '{'AKIA' + 'QRSTUVWX2345ABCD'}'\n")
    assert list(secrets_in(tmp_path)) == ["a.py"]


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
