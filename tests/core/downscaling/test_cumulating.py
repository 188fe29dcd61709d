"""Cumulative anomalies against a plain transcription of the equation."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.downscaling.cumulating import (
    Cumulation,
    cumulate,
    cumulate_stack,
    cumulated_units,
)
from grace_water_toolbox.core.errors import (
    BaselineError,
    DataError,
    ParameterError,
    TimeAxisError,
    UnitsError,
)

MONTHS = np.arange("2002-01", "2011-01", dtype="datetime64[M]")


def by_hand(series, start, baseline):
    """One pixel, one month after the other, Li et al., section 2.2.3 and Eq. 5."""
    mean = 0.0
    if baseline is not None:
        inside = [v for v, wanted in zip(series, baseline) if wanted]
        if any(np.isnan(v) for v in inside):
            return [np.nan] * len(series)
        mean = sum(inside) / len(inside)
    total, result = 0.0, []
    for t, value in enumerate(series):
        if t < start:
            result.append(np.nan)
            continue
        total += value - mean
        result.append(total)
    return result


@pytest.mark.parametrize("kind", ["anomaly", "sum"])
def test_the_sums_are_those_of_the_equation(kind):
    rng = np.random.default_rng(0)
    values = rng.gamma(2, 40, (MONTHS.size, 60))
    values[rng.random(values.shape) < 0.003] = np.nan
    values[:, 0], values[:, 1], values[:, 2] = np.nan, 5.0, 0.0
    cumulation = Cumulation(kind)
    inside = None
    if kind == "anomaly":
        inside = (np.datetime64("2004-01") <= MONTHS) & (np.datetime64("2009-12") >= MONTHS)
        assert inside.sum() == 72
    got = cumulation.run(values, MONTHS)
    want = np.array([by_hand(series, 3, inside) for series in values.T]).T
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-9)
    assert np.isfinite(got).any() and np.isnan(got[3:]).any()
    if kind == "anomaly":
        np.testing.assert_array_equal(got[3:, 1], 0.0)


def test_the_time_mean_is_taken_off_and_no_climatology():
    season = np.tile(np.arange(12.0), 9)[:, None]
    got = Cumulation().run(season, MONTHS)[:, 0]
    # April to March of any year sum up to the same, and inside a year the season stays.
    np.testing.assert_allclose(got[3:-12], got[15:], atol=1e-9)
    assert np.ptp(got[3:15]) > 10


def test_behind_a_missing_month_nothing_is_known_unless_it_is_bridged():
    values = np.array([1.0, 1, np.nan, 3, 1])[:, None]
    np.testing.assert_array_equal(cumulate(values)[:, 0], [1, 2, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(cumulate(values, max_gap=1)[:, 0], [1, 2, 4, 7, 8])
    values[1] = np.nan
    assert np.isnan(cumulate(values, max_gap=1)[1:]).all()
    np.testing.assert_array_equal(cumulate(values, max_gap=2)[-1], [1 + 5 / 3 + 7 / 3 + 3 + 1])
    # Nothing is held beyond the ends of the record.
    assert np.isnan(cumulate(np.array([[np.nan], [1.0]]), max_gap=5)).all()


def test_a_pixel_that_lacks_a_month_of_the_baseline_has_no_anomaly():
    values = np.ones((4, 2))
    values[3, 1] = np.nan
    got = cumulate(values, 0, [False, False, True, True])
    np.testing.assert_array_equal(got, [[0, np.nan]] * 4)


@pytest.mark.parametrize(
    ("units", "want"),
    [("mm month-1", "mm"), ("mm/month", "mm"), ("kg m-2 month-1", "kg m-2"), ("m mon-1", "m")],
)
def test_units_lose_the_month(units, want):
    assert cumulated_units(units) == want


@pytest.mark.parametrize("units", ["mm", "mm day-1", "", "K", "kg m-2 s-1"])
def test_what_is_no_flux_a_month_is_refused(units):
    with pytest.raises(UnitsError, match="Import series"):
        cumulated_units(units)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"start": "2001-12"}, TimeAxisError),
        ({"start": "2011-01"}, TimeAxisError),
        ({"start": "April"}, ParameterError),
        ({"baseline": ("2004-01", "2011-01")}, BaselineError),
        ({"baseline": ("2009-12", "2004-01")}, ParameterError),
        ({"kind": "mean"}, ParameterError),
        ({"max_gap": -1}, ParameterError),
    ],
)
def test_what_cannot_be_summed_up(settings, error):
    with pytest.raises(error):
        Cumulation(**settings).check(MONTHS)


@pytest.mark.parametrize("memory", [None, 40_000])
def test_a_stack_in_blocks(tmp_path, make_stack, read_stack, memory):
    values = np.random.default_rng(2).gamma(2, 40, (MONTHS.size, 30, 20)).astype("f4")
    values[50, 4, 5] = np.nan
    path = make_stack(tmp_path / "p.tif", values, "mm month-1", "2002-01")
    with MonthlyStack(path) as stack:
        summary = cumulate_stack(
            stack,
            tmp_path / "c.tif",
            Cumulation(max_gap=1),
            **({"memory": memory} if memory else {}),
        )
    got, info = read_stack(tmp_path / "c.tif")
    want = Cumulation(max_gap=1).run(values.reshape(MONTHS.size, -1).astype(float), MONTHS)[3:]
    np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-6, atol=1e-3)
    assert info.units == "mm" and info.months[0] == np.datetime64("2002-04")
    assert not info.baseline and "2004-01 to 2009-12" in info.history[-1]
    assert summary.interpolated == 1 and summary.cells.tolist() == [600] * (MONTHS.size - 3)


def test_no_cell_left_leaves_no_file(tmp_path, make_stack):
    values = np.full((MONTHS.size, 1, 1), 1.0)
    values[40] = np.nan
    path = make_stack(tmp_path / "p.tif", values, "mm month-1", "2002-01")
    with MonthlyStack(path) as stack, pytest.raises(DataError, match="MAX_GAP"):
        cumulate_stack(stack, tmp_path / "c.tif", Cumulation())
    assert [p.name for p in tmp_path.iterdir()] == ["p.tif"]
