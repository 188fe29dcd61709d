"""What a land-surface reader must refuse, by name, rather than read wrongly."""

from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.products import latlon
from grace_water_toolbox.core.data.products.files import files_of_folder
from grace_water_toolbox.core.data.products.landfiles import (
    PRODUCTS,
    LandRecord,
    inspect_file,
)
from grace_water_toolbox.core.errors import (
    DataError,
    GridError,
    ParameterError,
    ReadError,
    TimeAxisError,
    UnitsError,
)
from grace_water_toolbox.core.progress import SILENT

NOAH = PRODUCTS["gldas-noah"]
ERA5 = PRODUCTS["era5-land"]
LAT, LON = np.array([1.0, 0.9, 0.8]), np.array([10.0, 10.1])
NAMES = [layer.name for layer in NOAH.layers]


def record(paths, product=NOAH):
    return LandRecord(paths, product, SILENT)


def whole(record):
    return record.read(np.arange(record.months.size), 0, record.grid.ny, np.arange(record.grid.nx))


def era5_fields(count=1):
    return {layer.name: np.full((count, 3, 2), 0.25) for layer in ERA5.layers}


@pytest.mark.real
def test_real_three_hourly_files_lack_layers_and_are_not_monthly(data):
    paths = sorted((data / "gldas").glob("GLDAS_NOAH025_3H*"))
    with pytest.raises(ReadError) as error:
        record(paths)
    text = str(error.value)
    for name in ("SoilMoi40_100cm_inst", "SoilMoi100_200cm_inst", "SWE_inst", "CanopInt_inst"):
        assert f"no {name}" in text or f", {name}" in text.split("found")[1]
    assert "SoilMoi0_10cm_inst" not in text.split("found")[1]
    assert "not monthly" in text and "3 hours" in text and "GLDAS_NOAH025_3H" in text


@pytest.mark.real
def test_the_real_land_mask_is_no_storage(data):
    with pytest.raises(ReadError, match=r"GLDASp4_landmask_025d.nc4.*no SoilMoist_P_inst"):
        inspect_file(data / "gldas" / "GLDASp4_landmask_025d.nc4", PRODUCTS["gldas-clsm"])


def test_another_model_is_named(noah):
    (path,) = noah(["2004-01"], source="VIC_v4.1.2.l")
    with pytest.raises(ReadError, match=r"GLDAS Noah.*the model VIC_v4.1.2.l"):
        inspect_file(path, NOAH)


def test_another_product_is_told_by_its_missing_layers(noah):
    (path,) = noah(["2004-01"])
    with pytest.raises(ReadError, match=r"ERA5-Land.*no swvl1, swvl2, swvl3, swvl4, sd, src"):
        inspect_file(path, ERA5)


def test_one_missing_layer_is_named(noah):
    (path,) = noah(["2004-01"], names=NAMES[:-1])
    with pytest.raises(ReadError, match=r"no CanopInt_inst"):
        inspect_file(path, NOAH)


def test_a_span_that_is_no_month(noah):
    (path,) = noah(["2004-01"], span=1.0)
    with pytest.raises(TimeAxisError, match=r"monthly means are expected; found a span of 1 days"):
        inspect_file(path, NOAH)


def test_a_single_time_within_a_month_without_bounds(noah):
    (path,) = noah(["2004-01"], bounds=False, time_units="days since 2000-01-07 03:00:00")
    with pytest.raises(TimeAxisError, match=r"one time, 2004-01-07"):
        inspect_file(path, NOAH)


def test_a_month_twice_names_both_files(noah, tmp_path):
    (tmp_path / "b").mkdir()
    first, second = noah(["2004-01", "2004-02"]), noah(["2004-02"], tmp_path / "b")
    with pytest.raises(TimeAxisError, match=r"2004-02 in GLDAS\S*200402.* and in GLDAS\S*200402"):
        record(first + second)


