"""What is said of basins beyond their means: trends, flags, uncertainty, warnings."""

from contextlib import ExitStack

import numpy as np
import pytest
from grace_water_toolbox.core.basins.analysis import analyse_basins, check_inputs
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.basins.propagation import basin_uncertainty
from grace_water_toolbox.core.basins.zonal import coverage_of
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.errors import (
    DataError,
    GridError,
    ParameterError,
    TimeAxisError,
    UnitsError,
)

#: Three by three cells of 10°, each over a million square kilometres.
GRID = Grid(60.0, 15.0, 10.0, 10.0, 3, 3)
NAN = np.nan


def box(west, south, east, north):
    ring = np.array([[west, south], [east, south], [east, north], [west, north]], float)
    return orient_rings([(ring, [])])


WHOLE = box(60, -15, 90, 15)
LEFT = box(60, -15, 70, 15)


def everywhere(series):
    return np.asarray(series, float)[:, None, None] * np.ones((1, 3, 3))


@pytest.fixture
def opened(tmp_path, make_stack):
    """Function: values (time, y, x) -> open stack; ``flags`` for an integer one."""
    with ExitStack() as stacks:
        names = iter(range(100))

        def make(values, grid=GRID, units="cm", flags=False, history=(), baseline=(), title="gwsa"):
            path = tmp_path / f"s{next(names)}.tif"
            values = np.asarray(values, float)
            if flags:
                make_stack(path, values, units="", grid=grid, flags=True)
            else:
                months = np.datetime64("2004-01", "M") + np.arange(len(values))
                write_stack(path, StackInfo(grid, months, units, title, baseline, history), values)
            return stacks.enter_context(MonthlyStack(path))

        yield make


def season(months, slope=-0.2, amplitude=6.0):
    time = np.arange(months)
    return slope * time + amplitude * np.cos(2 * np.pi * (time - 3) / 12)


def test_trend_and_season_of_a_series_known_beforehand(opened):
    result = analyse_basins(opened(everywhere(season(60))), [WHOLE, LEFT], ["all", "left"])
    s = result.summary
    for name, value in (("slope", -2.4), ("lower", -2.4), ("upper", -2.4), ("amplitude", 6)):
        np.testing.assert_allclose(getattr(s, name), value, atol=1e-4)
    assert (s.p < 1e-10).all()
    np.testing.assert_array_equal(s.wettest, 4)
    np.testing.assert_array_equal(s.driest, 10)
    np.testing.assert_array_equal(s.n, 60)
    np.testing.assert_array_equal(result.mean_share, 1)
    assert result.filled is None and result.sigma is None and result.variable == "gwsa"
    assert not result.warnings


def test_filled_months_are_in_the_series_and_not_in_the_trend(opened):
    series, flags = season(60), np.zeros(60)
    flags[[10, 11, 30]] = 1
    flags[40] = 2
    series[flags > 0] += 50
    result = analyse_basins(
        opened(everywhere(series)), [WHOLE], ["all"], flags=opened(everywhere(flags), flags=True)
    )
    np.testing.assert_array_equal(result.filled[:, 0], flags > 0)
    np.testing.assert_array_equal(np.isnan(result.observed[:, 0]), flags > 0)
    np.testing.assert_allclose(result.series.mean[:, 0], series, rtol=1e-5, atol=1e-5)
    assert result.summary.n[0] == 56
    assert result.summary.slope[0] == pytest.approx(-2.4, abs=1e-4)
    assert result.summary.amplitude[0] == pytest.approx(6, abs=1e-4)
    assert "observed months only" in result.trend_text


def test_missing_months_do_not_lower_the_mean_share(opened):
    values = everywhere(season(36))
    values[5:15] = NAN
    values[:, 0] = NAN
    result = analyse_basins(opened(values), [WHOLE], ["all"])
    assert result.mean_share[0] == pytest.approx(2 / 3, rel=0.02)
    assert result.summary.n[0] == 26


