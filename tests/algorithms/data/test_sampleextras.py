"""The optional outputs of the sample data: each opens, and chains where it can."""

import numpy as np
import pytest

REQUIRED = {
    "OUTPUT_GRACE": "grace.nc",
    "OUTPUT_SOILMOISTURE": "soil.tif",
    "OUTPUT_SNOW": "snow.tif",
    "OUTPUT_CANOPY": "canopy.tif",
    "OUTPUT_BASINS": "basins.gpkg",
}
EXTRAS = {"OUTPUT_GLDAS": "gldas"}


def paths(folder, names):
    return {key: str(folder / name) for key, name in names.items()}


@pytest.fixture(scope="module")
def sample(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    return folder, run("sampledata", **paths(folder, {**REQUIRED, **EXTRAS}))


def test_every_extra_is_there_and_no_other(sample):
    folder, results = sample
    assert results == paths(folder, {**REQUIRED, **EXTRAS})
    assert {p.name for p in folder.iterdir()} == set({**REQUIRED, **EXTRAS}.values())


def test_gldas_files_import_to_the_storages(sample, run, tmp_path, read_stack):
    _, results = sample
    run("importstorage", INPUT_FOLDER=results["OUTPUT_GLDAS"], PRODUCT="gldas-noah", ABSOLUTE=True,
        OUTPUT=tmp_path / "total.tif", OUTPUT_SOILMOISTURE=tmp_path / "soil.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "soil.tif")
    stack, about = read_stack(results["OUTPUT_SOILMOISTURE"])
    assert info.units == "cm" and not info.grid.difference(about.grid)
    np.testing.assert_allclose(values, stack / 10, rtol=1e-6)


def test_a_folder_that_cannot_be_made(refused, tmp_path):
    given = {**paths(tmp_path, REQUIRED), "OUTPUT_GLDAS": str(tmp_path / "no/such")}
    assert "OUTPUT_GLDAS" in refused("sampledata", tmp_path, **given)
