"""Fluxes close, products see them with the stated errors, maps and files are as said."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_dated import DATED, write_dated
from grace_water_toolbox.core.data.twin_fine import FineTruth
from grace_water_toolbox.core.data.twin_land import land_field
from grace_water_toolbox.core.data.twin_local import CONE, cell_means
from grace_water_toolbox.core.data.twin_maps import land_maps, soil_uncertainty, write_map
from grace_water_toolbox.core.data.twin_region import distance_km
from grace_water_toolbox.core.data.twin_views import FLUX_ERRORS, Views, soil_layers

ROWS = (8, 4)
WATER = ("precipitation", "evapotranspiration", "runoff")


@pytest.fixture(scope="module")
def views():
    return Views(FineTruth(make_twin(3), "small"))


@pytest.fixture(scope="module")
def land(views):
    return views.truth.land(*ROWS)


def net(fluxes):
    return fluxes["precipitation"] - fluxes["evapotranspiration"] - fluxes["runoff"]


@pytest.mark.parametrize("local", ["cancelled", "kept"])
def test_true_fluxes_close_with_the_change_of_storage(local):
    views = Views(FineTruth(make_twin(3, local), "small"))
    # From the middle of the window: rows of the region count from its top.
    storage = views.truth.block("tws", ROWS[0] - 4, ROWS[1])
    found = net(views.fluxes.total(*ROWS))
    inside = views.truth.land(*ROWS)
    change = (storage[2:] - storage[:-2]) / 2
    np.testing.assert_allclose(found[1:-1][:, inside], change[:, inside], atol=1e-9)
    ends = [storage[1] - storage[0], storage[-1] - storage[-2]]
    np.testing.assert_allclose(found[[0, -1]][:, inside], np.array(ends)[:, inside], atol=1e-9)


def test_natural_fluxes_are_positive_and_know_no_pumping(views, land):
    natural, total = views.fluxes.natural(*ROWS), views.fluxes.total(*ROWS)
    for name in WATER:
        assert natural[name][:, land].min() > 0
    rain = 12 * 10 * natural["precipitation"][:, land].mean()
    assert 300 < rain < 900
    missed = 12 * (net(total) - net(natural)).mean(axis=0)
    lake = views.truth.pattern("lake", *ROWS) != 0
    away = land & ~lake
    np.testing.assert_allclose(missed[away], views.truth.rate(*ROWS)[away], atol=0.6)
    lon, lat = np.meshgrid(views.truth.grid.x, views.truth.latitudes(*ROWS))
    cone = land & (distance_km(lon, lat, *CONE[:2]) < 30)
    if cone.any():
        assert missed[cone].max() < 0


def test_errors_of_the_reanalysis_are_of_the_stated_size(views, land):
    true, seen = views.fluxes.natural(*ROWS), views.reanalysis(*ROWS)
    for name in WATER:
        error = np.log(seen[name] / true[name])[:, land]
        bias, month, cell = FLUX_ERRORS[name]
        # The lasting part is one field over 300 km: here nearly a constant.
        assert error.std(axis=0).mean() == pytest.approx(np.hypot(month, cell), rel=0.15)
        assert np.abs(error.mean(axis=0)).max() < 4 * bias
        assert np.isnan(seen[name][:, ~land]).all()


def test_fine_storages_average_to_the_land_model(views, land):
    found = views.storages(*ROWS)
    areas = views.truth.whole.cell_areas()[:, 0][ROWS[0] * 5 : (ROWS[0] + ROWS[1]) * 5]
    rows, columns = slice(ROWS[0], ROWS[0] + ROWS[1]), views.truth.columns
    expected = views.truth.twin.model_soil_moisture[:, rows, columns] / 10
    own = views.truth.pattern("soil", *ROWS)
    assert own[land].std() > 0.1
    got = cell_means(np.nan_to_num(found["soil"]), areas)
    known = np.isfinite(expected)
    np.testing.assert_allclose(got[known], expected[known], atol=1e-9)
    for values in found.values():
        assert (values[:, land] >= 0).all()


def test_layers_add_up_to_the_soil():
    soil = np.array([20.0, 42.0, 60.0])
    total = sum(cm * layer for cm, layer in zip((7, 21, 72, 189), soil_layers(soil)))
    np.testing.assert_allclose(total, soil)
    assert np.ptp(soil_layers(soil)[0]) > np.ptp(soil_layers(soil)[3])


def test_strips_and_sizes_do_not_matter(views):
    whole = Views(FineTruth(make_twin(3), "standard"))
    columns = views.truth.inside
    for name in ("reanalysis", "storages", "satellites"):
        small, large = getattr(views, name)(8, 4), getattr(whole, name)(9, 2)
        for key, values in small.items():
            np.testing.assert_allclose(values[:, 5:15], large[key][:, :, columns], atol=1e-9)


def test_satellites_hide_the_stated_share_in_clouds(views, land):
    seen = views.satellites(*ROWS)
    for name in ("ndvi", "lst"):
        assert np.isnan(seen[name][:, land]).mean() == pytest.approx(0.03, abs=0.003)
    assert not np.isnan(seen["sm"][:, land]).any()
    green = seen["ndvi"][:, land]
    assert np.nanmin(green) >= -0.2 and np.nanmax(green) <= 0.95


def test_maps_see_the_land_with_the_stated_uncertainty():
    maps = land_maps(3)
    texture = maps["clay"] + maps["silt"] + maps["sand"]
    np.testing.assert_allclose(texture, 1000)
    np.testing.assert_allclose(sum(land_field(n) for n in ("clay", "silt", "sand")), 100)
    # 10 (Q95 - Q05) / Q50 of a log-normal error, back to its sigma.
    for name, factor in (("cec", 1), ("soc", 10), ("phh2o", 10)):
        error = np.log(maps[name] / factor / land_field(name))
        sigma = np.arcsinh(soil_uncertainty(name) / 20) / 1.6449
        assert (error / sigma).std() == pytest.approx(1, abs=0.1)
    assert (land_maps(4)["dem"] != maps["dem"]).any()


def test_maps_and_months_are_packed_as_their_products(views, tmp_path):
    import rasterio

    write_map(views.truth, land_maps(3), "clay", tmp_path / "clay.tif")
    with rasterio.open(tmp_path / "clay.tif") as file:
        assert (file.dtypes[0], file.nodata, file.units[0]) == ("int16", -32768, "g kg-1")
        assert file.read(1, masked=True).min() > 0 and file.read(1, masked=True).max() < 1000
    folders = {p.name: tmp_path for p in DATED}
    names = write_dated(views, {"ndvi", "tas"}, folders)
    assert len(names) == 2 * 265 and "MOD13A3_NDVI_2002-04.tif" in names
    true = views.satellites(*ROWS)["ndvi"]
    with rasterio.open(tmp_path / "MOD13A3_NDVI_2010-07.tif") as file:
        assert (file.dtypes[0], file.nodata, file.scales[0]) == ("int16", -3000, 0.0001)
        got = file.read(1, masked=True)[20:40].astype(float).filled(np.nan) * 0.0001
    np.testing.assert_allclose(got, true[99], atol=0.51e-4)
