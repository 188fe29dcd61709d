"""Deseasonalised stacks: what is taken off, what stays, gaps, flags, files."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import Cancelled, DataError, GraceWaterError, ParameterError
from grace_water_toolbox.core.trends.deseasonalising import deseasonalise_stack
from grace_water_toolbox.core.trends.season import METHODS, split_season
from statsmodels.tsa.seasonal import STL

T = np.arange(60.0)
SEASON = 5 * np.sin(2 * np.pi * T / 12)


def red(n=96, ny=4, nx=5, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None, None]
    return 6 * np.cos(2 * np.pi * t / 12 + 1) + rng.normal(size=(n, ny, nx)).cumsum(axis=0)


@pytest.fixture
def removed(tmp_path, make_stack, read_stack):
    def call(values, flags=None, season=True, **settings):
        source = make_stack(tmp_path / "in.tif", values, baseline=("2004-01", "2005-12"))
        marks = None
        if flags is not None:
            marks = MonthlyStack(make_stack(tmp_path / "flags.tif", flags, units="", flags=True))
        wanted = tmp_path / "season.tif" if season else ""
        try:
            with MonthlyStack(source) as stack:
                summary = deseasonalise_stack(
                    stack, tmp_path / "out.tif", flags=marks, season_output=wanted, **settings
                )
        finally:
            if marks is not None:
                marks.close()
        return read_stack(tmp_path / "out.tif"), season and read_stack(wanted), summary

    call.folder = tmp_path
    return call


def left(folder):
    return {p.name for p in folder.iterdir()} - {"in.tif", "flags.tif"}


@pytest.mark.parametrize("method", METHODS)
def test_the_season_goes_the_trend_stays_and_both_add_up(removed, method):
    (rest, info), (season, season_info), summary = removed(SEASON + 0.1 * T + 3, method=method)
    np.testing.assert_allclose(rest[:, 0, 0], 0.1 * T + 3, atol=1e-4)
    np.testing.assert_allclose(season[:, 0, 0], SEASON, atol=1e-4)
    assert info.units == season_info.units == "cm"
    assert info.baseline == ("2004-01", "2005-12") and season_info.baseline == ()
    assert info.long_name == "deseasonalised test" and season_info.long_name == "season of test"
    assert info.history[0] == "made for a test" and info.history[1].startswith("season removed by")
    assert summary.cells == 1 and summary.months == 60
    variance = SEASON.var() / (SEASON + 0.1 * T).var()
    assert summary.seasonal_share == pytest.approx(variance, rel=1e-3)


def test_stl_equals_statsmodels_and_keeps_the_empty_cell(removed):
    values = red()
    values[:, 2, 3] = np.nan
    for method, robust in (("stl", False), ("stl-robust", True)):
        (rest, _), (season, _), summary = removed(values, method=method)
        assert np.isnan(rest[:, 2, 3]).all() and np.isnan(season[:, 2, 3]).all()
        assert summary.cells == 19
        series = values[:, 1, 1].astype("float32").astype(float)
        expected = STL(series, period=12, robust=robust).fit()
        np.testing.assert_allclose(season[:, 1, 1], expected.seasonal, atol=1e-5)
        np.testing.assert_allclose(rest[:, 1, 1], series - expected.seasonal, atol=1e-5)


def test_windows_are_those_of_stl(removed):
    values = red()
    (rest, info), _, _ = removed(values, season=False, seasonal_window=13, trend_window=31)
    series = values[:, 0, 0].astype("float32").astype(float)
    expected = STL(series, period=12, seasonal=13, trend=31).fit()
    np.testing.assert_allclose(rest[:, 0, 0], series - expected.seasonal, atol=1e-5)
    assert "windows 13 years and 31 months" in info.history[1]
    assert left(removed.folder) == {"out.tif"}


def test_harmonic_leaves_gaps_and_gives_their_season(removed):
    values = SEASON + 0.1 * T
    values[[5, 6, 30]] = np.nan
    (rest, _), (season, _), _ = removed(values, method="harmonic")
    assert np.flatnonzero(np.isnan(rest[:, 0, 0])).tolist() == [5, 6, 30]
    np.testing.assert_allclose(season[:, 0, 0], SEASON, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_filled_months_are_missing_in_the_result(removed, method):
    flags = np.zeros(60)
    flags[10], flags[20], flags[59] = 1, 2, 1
    (rest, info), (season, _), summary = removed(SEASON + 0.1 * T, flags, method=method)
    assert np.flatnonzero(np.isnan(rest[:, 0, 0])).tolist() == [10, 20, 59]
    assert summary.last == 59
    assert np.isfinite(season).all()
    assert "filled months left missing" in info.history[1]


def test_filled_months_do_not_bend_the_harmonic_season(removed):
    values, flags = SEASON + 0.1 * T, np.zeros(60)
    values[10], flags[10] = 500, 1
    _, (season, _), _ = removed(values, flags, method="harmonic")
    np.testing.assert_allclose(season[:, 0, 0], SEASON, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_blocks_make_no_difference(removed, method):
    values = red(48, 18, 21)
    (whole, _), _, _ = removed(values, method=method)
    (parts, _), _, _ = removed(values, method=method, memory=1, threads=2)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_constants_have_no_season(removed):
    (rest, _), (season, _), summary = removed(np.full(60, 7.0))
    np.testing.assert_allclose(rest, 7, atol=1e-5)
    np.testing.assert_allclose(season, 0, atol=1e-5)
    assert summary.seasonal_share < 1e-9


REFUSED = {
    "method": ({"method": "fourier"}, "METHOD: one of stl, stl-robust, harmonic.*fourier"),
    "even": ({"seasonal_window": 8}, "SEASONAL_WINDOW: an odd number of years.*8"),
    "trend": ({"trend_window": 11}, "TREND_WINDOW: an odd number of months.*11"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(removed, case):
    settings, text = REFUSED[case]
    with pytest.raises(ParameterError, match=text):
        removed(T, **settings)
    assert not left(removed.folder)


def test_gaps_short_records_and_empty_stacks_are_refused(removed):
    values = SEASON.copy()
    values[7] = np.nan
    for method in ("stl", "stl-robust"):
        with pytest.raises(DataError, match=r"in.tif: complete series.*'harmonic'"):
            removed(values, method=method)
    with pytest.raises(GraceWaterError, match=r"in.tif: at least two periods"):
        removed(T[:20])
    with pytest.raises(DataError, match=r"in.tif"):
        removed(np.full(60, np.nan))
    assert not left(removed.folder)


def test_a_wrong_method_of_the_kernel_is_refused():
    with pytest.raises(ParameterError):
        split_season(np.zeros((24, 1)), "none")


def test_cancel_leaves_nothing(removed):
    from grace_water_toolbox.core.progress import Progress

    class Impatient(Progress):
        def check(self):
            raise Cancelled()

    with pytest.raises(Cancelled):
        removed(red(), method="stl-robust", progress=Impatient())
    assert not left(removed.folder)


@pytest.mark.real
@pytest.mark.parametrize("method", ["stl", "stl-robust"])
def test_real_cells_equal_statsmodels_and_keep_their_gaps(csr, tmp_path, read_stack, method):
    from grace_water_toolbox.core.data.importing import import_grace
    from grace_water_toolbox.core.gap_filling.filling import fill_stack_linear

    grace, filled, flags = (tmp_path / f"{n}.tif" for n in ("grace", "filled", "flags"))
    import_grace(csr, grace, extent=(70, 20, 90, 32))
    with MonthlyStack(str(grace)) as stack:
        fill_stack_linear(stack, filled, flags_output=flags)
    with MonthlyStack(str(filled)) as stack, MonthlyStack(str(flags)) as marks:
        summary = deseasonalise_stack(
            stack, tmp_path / "out.tif", method=method, flags=marks,
            season_output=tmp_path / "season.tif",
        )  # fmt: skip
    observed, _ = read_stack(grace)
    values, _ = read_stack(filled)
    rest, _ = read_stack(tmp_path / "out.tif")
    season, _ = read_stack(tmp_path / "season.tif")
    np.testing.assert_array_equal(np.isnan(rest), np.isnan(observed))
    assert np.isfinite(season).all() and summary.months == 265
    for row, col in ((0, 0), (5, 9), (11, 19)):
        expected = STL(values[:, row, col], period=12, robust=method == "stl-robust").fit()
        np.testing.assert_allclose(season[:, row, col], expected.seasonal, atol=2e-5)
    assert 0.2 < summary.seasonal_share < 0.9
