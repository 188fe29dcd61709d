"""Prepare predictors through Processing: the sample's 12 and 19, bad input, and real data."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.algorithms.data.samplepredictors import MAPS
from grace_water_toolbox.core.data.stack import StackInfo, write_stack
from grace_water_toolbox.core.downscaling.contract import Spacing, Variable
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
from headless import SITE_PACKAGES, Headless

from .conftest import COARSE, FINE, MONTHS, write_linear

FLUXES = ("precipitation", "evapotranspiration", "runoff")
U1 = (
    *(Variable(n, "mm month-1") for n in FLUXES),
    *(Variable(f"{n}_cumulative", "mm", derived=f"cumulative_anomaly({n})") for n in FLUXES),
    Variable("temperature", "K", range=(200.0, 330.0)),
    Variable("ndvi", "1", range=(-0.3, 1.0)),
    Variable("irrigation", "1", "static", range=(0.0, 1.0)),
    Variable("irrigation_groundwater", "1", "static"),
    Variable("population_density", "people km-2", "static"),
    Variable("elevation", "m", "static"),
)
SOIL = {
    "clay": "dg kg-1", "silt": "g kg-1", "sand": "g/kg", "cfvo": "cm3 dm-3", "cec": "cmol kg-1",
    "ph": "pH", "soc": "g kg-1", "tn": "g kg-1",
}  # fmt: skip
K1 = (
    Variable("tas", "degC"),
    Variable("pre", "mm month-1", lags=(0, 1)),
    Variable("sm", "m3 m-3"),
    Variable("et", "mm month-1"),
    Variable("ndvi", "1"),
    Variable("lst", "K"),
    Variable("etc", "mm", derived="cumulative(et)"),
    Variable("prec", "mm", derived="cumulative(pre)"),
    Variable("dem", "m", "static"),
    *(Variable(n, u, "static") for n, u in SOIL.items()),
    Variable("month_sin", "1", "calendar"),
    Variable("month_cos", "1", "calendar"),
)


@pytest.fixture(scope="module")
def sample(run, tmp_path_factory):
    """Sample predictors as files, and imported: (folder, all results of the sample)."""
    folder = tmp_path_factory.mktemp("sample")
    maps = {row[0]: f"{row[1]}.tif" for row in MAPS}
    folders = {f"OUTPUT_{n.upper()}": n for n in ("ndvi", "lst", "sm", "tas", "pr", "et")}
    wanted = {
        "OUTPUT_GRACE": "grace.nc", "OUTPUT_SOILMOISTURE": "soil.tif", "OUTPUT_SNOW": "snow.tif",
        "OUTPUT_CANOPY": "canopy.tif", "OUTPUT_BASINS": "basins.gpkg",
        "OUTPUT_REANALYSIS": "era5.nc", **maps, **folders,
    }  # fmt: skip
    run("sampledata", **{k: folder / v for k, v in wanted.items()})
    for name, kind, units in (("tp", "flux", "m day-1"), ("e", "flux", "m day-1"),
                              ("ro", "flux", "m day-1"), ("t2m", "other", "")):  # fmt: skip
        run("importseries", INPUT=[str(folder / "era5.nc")], VARIABLE=name, KIND=kind,
            UNITS=units, OUTPUT=folder / f"era5_{name}.tif")  # fmt: skip
    for name in folders.values():
        kind = "flux" if name in ("pr", "et") else "other"
        run("importseries", INPUT_FOLDER=folder / name, KIND=kind, OUTPUT=folder / f"{name}.tif")
    return folder


def whole(path):
    with rasterio.open(path) as file:
        return file.read(masked=True).astype(float).filled(np.nan)


def model(path, inputs, spacing=0.1):
    channels = sum(len(v.lags) for v in inputs)
    return write_linear(path, np.ones(channels), inputs=inputs, spacing=Spacing(spacing, spacing))


def test_the_twelve_of_the_sample(run, sample, tmp_path, log):
    names = ("era5_tp", "era5_e", "era5_ro", "era5_t2m", "ndvi", "irrigation",
             "irrigation_groundwater", "population", "dem")  # fmt: skip
    got = run(
        "preparepredictors", log, PREDICTORS=[str(sample / f"{n}.tif") for n in names],
        MODEL=model(tmp_path / "u1.onnx", U1), MAPPING="evapotranspiration = -1 * era5_e",
        HOLES=2, OUTPUT=tmp_path / "set.tif", OUTPUT_HTML=tmp_path / "r.html",
    )  # fmt: skip
    rain, et = whole(sample / "era5_tp.tif"), -whole(sample / "era5_e.tif")
    with PredictorSet(got["OUTPUT"]) as file:
        assert list(file.variables) == [v.name for v in U1]
        assert {n: v.units for n, v in file.variables.items()} == {v.name: v.units for v in U1}
        assert all(v.is_static or v.months.size == 265 for v in file.variables.values())
        assert "made from synthetic layers" in file.history

        def values(name):
            entry = file.variables[name]
            return file.read([entry.band] if entry.band else [entry.bands[m] for m in entry.months])

        np.testing.assert_array_equal(values("evapotranspiration"), et.astype("f4"))
        # 2004-01 to 2009-12 are months 21 to 92 of a record that begins in 2002-04.
        for name, flux in (("precipitation", rain), ("evapotranspiration", et)):
            want = np.cumsum(flux - flux[21:93].mean(axis=0), axis=0)
            np.testing.assert_allclose(values(f"{name}_cumulative"), want, atol=0.02)
        percent = whole(sample / "irrigation.tif")
        np.testing.assert_allclose(values("irrigation"), percent / 100, rtol=1e-5)
        ndvi, before = values("ndvi"), whole(sample / "ndvi.tif")
    land = np.isfinite(rain).all(axis=0)
    assert np.isnan(before[:, land]).mean() > 0.02 > 0.001 > np.isnan(ndvi[:, land]).mean()
    known = np.isfinite(before)
    np.testing.assert_allclose(ndvi[known], before[known], rtol=1e-6)
    # The mapping in the log is the whole of it, to copy and edit.
    text = log.text.split("MAPPING, to copy and edit:\n")[1].split("\nprecipitation: ")[0]
    assert len(text.splitlines()) == 12 and "temperature = era5_t2m" in text
    page = (tmp_path / "r.html").read_text()
    assert "synthetic" in page and "Trained from" in page and "irrigation = irrigation" in page
    fine = run("downscale", MODEL=str(tmp_path / "u1.onnx"), PREDICTORS=got["OUTPUT"],
               START="2010-01", END="2010-02", OUTPUT=tmp_path / "o.tif")  # fmt: skip
    assert np.isfinite(whole(fine["OUTPUT"])).mean() > 0.3


def test_the_nineteen_of_the_sample(run, sample, tmp_path, log):
    names = ("tas", "pr", "sm", "et", "ndvi", "lst", "dem", "clay", "silt", "sand", "cfvo", "cec",
             "phh2o", "soc", "nitrogen")  # fmt: skip
    got = run(
        "preparepredictors", log, PREDICTORS=[str(sample / f"{n}.tif") for n in names],
        MODEL=model(tmp_path / "k1.onnx", K1), START="2010-01", END="2010-12",
        OUTPUT=tmp_path / "set.tif",
    )  # fmt: skip
    with PredictorSet(got["OUTPUT"]) as file:
        assert len(file.variables) == 17 and file.variables["ph"].units == "pH"
        assert str(file.variables["pre"].months[0]) == "2009-12"
        assert file.variables["tas"].months.size == 12
        for name, source, factor, offset in (
            ("clay", "clay", 10, 0), ("ph", "phh2o", 0.1, 0), ("cec", "cec", 0.1, 0),
            ("soc", "soc", 0.1, 0), ("tn", "nitrogen", 0.01, 0),
        ):  # fmt: skip
            want = whole(sample / f"{source}.tif")[0] * factor + offset
            got_values = file.read([file.variables[name].band])[0]
            np.testing.assert_allclose(got_values, want, rtol=1e-5)
        july = np.datetime64("2010-07")
        band = 99  # of a record from 2002-04
        np.testing.assert_allclose(
            file.read([file.bands_at("tas", july)])[0],
            whole(sample / "tas.tif")[band] - 273.15, atol=1e-3,
        )  # fmt: skip
        np.testing.assert_allclose(
            file.read([file.bands_at("prec", july)])[0],
            whole(sample / "pr.tif")[: band + 1].sum(axis=0), rtol=1e-5,
        )  # fmt: skip
    fine = run("downscale", MODEL=str(tmp_path / "k1.onnx"), PREDICTORS=got["OUTPUT"],
               OUTPUT=tmp_path / "o.tif")  # fmt: skip
    assert np.isfinite(whole(fine["OUTPUT"])).any(axis=(1, 2)).sum() == 12


@pytest.fixture
def small(tmp_path):
    """Layers on disk for the linear model of rain and elevation, and the model."""
    rng = np.random.default_rng(3)
    rain = rng.uniform(0, 90, (4, 8, 12))
    write_stack(tmp_path / "tp.tif", StackInfo(FINE, MONTHS, "mm month-1"), rain)
    write_stack(tmp_path / "old.tif", StackInfo(FINE, MONTHS - 100, "mm month-1"), rain)
    write_stack(tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "mm month-1"), rain[:, :2, :3])
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", width=12, height=8, count=1, dtype="float32",
        crs="EPSG:4326", transform=rasterio.transform.from_origin(10, 40, 0.5, 0.5),
    ) as file:  # fmt: skip
        file.write(np.full((1, 8, 12), 7, "f4"))
        file.units = ("m",)
    with rasterio.open(
        tmp_path / "utm.tif", "w", driver="GTiff", width=12, height=8, count=1, dtype="float32",
        crs="EPSG:32633", transform=rasterio.transform.from_origin(5e5, 4e6, 1e4, 1e4),
    ) as file:  # fmt: skip
        file.write(np.full((1, 8, 12), 7, "f4"))
        file.units = ("m",)
    write_linear(tmp_path / "model.onnx")
    return tmp_path, rain


def paths(folder, *names):
    return [str(folder / n) for n in names]


def test_extent_months_and_mask(run, small):
    folder, rain = small
    mask = np.zeros((1, 8, 12), "u1")
    mask[0, 1, 2] = 1
    with rasterio.open(
        folder / "mask.tif", "w", driver="GTiff", width=12, height=8, count=1, dtype="uint8",
        crs="EPSG:4326", transform=rasterio.transform.from_origin(10, 40, 0.5, 0.5), nodata=255,
    ) as file:  # fmt: skip
        file.write(mask)
    got = run(
        "preparepredictors", PREDICTORS=paths(folder, "dem.tif", "tp.tif"),
        MODEL=str(folder / "model.onnx"), EXTENT="10.5,12,38,40", MASK=folder / "mask.tif",
        START="2004-02", END="2004-03", HOLES=5, OUTPUT=folder / "o.tif",
    )  # fmt: skip
    with PredictorSet(got["OUTPUT"]) as file:
        assert (file.grid.x0, file.grid.nx, file.grid.ny) == (10.5, 3, 4)
        values = file.read([1, 2, 3])
    want = rain[1:3, :4, 1:4].copy()
    want[:, 1, 1] = np.nan
    np.testing.assert_allclose(values[:2], want, rtol=1e-6)
    assert np.isnan(values[2, 1, 1]) and np.nansum(values[2]) == 77


def test_a_coarse_layer_is_never_passed_off_as_fine(run, small, log):
    folder, _ = small
    got = run("preparepredictors", log, PREDICTORS=paths(folder, "coarse.tif", "dem.tif"),
              MODEL=str(folder / "model.onnx"), MAPPING="rain = coarse", FINER="nearest",
              OUTPUT=folder / "o.tif", OUTPUT_HTML=folder / "r.html")  # fmt: skip
    words = "aligned by nearest from 2 x 2"
    with PredictorSet(got["OUTPUT"]) as file:
        assert words in "\n".join(file.history)
    assert words in log.text and words in (folder / "r.html").read_text()


@pytest.mark.parametrize(
    ("names", "change", "word"),
    [
        (("tp.tif",), {}, "elevation [m]: no layer is it, for example from SRTM"),
        (("tp.tif", "dem.tif"), {"MAPPING": "rain = tp [K]"}, "units 'K'"),
        (("tp.tif", "dem.tif"), {"MAPPING": "rain = tp; rain = dem"}, "rain twice"),
        (("tp.tif", "dem.tif"), {"MAPPING": "rain = snow"}, "#1 tp, #2 dem"),
        (("tp.tif", "dem.tif"), {"MAPPING": "snow = tp"}, "found snow"),
        (("tp.tif", "dem.tif"), {"MAPPING": "rain"}, "precipitation = tp"),
        (("tp.tif", "dem.tif"), {"REFERENCE": "coarse.tif"}, "cells of 0.5 × 0.5 are expected"),
        (("tp.tif", "dem.tif"), {"START": "2010-01", "END": "2010-04"}, "do not overlap"),
        (("tp.tif", "dem.tif"), {"START": "soon"}, "YYYY-MM"),
        (("tp.tif", "utm.tif"), {"MAPPING": "elevation = utm"}, "one coordinate system"),
        (("tp.tif", "dem.tif"), {"HOLES": 0.3}, "HOLES"),
        (("tp.tif", "dem.tif"), {"EXTENT": "100,110,10,20"}, "must meet"),
        (("tp.tif", "dem.tif"), {"EXTENT": "14,12,36,38"}, "west"),
        (("tp.tif", "dem.tif"), {"MASK": "utm.tif"}, "coordinate system"),
        (("tp.tif", "tp.tif", "dem.tif"), {}, "one layer for rain"),
        (("tp.tif", "no.tif"), {}, "no.tif"),
        (("tp.tif", "no.nc"), {}, "no.nc"),
        ((), {}, "at least one layer"),
        (("tp.tif", "dem.tif"), {"MODEL": "dem.tif"}, "dem.tif"),
    ],
)
def test_what_does_not_fit_is_refused(refused, small, names, change, word):
    folder, _ = small
    given = {"MODEL": "model.onnx", **change}
    given = {
        k: str(folder / v) if str(v).endswith((".tif", ".onnx")) else v for k, v in given.items()
    }
    message = refused(
        "preparepredictors", folder, PREDICTORS=paths(folder, *names), **given,
        OUTPUT=str(folder / "o.tif"),
    )  # fmt: skip
    assert word in message


@pytest.mark.headless
def test_from_the_command_line(small):
    folder, rain = small
    with Headless(python_path=SITE_PACKAGES) as qgis:
        done = qgis.call(
            "--json", "run", "gracewater:preparepredictors",
            *(f"--PREDICTORS={path}" for path in paths(folder, "tp.tif", "dem.tif")),
            "--MAPPING=rain = 2 * #1; wet = cumulative(rain); height = dem",
            "--CUMULATE_FROM=2004-01", f"--OUTPUT={folder / 'o.tif'}",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with PredictorSet(folder / "o.tif") as file:
        assert {n: v.units for n, v in file.variables.items()} == {
            "rain": "mm month-1", "wet": "mm", "height": "m",
        }  # fmt: skip
        wet = file.read([file.bands_at("wet", "2004-04")])[0]
    np.testing.assert_allclose(wet, 2 * rain.sum(axis=0), rtol=1e-5)
