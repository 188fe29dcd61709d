import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError, ParameterError
from grace_water_toolbox.core.trends.harmonic import deseasonalise_harmonic, fit_harmonics
from hypothesis import given, settings
from hypothesis import strategies as st


def design_of(months, trend=True):
    angle = 2 * np.pi * months / 12
    columns = [np.ones_like(months), months] if trend else [np.ones_like(months)]
    columns += [np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    return np.column_stack(columns)


@pytest.fixture
def gappy():
    rng = np.random.default_rng(11)
    values = rng.normal(size=(60, 7)).cumsum(axis=0) + 20.0
    values[rng.random(values.shape) < 0.15] = np.nan
    values[[4, 5, 30]] = np.nan
    return values


@pytest.mark.parametrize("trend", [True, False])
def test_equals_lstsq_pixel_by_pixel(gappy, trend):
    months = np.arange(60.0)
    design = design_of(months, trend)
    fit = fit_harmonics(gappy, trend=trend)
    for pixel in range(gappy.shape[1]):
        seen = ~np.isnan(gappy[:, pixel])
        expected = np.linalg.lstsq(design[seen], gappy[seen, pixel], rcond=None)[0]
        np.testing.assert_allclose(fit.coefficients[:, pixel], expected, rtol=0, atol=1e-10)
        np.testing.assert_allclose(fit.fitted[:, pixel], design @ expected, rtol=0, atol=1e-10)
        season = design[:, -4:] @ expected[-4:]
        np.testing.assert_allclose(fit.seasonal[:, pixel], season, rtol=0, atol=1e-10)
        residual = (gappy[:, pixel] - design @ expected)[seen]
        np.testing.assert_allclose(fit.residual[seen, pixel], residual, rtol=0, atol=1e-10)
        assert np.isnan(fit.residual[~seen, pixel]).all()


def test_known_series_gives_back_its_coefficients():
    months = np.arange(48.0)
    truth = np.array([3.0, 0.5, 2.0, -1.0, 0.25, 4.0])
    fit = fit_harmonics((design_of(months) @ truth)[:, None])
    assert fit.names == ("intercept", "trend", "cos1", "sin1", "cos2", "sin2")
    np.testing.assert_allclose(fit.coefficients[:, 0], truth, atol=1e-12)
    left = deseasonalise_harmonic((design_of(months) @ truth)[:, None])[:, 0]
    np.testing.assert_allclose(left, 3.0 + 0.5 * months, atol=1e-12)


def test_a_distant_origin_of_months_costs_no_accuracy():
    months = np.arange(48.0) + 12 * 2002
    truth = np.array([-7.0, 0.5, 2.0, -1.0, 0.25, 4.0])
    fit = fit_harmonics((design_of(months) @ truth)[:, None], months=months)
    np.testing.assert_allclose(fit.coefficients[1:, 0], truth[1:], atol=1e-9)
    np.testing.assert_allclose(fit.coefficients[0, 0], truth[0], atol=1e-6)


def test_nan_stays_nan_and_the_season_reaches_into_gaps(gappy):
    left = deseasonalise_harmonic(gappy)
    np.testing.assert_array_equal(np.isnan(left), np.isnan(gappy))
    assert np.isfinite(fit_harmonics(gappy).seasonal).all()


def test_too_few_months_give_nan():
    values = np.full((24, 3), np.nan)
    values[:6, 0] = 1.0  # six observations, six parameters
    values[:7, 1] = 1.0
    fit = fit_harmonics(values)
    assert np.isnan(fit.coefficients[:, 0]).all()
    np.testing.assert_allclose(fit.coefficients[:, 1], [1, 0, 0, 0, 0, 0], atol=1e-9)
    assert np.isnan(fit.coefficients[:, 2]).all()
    assert np.isnan(fit.seasonal[:, [0, 2]]).all()


def test_months_that_cannot_tell_the_season_give_nan():
    values = np.full((240, 1), np.nan)
    values[::12] = 1.0  # Januaries only
    assert np.isnan(fit_harmonics(values).coefficients).all()


@pytest.mark.parametrize("harmonics", [0, 6, 7])
def test_harmonics_beyond_the_period_are_refused(harmonics):
    with pytest.raises(ParameterError):
        fit_harmonics(np.zeros((48, 1)), harmonics=harmonics)


@pytest.mark.parametrize("months", [np.arange(5.0), np.full(48, np.nan)])
def test_months_that_do_not_fit_are_refused(months):
    with pytest.raises(DataError):
        fit_harmonics(np.zeros((48, 1)), months=months)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    level=st.floats(-50, 50),
    slope=st.floats(-1, 1),
    factor=st.floats(-4, 4),
)
def test_the_season_is_blind_to_lines_and_linear_in_the_series(seed, level, slope, factor):
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(40, 1))
    series[rng.random(40) < 0.2] = np.nan
    line = level + slope * np.arange(40)[:, None]
    left = deseasonalise_harmonic(factor * series + line)
    np.testing.assert_allclose(left, factor * deseasonalise_harmonic(series) + line, atol=1e-9)
