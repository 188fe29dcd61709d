"""Every reader against every fault, on files in the product's own shape.

The answer is an error of ours that names what is wrong, or exactly the numbers of the whole
file. What a format without checksums cannot show is bounded, and counted (docs/bad-input.md).
"""

from pathlib import Path

import numpy as np
import pytest

from . import fault_files as faults
from .faultreaders import COUNT, FIELD, GRACE, LAND, NETCDF, RASTERS, assert_says


def changed(path, change, **write):
    """A file written anew after ``change(document)``."""
    document = faults.Document(path)
    change(document)
    document.write(path, **write)


@pytest.mark.parametrize("name", faults.BUILD)
def test_the_whole_files_are_read(files, tmp_path, name):
    values, months = faults.read(name, files(name), tmp_path / "out.tif")
    assert len(values) == COUNT and np.isfinite(values).any()
    np.testing.assert_array_equal(months, faults.MONTHS)


@pytest.mark.parametrize("name", faults.BUILD)
def test_wrong_product(files, tmp_path, refused, name):
    paths = files(name)
    other = tmp_path / "other"
    other.mkdir()
    if name in GRACE:
        paths, match = faults.BUILD["gldas-noah"](other), "variable of equivalent water height"
    elif name in LAND:
        paths, match = faults.BUILD["jpl-mascon"](other), "monthly file of .* is expected"
    elif name == "cf-series":
        changed(paths[0], lambda d: d.variables["water"]["attrs"].update(units="K"))
        match = "units of water storage"
    elif name == "dated-rasters":
        values = faults.fields()[:1]
        paths, match = [faults.raster(paths[0], values, ["x"], units="K")], "units of water storage"
    else:  # a map of one band without a month
        faults.raster(paths[0], faults.fields()[:1], ["slope_per_year"])
        match = "bands with a month each"
    assert_says(refused(name, paths), match)


@pytest.mark.parametrize("name", NETCDF)
def test_missing_variable(files, refused, name):
    paths = files(name)
    changed(paths[0], lambda d: d.variables.pop(FIELD[name]))
    wanted = {"cf-series": "one variable over time", **dict.fromkeys(GRACE, "is expected")}
    assert_says(refused(name, paths), wanted.get(name, f"no {FIELD[name]}"))


def retimed(document, days):
    """New days of all time coordinates, bounds a day long beside them."""
    for name, part in document.variables.items():
        data = np.asarray(part["data"], float)
        if name in ("time", "valid_time"):
            hours = str(part["attrs"].get("units", part["attrs"].get("Units", ""))).startswith("h")
            part["data"] = (data[0] + (24 if hours else 1) * days[: data.size]).astype(
                part["data"].dtype
            )
        elif name in ("time_bounds", "time_bnds"):
            part["data"] = data[0, 0] + days[: len(data), None] + np.array([0.0, 1.0])
        elif name.startswith("time/ref_days"):
            part["data"] = data.ravel()[0] + 0 * data + days[: data.size].reshape(data.shape)


@pytest.mark.parametrize("name", NETCDF)
def test_daily_times(files, refused, name):
    paths = files(name)
    changed(paths[0], lambda d: retimed(d, np.arange(float(COUNT))))
    message = refused(name, paths)
    assert_says(
        message, "monthly (means|solutions) are expected|start before they end|inside their"
    )


def reordered(document, order):
    """Times and their bounds in another order, or with one repeated."""
    for name, part in document.variables.items():
        if name in ("time", "valid_time", "time_bounds", "time_bnds"):
            part["data"] = part["data"][order]
        elif name.startswith("time/ref_days"):
            part["data"] = part["data"][:, order]


SEVERAL = [n for n in NETCDF if n not in faults.GLDAS]


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("order", [[1, 0], [0, 0]])
def test_unordered_and_duplicate_times(files, refused, name, order):
    paths = files(name)
    whole = np.r_[order, 2:COUNT]
    changed(paths[0], lambda d: reordered(d, whole))
    assert_says(refused(name, paths), "times that rise are expected; found .*(twice|followed by)")


@pytest.mark.parametrize("name", [*faults.GLDAS, "dated-rasters"])
def test_a_month_in_two_files_and_any_order_of_files(files, tmp_path, refused, name):
    paths = files(name)
    values, _ = faults.read(name, paths, tmp_path / "one.tif")
    again, _ = faults.read(name, paths[::-1], tmp_path / "two.tif")
    np.testing.assert_array_equal(values, again)
    copy = Path(paths[1]).with_name("copy_" + Path(paths[1]).name)
    copy.write_bytes(Path(paths[1]).read_bytes())
    assert_says(refused(name, [*paths, str(copy)]), "each month once is expected; found 2004-02")


@pytest.mark.parametrize("order", [[1, 0], [0, 0], [0, 2]])
def test_bands_that_are_no_time_axis(files, refused, order):
    paths = files("existing-stack")
    months = faults.MONTHS[np.r_[order, 2 : COUNT - 2]]
    faults.raster(paths[0], faults.fields()[: COUNT - 2], months)
    assert_says(refused("existing-stack", paths), "month|expected")


