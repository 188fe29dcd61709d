"""The twin's window on 0.01 degree averages to 0.1 degree, and has detail of its own."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_fine import FineTruth
from grace_water_toolbox.core.data.twin_kilometre import WINDOW, within
from grace_water_toolbox.core.data.twin_kilometre_views import KilometreViews, fine_truth, views_of
from grace_water_toolbox.core.data.twin_local import CONE
from grace_water_toolbox.core.data.twin_maps import land_maps
from grace_water_toolbox.core.data.twin_masks import aquifer_classes
from grace_water_toolbox.core.data.twin_region import distance_km
from grace_water_toolbox.core.data.twin_views import Views

ROW, COL, NY, NX = WINDOW
#: The window in the fields of the whole region on 0.1 degree.
INSIDE = np.s_[..., ROW * 5 : (ROW + NY) * 5, COL * 5 : (COL + NX) * 5]


@pytest.fixture(scope="module", params=["cancelled", "kept"])
def truth(request):
    return fine_truth(make_twin(3, request.param), "kilometre")


@pytest.fixture(scope="module")
def views(truth):
    return views_of(truth)


def means(values, grid):
    """Area-weighted means of 10 x 10 cells, cell by cell."""
    areas = grid.cell_areas()[: values.shape[-2]]
    out = np.empty((*values.shape[:-2], values.shape[-2] // 10, values.shape[-1] // 10))
    for r in range(out.shape[-2]):
        for c in range(out.shape[-1]):
            part = np.s_[r * 10 : (r + 1) * 10, c * 10 : (c + 1) * 10]
            weights = np.broadcast_to(areas, values.shape[-2:])[part]
            out[..., r, c] = (values[(..., *part)] * weights).sum((-2, -1)) / weights.sum()
    return out


@pytest.mark.parametrize("name", ["tws", "groundwater"])
def test_truth_averages_to_that_of_a_tenth_of_a_degree(truth, name):
    months = slice(0, None, 40)
    coarse = FineTruth(truth.twin, "standard").block(name, ROW, NY)
    coarse = coarse[..., COL * 5 : (COL + NX) * 5][months]
    fine = truth.block(name, 0, NY)[months]
    assert fine.shape[1:] == (200, 200)
    np.testing.assert_allclose(means(fine, truth.grid), coarse, atol=1e-9)
    # And there is something inside those cells.
    assert (fine - np.repeat(np.repeat(coarse, 10, 1), 10, 2)).std() > 0.3


def test_trend_averages_too_and_the_cone_ends_at_a_step(truth):
    coarse = FineTruth(truth.twin, "standard").trend[INSIDE]
    np.testing.assert_allclose(means(truth.trend, truth.grid), coarse, atol=1e-9)
    far = distance_km(*np.meshgrid(truth.grid.x, truth.grid.y), CONE[0], CONE[1])
    across = np.abs(np.diff(truth.trend, axis=1))
    edge = np.diff((far < CONE[2]).astype(int), axis=1) != 0
    assert edge.any() and np.median(across[edge]) > 3 * np.median(across[~edge])


def test_views_average_to_those_of_a_tenth_of_a_degree(truth, views):
    coarse = Views(FineTruth(truth.twin, "standard"))
    for read in ("reanalysis", "storages", "satellites"):
        found = getattr(views, read)(ROW + 1, 1)
        for name, wide in getattr(coarse, read)(ROW + 1, 1).items():
            wide = wide[..., COL * 5 : (COL + NX) * 5]
            cut = type("", (), {"cell_areas": lambda: truth.grid.cell_areas()[50:]})
            np.testing.assert_allclose(means(found[name], cut), wide, atol=1e-9, err_msg=name)


def test_maps_average_to_those_of_a_tenth_of_a_degree_within_what_they_can_hold(truth):
    maps = land_maps(3)
    found = {name: truth.of_map(maps, name) for name in maps}
    for name, values in found.items():
        np.testing.assert_allclose(means(values, truth.grid), maps[name][INSIDE], atol=1e-8)
        if name != "dem":
            assert values.min() >= -1e-9, name
    np.testing.assert_allclose(found["clay"] + found["silt"] + found["sand"], 1000)
    assert found["irrigation"].max() <= 100 + 1e-9 and found["cfvo"].max() <= 900


def test_fluxes_close_with_the_truth(truth, views):
    fluxes = views.fluxes.total(ROW, 1)
    change = np.gradient(truth.block("tws", 0, 1), axis=0)
    net = fluxes["precipitation"] - fluxes["evapotranspiration"] - fluxes["runoff"]
    np.testing.assert_allclose(net, change, atol=1e-9)
    assert fluxes["precipitation"].min() >= 0


def test_strips_do_not_matter(truth, views):
    whole, part = truth.block("tws", 0, 3), truth.block("tws", 2, 1)
    np.testing.assert_allclose(whole[:, 100:150], part, atol=1e-9)
    whole, part = views.satellites(ROW, 3), views.satellites(ROW + 2, 1)
    for name, values in part.items():
        np.testing.assert_allclose(whole[name][:, 100:], values, atol=1e-9, err_msg=name)


def test_the_seed_changes_texture_but_not_the_land(truth):
    again, other = (fine_truth(make_twin(s, truth.twin.local), "kilometre") for s in (3, 4))
    assert np.array_equal(again.block("tws", 1, 1), truth.block("tws", 1, 1))
    assert (other.block("tws", 1, 1) != truth.block("tws", 1, 1)).any()
    assert np.array_equal(other.pattern("clay", ROW, 1), truth.pattern("clay", ROW, 1))


def test_other_sizes_are_those_of_a_tenth_of_a_degree():
    twin = make_twin(3)
    small = fine_truth(twin, "small")
    assert type(small) is FineTruth and type(views_of(small)) is Views
    assert type(views_of(fine_truth(twin, "kilometre"))) is KilometreViews


def test_limits_keep_the_mean_and_leave_what_is_within():
    rng = np.random.default_rng(0)
    held = np.array([[0.5, 2.0], [0.0, 0.98]])
    mean = np.repeat(np.repeat(held, 10, 0), 10, 1)
    noise = rng.normal(0, 0.3, (20, 20))
    noise -= np.repeat(np.repeat(noise.reshape(2, 10, 2, 10).mean((1, 3)), 10, 0), 10, 1)
    out = within(mean + noise, mean, 0.0, 3.0)
    np.testing.assert_allclose(out.reshape(2, 10, 2, 10).mean((1, 3)), held, atol=1e-12)
    assert out.min() >= -1e-12 and (out[10:, :10] == 0).all()
    np.testing.assert_allclose(out[:10, 10:], (mean + noise)[:10, 10:])


def test_aquifers_on_a_hundredth_of_a_degree_are_those_of_a_tenth():
    (wide, coarse), (grid, fine) = aquifer_classes(), aquifer_classes("kilometre")
    assert grid.shape == (1800, 2200) and wide.shape == (180, 220)
    centre = fine[5::10, 5::10]
    # Along the outlines of basins a cell of 0.1 degree belongs to what covers most of it.
    assert (centre == coarse).mean() > 0.97
    assert set(np.unique(fine)) == set(np.unique(coarse))
