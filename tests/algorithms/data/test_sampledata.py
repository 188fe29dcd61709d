"""Sample data through Processing: everything appears, and it chains."""

import numpy as np
import pytest
from qgis.core import QgsVectorLayer

from .samplefiles import REQUIRED, paths

OPTIONAL = {
    "OUTPUT_TRUTH": "truth.csv",
    "OUTPUT_UNCERTAINTY_SOILMOISTURE": "soil_sigma.tif",
    "OUTPUT_TRUE_GWS": "gws.tif",
}


@pytest.fixture(scope="module")
def sample(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    return folder, run("sampledata", **paths(folder, {**REQUIRED, **OPTIONAL}))


def test_every_file_is_there_and_no_other(sample):
    folder, results = sample
    assert results == paths(folder, {**REQUIRED, **OPTIONAL})
    left = {p.name for p in folder.iterdir()}
    assert left == set({**REQUIRED, **OPTIONAL}.values())


def test_basins_and_truth(sample):
    _, results = sample
    basins = QgsVectorLayer(results["OUTPUT_BASINS"], "basins")
    truth = QgsVectorLayer(results["OUTPUT_TRUTH"], "truth")
    names = sorted(f["basin"] for f in basins.getFeatures())
    assert len(names) == 6 == basins.featureCount() and basins.crs().authid() == "EPSG:4326"
    assert all(f.geometry().isGeosValid() for f in basins.getFeatures())
    assert sorted(f["basin"] for f in truth.getFeatures()) == names
    fields = [f.name() for f in truth.fields()]
    assert fields[:3] == ["basin", "area_km2", "imposed_gws"] and "leakage" in fields


def test_stacks_say_that_they_are_synthetic(sample, read_stack):
    _, results = sample
    values, info = read_stack(results["OUTPUT_SOILMOISTURE"])
    assert info.units == "kg m-2" and "SYNTHETIC" in info.history[0]
    assert np.isfinite(values).any()
    sigma, about = read_stack(results["OUTPUT_UNCERTAINTY_SOILMOISTURE"])
    assert (sigma[np.isfinite(sigma)] > 0).all() and about.grid == info.grid


def test_the_product_imports_onto_the_storages_grid(sample, run, tmp_path, read_stack, log):
    _, results = sample
    run("importgrace", log, INPUT=results["OUTPUT_GRACE"], OUTPUT=tmp_path / "tws.tif")
    values, info = read_stack(tmp_path / "tws.tif")
    _, soil = read_stack(results["OUTPUT_SOILMOISTURE"])
    assert not info.grid.difference(soil.grid)
    assert set(info.months) <= set(soil.months)
    assert np.isnan(values).all(axis=(1, 2)).sum() == 36
    assert any("Noise months" in w for w in log.warnings)


def test_one_seed_one_result(sample, run, tmp_path):
    _, results = sample
    again = run("sampledata", SEED=0, **paths(tmp_path, REQUIRED))
    other = run("sampledata", SEED=1, **{**paths(tmp_path, REQUIRED),
                                         "OUTPUT_GRACE": str(tmp_path / "other.nc")})  # fmt: skip
    first = open_bytes(results["OUTPUT_GRACE"])
    assert open_bytes(again["OUTPUT_GRACE"]) == first != open_bytes(other["OUTPUT_GRACE"])


def open_bytes(path):
    from pathlib import Path

    return Path(path).read_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [("OUTPUT_CANOPY", "no/such/canopy.tif"), ("OUTPUT_TRUTH", "no/such/truth.csv"),
     ("OUTPUT_GRACE", "grace.txt"), ("OUTPUT_SNOW", "soil.tif")],
)  # fmt: skip
def test_one_bad_target_and_nothing_is_written(refused, tmp_path, name, value):
    given = {**paths(tmp_path, REQUIRED), name: str(tmp_path / value)}
    assert name in refused("sampledata", tmp_path, **given)