@pytest.mark.parametrize("months", [1, 2, 12])
def test_short_stacks_give_means_and_no_trend(opened, months):
    result = analyse_basins(opened(everywhere(season(months))), [WHOLE], ["all"])
    np.testing.assert_allclose(result.series.mean[:, 0], season(months), atol=1e-5)
    for name in ("slope", "lower", "upper", "p", "r1", "n_eff"):
        assert np.isnan(getattr(result.summary, name)).all()
    assert result.summary.n[0] == months
    assert str(result.summary.first[0]) == "2004-01"
    assert "24" in result.trend_text


def test_the_months_behind_a_trend_are_counted_basin_by_basin(opened):
    values = everywhere(season(48))
    values[23:, :, 0] = NAN  # 23 months on the left, under the minimum of 24
    values[24:, :, 1] = NAN
    middle = box(70, -15, 80, 15)
    result = analyse_basins(opened(values), [LEFT, middle, box(80, -15, 90, 15)], "abc")
    np.testing.assert_array_equal(result.summary.n, [23, 24, 48])
    np.testing.assert_array_equal(np.isnan(result.summary.slope), [True, False, False])


def test_without_any_value_there_is_nothing_and_it_is_said(opened):
    values = everywhere(season(36))
    values[:, :, 0] = NAN
    result = analyse_basins(opened(values), [LEFT, WHOLE], ["left", "all"])
    assert np.isnan(result.series.mean[:, 0]).all() and result.mean_share[0] == 0
    assert result.summary.n[0] == 0 and np.isnat(result.summary.first[0])
    (text,) = result.warnings
    assert "too few cells" in text and "left" in text and "all" not in text


def test_uncertainty_only_where_there_is_a_mean(opened):
    rng = np.random.default_rng(0)
    values = everywhere(season(4))
    values[2] = NAN
    values[3, :2] = NAN  # a third of it is left: too little
    stack, sigma = opened(values), opened(rng.uniform(1, 3, values.shape), units="mm")
    result = analyse_basins(
        stack, [WHOLE], ["all"], sigma=sigma, length_km=1500.0, correlation="gaussian"
    )
    mean, upper, _ = basin_uncertainty(
        stack, sigma, coverage_of(stack, [WHOLE], "a"), 1500.0, correlation="gaussian"
    )
    np.testing.assert_array_equal(np.isnan(result.sigma[:, 0]), [False, False, True, True])
    np.testing.assert_allclose(result.sigma[:2], mean[:2])
    np.testing.assert_allclose(result.sigma_upper[:2], upper[:2])
    assert (result.sigma[:2] < result.sigma_upper[:2]).all()
    assert (result.sigma_upper[:2] < 0.3).all()  # mm became cm
    assert "L = 1500 km" in result.uncertainty_text


def warned(result, text):
    (line,) = [line for line in result.warnings if text in line]
    return line


def test_warnings_name_the_basins(opened):
    basins = {
        "inside": WHOLE,
        "small": box(65, 0, 66, 1),
        "polar": box(61, 1, 62, 2),
        "half": box(85, -15, 95, 15),
        "away": box(0, 0, 10, 10),
    }
    result = analyse_basins(opened(everywhere([1.0])), list(basins.values()), list(basins))
    small = warned(result, "smaller than 100,000 km²")
    assert small.startswith("2 basins of 5 smaller") and small.endswith(": small, polar.")
    assert warned(result, "partly outside").startswith("1 basin partly")
    assert warned(result, "partly outside").endswith(": half.")
    assert warned(result, "basin outside").endswith(": away.")
    assert not any("inside" in line.split(":")[-1].split(",") for line in result.warnings)
    assert len(result.warnings) == 3


def test_long_lists_of_names_are_cut(opened):
    basins = [box(60 + i, 0, 60.5 + i, 1) for i in range(20)]
    result = analyse_basins(opened(everywhere([1.0])), basins, [f"n{i}" for i in range(20)])
    line = warned(result, "smaller than")
    assert (
        line.startswith("20 basins of 20")
        and "n11" in line
        and "n12" not in line
        and "8 more" in line
    )


