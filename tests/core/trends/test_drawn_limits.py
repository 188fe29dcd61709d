"""Limits of a slope by drawn errors: by a plain loop, by theory, within gaps."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import Cancelled, DataError, ParameterError
from grace_water_toolbox.core.trends.montecarlo import Errors, gap_starts, slope_limits_by_draws
from grace_water_toolbox.core.trends.season import split_season
from scipy.stats import theilslopes

NAN = np.nan


def itself(values):
    return values


def walk(n=60, pixels=4, seed=0):
    rng = np.random.default_rng(seed)
    season = 5 * np.sin(2 * np.pi * np.arange(n) / 12)[:, None]
    return season + rng.normal(size=(n, pixels)).cumsum(axis=0)


def plain_limits(values, sigma, filled, series_of, draws):
    """One pixel, draw by draw."""
    normal = np.random.default_rng(0).standard_normal((draws, len(values)))
    slopes = []
    for e in normal:
        error, shared = np.empty(len(values)), None
        for t in range(len(values)):
            shared = (shared if shared is not None else e[t]) if filled[t] else None
            error[t] = (shared if filled[t] else e[t]) * (0 if np.isnan(sigma[t]) else sigma[t])
        series = series_of((values + error)[:, None])[:, 0]
        seen = np.flatnonzero(np.isfinite(series))
        slopes.append(theilslopes(series[seen], seen)[0])
    return np.quantile(slopes, [0.025, 0.975])


@pytest.mark.parametrize("method", ["stl", "harmonic", "stl-robust"])
@pytest.mark.parametrize("aside", [True, False])
def test_equals_a_plain_loop(method, aside):
    values = walk()
    sigma = np.random.default_rng(1).uniform(0.5, 2.0, values.shape)
    filled = np.zeros(values.shape, bool)
    filled[7], filled[20:31, :2], filled[59] = True, True, True
    sigma[filled] = NAN if aside else 3.0

    def series_of(block):
        columns = filled[:, : block.shape[1]] if block.shape[1] == 4 else filled[:, [0]]
        return split_season(block, method, columns if aside else None)[0]

    found = slope_limits_by_draws(values, Errors(sigma, filled, 40), series_of)
    expected = plain_limits(values[:, 0], sigma[:, 0], filled[:, 0], series_of, 40)
    np.testing.assert_allclose([limit[0] for limit in found], expected, rtol=1e-9)


def test_gap_starts_by_head():
    filled = np.array([[1, 1, 0, 1, 0, 0, 1, 1, 1], [0] * 9], bool).T
    assert gap_starts(filled).T.tolist() == [[0, 0, 2, 3, 4, 5, 6, 6, 6], list(range(9))]


def test_white_errors_give_what_theory_gives():
    # Sen's slope has the variance pi / 3 of the least-squares slope's 12 s² / (n³ - n).
    n = 120
    lower, upper = slope_limits_by_draws(
        np.zeros((n, 1)), Errors(np.full((n, 1), 2.0), None, 4000), itself
    )
    spread = 2.0 * np.sqrt(12 / (n**3 - n) * np.pi / 3)
    np.testing.assert_allclose([lower[0], upper[0]], [-1.96 * spread, 1.96 * spread], rtol=0.08)


def test_one_error_a_gap_moves_a_slope_further_than_many():
    values = np.zeros((60, 1))
    filled = np.zeros((60, 1), bool)
    filled[45:] = True
    sigma = np.where(filled, 1.0, 0.5)
    together = slope_limits_by_draws(values, Errors(sigma, filled), itself)
    apart = slope_limits_by_draws(values, Errors(sigma), itself)
    assert together[1] - together[0] > 1.5 * (apart[1] - apart[0])


def test_no_errors_no_spread_and_unknown_errors():
    values = walk()
    sigma = np.zeros(values.shape)
    sigma[5, 1] = NAN
    sigma[:, 2] = NAN
    values[9, 3] = sigma[9, 3] = NAN
    lower, upper = slope_limits_by_draws(values, Errors(sigma), itself)
    np.testing.assert_array_equal(lower, upper)
    assert np.isnan(lower).tolist() == [False, True, True, False]
    seen = np.isfinite(values[:, 3])
    slope = theilslopes(values[seen, 3], np.flatnonzero(seen))[0]
    np.testing.assert_allclose(lower[3], slope, rtol=1e-12)


def test_pixels_do_not_depend_on_their_neighbours():
    values = walk(pixels=6)
    sigma = np.full(values.shape, 1.5)
    whole = slope_limits_by_draws(values, Errors(sigma), itself)
    alone = slope_limits_by_draws(values[:, [4]], Errors(sigma[:, [4]]), itself)
    for one, other in zip(whole, alone):
        assert one[4] == other[0]


def test_refusals_and_cancel():
    values = walk()
    with pytest.raises(ParameterError, match="at least 40 draws"):
        slope_limits_by_draws(values, Errors(values**2, None, 39), itself)
    with pytest.raises(DataError, match="standard deviations"):
        slope_limits_by_draws(values, Errors(np.full(values.shape, -1.0)), itself)

    def check():
        raise Cancelled()

    with pytest.raises(Cancelled):
        slope_limits_by_draws(values, Errors(values**2), itself, check=check)