@pytest.mark.parametrize("calendar", ["360_day", "noleap", "julian"])
def test_other_calendars(noah, calendar):
    (path,) = noah(["2004-01"], calendar=calendar)
    with pytest.raises(TimeAxisError, match=rf"standard calendar is expected; found '{calendar}'"):
        inspect_file(path, NOAH)


def test_units_that_differ_between_files(noah, tmp_path):
    paths = noah(["2004-01"]) + noah(["2004-02"], units={"SWE_inst": "m"}, names=NAMES)
    with pytest.raises(UnitsError, match=r"SWE_inst.*'kg m-2' in .*200401.*'m' in .*200402"):
        record(paths)


@pytest.mark.parametrize("units", ["K", "", "m**3 m**-3"])
def test_units_that_do_not_fit(noah, units):
    (path,) = noah(["2004-01"], units={"SWE_inst": units})
    with pytest.raises(UnitsError, match=r"SWE_inst"):
        inspect_file(path, NOAH)


def test_soil_water_in_percent_or_mm_is_not_a_volume_share(tmp_path, era5):
    for units in ("%", "kg m**-2"):
        path = era5(tmp_path / "e.nc", ["2004-01"], era5_fields(), LAT, LON, units={"swvl1": units})
        with pytest.raises(UnitsError, match=r"swvl1.*m³ m⁻³"):
            inspect_file(path, ERA5)


def test_more_water_than_soil(tmp_path, era5):
    fields = era5_fields()
    fields["swvl2"] += 30.0  # percent under the unit m³ m⁻³
    rec = record([era5(tmp_path / "e.nc", ["2004-01"], fields, LAT, LON)], ERA5)
    with pytest.raises(DataError, match=r"e.nc, variable swvl2.*other units"):
        whole(rec)


def test_an_undeclared_fill_value(noah):
    rec = record(noah(["2004-01"], fill=False))
    with pytest.raises(DataError, match=r"SoilMoi0_10cm_inst.*-999.9 cm.*fill value"):
        whole(rec)


def test_a_scale_factor_of_zero(noah):
    (path,) = noah(["2004-01"], scale={"SWE_inst": 0.0})
    with pytest.raises(ReadError, match=r"scale_factor other than 0.*SWE_inst"):
        inspect_file(path, NOAH)


def test_scale_and_fill_together(noah):
    rec = record(noah(["2004-01"], scale={"SWE_inst": 0.5}))
    values = whole(rec)
    # −9999 stands for missing before the scale, not after it.
    assert np.isnan(values[1, 0, 2, 0]) and values[1, 0, 0, 1] == pytest.approx(25.0)


def test_several_times_a_month(tmp_path, era5):
    stamps = np.array(["2004-01-01T00", "2004-01-01T01", "2004-01-01T02"], "datetime64[h]")
    path = era5(tmp_path / "e.nc", [], era5_fields(3), LAT, LON, stamps=stamps)
    with pytest.raises(TimeAxisError, match=r"3 times in 2004-01"):
        inspect_file(path, ERA5)


@pytest.mark.parametrize(
    ("months", "match"),
    [
        (["2004-02", "2004-01", "2004-03"], "2004-02.* followed by 2004-01"),
        (["2004-01", "2004-01", "2004-02"], "2004-01.* twice"),
        (["2004-01", "2005-01", "2006-01"], "steps of 12 months"),
    ],
)
def test_unordered_repeated_and_yearly_times(tmp_path, era5, months, match):
    stamps = np.array(months, "datetime64[M]").astype("datetime64[h]")
    path = era5(tmp_path / "e.nc", [], era5_fields(3), LAT, LON, stamps=stamps)
    with pytest.raises(TimeAxisError, match=match):
        inspect_file(path, ERA5)


def test_grids_that_differ_between_files(tmp_path, era5):
    paths = [
        era5(tmp_path / f"{m}.nc", [m], era5_fields(), lat, LON)
        for m, lat in (("2004-01", LAT), ("2004-02", LAT + 0.1))
    ]
    with pytest.raises(GridError, match=r"2004-01.nc and 2004-02.nc on one grid.*position"):
        record(paths, ERA5)