def test_a_small_basin_near_the_pole_is_not_partly_outside(opened):
    # The weight of its cells is under its area, but nothing of it is outside.
    grid = Grid(0.0, 90.0, 10.0, 10.0, 3, 1)
    result = analyse_basins(opened(np.ones((1, 1, 3)), grid), [box(2, 81, 3, 83)], ["cape"])
    assert not [line for line in result.warnings if "outside" in line]
    assert result.mean_share[0] == 1


def test_two_basins_under_one_name_are_told_apart(opened):
    # The layer reader makes names unique; the core relies on positions only.
    away = box(0, 0, 10, 10)
    result = analyse_basins(opened(everywhere([2.0])), [WHOLE, away], ["same", "same"])
    np.testing.assert_array_equal(result.series.mean, [[2, NAN]])


def test_all_outside(opened):
    with pytest.raises(GridError, match=r"x 0 to 10, y 0 to 10.*x 60 to 90, y -15 to 15"):
        analyse_basins(opened(everywhere([1.0])), [box(0, 0, 10, 10)], ["away"])


def test_blocks_do_not_matter(opened):
    rng = np.random.default_rng(5)
    values = rng.normal(size=(30, 3, 3)) + everywhere(season(30))
    values[rng.random(values.shape) < 0.1] = NAN
    flags = np.where(np.isnan(values), 255, rng.choice([0, 0, 0, 1], values.shape))
    given = opened(values), [WHOLE, LEFT, box(63, -4, 81, 12)], "abc"
    more = {"flags": opened(flags, flags=True), "sigma": opened(rng.uniform(1, 2, values.shape))}
    whole, cut = analyse_basins(*given, **more), analyse_basins(*given, **more, memory=1)
    for name in ("mean", "cells", "covered_share", "volume_km3"):
        np.testing.assert_allclose(
            getattr(cut.series, name), getattr(whole.series, name), rtol=1e-12
        )
    np.testing.assert_allclose(cut.sigma, whole.sigma, rtol=1e-12)
    np.testing.assert_array_equal(cut.filled, whole.filled)
    np.testing.assert_allclose(cut.summary.slope, whole.summary.slope, rtol=1e-9)


def test_what_does_not_fit_is_refused(opened):
    stack = opened(everywhere([1.0, 2.0]))
    with pytest.raises(UnitsError):
        check_inputs(opened(everywhere([1.0]), units=""))
    with pytest.raises(UnitsError):
        check_inputs(opened(everywhere([1.0]), units="mm/month"))
    with pytest.raises(UnitsError):
        check_inputs(stack, opened(everywhere([1.0, 2.0]), units="%"))
    shifted = Grid(61.0, 15.0, 10.0, 10.0, 3, 3)
    with pytest.raises(GridError, match="position"):
        check_inputs(stack, opened(everywhere([1.0, 2.0]), shifted))
    with pytest.raises(TimeAxisError):
        check_inputs(stack, opened(everywhere([1.0])))
    with pytest.raises(TimeAxisError):
        check_inputs(stack, flags=opened(everywhere([1.0]), flags=True))
    with pytest.raises(ParameterError):
        analyse_basins(stack, [WHOLE], ["all"], min_covered_share=1.5)
    with pytest.raises(DataError, match="negative"):
        analyse_basins(stack, [WHOLE], ["all"], sigma=opened(everywhere([1.0, -1.0])))


def test_a_stack_that_is_no_flag_stack_is_refused(opened):
    stack = opened(everywhere([1.0, 2.0]))
    for value in (-3.7, 1.2, 7):
        with pytest.raises(DataError, match="flags of a gap filling"):
            analyse_basins(stack, [WHOLE], ["all"], flags=opened(everywhere([0, value])))


def test_a_stack_without_a_long_name_is_called_by_its_file(opened):
    path = opened(everywhere([1.0]), title="").source
    with MonthlyStack(path, "INPUT (s0.tif)") as stack:
        result = analyse_basins(stack, [WHOLE], ["all"])
    assert (result.variable, result.stack_name) == ("s0.tif", "INPUT (s0.tif)")
