"""Import land-surface storage through QGIS."""

import numpy as np
import pytest
from headless import Headless

SOIL = (
    "SoilMoi0_10cm_inst",
    "SoilMoi10_40cm_inst",
    "SoilMoi40_100cm_inst",
    "SoilMoi100_200cm_inst",
)
BASELINE = {"BASELINE_START": "2004-01", "BASELINE_END": "2004-03"}


def write_month(path, month, value, names=(*SOIL, "SWE_inst", "CanopInt_inst")):
    """A GLDAS Noah month, 2 × 3 cells, each layer at ``value`` kg m-2."""
    import netCDF4

    days = (
        np.array([np.datetime64(month, "M"), np.datetime64(month, "M") + 1], "datetime64[D]")
        - np.datetime64("2000-01-01")
    ).astype(float)
    with netCDF4.Dataset(path, "w") as file:
        file.source, file.title = "Noah_v3.6", "GLDAS2.1 LIS land surface model output monthly mean"
        for name, size in (("time", 1), ("lat", 2), ("lon", 3), ("bnds", 2)):
            file.createDimension(name, size)
        file.createVariable("lat", "f4", ("lat",))[:] = [10.125, 10.375]
        file.createVariable("lon", "f4", ("lon",))[:] = [20.125, 20.375, 20.625]
        file.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = days
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.bounds = "days since 2000-01-01 00:00:00", "time_bnds"
        time[:] = days[0]
        for name in names:
            layer = file.createVariable(name, "f4", ("time", "lat", "lon"), fill_value=-9999.0)
            layer.units = "kg m-2"
            layer[:] = value
    return str(path)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "noah"
    folder.mkdir()
    return [
        write_month(folder / f"GLDAS_NOAH025_M.A2004{m:02d}.021.nc4", f"2004-{m:02d}", 100.0 + m)
        for m in (1, 2, 3, 5)
    ]


def test_a_list_of_files_becomes_stacks_and_a_report(run, files, tmp_path, read_stack, log):
    names = ("OUTPUT", "OUTPUT_SOILMOISTURE", "OUTPUT_SNOW", "OUTPUT_CANOPY")
    wanted = {name: tmp_path / f"{name}.tif" for name in names}
    results = run(
        "importstorage",
        log,
        INPUT=files[::-1],
        PRODUCT="gldas-noah",
        OUTPUT_HTML=tmp_path / "report.html",
        **BASELINE,
        **wanted,
    )
    assert set(results) == {*names, "OUTPUT_HTML"}
    soil, info = read_stack(results["OUTPUT_SOILMOISTURE"])
    np.testing.assert_allclose(soil[:, 0, 0], [-0.4, 0, 0.4, np.nan, 1.2], atol=1e-5)
    total, _ = read_stack(results["OUTPUT"])
    np.testing.assert_allclose(total[:, 1, 2], 1.5 * soil[:, 1, 2], atol=1e-5)
    assert info.units == "cm" and info.baseline == ("2004-01", "2004-03")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "2004-04" in page and "SoilMoi100_200cm_inst" in page
    assert "2004-04" in log.text


def test_a_folder_and_an_extent_and_absolute_storage(run, files, tmp_path, read_stack):
    results = run(
        "importstorage",
        INPUT_FOLDER=tmp_path / "noah",
        EXTENT="20.3,20.4,10.2,10.4",
        ABSOLUTE=True,
        OUTPUT=tmp_path / "total.tif",
        OUTPUT_SNOW=tmp_path / "snow.tif",
        **BASELINE,
    )
    snow, info = read_stack(results["OUTPUT_SNOW"])
    assert snow.shape == (5, 2, 1) and info.baseline == ()
    np.testing.assert_allclose(snow[0], 10.1, atol=1e-5)


def test_either_files_or_a_folder(refused, files, tmp_path):
    target = {"OUTPUT": tmp_path / "t.tif", **BASELINE}
    both = refused("importstorage", tmp_path, INPUT=files, INPUT_FOLDER=tmp_path / "noah", **target)
    assert "INPUT: either INPUT or INPUT_FOLDER is expected; found both" in both
    assert "found neither" in refused("importstorage", tmp_path, **target)
    twice = refused("importstorage", tmp_path, INPUT=[files[0], files[0]], **target)
    assert "twice" in twice
    gone = refused("importstorage", tmp_path, INPUT=[str(tmp_path / "gone.nc4")], **target)
    assert "no file" in gone


def test_the_wrong_product_a_missing_layer_and_a_double_month(refused, files, tmp_path):
    target = {"OUTPUT": tmp_path / "t.tif", **BASELINE}
    text = refused("importstorage", tmp_path, INPUT=files, PRODUCT="era5-land", **target)
    assert "ERA5-Land" in text and "swvl1" in text and "200401" in text
    # In the middle of the list: the check of the dialog does not open it, the run does.
    part = write_month(tmp_path / "noah" / "part.nc4", "2004-04", 1.0, SOIL)
    text = refused("importstorage", tmp_path, INPUT=[files[0], part, files[1]], **target)
    assert "part.nc4" in text and "no SWE_inst, CanopInt_inst" in text
    again = write_month(tmp_path / "again.nc4", "2004-02", 1.0)
    text = refused("importstorage", tmp_path, INPUT=[*files, again], **target)
    assert "2004-02 in" in text and "again.nc4" in text


@pytest.mark.real
def test_the_real_three_hourly_files_are_refused(refused, data, tmp_path):
    paths = [str(p) for p in sorted((data / "gldas").glob("GLDAS_NOAH025_3H*"))]
    text = refused("importstorage", tmp_path, INPUT=paths, OUTPUT=tmp_path / "t.tif")
    assert "SoilMoi40_100cm_inst, SoilMoi100_200cm_inst, SWE_inst, CanopInt_inst" in text
    assert "not monthly: a span of 3 hours" in text


def test_the_stacks_go_into_separate_groundwater(run, files, tmp_path, make_stack, read_stack):
    run("importstorage", INPUT=files, OUTPUT=tmp_path / "t.tif",
        OUTPUT_SOILMOISTURE=tmp_path / "soil.tif", **BASELINE)  # fmt: skip
    _, info = read_stack(tmp_path / "soil.tif")
    tws = make_stack(tmp_path / "tws.tif", np.zeros((5, 2, 3)), baseline=("2004-01", "2004-03"),
                     grid=info.grid)  # fmt: skip
    results = run("separategroundwater", INPUT=tws, SOILMOISTURE=tmp_path / "soil.tif",
                  REBASE=False, OUTPUT=tmp_path / "gw.tif")  # fmt: skip
    water, _ = read_stack(results["OUTPUT"])
    np.testing.assert_allclose(water[:, 0, 0], [0.4, 0, -0.4, np.nan, -1.2], atol=1e-5)


@pytest.mark.headless
def test_on_the_command_line(files, tmp_path, read_stack):
    target = tmp_path / "t.tif"
    given = [f"--INPUT={path}" for path in files]
    given += [f"--{name}={value}" for name, value in BASELINE.items()]
    with Headless() as qgis:
        done = qgis.call("run", "gracewater:importstorage", *given, f"--OUTPUT={target}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_stack(target)[0].shape == (5, 2, 3)


def test_the_dialog_writes_what_separate_groundwater_asks_for(provider):
    algorithm = provider.algorithm("importstorage")
    for name in ("OUTPUT", "OUTPUT_SOILMOISTURE", "OUTPUT_SNOW", "OUTPUT_CANOPY"):
        assert algorithm.parameterDefinition(name).createByDefault(), name