def test_versions_of_gldas_are_not_mixed(noah):
    old = "GLDAS2.0 LIS land surface model output monthly mean"
    paths = noah(["2014-12"], title=old) + noah(["2015-01"])
    with pytest.raises(ReadError, match=r"2.0 in .*201412.*2.1 in .*201501"):
        record(paths)


def test_truncated_files(tmp_path, noah, era5):
    (path,) = noah(["2004-01"])
    era = era5(tmp_path / "e.nc", ["2004-01"], era5_fields(), LAT, LON)
    for name, product in ((path, NOAH), (era, ERA5)):
        content = Path(name).read_bytes()
        Path(name).write_bytes(content[:-20])
        with pytest.raises(ReadError, match=r"truncated"):
            inspect_file(name, product)


def test_no_netcdf_at_all(tmp_path):
    page = tmp_path / "login.nc4"
    page.write_text("<html>Please log in</html>")
    with pytest.raises(ReadError, match=r"login.nc4.*another format|login.nc4.*readable"):
        inspect_file(page, NOAH)


def test_huge_declared_dimensions_are_refused_before_they_are_allocated(tmp_path):
    import netCDF4

    path = tmp_path / "huge.nc4"
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", 1), ("lat", 2_000_000), ("lon", 4_000_000)):
            file.createDimension(name, size)
            file.createVariable(name, "f8", (name,), chunksizes=(min(size, 1000),), zlib=True)
        file["time"].units = "days since 2000-01-01"
        for name in NAMES:
            file.createVariable(
                name, "f4", ("time", "lat", "lon"), chunksizes=(1, 100, 100), zlib=True
            ).units = "kg m-2"
    with pytest.raises(GridError, match=rf"1 and {latlon.MAX_SIDE} elements.*found 2000000"):
        inspect_file(path, NOAH)


def test_too_many_declared_times(tmp_path):
    import netCDF4

    path = tmp_path / "long.nc4"
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", 500_000_000), ("lat", 2), ("lon", 2)):
            file.createDimension(name, size)
            file.createVariable(name, "f8", (name,), chunksizes=(min(size, 1000),), zlib=True)
        for name in NAMES:
            file.createVariable(
                name, "f4", ("time", "lat", "lon"), chunksizes=(1000, 2, 2), zlib=True
            ).units = "kg m-2"
    with pytest.raises(TimeAxisError, match=rf"1 and {latlon.MAX_TIMES} elements.*500000000"):
        inspect_file(path, NOAH)


def test_projected_and_curvilinear_grids(tmp_path):
    import netCDF4

    path = tmp_path / "xy.nc4"
    with netCDF4.Dataset(path, "w") as file:
        for name in ("time", "y", "x"):
            file.createDimension(name, 2)
        for name in NAMES:
            file.createVariable(name, "f4", ("time", "y", "x")).units = "kg m-2"
    with pytest.raises(GridError, match=r"no latitude and no longitude axis.*warped"):
        inspect_file(path, NOAH)


def test_a_further_axis(tmp_path):
    import netCDF4

    path = tmp_path / "members.nc4"
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("number", 3), ("latitude", 2), ("longitude", 2)):
            file.createDimension(name, size)
        for name in NAMES:
            file.createVariable(name, "f4", ("number", "latitude", "longitude")).units = "kg m-2"
    with pytest.raises(GridError, match=r"a further axis 'number' of length 3"):
        inspect_file(path, NOAH)


def test_folders(tmp_path):
    with pytest.raises(ParameterError, match=r"INPUT_FOLDER.*none in it"):
        files_of_folder(tmp_path)
    with pytest.raises(ParameterError, match=r"no such folder"):
        files_of_folder(tmp_path / "none")
    with pytest.raises(ParameterError, match=r"at least one file"):
        record([])
