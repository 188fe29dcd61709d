"""Prepare predictors on real data: Bangladesh, and what came with the other predictors."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.downscaling.contract import Spacing, Variable
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet

from .conftest import write_linear

pytestmark = pytest.mark.real
VARIABLES = (
    Variable("precipitation", "mm month-1", range=(0.0, 1500.0)),
    Variable("evapotranspiration", "mm month-1"),
    Variable("precipitation_cumulative", "cm", derived="cumulative_anomaly(precipitation)"),
    Variable("ndvi", "1", lags=(0, 1), range=(-0.2, 1.0)),
    Variable("elevation", "m", "static"),
)


def imported(run, folder, bangladesh, file, variable, kind, units):
    path = folder / f"{variable}.tif"
    run("importseries", INPUT=[str(bangladesh / file)], VARIABLE=variable, KIND=kind, UNITS=units,
        OUTPUT=path)  # fmt: skip
    return str(path)


@pytest.fixture(scope="module")
def layers(run, data, tmp_path_factory):
    folder, bangladesh = tmp_path_factory.mktemp("bangladesh"), data / "bangladesh"
    fluxes = "PR_AET_M_2002_2017_BGD_025.nc4"
    return [
        imported(run, folder, bangladesh, fluxes, "pr", "flux", "mm month-1"),
        imported(run, folder, bangladesh, fluxes, "aet", "flux", "mm month-1"),
        imported(run, folder, bangladesh, "NDVI_M_2002_2017_BGD_025.nc4", "NDVI", "other", "1"),
        f'NETCDF:"{bangladesh / "DEM_BGD_025.nc4"}":dem',
    ]


def model(path, spacing, variables=VARIABLES):
    weights = np.zeros(sum(len(v.lags) for v in variables))
    return write_linear(path, weights, inputs=variables, spacing=Spacing(spacing, spacing))


def test_bangladesh(run, tmp_path, data, layers, log):
    got = run(
        "preparepredictors", log, PREDICTORS=layers, MODEL=model(tmp_path / "m.onnx", 0.25),
        MAPPING="elevation = dem [m]", HOLES=1, OUTPUT=tmp_path / "set.tif",
        OUTPUT_HTML=tmp_path / "r.html",
    )  # fmt: skip
    with rasterio.open(layers[0]) as file:
        rain = file.read()
    with rasterio.open(layers[3]) as file:
        heights = file.read(1)
    with PredictorSet(got["OUTPUT"]) as file:
        assert (file.grid.nx, file.grid.ny) == (24, 24)
        pr = file.variables["precipitation"]
        # A lag of one month of NDVI: the first month of the record cannot be predicted.
        assert str(pr.months[0]) == "2002-05" and pr.months.size == 181
        values = file.read(list(pr.bands.values()))
        known = np.isfinite(values)
        np.testing.assert_array_equal(values[known], rain[1:][known])
        dem = file.read([file.variables["elevation"].band])[0]
        np.testing.assert_array_equal(dem[np.isfinite(heights)], heights[np.isfinite(heights)])
        sums = file.variables["precipitation_cumulative"]
        last = file.read([sums.bands[sums.months[-1]]])[0]
        want = (rain - rain[21:93].mean(axis=0)).sum(axis=0) / 10
        both = np.isfinite(last) & np.isfinite(want)
        assert both.sum() > 200
        np.testing.assert_allclose(last[both], want[both], atol=0.02)
    print(log.text)
    assert "elevation = dem [m]" in log.text and "MODIS" not in log.text
    # Small negative rain is a fault of the product: it stays, and is reported.
    negative = int((rain[1:] < 0).sum())
    print(f"{negative} negative of {np.isfinite(rain[1:]).sum()}, lowest {np.nanmin(rain):.4g}")
    page = (tmp_path / "r.html").read_text()
    assert "Trained from" in page and np.nanmin(values) == np.nanmin(rain[1:])


def test_bangladesh_on_other_cells_says_what_is_interpolated(run, tmp_path, data, layers, log):
    elevation = data / "predictors" / "etopo5_southasia_5min.nc"
    got = run(
        "preparepredictors", log, PREDICTORS=[*layers[:3], str(elevation)],
        MODEL=model(tmp_path / "m.onnx", 0.1), EXTENT="88,92.7,20.7,26.7",
        MAPPING=f"elevation = {elevation.stem}", OUTPUT=tmp_path / "set.tif",
    )  # fmt: skip
    print(log.text)
    with PredictorSet(got["OUTPUT"]) as file:
        assert file.grid.extent == pytest.approx((88.0, 20.7, 92.7, 26.7))
        history = "\n".join(file.history)
        dem = file.read([file.variables["elevation"].band])[0]
    assert "pr (" in history and "aligned by bilinear from 0.25 x 0.25" in history
    assert "aligned by area-weighted mean from 0.0833341 x 0.0833333" in history
    # The delta is flat, Shillong Plateau rises above 1 000 m.
    assert np.nanmin(dem) < 5 and np.nanmax(dem) > 1000


def test_layers_of_other_origin(run, tmp_path, data, log):
    """NETCDF sources as they are: ERA5-Land on 0.1°, latitudes either way, no projection."""
    folder = data / "predictors" / "era5_land_oggm"
    variables = (Variable("temperature", "degC"), Variable("land", "1", "static"))
    got = run(
        "preparepredictors", log,
        PREDICTORS=[
            str(folder / "sel_era5_land_monthly_t2m_1981-2018.nc"),
            f'NETCDF:"{folder / "sel_era5_land_invariant.nc"}":lsm',
        ],
        MODEL=model(tmp_path / "m.onnx", 0.1, variables), MAPPING="land = lsm", START="2002-04",
        END="2010-12", OUTPUT=tmp_path / "set.tif",
    )  # fmt: skip
    print(log.text)
    # The file is called otherwise; its variable is t2m.
    assert "temperature = sel_era5_land_monthly_t2m_1981-2018" in log.text
    with PredictorSet(got["OUTPUT"]) as file:
        t = file.variables["temperature"]
        values = file.read(list(t.bands.values()))
        assert t.months.size == 105 and -40 < np.nanmin(values) < np.nanmax(values) < 40
        assert file.variables["land"].is_static


def test_a_netcdf_without_a_coordinate_system_is_refused(refused, tmp_path, data):
    source = f'NETCDF:"{data / "bangladesh" / "NDVI_M_2002_2017_BGD_025.nc4"}":NDVI'
    message = refused("preparepredictors", tmp_path, PREDICTORS=[source],
                      OUTPUT=str(tmp_path / "o.tif"))  # fmt: skip
    assert "coordinate reference system" in message