@pytest.mark.parametrize("name", [n for n in NETCDF if n != "gsfc-mascon"])
@pytest.mark.parametrize("calendar", ["360_day", "noleap"])
def test_other_calendars(files, refused, name, calendar):
    paths = files(name)

    def change(document):
        for time in ("time", "valid_time"):
            if time in document.variables:
                document.variables[time]["attrs"]["calendar"] = calendar

    changed(paths[0], change)
    assert_says(refused(name, paths), f"standard calendar is expected; found '{calendar}'")


@pytest.mark.parametrize("name", NETCDF)
@pytest.mark.parametrize("units", ["K", "furlong"])
def test_units_that_do_not_fit(files, refused, name, units):
    paths = files(name)
    changed(paths[0], lambda d: d.variables[FIELD[name]]["attrs"].update(units=units))
    assert_says(refused(name, paths), units)


@pytest.mark.parametrize("name", [*faults.GLDAS, "dated-rasters"])
def test_another_unit_in_one_file(files, refused, name):
    paths = files(name)
    if name == "dated-rasters":
        faults.raster(paths[1], faults.fields()[1:2], ["x"], units="mm")
    else:
        changed(paths[1], lambda d: d.variables[FIELD[name]]["attrs"].update(units="m"))
    assert_says(refused(name, paths), "one unit .*in all files is expected")


def test_another_unit_in_the_existing_stack(files, refused):
    paths = files("existing-stack")
    faults.raster(paths[0], faults.fields()[: COUNT - 2], faults.MONTHS[:-2], units="mm")
    assert_says(refused("existing-stack", paths), "units of existing.tif, 'mm', are expected")


@pytest.mark.parametrize("name", NETCDF)
@pytest.mark.parametrize("scale", [0.0, np.nan, np.inf])
def test_scale_factors_that_cannot_be_meant(files, refused, name, scale):
    paths = files(name)
    changed(paths[0], lambda d: d.variables[FIELD[name]]["attrs"].update(scale_factor=scale))
    assert_says(refused(name, paths), "finite scale_factor other than 0 is expected")


@pytest.mark.parametrize("name", RASTERS)
@pytest.mark.parametrize("scale", [0.0, np.nan])
def test_scales_of_rasters(files, refused, name, scale):
    import rasterio

    paths = files(name)
    with rasterio.open(paths[0], "r+") as file:
        file.scales = [scale] * file.count
    assert_says(refused(name, paths), "finite scale other than 0")


@pytest.mark.parametrize("name", [n for n in NETCDF if n != "era5-land"])
@pytest.mark.parametrize("fill", [-9999.0, -99999.0, -32768.0, 1e20])
def test_fill_values_that_are_not_declared(files, refused, name, fill):
    paths = files(name)

    def change(document):
        part = document.variables[FIELD[name]]
        for attribute in ("_FillValue", "missing_value"):
            part["attrs"].pop(attribute, None)
        part["data"] = np.array(part["data"])
        part["data"][..., -1] = fill

    changed(paths[0], change)
    assert_says(refused(name, paths), "declare")


def test_fill_values_that_era5_does_not_declare(files, refused):
    paths = files("era5-land")

    def change(document):
        for attribute in ("_FillValue", "missing_value"):
            document.variables["sd"]["attrs"].pop(attribute)
        document.variables["sd"]["attrs"].update(scale_factor=1.0, add_offset=0.0)

    changed(paths[0], change)
    assert_says(refused("era5-land", paths), "declare")


@pytest.mark.parametrize("name", RASTERS)
@pytest.mark.parametrize("fill", [-9999.0, -99999.0])
def test_fill_values_that_rasters_do_not_declare(files, refused, name, fill):
    paths = files(name)
    count = 1 if name == "dated-rasters" else COUNT - 2
    values = 0.1 * faults.fields()[:count, ::-1]
    values[:, 0, 0], values[:, 3, 3] = 0.0, fill
    faults.raster(paths[0], values, faults.MONTHS[:count], nodata=None)
    assert_says(refused(name, paths), "declared|equal to existing.tif in the months")


@pytest.mark.parametrize("name", [n for n in NETCDF if n != "era5-land"])
def test_packed_values_with_a_declared_fill_are_the_same_numbers(files, tmp_path, name):
    """The trap: the fill is compared before scale and offset, not after."""
    paths = files(name)
    before, _ = faults.read(name, paths, tmp_path / "a.tif")

    def change(document):
        part = document.variables[FIELD[name]]
        data = np.array(part["data"], float)
        fill = part["attrs"].get("_FillValue", np.nan)
        part["data"] = np.where(data == fill, -32768, np.round((data - 3) / 0.02)).astype("i2")
        part["attrs"].pop("missing_value", None)
        part["attrs"].update(_FillValue=np.int16(-32768), scale_factor=0.02, add_offset=3.0)

    changed(paths[0], change)
    after, _ = faults.read(name, paths, tmp_path / "b.tif")
    steps = 2.0 if name == "jpl-tellus" else 0.02
    np.testing.assert_allclose(after, before, atol=1.1 * steps)
