"""Products as the centres write them, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grace import open_grace
from grace_water_toolbox.core.data.multidim import MultidimFile
from grace_water_toolbox.core.errors import (
    GraceWaterError,
    GridError,
    ReadError,
    TimeAxisError,
    UnitsError,
)

LAT = np.array([-45.0, -15.0, 15.0, 45.0])  # ascending, as the products have it
LON = np.array([30.0, 90.0, 150.0, 210.0, 270.0, 330.0])


def field(count, lat=LAT, lon=LON):
    """A value that says where it is: lat + lon/1000 (lon −180…180) + 100 × solution."""
    wrapped = np.where(lon >= 180, lon - 360, lon)
    return np.arange(count)[:, None, None] * 100.0 + lat[:, None] + wrapped / 1000


@pytest.fixture
def product(tmp_path, make_product, calendar_months):
    """Writes a three-month product with what the test changes, and opens it."""

    def build(values=None, lat=LAT, lon=LON, count=3, opened=True, variable="", units="", **change):
        start, end = calendar_months("2004-01", count)
        values = field(count, np.asarray(lat), np.asarray(lon)) if values is None else values
        stated = change.pop("stated_units", "cm")
        path = make_product(
            tmp_path / "product.nc", values, lat, lon, start, end, units=stated, **change
        )
        return open_grace(path, variable, units) if opened else path

    return build


def test_jpl_shape(tmp_path, make_product, calendar_months):
    lat, lon = np.arange(-89.75, 90, 0.5), np.arange(0.25, 360, 0.5)
    start, end = calendar_months("2004-01", 2)
    land = (lon[None, :] < 180) & np.ones((lat.size, 1), bool)
    path = make_product(
        tmp_path / "GRCTellus.JPL.nc", field(2, lat, lon), lat, lon, start, end,
        fill=-99999.0, uncertainty=np.full((2, 360, 720), 2.0), land=land,
        extras={"scale_factor": np.full((360, 720), 1.3), "mascon_ID": np.ones((360, 720))},
    )  # fmt: skip
    product = open_grace(path)
    assert product.solutions == 2
    assert product.grid.shape == (360, 720)
    assert product.grid.extent == (-180.0, -90.0, 180.0, 90.0)
    assert product.grid.is_global
    values = product.read(10, 5)
    expected = product.grid.y[10:15, None] + product.grid.x / 1000
    np.testing.assert_allclose(values[0], expected, atol=1e-5)
    np.testing.assert_allclose(values[1], expected + 100, atol=1e-5)
    assert (product.read_uncertainty(0, 3) == 2.0).all()
    # Eastern longitudes are land here: after wrapping the right half.
    np.testing.assert_array_equal(product.land(7, 2)[:, :360], False)
    np.testing.assert_array_equal(product.land(7, 2)[:, 360:], True)
    assert str(product.middle[0]) == "2004-01-16T12:00:00"
    assert str(product.start[1]) == "2004-02-01T00:00:00"
    assert str(product.end[1]) == "2004-03-01T00:00:00"


def test_csr_mascon_shape(tmp_path, make_product, calendar_months):
    """``Units`` for the time axis, 0.25° coordinates in 32 bits, no uncertainty, no mask."""
    lat, lon = np.arange(-89.875, 90, 0.25), np.arange(0.125, 360, 0.25)
    start, end = calendar_months("2004-01", 2)
    path = make_product(
        tmp_path / "CSR_mascon.nc", field(2, lat, lon), lat, lon, start, end,
        time_attribute="Units", coordinates="f4",
    )  # fmt: skip
    product = open_grace(path)
    assert product.grid.shape == (720, 1440)
    assert (product.grid.dx, product.grid.dy) == (0.25, 0.25)
    assert product.grid.extent == (-180.0, -90.0, 180.0, 90.0)
    assert product.uncertainty is None
    assert product.land(0, 1) is None
    assert str(product.middle[1]) == "2004-02-15T12:00:00"
    np.testing.assert_allclose(
        product.read(719, 1)[0, 0], product.grid.y[719] + product.grid.x / 1000, atol=1e-5
    )


def test_tenth_degree_in_32_bits_has_round_edges(product):
    lat = np.arange(-4.95, 5, 0.1).astype("f4")
    lon = np.arange(180.05, 190, 0.1).astype("f4")
    grid = product(lat=lat, lon=lon, coordinates="f4").grid
    np.testing.assert_allclose(grid.extent, (-180, -5, -170, 5), rtol=0, atol=1e-9)
    assert grid.dx == grid.dy == 0.1


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize(
    "lon", [LON, np.where(LON >= 180, LON - 360, LON), np.arange(-150, 180, 60.0)]
)
def test_every_orientation_gives_the_same_product(product, lon, falling):
    lat = LAT[::-1] if falling else LAT
    p = product(lat=lat, lon=lon)
    assert p.grid.extent == (-180.0, -60.0, 180.0, 60.0)
    np.testing.assert_allclose(p.grid.y, [45, 15, -15, -45])
    for row, ny in ((0, 4), (1, 2), (3, 1)):
        expected = p.grid.y[row : row + ny, None] + p.grid.x / 1000
        np.testing.assert_allclose(p.read(row, ny)[0], expected, atol=1e-5)


def test_packed_integers(product):
    values = field(3)
    hole = np.zeros(values.shape, bool)
    hole[1, 0, 0] = True
    p = product(
        values=np.ma.masked_array(values, hole), kind="i2", fill=-32768, packing=(0.01, 5.0)
    )
    read = p.read(0, 4)
    assert np.isnan(read[1, 3, 3]) and np.isnan(read).sum() == 1
    np.testing.assert_allclose(read[0], p.grid.y[:, None] + p.grid.x / 1000, atol=0.0051)


def test_fill_that_does_not_fit_the_type_is_no_value(product):
    """missing_value = −99999 on 16-bit integers, as careless converters write it."""
    import netCDF4

    path = product(kind="i2", opened=False, values=np.full((3, 4, 6), 7))
    with netCDF4.Dataset(path, "a") as file:
        file["lwe_thickness"].missing_value = np.int32(-99999)
    assert (open_grace(path).read(0, 4) == 7.0).all()


def test_missing_value_attribute_beside_the_fill_value(product):
    import netCDF4

    path = product(opened=False, fill=-99999.0)
    with netCDF4.Dataset(path, "a") as file:
        file["lwe_thickness"].missing_value = np.float32(-45.0 + 0.03)
    read = open_grace(path).read(0, 4)
    assert np.isnan(read).sum() == 1 and np.isnan(read[0, 3, 3])


def test_nan_and_unwritten_cells_are_missing(product):
    values = np.ma.masked_array(field(3), np.zeros((3, 4, 6), bool))
    values[0, 0, 0] = np.nan
    values[2, 1] = np.ma.masked  # without a _FillValue attribute: the library's default fill
    read = product(values=values).read(0, 4)
    assert np.isnan(read[0, 3, 3])
    assert np.isnan(read[2, 2]).all()
    assert np.isnan(read).sum() == 7


@pytest.mark.parametrize(
    ("stated", "override", "factor"),
    [("mm", "", 0.1), ("m", "", 100.0), ("kg m-2", "", 0.1), ("cm", "mm", 0.1), (None, "m", 100)],
)
def test_values_come_in_centimetres(product, stated, override, factor):
    p = product(values=np.full((3, 4, 6), 3.0), stated_units=stated, units=override)
    np.testing.assert_allclose(p.read(0, 4), 3.0 * factor)


def test_units_that_are_not_understood(product):
    with pytest.raises(UnitsError, match=r"product\.nc, variable lwe_thickness.*'furlong'.*UNITS"):
        product(stated_units="furlong")
    with pytest.raises(UnitsError, match="no units"):
        product(stated_units=None)


def test_no_bounds(product):
    p = product(bounds=False)
    assert p.start is None and p.end is None
    assert p.middle.size == 3


def test_time_axis_without_coordinate(product):
    with pytest.raises(TimeAxisError, match=r"product\.nc.*no time axis"):
        product(time_dim="band")


def test_time_without_units(product):
    with pytest.raises(TimeAxisError, match=r"product\.nc.*days since 2002-01-01.*none"):
        product(time_attribute="")


def test_time_in_months(product):
    with pytest.raises(TimeAxisError, match="'months since 2002-01'"):
        product(time_units="months since 2002-01")


def test_bounds_in_the_wrong_order(tmp_path, make_product, calendar_months):
    start, end = calendar_months("2004-01", 2)
    path = make_product(tmp_path / "p.nc", field(2), LAT, LON, end, start)
    with pytest.raises(TimeAxisError, match="bounds that start before they end"):
        open_grace(path)


def test_empty_time(product):
    with pytest.raises(TimeAxisError, match=r"at least one solution.*empty"):
        product(count=0)


def test_wanted_variable_missing_lists_what_there_is(product):
    with pytest.raises(ReadError, match=r"'lwe' is expected.*lwe_thickness") as caught:
        product(variable="lwe")
    assert "product.nc" in str(caught.value)


def test_no_storage_variable_lists_what_there_is(product):
    with pytest.raises(ReadError, match=r"precipitation.*VARIABLE"):
        product(name="precipitation")
    assert product(name="precipitation", variable="precipitation").variable.name == "precipitation"


def test_two_dimensional_variable(product):
    with pytest.raises(TimeAxisError, match=r"over \(lat, lon\)"):
        product(extras={"gia": np.zeros((4, 6))}, variable="gia")


@pytest.mark.parametrize("lon", [[0.0, 1, 2, 4], [0.0, 90, 180, 360]])
def test_uneven_grid_names_the_file(product, lon):
    with pytest.raises(GridError, match=r"product\.nc.*evenly spaced longitude"):
        product(lon=np.array(lon))


def test_one_longitude(product):
    with pytest.raises(GridError, match=r"product\.nc.*at least two longitude"):
        product(lon=np.array([10.0]))


def test_land_mask_holes_are_no_ocean(product):
    land = np.ones((4, 6))
    land[0, 0], land[0, 1] = 0, np.nan
    mask = product(land=land).land(0, 4)
    assert (~mask).sum() == 1 and not mask[3, 3]


def test_missing_file(tmp_path):
    with pytest.raises(ReadError, match=r"nowhere\.nc: an existing file"):
        open_grace(tmp_path / "nowhere.nc")


@pytest.mark.parametrize("content", [b"", b"hello, no science in here\n" * 50])
def test_text_named_nc(tmp_path, content):
    path = tmp_path / "text.nc"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"text\.nc: a NetCDF or HDF5 file is expected"):
        open_grace(path)


def test_geotiff_is_refused(tmp_path, make_stack):
    with pytest.raises(ReadError, match=r"stack\.tif: a NetCDF or HDF5 file is expected"):
        open_grace(make_stack(tmp_path / "stack.tif", np.ones((2, 3, 3))))


def read_all(path):
    product = open_grace(path)
    return product.read(0, product.grid.ny)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.999])
@pytest.mark.parametrize(
    "format", ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF4_CLASSIC"]
)
def test_truncated_file(tmp_path, make_product, calendar_months, format, share):
    lat, lon = np.arange(-89.5, 90), np.arange(0.5, 360)
    start, end = calendar_months("2004-01", 4)
    values = np.random.default_rng(1).normal(size=(4, 180, 360))
    path = Path(make_product(tmp_path / "cut.nc", values, lat, lon, start, end, format=format))
    np.testing.assert_allclose(
        np.sort(read_all(path), axis=None), np.sort(values, axis=None), rtol=1e-6
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ReadError, match=r"cut\.nc"):
        read_all(path)


def test_truncated_file_says_so(tmp_path, product):
    path = Path(product(opened=False))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ReadError, match=r"truncated or damaged|lacks|found 2000 bytes"):
        read_all(path)


def test_damaged_chunk(tmp_path, make_product, calendar_months):
    """Bytes overwritten inside compressed data: an error, no invented numbers."""
    import netCDF4

    path = tmp_path / "chunk.nc"
    lat, lon = np.arange(-89.5, 90), np.arange(0.5, 360)
    start, end = calendar_months("2004-01", 2)
    make_product(path, field(2, lat, lon), lat, lon, start, end)
    with netCDF4.Dataset(path, "a") as file:
        packed = file.createVariable(
            "lwe",
            "f4",
            ("time", "lat", "lon"),
            zlib=True,
            fletcher32=True,
            chunksizes=(1, 180, 360),
        )
        packed.units = "cm"
        packed[:] = np.random.default_rng(2).normal(size=(2, 180, 360))
    data = bytearray(path.read_bytes())
    data[-150_000:-149_000] = b"\x55" * 1000
    path.write_bytes(bytes(data))
    p = open_grace(path, "lwe")
    with pytest.raises(ReadError, match=r"chunk\.nc"):
        p.read(0, 180)


@pytest.mark.parametrize("exceptions", [True, False])
def test_same_errors_whether_gdal_raises_or_not(tmp_path, product, exceptions):
    from osgeo import gdal

    before = gdal.GetUseExceptions()
    (gdal.UseExceptions if exceptions else gdal.DontUseExceptions)()
    try:
        path = tmp_path / "text.nc"
        path.write_bytes(b"no science")
        with pytest.raises(ReadError):
            open_grace(path)
        good = product(opened=False)
        with pytest.raises(ReadError, match="'lwe' is expected"):
            MultidimFile(good).variable("lwe")
        assert open_grace(good).read(0, 4).shape == (3, 4, 6)
    finally:
        (gdal.UseExceptions if before else gdal.DontUseExceptions)()


def test_every_message_names_the_file(product):
    for change in ({"time_dim": "band"}, {"stated_units": "x"}, {"name": "q"}, {"count": 0}):
        with pytest.raises(GraceWaterError, match=r"product\.nc"):
            product(**change)


@pytest.mark.real
def test_real_csr_product(csr):
    import netCDF4

    p = open_grace(csr)
    assert p.solutions == 231 and p.units == "cm" and p.factor == 1.0
    assert p.grid.shape == (180, 360) and p.grid.extent == (-180, -90, 180, 90)
    assert p.uncertainty is None
    with netCDF4.Dataset(csr) as file:
        raw = file["lwe_thickness"][:].filled(np.nan)
        land = file["land_mask"][:].filled(np.nan)
    expected = np.roll(raw[:, ::-1], 180, axis=2)
    np.testing.assert_array_equal(p.read(0, 180), expected)
    np.testing.assert_array_equal(p.land(0, 180), np.roll(land[::-1], 180, axis=1) >= 0.5)
