"""Cumulative anomaly and fill holes, through Processing."""

import numpy as np
import pytest
import rasterio


@pytest.fixture
def rain(tmp_path, make_stack):
    values = np.random.default_rng(1).gamma(2, 40, (120, 6, 7)).astype("f4")
    return make_stack(tmp_path / "rain.tif", values, "mm month-1", "2002-01"), values.astype(float)


def test_the_cumulative_anomaly(run, tmp_path, rain, log, read_stack):
    path, values = rain
    got = run("cumulativeanomaly", log, INPUT=path, OUTPUT=tmp_path / "c.tif")
    result, info = read_stack(got["OUTPUT"])
    want = np.cumsum(values[3:] - values[24:96].mean(axis=0), axis=0)
    np.testing.assert_allclose(result, want, atol=2e-3)
    assert info.units == "mm" and "42 cells" in log.text


def test_a_plain_sum_from_another_month(run, tmp_path, rain, read_stack):
    path, values = rain
    run("cumulativeanomaly", INPUT=path, KIND="sum", START="2003-01", OUTPUT=tmp_path / "c.tif")
    result, info = read_stack(tmp_path / "c.tif")
    np.testing.assert_allclose(result, np.cumsum(values[12:], axis=0), rtol=1e-5)
    assert str(info.months[0]) == "2003-01"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"START": "1999-01"}, "1999-01"),
        ({"START": "then"}, "YYYY-MM"),
        ({"BASELINE_END": "2015-12"}, "baseline"),
    ],
)
def test_sums_that_cannot_be_made(refused, tmp_path, rain, change, word):
    message = refused(
        "cumulativeanomaly",
        tmp_path,
        **{"INPUT": rain[0], **change},
        OUTPUT=str(tmp_path / "c.tif"),
    )
    assert word in message


def test_a_storage_is_no_flux(refused, tmp_path, make_stack):
    path = make_stack(tmp_path / "s.tif", np.ones((120, 2, 2)), "cm", "2002-01")
    message = refused("cumulativeanomaly", tmp_path, INPUT=path, OUTPUT=str(tmp_path / "c.tif"))
    assert "a flux a month" in message and "'cm'" in message


@pytest.fixture
def cloudy(tmp_path, make_stack):
    values = np.ones((3, 8, 8))
    values[0, 2:4, 2:4] = np.nan
    values[1, 5, 5] = np.nan
    values[:, :, 7] = np.nan
    return make_stack(tmp_path / "ndvi.tif", values, "1")


def write_mask(path, values):
    from rasterio.transform import from_origin

    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", nodata=255,
        crs="EPSG:4326", transform=from_origin(70, 30, 1, 1),
    ) as file:  # fmt: skip
        file.write(values.astype("uint8"), 1)
    return str(path)


def test_holes_are_filled_and_counted_and_masked_cells_never(
    run, tmp_path, cloudy, log, read_stack
):
    masked = np.zeros((8, 8))
    masked[2, 2] = 1
    got = run(
        "fillholes", log, INPUT=cloudy, MASK=write_mask(tmp_path / "m.tif", masked),
        OUTPUT=tmp_path / "o.tif", OUTPUT_FLAGS=tmp_path / "f.tif",
    )  # fmt: skip
    values, info = read_stack(got["OUTPUT"])
    assert got["FILLED"] == 4 and "4 holes filled in 2 of 3 months" in log.text
    assert np.isnan(values[:, 2, 2]).all() and np.isnan(values[:, :, 7]).all()
    assert np.nanmin(values) == np.nanmax(values) == 1 and np.isfinite(values).sum() == 3 * 55
    with rasterio.open(got["OUTPUT_FLAGS"]) as file:
        flags = file.read()
        assert file.descriptions[0] == "2004-01"
    assert (flags == 1).sum() == 4 and (flags == 255).sum() == 27
    assert "inverse distance" in info.history[-1]


def test_cells_that_never_have_a_value_on_request(run, tmp_path, cloudy, read_stack):
    got = run("fillholes", INPUT=cloudy, EMPTY_CELLS=True, OUTPUT=tmp_path / "o.tif")
    assert got["FILLED"] == 5 + 24 and np.isfinite(read_stack(got["OUTPUT"])[0]).all()


def test_a_mask_elsewhere(refused, tmp_path, cloudy):
    from rasterio.transform import from_origin

    with rasterio.open(
        tmp_path / "m.tif", "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8",
        crs="EPSG:32645", transform=from_origin(0, 0, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.ones((2, 2), "uint8"), 1)
    message = refused(
        "fillholes",
        tmp_path,
        INPUT=cloudy,
        MASK=str(tmp_path / "m.tif"),
        OUTPUT=str(tmp_path / "o.tif"),
    )
    assert "coordinate system" in message
