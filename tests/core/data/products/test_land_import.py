"""Land-surface files to anomaly stacks, against plain numpy."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.products import landimport
from grace_water_toolbox.core.data.products.land_report import land_report
from grace_water_toolbox.core.data.products.landimport import import_land
from grace_water_toolbox.core.errors import BaselineError, Cancelled, DataError, ParameterError
from grace_water_toolbox.core.progress import Progress

ALL = ("total", "soilmoisture", "snow", "canopy")
BASE = ("2004-01", "2004-04")
ERA5_LAT = np.array([1.0, 0.9, 0.8])  # falling, as in ERA5-Land
ERA5_LON = np.array([359.8, 359.9])


def month_list(first, count):
    return [str(m) for m in np.datetime64(first, "M") + np.arange(count)]


@pytest.fixture
def imported(tmp_path, read_stack):
    """Imports and reads back all outputs: name → (values, info), and the summary."""

    def call(paths, product="gldas-noah", names=ALL, **options):
        outputs = {name: str(tmp_path / f"{name}.tif") for name in names}
        options.setdefault("baseline", BASE)
        summary = import_land(paths, product, outputs, **options)
        return {name: read_stack(path) for name, path in outputs.items()}, summary

    return call


def test_noah_becomes_anomalies_in_cm_on_a_north_up_grid(noah, imported):
    found, summary = imported(noah(month_list("2004-01", 6)))
    soil, info = found["soilmoisture"]
    # Four layers, each one kg m-2 more a month: 0.4 cm a month about the mean of 4 months.
    expected = 0.4 * (np.arange(6) - 1.5)
    assert soil.shape == (6, 3, 4)
    np.testing.assert_allclose(soil[:, 0, 1], expected, atol=1e-5)
    np.testing.assert_allclose(found["snow"][0][:, 1, 2], expected / 4, atol=1e-5)
    np.testing.assert_allclose(found["total"][0][:, 2, 3], 1.5 * expected, atol=1e-5)
    # The south-western cell of the file is the lower left one of the stack.
    assert np.isnan(soil[:, 2, 0]).all() and np.isfinite(soil[:, 0]).all()
    assert (info.units, info.baseline) == ("cm", BASE)
    assert info.grid.extent == (10.0, -2.0, 11.0, -1.25)
    assert summary.baseline_months == 4 and summary.incomplete == 0
    assert "soil moisture" in info.long_name and "2004-01 to 2004-04" in info.history[-1]


def test_the_components_add_up_to_the_total(noah, imported):
    found, _ = imported(noah(month_list("2004-01", 5)))
    parts = sum(found[name][0] for name in ALL[1:])
    np.testing.assert_allclose(found["total"][0], parts, atol=2e-5)


def test_absolute_leaves_components_as_they_are_and_the_total_an_anomaly(noah, imported):
    found, _ = imported(noah(month_list("2004-01", 3)), absolute=True)
    np.testing.assert_allclose(found["snow"][0][:, 0, 1], [50.0, 50.1, 50.2], atol=1e-5)
    np.testing.assert_allclose(found["soilmoisture"][0][:, 1, 1], [100.2, 100.6, 101], atol=1e-4)
    assert found["snow"][1].baseline == () and found["total"][1].baseline == BASE
    np.testing.assert_allclose(found["total"][0][:, 0, 1], [-0.6, 0, 0.6], atol=1e-4)


def test_a_month_without_a_file_is_a_band_of_nan_and_listed(noah, imported):
    paths = noah(["2004-01", "2004-02", "2004-04"])
    found, summary = imported(paths[::-1])  # the order of the files does not matter
    total, info = found["total"]
    assert [str(m) for m in info.months] == ["2004-01", "2004-02", "2004-03", "2004-04"]
    assert np.isnan(total[2]).all() and np.isfinite(total[[0, 1, 3], 0]).all()
    assert [str(m) for m in summary.record.missing] == ["2004-03"]
    assert "2004-03" in land_report(summary).html()


@pytest.mark.parametrize("memory", [1, 2000, 10**9])
def test_blocks_do_not_change_a_bit(noah, imported, memory):
    paths = noah(["2004-01", "2004-02", "2004-03", "2004-05"])
    whole, _ = imported(paths)
    parts, _ = imported(paths, memory=memory)
    for name in ALL:
        np.testing.assert_array_equal(parts[name][0], whole[name][0])


def test_extent_snaps_to_cells(noah, imported):
    paths = noah(month_list("2004-01", 2))
    whole, _ = imported(paths)
    part, _ = imported(paths, extent=(10.3, -1.7, 10.6, -1.3))
    np.testing.assert_array_equal(part["total"][0], whole["total"][0][:, 0:2, 1:3])
    assert part["total"][1].grid.extent == (10.25, -1.75, 10.75, -1.25)


def test_extent_across_the_date_line(tmp_path, gldas, imported):
    lon = np.arange(-175.0, 180, 10)
    fields = {
        name: np.broadcast_to(lon + 180.0, (2, lon.size))
        for name in ("SoilMoist_P_inst", "SWE_inst", "CanopInt_inst")
    }
    path = gldas(
        tmp_path / "c.nc4", "2004-01", fields, np.array([-5.0, 5.0]), lon, source="CLSM-F2.5"
    )
    found, summary = imported([path], "gldas-clsm", extent=(170, -10, 190, 10), absolute=True)
    np.testing.assert_allclose(found["canopy"][0][0, 0], [35.5, 0.5])
    assert found["canopy"][1].grid.extent == (170.0, -10.0, 190.0, 10.0)
    assert any("groundwater" in remark for remark in summary.remarks)


def test_vic_has_layers_named_after_their_depth(tmp_path, gldas, imported):
    names = ("SoilMoi0_30cm_inst", "SoilMoi_depth2_inst", "SoilMoi_depth3_inst")
    fields = {
        name: np.full((3, 4), 10.0 * 10**v)
        for v, name in enumerate((*names, "SWE_inst", "CanopInt_inst"))
    }
    fields["CanopInt_inst"][:] = 2.0
    path = gldas(tmp_path / "v.nc4", "2004-01", fields, source="VIC_v4.1.2.l")
    found, _ = imported([path], "gldas-vic", absolute=True)
    assert found["soilmoisture"][0][0, 0, 0] == pytest.approx(111.0)
    assert found["snow"][0][0, 0, 0] == pytest.approx(1000.0)


def era5_fields(count):
    """Volumetric water 0.1 + 0.01 t in every layer, 0.02 t m of snow, 1 mm of canopy water."""
    t = np.arange(count, dtype=float)[:, None, None] * np.ones((1, 3, 2))
    fields = {f"swvl{i}": 0.1 + 0.01 * t for i in (1, 2, 3, 4)}
    fields.update(sd=0.02 * t, src=0.001 + 0.0 * t)
    for values in fields.values():
        values[:, 0, 0] = np.nan  # sea
    return fields


@pytest.mark.parametrize("time", ["time", "valid_time"])
def test_era5_land_is_soil_water_times_thickness(tmp_path, era5, imported, time):
    months = month_list("2004-01", 4)
    path = era5(tmp_path / "e.nc", months, era5_fields(4), ERA5_LAT, ERA5_LON, time=time)
    found, _ = imported([path], "era5-land", absolute=True)
    # 0.1 m³ m⁻³ in 7 + 21 + 72 + 189 = 289 cm of soil are 28.9 cm of water.
    np.testing.assert_allclose(
        found["soilmoisture"][0][:, 1, 1], 28.9 + 2.89 * np.arange(4), atol=1e-3
    )
    np.testing.assert_allclose(found["snow"][0][:, 2, 0], 2.0 * np.arange(4), atol=1e-4)
    np.testing.assert_allclose(found["canopy"][0][:, 2, 0], 0.1, atol=1e-6)
    step = 2.89 + 2.0
    np.testing.assert_allclose(found["total"][0][:, 1, 0], step * (np.arange(4) - 1.5), atol=2e-3)
    assert np.isnan(found["total"][0][:, 0, 0]).all()
    grid = found["total"][1].grid
    assert grid.extent == pytest.approx((-0.25, 0.75, -0.05, 1.05))


def test_final_values_go_before_preliminary_ones(tmp_path, era5, imported):
    months, fields = month_list("2004-01", 4), era5_fields(4)
    plain = era5(tmp_path / "p.nc", months, fields, ERA5_LAT, ERA5_LON)
    mixed = era5(tmp_path / "m.nc", months, fields, ERA5_LAT, ERA5_LON, expver=3)
    expected, _ = imported([plain], "era5-land")
    found, summary = imported([mixed], "era5-land")
    for name in ALL:
        np.testing.assert_array_equal(found[name][0], expected[name][0])
    assert any("preliminary" in remark for remark in summary.remarks)


def test_years_in_files_of_their_own(tmp_path, era5, imported):
    fields = era5_fields(4)
    halves = [
        era5(
            tmp_path / f"{i}.nc",
            month_list("2004-01", 4)[2 * i : 2 * i + 2],
            {name: v[2 * i : 2 * i + 2] for name, v in fields.items()},
            ERA5_LAT,
            ERA5_LON,
        )
        for i in (0, 1)
    ]
    found, _ = imported(halves[::-1], "era5-land")  # each file has a packing of its own
    np.testing.assert_allclose(found["total"][0][:, 1, 0], 4.89 * (np.arange(4) - 1.5), atol=2e-3)


def test_coarser_cells_than_those_of_era5_land_are_remarked(tmp_path, era5, imported):
    path = era5(
        tmp_path / "e.nc", ["2004-01"], era5_fields(1), np.array([1.0, 0.75, 0.5]), [0.0, 0.25]
    )
    _, summary = imported([path], "era5-land")
    assert any("0.25°" in remark for remark in summary.remarks)


def test_a_cell_that_lacks_a_layer_has_no_total(tmp_path, gldas, imported):
    names = ("SoilMoist_P_inst", "SWE_inst", "CanopInt_inst")
    fields = {name: np.full((3, 4), 5.0) for name in names}
    fields["SWE_inst"][2, 0] = np.nan  # the upper left cell of the stack
    path = gldas(tmp_path / "c.nc4", "2004-01", fields, source="CLSM-F2.5")
    found, summary = imported([path], "gldas-clsm")
    assert np.isnan(found["total"][0][0, 0, 0]) and np.isfinite(found["total"][0]).sum() == 11
    assert summary.incomplete == 1


def test_a_baseline_outside_the_record_is_refused(noah, imported):
    with pytest.raises(BaselineError, match=r"2004-01 to 2004-02.*BASELINE_START"):
        imported(noah(["2004-01", "2004-02"]), baseline=("2010-01", "2010-12"))
    # Storages as they are need no baseline.
    found, _ = imported(
        noah(["2004-01"]), names=("snow",), absolute=True, baseline=("2010-01", "2010-12")
    )
    assert found["snow"][0][0, 0, 1] == pytest.approx(50.0)


def test_nothing_is_written_when_all_values_are_missing(tmp_path, gldas, imported):
    names = ("SoilMoist_P_inst", "SWE_inst", "CanopInt_inst")
    fields = {name: np.full((3, 4), np.nan) for name in names}
    path = gldas(tmp_path / "c.nc4", "2004-01", fields, source="CLSM-F2.5")
    with pytest.raises(DataError, match=r"finite"):
        imported([path], "gldas-clsm")
    assert not list(tmp_path.glob("*.tif")) and not list(tmp_path.glob(".*"))


def test_cancel_leaves_nothing_behind(noah, tmp_path):
    class Stop(Progress):
        seen = 0.0

        def set(self, fraction):
            self.seen = fraction

        def is_cancelled(self):
            return self.seen > 0.5

    with pytest.raises(Cancelled):
        import_land(
            noah(month_list("2004-01", 6)),
            "gldas-noah",
            {"total": str(tmp_path / "t.tif"), "snow": str(tmp_path / "s.tif")},
            baseline=BASE,
            progress=Stop(),
            memory=1,
        )
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".tif" or p.name.startswith(".")]


def test_no_output_and_an_unknown_product_are_refused(noah):
    with pytest.raises(ParameterError, match=r"OUTPUT"):
        import_land(noah(["2004-01"]), "gldas-noah", {"total": ""})
    with pytest.raises(ParameterError, match=r"PRODUCT"):
        import_land(noah(["2004-01"]), "gldas", {"total": "x.tif"})


def test_report_names_layers_factors_and_files(noah, imported):
    paths = noah(month_list("2004-01", 3))
    _, summary = imported(paths)
    page = land_report(summary, "9.9").html()
    assert "SoilMoi100_200cm_inst" in page and "× 0.1" in page and "9.9" in page
    assert all(f"GLDAS_NOAH025_M.A20040{m}" in page for m in (1, 2, 3))
    assert page.count("<img") == 5  # the calendar and four outputs


def test_memory_is_bounded_whatever_the_number_of_files(noah, monkeypatch, tmp_path):
    paths = noah(month_list("2004-01", 24))
    largest = []
    read = landimport.LandRecord.read

    def spy(self, indexes, row, ny, columns):
        largest.append(len(indexes) * ny * columns.size)
        return read(self, indexes, row, ny, columns)

    monkeypatch.setattr(landimport.LandRecord, "read", spy)
    import_land(paths, "gldas-noah", {"total": str(tmp_path / "t.tif")}, baseline=BASE, memory=3000)
    # 3000 bytes hold 375 numbers: nine planes of a month at a time at most.
    assert max(largest) * 9 <= 375 and sum(largest) == (24 + 4) * 12


def test_cancel_is_felt_between_files(noah, tmp_path):
    class Count(Progress):
        left = 4

        def is_cancelled(self):
            self.left -= 1
            return self.left < 0

    paths = noah(month_list("2004-01", 12))
    record = landimport.LandRecord(paths[:3], landimport.PRODUCTS["gldas-noah"], Count())
    with pytest.raises(Cancelled):
        record.read(np.arange(3), 0, 3, np.arange(4))


def test_newest_layout_with_versions_as_words(tmp_path, era5, imported):
    """The store's newest files: `valid_time`, a scalar `number`, `expver` as text by month."""
    import netCDF4

    months, fields = month_list("2004-01", 3), era5_fields(3)
    path = tmp_path / "new.nc"
    seconds = np.array(months, "datetime64[M]").astype("datetime64[s]").astype("i8")
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("valid_time", 3), ("latitude", 3), ("longitude", 2)):
            file.createDimension(name, size)
        file.createVariable("number", "i8", ())[...] = 0
        file.createVariable("expver", str, ("valid_time",))[:] = np.array(
            ["0001", "0001", "0005"], object
        )
        file.createVariable("valid_time", "i8", ("valid_time",))[:] = seconds
        file["valid_time"].units = "seconds since 1970-01-01"
        file["valid_time"].calendar = "proleptic_gregorian"
        for name, centres in (("latitude", ERA5_LAT), ("longitude", ERA5_LON)):
            file.createVariable(name, "f8", (name,), fill_value=np.nan)[:] = centres
        for name, values in fields.items():
            layer = file.createVariable(
                name, "f4", ("valid_time", "latitude", "longitude"), fill_value=np.nan, zlib=True
            )
            layer.coordinates = "number valid_time latitude longitude expver"
            layer.units = "m of water equivalent" if name in ("sd", "src") else "m**3 m**-3"
            layer[:] = values
    found, _ = imported([str(path)], "era5-land", absolute=True)
    np.testing.assert_allclose(
        found["soilmoisture"][0][:, 1, 1], 28.9 + 2.89 * np.arange(3), atol=1e-4
    )


@pytest.mark.real
def test_a_real_layer_is_read_as_netcdf4_reads_it(data):
    import netCDF4
    from grace_water_toolbox.core.data.multidim import MultidimFile
    from grace_water_toolbox.core.data.products.latlon import find_layout

    path = next((data / "gldas").glob("GLDAS_NOAH025_3H*0300*"))
    file = MultidimFile(path)
    variable = file.variable("SoilMoi10_40cm_inst")
    layout, _ = find_layout(file, variable)
    assert layout.grid.extent == (-180.0, -60.0, 180.0, 90.0) and layout.grid.dx == 0.25
    values = layout.read(variable, 0, 1, 100, 300, np.arange(200, 900))
    with netCDF4.Dataset(path) as other:
        expected = np.ma.filled(other[variable.name][0].astype(float), np.nan)[::-1]
    np.testing.assert_array_equal(values[0], expected[100:400, 200:900])
    assert np.isfinite(values).mean() > 0.2 and np.nanmin(values) > 0
