"""NetCDF variables, dated rasters and stacks as series."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.months import days_in_month
from grace_water_toolbox.core.data.products.datedrasters import month_of_name
from grace_water_toolbox.core.data.products.opening import open_series
from grace_water_toolbox.core.data.products.quantities import Conversion, check_fills
from grace_water_toolbox.core.data.products.seriesimport import import_series
from grace_water_toolbox.core.errors import (
    BaselineError,
    DataError,
    GridError,
    ParameterError,
    ReadError,
    TimeAxisError,
    UnitsError,
)
from grace_water_toolbox.core.progress import SILENT

LAT, LON = np.array([-1.0, 0.0, 1.0]), np.array([10.0, 11.0])


def write_cf(path, values, first="2004-01", dims=("time", "lat", "lon"), units="mm", **quirks):
    """A CF file of ``values`` over ``dims``; ``times`` replaces the starts of the months."""
    import netCDF4

    values = np.asarray(values, float)
    count = values.shape[dims.index("time")]
    months = np.datetime64(first, "M") + np.arange(count)
    times = quirks.get("times", (months.astype("datetime64[D]") - np.datetime64("2000-01-01")))
    with netCDF4.Dataset(path, "w") as file:
        for axis, size in (("time", count), ("lat", LAT.size), ("lon", LON.size), ("one", 1)):
            file.createDimension(axis, size)
        for axis, centres in (("lat", LAT), ("lon", LON)):
            file.createVariable(axis, "f8", (axis,))[:] = centres
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = np.asarray(times, float)
        for name in quirks.get("names", ("field",)):
            field = file.createVariable(name, "f4", dims, fill_value=quirks.get("fill"))
            field[:] = values
            if units is not None:
                field.units = units
    return str(path)


def write_raster(path, values, units="cm", x0=10.0, bands=1, crs="EPSG:4326", **more):
    import rasterio
    from rasterio.transform import from_origin

    values = np.asarray(values, "float32")
    with rasterio.open(
        path, "w", driver="GTiff", count=bands, height=values.shape[0], width=values.shape[1],
        dtype="float32", transform=from_origin(x0, 2.0, 1.0, 1.0), crs=crs, **more,
    ) as file:  # fmt: skip
        for band in range(bands):
            file.write(values, band + 1)
        if units:
            file.update_tags(units=units)
    return str(path)


@pytest.fixture
def imported(tmp_path, read_stack):
    def call(*paths, variable="", **options):
        target = str(tmp_path / "out.tif")
        with open_series([str(p) for p in paths], variable, SILENT) as record:
            summary = import_series(record, target, **options)
        return (*read_stack(target), summary)

    return call


def ramp(count):
    """Month m, row r, column c of the file: 100 m + 10 r + c."""
    m, r, c = np.meshgrid(np.arange(count), np.arange(3), np.arange(2), indexing="ij")
    return 100.0 * m + 10 * r + c


def test_storage_goes_to_cm_north_up_and_stays_what_it_was(tmp_path, imported):
    values, info, summary = imported(write_cf(tmp_path / "a.nc", ramp(3)))
    np.testing.assert_allclose(values, ramp(3)[:, ::-1] / 10, rtol=1e-6)
    assert (info.units, info.baseline, summary.source_units) == ("cm", (), "mm")
    assert info.grid.extent == (9.5, -1.5, 11.5, 1.5) and str(info.months[-1]) == "2004-03"


@pytest.mark.parametrize(
    "dims", [("lat", "lon", "time"), ("lon", "lat", "time"), ("time", "one", "lat", "lon")]
)
def test_any_order_of_dimensions(tmp_path, imported, dims):
    order = [("time", "lat", "lon").index(d) for d in dims if d != "one"]
    values = ramp(3)[:, None]
    if "one" not in dims:
        values = ramp(3).transpose(order)
    found, _, _ = imported(write_cf(tmp_path / "a.nc", values, dims=dims))
    np.testing.assert_allclose(found, ramp(3)[:, ::-1] / 10, rtol=1e-6)


def test_with_a_baseline_values_become_anomalies(tmp_path, imported):
    values, info, _ = imported(
        write_cf(tmp_path / "a.nc", ramp(4)), baseline=("2004-02", "2004-03")
    )
    np.testing.assert_allclose(values[:, 0, 0], [-15, -5, 5, 15], atol=1e-5)
    assert info.baseline == ("2004-02", "2004-03")
    with pytest.raises(BaselineError, match=r"2004-01 to 2004-04"):
        imported(tmp_path / "a.nc", baseline=("2010-01", "2010-12"))


@pytest.mark.parametrize("memory", [1, 500])
def test_blocks_do_not_change_a_bit(tmp_path, imported, memory):
    path = write_cf(tmp_path / "a.nc", np.random.default_rng(1).normal(size=(9, 3, 2)))
    whole, _, _ = imported(path, baseline=("2004-01", "2004-06"))
    parts, _, _ = imported(path, baseline=("2004-01", "2004-06"), memory=memory)
    np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize(
    ("units", "january", "february"),
    [
        ("mm month-1", 2.0, 2.0),
        ("mm/month", 2.0, 2.0),
        ("mm day-1", 62.0, 58.0),
        ("mm/d", 62.0, 58.0),
        ("m day-1", 62e3, 58e3),
        ("m d**-1", 62e3, 58e3),
        ("cm month⁻¹", 20.0, 20.0),
        ("kg m-2 s-1", 2 * 31 * 86400.0, 2 * 29 * 86400.0),
        ("kg/m2/s", 2 * 31 * 86400.0, 2 * 29 * 86400.0),
        ("kg m**-2 s**-1", 2 * 31 * 86400.0, 2 * 29 * 86400.0),
        ("kg m-2 3h-1", 2 * 31 * 8.0, 2 * 29 * 8.0),
    ],
)
def test_fluxes_become_mm_a_month(tmp_path, imported, units, january, february):
    # 2 m of rain a day or 2 mm a second would be refused: no month has that.
    share = 1e-4 if january > 2e4 else 1.0
    path = write_cf(tmp_path / "a.nc", np.full((2, 3, 2), 2.0 * share), units="")
    values, info, _ = imported(path, kind="flux", units=units)
    np.testing.assert_allclose(values[:, 1, 1], [january * share, february * share], rtol=1e-6)
    assert info.units == "mm month-1"


def test_a_flux_without_a_time_is_refused_and_told_why(tmp_path, imported):
    path = write_cf(tmp_path / "a.nc", ramp(2), units="m")
    with pytest.raises(UnitsError, match=r"water flux.*ERA5-Land are m day-1"):
        imported(path, kind="flux")


def test_other_quantities_keep_their_units(tmp_path, imported):
    values, info, _ = imported(write_cf(tmp_path / "a.nc", ramp(2), units="K"), kind="other")
    np.testing.assert_array_equal(values, ramp(2)[:, ::-1])
    assert info.units == "K"


def test_units_are_never_guessed(tmp_path, imported):
    path = write_cf(tmp_path / "a.nc", ramp(2), units=None)
    for kind in ("storage", "flux", "other"):
        with pytest.raises(UnitsError, match=r"a.nc.*UNITS"):
            imported(path, kind=kind)
    with pytest.raises(UnitsError, match="'K'"):
        imported(write_cf(tmp_path / "b.nc", ramp(2), units="K"))
    with pytest.raises(ParameterError, match="KIND"):
        Conversion("state", "cm", "x")


def test_the_variable_is_named_or_the_only_one(tmp_path, imported):
    path = write_cf(tmp_path / "a.nc", ramp(2), names=("rain", "snow"))
    with pytest.raises(ReadError, match=r"rain, snow.*VARIABLE"):
        imported(path)
    with pytest.raises(ReadError, match=r"'hail'.*rain"):
        imported(path, variable="hail")
    assert imported(path, variable="rain")[0].shape == (2, 3, 2)


def test_months_in_several_files_and_a_hole(tmp_path, imported):
    first = write_cf(tmp_path / "1.nc", ramp(2))
    second = write_cf(tmp_path / "2.nc", ramp(2), first="2004-04")
    values, info, summary = imported(second, first)
    assert [str(m) for m in summary.missing] == ["2004-03"] and info.months.size == 5
    np.testing.assert_allclose(values[[0, 1, 3, 4], 2, 0], [0, 10, 0, 10])
    assert np.isnan(values[2]).all()


@pytest.mark.parametrize(
    ("times", "match"),
    [
        ([0.0, 1.0, 2.0], "3 times in 2000-01"),
        ([31.0, 0.0, 60.0], "followed by"),
        ([0.0, 0.0, 31.0], "twice"),
        ([0.0, 366.0, 731.0], "steps of 12 months"),
    ],
)
def test_times_that_are_no_months(tmp_path, imported, times, match):
    with pytest.raises(TimeAxisError, match=match):
        imported(write_cf(tmp_path / "a.nc", ramp(3), times=times))


def test_dated_rasters(tmp_path, imported):
    plane = np.array([[1.0, -9.0], [3.0, 4.0]])
    paths = [
        write_raster(tmp_path / f"gws_{m}.tif", plane + i, nodata=-9.0 + i)
        for i, m in enumerate(("2004-01", "200402", "2004_04", "2004-05-01"))
    ]
    values, info, summary = imported(*paths[::-1])
    np.testing.assert_allclose(values[:, 0, 0], [1, 2, np.nan, 3, 4])
    assert np.isnan(values[:, 0, 1]).all() and info.grid.extent == (10.0, 0.0, 12.0, 2.0)
    assert [str(m) for m in summary.missing] == ["2004-03"]


@pytest.mark.parametrize(
    "name", ["storage.tif", "A2004.tif", "20041.tif", "200413.tif", "1234200401567.tif"]
)
def test_names_without_a_month(name):
    with pytest.raises(TimeAxisError, match="found none"):
        month_of_name(name)


def test_names_with_two_months():
    with pytest.raises(TimeAxisError, match="2002-04 and 2024-04"):
        month_of_name("csr_200204_202404.tif")
    assert str(month_of_name("GLDAS.A200401.v2004-01.tif")) == "2004-01"


def test_rasters_that_do_not_go_together(tmp_path, imported):
    plane = np.ones((2, 2))
    good = write_raster(tmp_path / "a_2004-01.tif", plane)
    with pytest.raises(TimeAxisError, match=r"2004-01 in a_2004-01.tif and in b_200401.tif"):
        imported(good, write_raster(tmp_path / "b_200401.tif", plane))
    with pytest.raises(GridError, match=r"c_2004-02.tif on one grid.*position"):
        imported(good, write_raster(tmp_path / "c_2004-02.tif", plane, x0=10.5))
    with pytest.raises(UnitsError, match=r"'cm' in a_2004-01.tif and 'mm' in d_2004-02.tif"):
        imported(good, write_raster(tmp_path / "d_2004-02.tif", plane, units="mm"))
    with pytest.raises(ReadError, match="2 bands"):
        imported(good, write_raster(tmp_path / "e_2004-02.tif", plane, bands=2))
    with pytest.raises(GridError, match="coordinate reference system"):
        imported(good, write_raster(tmp_path / "f_2004-02.tif", plane, crs=None))
    with pytest.raises(ParameterError, match="NetCDF files or GeoTIFF"):
        imported(good, write_cf(tmp_path / "g.nc", ramp(2)))
    with pytest.raises(ParameterError, match="VARIABLE"):
        imported(good, variable="x")
    with pytest.raises(ParameterError, match=r"notes_2004-01.txt"):
        imported(tmp_path / "notes_2004-01.txt")


def test_undeclared_fill_values(tmp_path, imported):
    plane = np.array([[1.0, -9999.0], [3.0, 4.0]])
    with pytest.raises(DataError, match=r"a_2004-01.tif.*-9999 in 1 cells"):
        imported(write_raster(tmp_path / "a_2004-01.tif", plane))
    assert not (tmp_path / "out.tif").exists()
    with pytest.raises(DataError, match="1e\\+20"):
        check_fills(np.array([1.0, 1e20, np.nan]), "x")
    check_fills(np.array([np.nan]), "x")


def test_truncated_raster(tmp_path, imported):
    path = tmp_path / "a_2004-01.tif"
    write_raster(path, np.random.default_rng(0).normal(size=(64, 64)))
    path.write_bytes(path.read_bytes()[:8000])
    with pytest.raises((ReadError, DataError)):
        imported(path)
    assert not (tmp_path / "out.tif").exists()


def test_projected_rasters_keep_their_grid_and_take_no_extent(tmp_path, imported):
    path = write_raster(tmp_path / "a_2004-01.tif", np.ones((2, 2)), crs="EPSG:32645", x0=5e5)
    assert imported(path)[1].grid.extent == (5e5, 0.0, 500002.0, 2.0)
    with pytest.raises(GridError, match="EXTENT"):
        imported(path, extent=(0, 0, 1, 1))


def test_nothing_finite_is_refused(tmp_path, imported):
    with pytest.raises(DataError, match="finite"):
        imported(write_cf(tmp_path / "a.nc", np.full((2, 3, 2), np.nan)))
    assert not list(tmp_path.glob("*.tif"))


@pytest.mark.real
def test_real_storage_without_units(data, imported):
    path = data / "bangladesh" / "TWSA_M_2002_2017_BGD_025.nc4"
    with pytest.raises(UnitsError, match=r"TWSA_M_2002_2017_BGD_025.nc4.*no units"):
        imported(path)
    import netCDF4

    values, info, summary = imported(path, units="mm")
    with netCDF4.Dataset(path) as file:
        expected = np.ma.filled(file["twsa"][:].astype(float), np.nan) / 10
        rising = file["lat"][1] > file["lat"][0]
    expected = expected[:, ::-1] if rising else expected
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert info.months.size == 182 and summary.missing.size == 0


@pytest.mark.real
def test_real_precipitation_of_era5_land(data, imported):
    import netCDF4

    folder = data / "predictors" / "era5_land_oggm"
    path = folder / "sel_era5_land_monthly_prcp_1981-2018.nc"
    with pytest.raises(UnitsError, match="'m'"):
        imported(path, kind="flux")
    values, info, _ = imported(path, kind="flux", units="m day-1")
    with netCDF4.Dataset(path) as file:
        expected = file["tp"][:].astype(float) * 1000
    expected *= days_in_month(info.months)[:, None, None]
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    # In the Alps a year brings one to two metres of water.
    assert 900 < 12 * values.mean() < 2500
    warm, _, _ = imported(folder / "sel_era5_land_monthly_t2m_1981-2018.nc", kind="other")
    assert 265 < warm.mean() < 285


@pytest.mark.real
def test_real_cru_series_with_two_variables(data, imported):
    folder = data / "predictors" / "era5_land_oggm"
    (path,) = folder.glob("cru_*pre.dat.nc")
    values, info, _ = imported(path, variable="pre", kind="flux")
    assert values.shape == (1392, 3, 3) and str(info.months[0]) == "1901-01"
    assert values[0, 2, 0] == pytest.approx(71.1, abs=1e-4)


@pytest.mark.real
def test_real_elevation_has_no_months(data, imported):
    with pytest.raises(TimeAxisError):
        imported(data / "bangladesh" / "DEM_BGD_025.nc4", units="m", variable="dem")
