"""Fine truth of the twin: it averages to the coarse truth, and its extras are where stated."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_fine import FineTruth, write_fine, write_fine_trend
from grace_water_toolbox.core.data.twin_local import CONE, FACTOR, outlines
from grace_water_toolbox.core.data.twin_region import distance_km
from grace_water_toolbox.core.errors import ParameterError


@pytest.fixture(scope="module")
def twin():
    return make_twin(3)


@pytest.fixture(scope="module")
def truth(twin):
    return FineTruth(twin, "small")


def coarse_means(values, grid):
    """Area-weighted means of FACTOR x FACTOR cells, cell by cell."""
    areas = grid.cell_areas()
    out = np.empty((len(values), grid.ny // FACTOR, grid.nx // FACTOR))
    for r in range(out.shape[1]):
        for c in range(out.shape[2]):
            part = np.s_[r * FACTOR : (r + 1) * FACTOR, c * FACTOR : (c + 1) * FACTOR]
            weights = areas[part] / areas[part].sum()
            out[:, r, c] = (values[(slice(None), *part)] * weights).sum(axis=(1, 2))
    return out


@pytest.mark.parametrize("local", ["cancelled", "kept"])
@pytest.mark.parametrize("size", ["small", "standard"])
@pytest.mark.parametrize("name", ["tws", "groundwater"])
def test_area_weighted_means_are_the_coarse_truth(size, name, local):
    twin = make_twin(3, local)
    truth = FineTruth(twin, size)
    row, col, ny, nx = truth.window
    months = slice(0, None, 40)
    fine = truth.block(name, 0, ny)[months]
    expected = getattr(twin, name)[months, row : row + ny, col : col + nx]
    np.testing.assert_allclose(coarse_means(fine, truth.grid), expected, atol=1e-9)
    trend = coarse_means(truth.trend[None], truth.grid)[0]
    np.testing.assert_allclose(trend, twin.imposed_trend[row : row + ny, col : col + nx], atol=1e-9)


def test_there_is_something_to_find_inside_the_cells(twin, truth):
    fine = truth.block("groundwater", 0, 16)
    row, col = truth.window[:2]
    flat = np.repeat(np.repeat(twin.groundwater[:, row:20, col:30], FACTOR, 1), FACTOR, 2)
    assert (fine - flat).std() > 0.5


def test_the_cone_ends_at_a_step(truth):
    lon, lat = np.meshgrid(truth.grid.x, truth.grid.y)
    far = distance_km(lon, lat, CONE[0], CONE[1])
    # Irrigation is patchy everywhere; what is left is the cone and the smooth field.
    across = np.diff(truth.trend - truth.pattern("pump", 4, 16), axis=1)
    edge = np.diff((far < CONE[2]).astype(int), axis=1) != 0
    inner = ~edge & (far[:, 1:] < CONE[2])
    # Not across the border of two coarse cells, where the compensation changes too.
    same = np.arange(1, truth.grid.nx) % FACTOR != 0
    assert np.abs(across[:, same][edge[:, same]]).min() > 1.0
    assert np.abs(across[:, same][inner[:, same]]).max() < 1.0


def test_glaciers_and_lake_are_in_total_storage_only(twin, truth):
    ice, lake = outlines()
    assert len(ice) == 3 and ice[0].id == "TWIN60-00.00001" and 400 < lake[0].area_km2 < 3000
    extra = truth.block("tws", 0, 16) - truth.block("groundwater", 0, 16)
    lon, lat = np.meshgrid(truth.grid.x, truth.grid.y)
    years = twin.months.astype(int) / 12.0
    design = np.stack([np.ones_like(years), years], axis=1)
    trend = np.linalg.lstsq(design, extra.reshape(265, -1), rcond=None)[0][1].reshape(lon.shape)
    for shape in (ice[0], lake[0]):
        x, y = shape.rings[0].mean(axis=0)
        centre = np.hypot(lon - x, lat - y).argmin()
        assert trend.ravel()[centre] < -3
    # Far from both there is only soil, snow and canopy, which have hardly a trend.
    assert np.abs(trend[40:, 50:]).max() < 1.5


def test_sizes_share_values_blocks_do_not_matter_and_seeds_do(twin, truth):
    whole = FineTruth(twin, "standard")
    row, col, _, nx = truth.window
    part = whole.block("tws", row, 2)[:, :, col * FACTOR : (col + nx) * FACTOR]
    np.testing.assert_allclose(truth.block("tws", 0, 2), part, atol=1e-12)
    np.testing.assert_allclose(truth.block("tws", 0, 5)[:, :10], part, atol=1e-12)
    again = FineTruth(make_twin(3), "small").block("tws", 3, 1)
    np.testing.assert_array_equal(again, truth.block("tws", 3, 1))
    assert (FineTruth(make_twin(4)).block("tws", 3, 1) != again).any()


def test_sea_is_zero_and_the_baseline_holds(twin):
    truth = FineTruth(twin, "standard")
    fine = truth.block("tws", 0, 36)
    sea = ~np.repeat(np.repeat(twin.land, FACTOR, 0), FACTOR, 1)
    assert (fine[:, sea] == 0).all() and (truth.trend[sea] == 0).all()
    assert (truth.block("groundwater", 0, 36)[:, sea] == 0).all()
    window = (twin.months >= np.datetime64("2004-01")) & (twin.months <= np.datetime64("2009-12"))
    np.testing.assert_allclose(fine[window].mean(axis=0), 0, atol=1e-9)


def test_files(truth, tmp_path, read_stack):
    write_fine(truth, "groundwater", "gws", tmp_path / "g.tif")
    values, info = read_stack(tmp_path / "g.tif")
    assert info.units == "cm" and info.baseline == ("2004-01", "2009-12")
    assert not info.grid.difference(truth.grid) and info.grid.dx == pytest.approx(0.1)
    np.testing.assert_allclose(values, truth.block("groundwater", 0, 16), rtol=1e-6, atol=1e-5)
    write_fine_trend(truth, "trend", tmp_path / "t.tif")
    import rasterio

    with rasterio.open(tmp_path / "t.tif") as file:
        np.testing.assert_allclose(file.read(1), truth.trend, rtol=1e-6, atol=1e-6)


def test_another_size_is_refused(twin):
    with pytest.raises(ParameterError, match="SIZE"):
        FineTruth(twin, "huge")
