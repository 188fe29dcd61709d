"""Import series through QGIS: NetCDF, dated rasters, and newer months behind a stack."""

import numpy as np
import pytest
import rasterio
from headless import Headless
from rasterio.transform import from_origin


def write_months(folder, months, values, units="mm"):
    """One raster a month, 2 × 2 cells."""
    paths = []
    for month, value in zip(months, values):
        path = folder / f"storage_{month}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", count=1, height=2, width=2, dtype="float32",
            crs="EPSG:4326", transform=from_origin(70, 30, 0.5, 0.5), nodata=-9999.0,
        ) as file:  # fmt: skip
            file.write(np.full((2, 2), value, "float32"), 1)
            file.update_tags(units=units)
        paths.append(str(path))
    return paths


@pytest.fixture
def rasters(tmp_path):
    folder = tmp_path / "rasters"
    folder.mkdir()
    return write_months(folder, ("2004-01", "200402", "2004-04"), (10.0, 20.0, -9999.0 + 10029))


def test_dated_rasters(run, rasters, tmp_path, read_stack, log):
    results = run("importseries", log, INPUT=rasters, OUTPUT=tmp_path / "s.tif")
    values, info = read_stack(results["OUTPUT"])
    np.testing.assert_allclose(values[:, 0, 0], [1, 2, np.nan, 3])
    assert info.units == "cm" and "Missing months: 2004-03" in log.text


def test_a_folder_with_a_baseline(run, rasters, tmp_path, read_stack):
    results = run(
        "importseries", INPUT_FOLDER=tmp_path / "rasters", BASELINE_START="2004-01",
        BASELINE_END="2004-02", OUTPUT=tmp_path / "s.tif",
    )  # fmt: skip
    values, info = read_stack(results["OUTPUT"])
    np.testing.assert_allclose(values[:, 1, 1], [-0.5, 0.5, np.nan, 1.5])
    assert info.baseline == ("2004-01", "2004-02")


def test_a_flux_with_units_of_its_own(run, rasters, tmp_path, read_stack):
    results = run(
        "importseries", INPUT=rasters, KIND="flux", UNITS="mm day-1", OUTPUT=tmp_path / "s.tif"
    )
    values, info = read_stack(results["OUTPUT"])
    np.testing.assert_allclose(values[:, 0, 0], [310, 580, np.nan, 900])
    assert info.units == "mm month-1"


def test_newer_months_go_behind_an_existing_stack(run, tmp_path, make_stack, read_stack, log):
    storage = np.random.default_rng(4).normal(size=(10, 2, 3))
    old = make_stack(tmp_path / "old.tif", storage[:7] - 1, baseline=("2004-01", "2004-05"))
    new = make_stack(tmp_path / "new.tif", storage)
    results = run("importseries", log, INPUT=[new], EXISTING=old, OUTPUT=tmp_path / "longer.tif")
    values, info = read_stack(results["OUTPUT"])
    np.testing.assert_allclose(values, storage - 1, atol=1e-6)
    np.testing.assert_array_equal(values[:7], read_stack(old)[0])
    assert info.baseline == ("2004-01", "2004-05") and "3 of them appended" in log.text


def test_an_existing_stack_of_another_processing(refused, tmp_path, make_stack):
    storage = np.random.default_rng(4).normal(size=(10, 2, 3))
    old = make_stack(tmp_path / "old.tif", storage[:7], baseline=("2004-01", "2004-05"))
    new = make_stack(tmp_path / "new.tif", 1.1 * storage)
    target = {"INPUT": [new], "EXISTING": old, "OUTPUT": tmp_path / "longer.tif"}
    text = refused("importseries", tmp_path, **target)
    assert "new.tif" in text and "import its whole record anew" in text
    text = refused("importseries", tmp_path, BASELINE_START="2004-01", **target)
    assert "BASELINE" in text
    text = refused("importseries", tmp_path, EXTENT="70,71,28,30", **target)
    assert "EXISTING: no extent and no baseline" in text and "EXTENT" in text


def test_bad_parameters(refused, rasters, tmp_path):
    target = {"OUTPUT": tmp_path / "s.tif"}
    assert "found neither" in refused("importseries", tmp_path, **target)
    half = refused("importseries", tmp_path, INPUT=rasters, BASELINE_START="2004-01", **target)
    assert "BASELINE_END: a month written YYYY-MM" in half
    word = refused("importseries", tmp_path, INPUT=rasters, UNITS="bucket", **target)
    assert "'bucket'" in word
    named = refused("importseries", tmp_path, INPUT=rasters, VARIABLE="x", **target)
    assert "VARIABLE" in named
    over = refused("importseries", tmp_path, INPUT=rasters, OUTPUT=rasters[0])
    assert "OUTPUT: a file different from INPUT" in over
    (tmp_path / "plain.tif").write_bytes(b"no raster")
    assert "plain.tif" in refused(
        "importseries", tmp_path, INPUT=[str(tmp_path / "plain.tif")], **target
    )


@pytest.mark.real
def test_real_storage_of_bangladesh(run, refused, data, tmp_path, read_stack):
    path = str(data / "bangladesh" / "TWSA_M_2002_2017_BGD_025.nc4")
    text = refused("importseries", tmp_path, INPUT=[path], OUTPUT=tmp_path / "s.tif")
    assert "UNITS" in text and "TWSA_M_2002" in text
    results = run("importseries", INPUT=[path], UNITS="mm", EXTENT="88,90,22,24",
                  OUTPUT=tmp_path / "s.tif")  # fmt: skip
    values, info = read_stack(results["OUTPUT"])
    assert values.shape[0] == 182 and info.units == "cm" and 5 < np.nanstd(values) < 50


@pytest.mark.headless
def test_on_the_command_line(rasters, tmp_path, read_stack):
    target = tmp_path / "s.tif"
    with Headless() as qgis:
        qgis.run("gracewater:importseries", INPUT_FOLDER=tmp_path / "rasters", OUTPUT=target)
    assert read_stack(target)[0].shape == (4, 2, 2)
