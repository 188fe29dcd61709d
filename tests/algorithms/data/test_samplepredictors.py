"""Every predictor file of the sample data is read by the toolbox's own importers."""

import numpy as np
import pytest
from grace_water_toolbox.algorithms.data.samplepredictors import (
    FLUXES,
    FOLDERS,
    MAPS,
    SOILS,
    uncertainty_name,
)

from .samplefiles import REQUIRED, paths

TRUTH = {"OUTPUT_FINE_TWS": "fine_tws.tif", "OUTPUT_TRUE_TWS": "tws.tif"}
NETCDF = {"OUTPUT_REANALYSIS": "era5.nc", "OUTPUT_REANALYSIS_STORAGE": "era5_storage.nc"}
DATED = {row[0]: row[1] for row in FOLDERS}
STATIC = {
    **{row[0]: f"{row[1]}.tif" for row in MAPS},
    **{uncertainty_name(row[0]): f"{row[1]}_uncertainty.tif" for row in SOILS},
}
FLUX = {row[0]: f"{row[1]}.tif" for row in FLUXES}
WANTED = {**REQUIRED, **TRUTH, **NETCDF, **DATED, **STATIC, **FLUX}


@pytest.fixture(scope="module")
def sample(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("predictors")
    return run("sampledata", **paths(folder, WANTED)), folder


@pytest.fixture
def fine(sample, read_stack):
    return read_stack(sample[0]["OUTPUT_FINE_TWS"])


def test_every_file_is_a_named_output_and_there_is_no_other(sample):
    results, folder = sample
    assert results == paths(folder, WANTED)
    assert {p.name for p in folder.iterdir()} == set(WANTED.values())


@pytest.mark.parametrize(("variable", "sign"), [("tp", 1), ("e", -1), ("ro", 1)])
def test_reanalysis_fluxes_import_as_mm_a_month(sample, run, tmp_path, read_stack, variable, sign):
    results, _ = sample
    run("importseries", INPUT=[results["OUTPUT_REANALYSIS"]], VARIABLE=variable, KIND="flux",
        UNITS="m day-1", OUTPUT=tmp_path / "v.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "v.tif")
    what = {"tp": "OUTPUT_FINE_P", "e": "OUTPUT_FINE_ET", "ro": "OUTPUT_FINE_R"}[variable]
    true, about = read_stack(results[what])
    assert info.units == "mm month-1" and not info.grid.difference(about.grid)
    np.testing.assert_array_equal(info.months, about.months)
    known = np.isfinite(true)
    np.testing.assert_array_equal(np.isfinite(values), known)
    assert (sign * values[known] > 0).all()
    # Most cells lie off ice, lake and pumping: there is error, but it is the same flux.
    assert np.median(np.abs(sign * values[known] / true[known] - 1)) < 0.25


def test_reanalysis_temperature_imports_in_kelvin(sample, run, tmp_path, read_stack):
    results, _ = sample
    run("importseries", INPUT=[results["OUTPUT_REANALYSIS"]], VARIABLE="t2m", KIND="other",
        OUTPUT=tmp_path / "t.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "t.tif")
    assert info.units == "K" and 240 < np.nanmin(values) < np.nanmax(values) < 315


def test_reanalysis_storages_import_and_average_to_the_model(sample, run, tmp_path, read_stack):
    results, _ = sample
    run("importstorage", INPUT=[results["OUTPUT_REANALYSIS_STORAGE"]], PRODUCT="era5-land",
        ABSOLUTE=True, OUTPUT=tmp_path / "total.tif",
        OUTPUT_SOILMOISTURE=tmp_path / "soil.tif", OUTPUT_SNOW=tmp_path / "snow.tif",
        OUTPUT_CANOPY=tmp_path / "canopy.tif")  # fmt: skip
    run("alignstack", INPUT=tmp_path / "soil.tif", REFERENCE=results["OUTPUT_SOILMOISTURE"],
        OUTPUT=tmp_path / "coarse.tif")  # fmt: skip
    values, _ = read_stack(tmp_path / "coarse.tif")
    model, _ = read_stack(results["OUTPUT_SOILMOISTURE"])
    known = np.isfinite(values) & np.isfinite(model)
    assert known.any(axis=0).sum() == 64
    np.testing.assert_allclose(values[known], model[known] / 10, atol=1e-3)


@pytest.mark.parametrize("name", DATED)
def test_dated_rasters_import(sample, run, tmp_path, read_stack, fine, name):
    results, _ = sample
    kind = {"OUTPUT_PR": "flux", "OUTPUT_ET": "flux"}.get(name, "other")
    run("importseries", INPUT_FOLDER=results[name], KIND=kind, OUTPUT=tmp_path / "v.tif")
    values, info = read_stack(tmp_path / "v.tif")
    _, about = fine
    assert not info.grid.difference(about.grid) and info.months.size == 265
    low, high, units = {
        "OUTPUT_NDVI": (-0.21, 0.96, "1"),
        "OUTPUT_LST": (230, 330, "K"),
        "OUTPUT_SM": (0, 0.6, "m3 m-3"),
        "OUTPUT_TAS": (230, 320, "K"),
        "OUTPUT_PR": (0, 400, "mm month-1"),
        "OUTPUT_ET": (0, 300, "mm month-1"),
    }[name]
    assert info.units == units and low <= np.nanmin(values) < np.nanmax(values) <= high


@pytest.mark.parametrize("name", STATIC)
def test_maps_align_to_the_coarse_grid(sample, run, tmp_path, name):
    import rasterio

    results, _ = sample
    run("alignstack", INPUT=results[name], REFERENCE=results["OUTPUT_TRUE_TWS"],
        OUTPUT=tmp_path / "map.tif")  # fmt: skip
    with rasterio.open(results[name]) as file:
        fine, units = file.read(1, masked=True).astype(float).filled(np.nan), file.units[0]
        bounds, label = file.bounds, file.descriptions[0]
    with rasterio.open(tmp_path / "map.tif") as file:
        coarse = file.read(1)
        assert file.count == 1 and file.descriptions[0] == label and file.units[0] == units
        row, col = file.index(bounds.left + 1e-6, bounds.top - 1e-6)
    # One cell by hand; over 0.5 degree the area of the rows differs by less than 1 %.
    part = fine[40:45, 40:45]
    assert np.isfinite(part).all()
    assert coarse[row + 8, col + 8] == pytest.approx(part.mean(), rel=0.02)


def test_files_close_the_water_balance(sample, read_stack, fine):
    results, _ = sample
    storage, _ = fine
    p, et, r = (read_stack(results[name])[0] for name in FLUX)
    change = 10 * (storage[2:] - storage[:-2]) / 2
    known = np.isfinite(p[1:-1])
    assert known.mean() > 0.9
    np.testing.assert_allclose((p - et - r)[1:-1][known], change[known], atol=2e-3)


def test_a_folder_that_cannot_be_made(refused, tmp_path):
    given = {**paths(tmp_path, REQUIRED), "OUTPUT_NDVI": str(tmp_path / "no/such")}
    assert "OUTPUT_NDVI" in refused("sampledata", tmp_path, **given)


def test_a_folder_and_a_file_chain_in_a_model(provider, tmp_path, read_stack):
    import processing
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
    )

    source = QgsProcessingModelChildParameterSource
    made = QgsProcessingModelChildAlgorithm("gracewater:sampledata")
    made.setChildId("sample")
    names = {**REQUIRED, "OUTPUT_NDVI": "ndvi", "OUTPUT_REANALYSIS": "era5.nc"}
    for name, path in paths(tmp_path, names).items():
        made.addParameterSources(name, [source.fromStaticValue(path)])
    model = QgsProcessingModelAlgorithm("chain", "chain", "chain")
    model.addChildAlgorithm(made)
    for child, given in (
        ("ndvi", {"INPUT_FOLDER": "OUTPUT_NDVI", "KIND": "other"}),
        ("rain", {"INPUT": "OUTPUT_REANALYSIS", "VARIABLE": "tp", "KIND": "flux",
                  "UNITS": "m day-1"}),
    ):  # fmt: skip
        step = QgsProcessingModelChildAlgorithm("gracewater:importseries")
        step.setChildId(child)
        for name, value in given.items():
            from_child = value.startswith("OUTPUT")
            step.addParameterSources(
                name,
                [source.fromChildOutput("sample", value) if from_child
                 else source.fromStaticValue(value)],
            )  # fmt: skip
        target = str(tmp_path / f"{child}.tif")
        step.addParameterSources("OUTPUT", [source.fromStaticValue(target)])
        model.addChildAlgorithm(step)
    context = QgsProcessingContext()
    processing.run(model, {}, context=context, feedback=QgsProcessingFeedback())
    assert read_stack(tmp_path / "ndvi.tif")[1].months.size == 265
    assert read_stack(tmp_path / "rain.tif")[1].units == "mm month-1"
