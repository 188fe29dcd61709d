"""Bad input, bad targets and Cancel: a clear message, and nothing left behind."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid

from .stackruns import T, assert_says, each, given

# -- products ----------------------------------------------------------------------


def truncated(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def netcdf4_product(path):
    import netCDF4

    rng = np.random.default_rng(0)
    with netCDF4.Dataset(path, "w") as file:
        for name, centres in (("time", 15 + 30.4 * np.arange(60)), ("lat", np.arange(20.0)),
                              ("lon", np.arange(30.0))):  # fmt: skip
            file.createDimension(name, len(centres))
            file.createVariable(name, "f8", (name,))[:] = centres
        file["time"].units = "days since 2002-01-01"
        field = file.createVariable("lwe_thickness", "f4", ("time", "lat", "lon"))
        field[:], field.units = rng.normal(size=(60, 20, 30)), "cm"
    return path


def text_file(path):
    path.write_text("<html>Please log in to download this file.</html>", encoding="utf-8")
    return path


def picture(path):
    from scipy.io import netcdf_file

    with netcdf_file(str(path), "w") as file:
        for name in ("lat", "lon"):
            file.createDimension(name, 3)
            file.createVariable(name, "d", (name,))[:] = np.arange(3.0)
        field = file.createVariable("lwe_thickness", "f", ("lat", "lon"))
        field[:], field.units = np.ones((3, 3)), "cm"
    return path


def nothing(path):
    return path


PRODUCTS = {
    "no such file": (nothing, ["product.nc: an existing file is expected", "none"]),
    "not a NetCDF": (text_file, ["product.nc: .*NetCDF or HDF5 file is expected", "found"]),
    "truncated NetCDF-4": (
        lambda p: truncated(netcdf4_product(p)),
        ["product.nc: a NetCDF-4 or HDF5 file .* is expected", "truncated or damaged"],
    ),
    "no time at all": (
        picture,
        ["product.nc: .*time, latitude and longitude is expected", r"over \(lat, lon\)"],
    ),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_files_that_are_no_product(refused, tmp_path, case):
    make, texts = PRODUCTS[case]
    path = make(tmp_path / "product.nc")
    assert_says(refused("importgrace", tmp_path, INPUT=path, OUTPUT=tmp_path / "o.tif"), *texts)


def test_truncated_netcdf3(refused, make_product, tmp_path):
    # The library itself would read zeros from a classic file that is cut off.
    path = tmp_path / "product.nc"
    make_product(path, np.ones((60, 20, 30)))
    truncated(path)
    message = refused("importgrace", tmp_path, INPUT=path, OUTPUT=tmp_path / "o.tif")
    assert_says(message, r"product.nc: .*\d+ bytes is expected", r"found \d+ bytes",
                "download")  # fmt: skip


CHANGED = {
    "no time coordinate": ({"time": False}, ["coordinate variable 'time' is expected", "none"]),
    "undecodable time": (
        {"time_units": "month as %Y%m.%f"},
        ["time units such as 'days since", r"found 'month as %Y%m.%f'"],
    ),
    "unknown units": (
        {"units": "inches"},
        [r"variable lwe_thickness: .*cm, mm, m, kg m-2", "found 'inches'", "UNITS"],
    ),
    "no units": ({"units": ""}, ["units of water storage", "found no units", "UNITS"]),
    "another variable": (
        {"name": "precipitation"},
        [r"lwe_thickness, .* is expected", "found .*precipitation", "VARIABLE"],
    ),
    "all missing": (
        {"values": np.full((72, 2, 3), np.nan)},
        ["at least one finite value is expected", "none"],
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_products_that_cannot_be_imported(refused, make_product, tmp_path, case):
    changes, texts = CHANGED[case]
    path = make_product(tmp_path / "product.nc", **changes)
    message = refused("importgrace", tmp_path, INPUT=path, OUTPUT=tmp_path / "o.tif")
    assert_says(message, "product.nc", *texts)


def test_variable_that_is_not_there(refused, make_product, tmp_path):
    path = make_product(tmp_path / "product.nc")
    message = refused(
        "importgrace", tmp_path, INPUT=path, VARIABLE="lwe", OUTPUT=tmp_path / "o.tif"
    )
    assert_says(message, "product.nc: a variable named 'lwe' is expected", "lwe_thickness")


def test_units_given_by_hand_rescue_a_file_without(run, make_product, tmp_path, read_stack):
    path = make_product(tmp_path / "product.nc", units="")
    run("importgrace", INPUT=path, UNITS="kg m-2", OUTPUT=tmp_path / "o.tif")
    values, _ = read_stack(tmp_path / "o.tif")
    np.testing.assert_allclose(values[1] - values[0], 0.6, rtol=1e-5)


# -- stacks ------------------------------------------------------------------------


@each
def test_no_such_raster(refused, tmp_path, algorithm):
    message = refused(
        algorithm, tmp_path, **given(algorithm, tmp_path / "x.tif", tmp_path / "o.tif")
    )
    assert_says(message, "INPUT: an existing raster is expected", "found no file .*x.tif")


@each
def test_not_a_raster(refused, tmp_path, algorithm):
    path = text_file(tmp_path / "x.tif")
    message = refused(algorithm, tmp_path, **given(algorithm, path, tmp_path / "o.tif"))
    assert_says(message, "INPUT: a raster that QGIS can open is expected", "found .*x.tif")


@each
def test_truncated_geotiff(refused, make_stack, tmp_path, algorithm):
    rng = np.random.default_rng(0)
    make_stack(tmp_path / "x.tif", rng.normal(size=(120, 20, 20)))
    path = truncated(tmp_path / "x.tif")
    message = refused(algorithm, tmp_path, **given(algorithm, path, tmp_path / "o.tif"))
    assert_says(message, r"INPUT \(x.tif\): readable pixels are expected", "damaged")


def plain_raster(path, crs="EPSG:4326", descriptions=None, count=120):
    with rasterio.open(
        path, "w", driver="GTiff", width=1, height=1, count=count, dtype="float32", crs=crs,
        transform=rasterio.transform.from_origin(70, 30, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.ones((count, 1, 1), "float32"))
        if descriptions is not None:
            file.descriptions = descriptions
        file.update_tags(units="cm")
    return path


def months(start, count):
    return [str(np.datetime64(start, "M") + i) for i in range(count)]


RASTERS = {
    "no months": (
        {"descriptions": None},
        ["bands with a month each are expected", "found 120 bands", "Import GRACE"],
    ),
    "a hole in the months": (
        {"descriptions": months("2004-01", 60) + months("2009-02", 60)},
        ["one band a month", "2008-12 followed by 2009-02", "band of missing values"],
    ),
    "no coordinate system": (
        {"crs": None, "descriptions": months("2004-01", 120)},
        ["coordinate reference system is expected", "found none", "Assign"],
    ),
}


@each
@pytest.mark.parametrize("case", RASTERS)
def test_rasters_that_are_no_stack(refused, tmp_path, algorithm, case):
    settings, texts = RASTERS[case]
    path = plain_raster(tmp_path / "x.tif", **settings)
    message = refused(algorithm, tmp_path, **given(algorithm, path, tmp_path / "o.tif"))
    assert_says(message, r"INPUT \(x.tif\)", *texts)


@each
def test_a_stack_without_any_value(refused, make_stack, tmp_path, algorithm):
    stack = make_stack(tmp_path / "x.tif", np.full(120, np.nan))
    message = refused(algorithm, tmp_path, **given(algorithm, stack, tmp_path / "o.tif"))
    assert_says(message, r"INPUT \(x.tif\)", "at least one .* is expected", "found (none|an empty)")


@pytest.mark.parametrize(
    ("algorithm", "texts"),
    [
        ("fillgapsssa", ["window must be at least 2", "series of 1 months"]),
        ("trendmap", ["at least 24 months are expected", "found 1 between"]),
    ],
)
def test_a_single_month_is_too_short(refused, make_stack, tmp_path, algorithm, texts):
    stack = make_stack(tmp_path / "x.tif", [1.0])
    message = refused(algorithm, tmp_path, **given(algorithm, stack, tmp_path / "o.tif"))
    assert_says(message, r"INPUT \(x.tif\)", *texts)


def test_a_single_month_is_enough_where_time_does_not_matter(run, make_stack, tmp_path, read_stack):
    stack = make_stack(tmp_path / "x.tif", [3.0])
    run("fillgapslinear", INPUT=stack, OUTPUT=tmp_path / "o.tif")
    assert read_stack(tmp_path / "o.tif")[0].ravel() == [3]
    run("separategroundwater", INPUT=stack, SNOW=stack, REBASE=False, OUTPUT=tmp_path / "g.tif")
    assert read_stack(tmp_path / "g.tif")[0].ravel() == [0]


@pytest.mark.parametrize(
    ("grid", "what"),
    [
        (Grid(70.0, 30.0, 0.5, 0.5, 1, 1), "cell size"),
        (Grid(70.5, 30.0, 1.0, 1.0, 1, 1), "position"),
        (Grid(70.0, 30.0, 1.0, 1.0, 2, 1), "number of cells"),
        (Grid(70.0, 30.0, 1.0, 1.0, 1, 1, "EPSG:3857"), "coordinate system"),
    ],
)
def test_grids_that_differ(refused, make_stack, good, tmp_path, grid, what):
    other = make_stack(tmp_path / "other.tif", np.zeros((120, grid.ny, grid.nx)), grid=grid)
    target = tmp_path / "o.tif"
    message = refused("separategroundwater", tmp_path, INPUT=good, SNOW=other, OUTPUT=target)
    assert_says(message, r"INPUT \(good.tif\) and SNOW \(other.tif\) must share one grid", what,
                "1 × 1 cells of 1 × 1, x 70 to 71, y 29 to 30", "Warp")  # fmt: skip
    message = refused("trendmap", tmp_path, INPUT=good, FLAGS=other, OUTPUT=target)
    assert_says(message, r"INPUT \(good.tif\) and FLAGS \(other.tif\) must share one grid", what)


@pytest.mark.parametrize("units", ["", "degC"])
def test_units_that_are_no_storage(refused, make_stack, good, tmp_path, units):
    other = make_stack(tmp_path / "other.tif", T, units=units)
    message = refused("separategroundwater", tmp_path, INPUT=good, SNOW=other,
                      OUTPUT=tmp_path / "o.tif")  # fmt: skip
    assert_says(message, r"SNOW \(other.tif\)", "expected", "'degC'" if units else "no units")
