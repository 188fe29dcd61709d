"""The optional outputs of the sample data: each opens, and chains where it can."""

import numpy as np
import pytest
from qgis.core import QgsVectorLayer

from .samplefiles import REQUIRED, paths

EXTRAS = {
    "OUTPUT_GLDAS": "gldas",
    "OUTPUT_WELLS": "wells.gpkg",
    "OUTPUT_LEVELS": "levels.csv",
    "OUTPUT_FINE_TWS": "fine_tws.tif",
    "OUTPUT_FINE_GWS": "fine_gws.tif",
    "OUTPUT_FINE_TREND": "fine_trend.tif",
    "OUTPUT_GLACIERS": "glaciers.gpkg",
    "OUTPUT_LAKE": "lake.gpkg",
    "OUTPUT_WATER": "water.tif",
    "OUTPUT_AQUIFERS": "aquifers.tif",
    "OUTPUT_TRUE_TWS": "tws.tif",
}


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


def test_wells_and_readings_belong_together(sample):
    _, results = sample
    wells = QgsVectorLayer(results["OUTPUT_WELLS"], "wells")
    levels = QgsVectorLayer(results["OUTPUT_LEVELS"], "levels")
    assert wells.featureCount() == 36 and wells.crs().authid() == "EPSG:4326"
    ids = {f["id"] for f in wells.getFeatures()}
    assert {f["well"] for f in levels.getFeatures()} == ids
    units = {f["id"]: (f["quantity"], f["unit"]) for f in wells.getFeatures()}
    assert all((f["quantity"], f["unit"]) == units[f["well"]] for f in levels.getFeatures())
    assert sorted(set(units.values())) == [("depth", "m"), ("level", "ft"), ("level", "m")]


def test_fine_truth_aligns_to_the_coarse_truth(sample, run, tmp_path, read_stack):
    _, results = sample
    run("alignstack", INPUT=results["OUTPUT_FINE_TWS"], REFERENCE=results["OUTPUT_TRUE_TWS"],
        OUTPUT=tmp_path / "coarse.tif")  # fmt: skip
    coarse, info = read_stack(tmp_path / "coarse.tif")
    truth, about = read_stack(results["OUTPUT_TRUE_TWS"])
    assert not info.grid.difference(about.grid)
    known = np.isfinite(coarse)
    assert known.all(axis=0).sum() == 16 * 16
    np.testing.assert_allclose(coarse[known], truth[known], rtol=1e-5, atol=1e-4)


def test_the_larger_size_is_the_whole_region(run, tmp_path, read_stack):
    names = {**REQUIRED, "OUTPUT_FINE_GWS": "g.tif"}
    results = run("sampledata", SIZE="standard", **paths(tmp_path, names))
    _, info = read_stack(results["OUTPUT_FINE_GWS"])
    assert info.grid.shape == (180, 220) and info.months.size == 265


def test_glacier_outlines_and_lake_open_and_mask(sample, run, tmp_path):
    import rasterio

    _, results = sample
    ice = QgsVectorLayer(results["OUTPUT_GLACIERS"], "ice")
    lake = QgsVectorLayer(results["OUTPUT_LAKE"], "lake")
    assert (ice.featureCount(), lake.featureCount()) == (3, 1)
    assert {"RGIId", "Area"} <= {f.name() for f in ice.fields()}
    assert all(f.geometry().isGeosValid() for x in (ice, lake) for f in x.getFeatures())
    run("glaciermask", GLACIERS=results["OUTPUT_GLACIERS"], REFERENCE=results["OUTPUT_FINE_TREND"],
        OUTPUT=tmp_path / "mask.tif", OUTPUT_FRACTION=tmp_path / "share.tif")  # fmt: skip
    with rasterio.open(tmp_path / "share.tif") as file:
        share = file.read(1)
    area = sum(f["Area"] for f in ice.getFeatures())
    assert share.sum() * 11.12 * 11.12 * np.cos(np.radians(47)) == pytest.approx(area, rel=0.02)


def test_water_classes_make_the_mask_that_the_outline_makes(sample, run, tmp_path):
    import rasterio

    _, results = sample
    shares = []
    for name, given in (("r", {"INPUT": [results["OUTPUT_WATER"]]}),
                        ("p", {"WATER": results["OUTPUT_LAKE"]})):  # fmt: skip
        run("watermask", REFERENCE=results["OUTPUT_FINE_TREND"], OUTPUT=tmp_path / f"{name}.tif",
            OUTPUT_FRACTION=tmp_path / f"{name}_share.tif", **given)  # fmt: skip
        with rasterio.open(tmp_path / f"{name}_share.tif") as file:
            shares.append(np.nan_to_num(file.read(1)))
    assert shares[0].max() == 1
    assert np.abs(shares[0] - shares[1]).max() < 0.2
    assert shares[0].sum() == pytest.approx(shares[1].sum(), rel=0.01)


def test_a_cancelled_run_leaves_nothing(run, tmp_path, log):
    class Impatient(type(log)):
        def isCanceled(self):
            self.asked = getattr(self, "asked", 0) + 1
            return self.asked > 100

    assert run("sampledata", Impatient(), **paths(tmp_path, {**REQUIRED, **EXTRAS})) == {}
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(refused, tmp_path):
    given = {**paths(tmp_path, REQUIRED), "OUTPUT_GLDAS": str(tmp_path / "no/such")}
    assert "OUTPUT_GLDAS" in refused("sampledata", tmp_path, **given)
