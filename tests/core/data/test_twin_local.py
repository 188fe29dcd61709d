"""Cone, glaciers and lake kept in the 0.5 degree truth: seen by the satellite, not the model."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import COMPONENTS, make_twin
from grace_water_toolbox.core.data.twin_fine import FineTruth
from grace_water_toolbox.core.data.twin_local import CONE, GLACIERS, outlines
from grace_water_toolbox.core.errors import ParameterError

YEARS = 265 / 12


@pytest.fixture(scope="module")
def twins():
    return make_twin(3), make_twin(3, "kept")


def slope(values, months):
    """Linear trend (y, x), units a year, with annual terms."""
    t = months.astype(int) / 12.0
    design = np.stack([t - t.mean(), t * 0 + 1, np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], 1)
    return np.linalg.lstsq(design, values.reshape(len(t), -1), rcond=None)[0][0]


def test_the_model_and_the_noise_are_as_without(twins):
    plain, kept = twins
    for name in ("soil_moisture", "snow", "canopy"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(plain, name))
        for what in (f"model_{name}", f"model_{name}_sigma"):
            np.testing.assert_array_equal(getattr(kept, what), getattr(plain, what))
    np.testing.assert_array_equal(kept.grace_sigma, plain.grace_sigma)
    assert not plain.surface.any() and kept.surface.any()


def test_total_is_the_sum_with_the_surface(twins):
    _, kept = twins
    total = sum(getattr(kept, name) for name in COMPONENTS) + kept.surface
    np.testing.assert_allclose(kept.tws, total, atol=1e-9)


def test_the_mass_lost_is_that_of_the_outlines(twins):
    plain, kept = twins
    areas = kept.grid.cell_areas()
    gained = slope(kept.surface, kept.months).reshape(kept.grid.shape)
    ice, _ = outlines()
    # Glaciers alone, away from the lake: their exact rate and area, cm/yr x km2.
    north = kept.grid.y[:, None] > 45.5
    lost = (gained * areas * north).sum()
    assert lost == pytest.approx(sum(s.area_km2 * s.trend for s in ice), rel=0.01)
    cone = ((kept.imposed_trend - plain.imposed_trend) * areas).sum()
    radius, centre, edge = CONE[2:]
    assert cone == pytest.approx(np.pi * radius**2 * (centre + 2 * edge) / 3, rel=0.05)


def test_the_satellite_sees_ice_and_pumping(twins):
    plain, kept = twins
    change = slope(kept.resolved_tws - plain.resolved_tws, kept.months)
    change = change.reshape(kept.product_grid.shape)
    lon, lat = np.meshgrid(kept.product_grid.x, kept.product_grid.y)
    at = np.hypot(lon - GLACIERS[0][0], lat - GLACIERS[0][1]).argmin()
    assert change.ravel()[at] < -0.7
    at = np.hypot(lon - CONE[0], lat - CONE[1]).argmin()
    assert -0.4 < change.ravel()[at] < -0.1
    seen = np.isfinite(kept.grace)
    np.testing.assert_allclose(
        (kept.grace - plain.grace)[seen], (kept.resolved_tws - plain.resolved_tws)[seen], atol=1.0
    )


def test_fine_truth_keeps_them_whole(twins):
    _, kept = twins
    truth = FineTruth(kept, "small")
    lon, lat = np.meshgrid(truth.grid.x, truth.grid.y)
    at = np.hypot(lon - GLACIERS[0][0], lat - GLACIERS[0][1]).argmin()
    rate = slope(truth.surface(4, 16), kept.months)
    assert rate[at] == pytest.approx(-60, rel=0.02)
    # What a glacier loses no other cell gains.
    assert rate.max() < 1.0


def test_another_word_is_refused():
    with pytest.raises(ParameterError, match="LOCAL"):
        make_twin(0, "both")
