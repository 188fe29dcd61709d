"""Trend maps of whole stacks: bands, months, flags, blocks, refusals."""

from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, ParameterError, TimeAxisError, UnitsError
from grace_water_toolbox.core.trends.mapping import BANDS, map_trend, trend_bands, trend_kernel

T = np.arange(60.0)
SEASON = 5 * np.sin(2 * np.pi * T / 12)


@pytest.fixture
def mapped(tmp_path, make_stack):
    def call(values, flags=None, units="cm", sigma=None, **settings):
        source = make_stack(tmp_path / "in.tif", values, units=units)
        marks = None
        if sigma is not None:
            settings["sigma"] = MonthlyStack(
                make_stack(tmp_path / "sigma.tif", sigma[0], units=sigma[1])
            )
        if flags is not None:
            marks = MonthlyStack(make_stack(tmp_path / "flags.tif", flags, units="", flags=True))
        try:
            with MonthlyStack(source) as stack:
                summary = map_trend(stack, tmp_path / "out.tif", flags=marks, **settings)
        finally:
            for other in (marks, settings.get("sigma")):
                if other is not None:
                    other.close()
        with rasterio.open(tmp_path / "out.tif") as file:
            about = SimpleNamespace(
                descriptions=file.descriptions, dtypes=file.dtypes, units=file.units,
                tags=file.tags(),
            )  # fmt: skip
            names = trend_bands(settings.get("test", "original"), sigma is not None)
            return dict(zip(names, file.read().reshape(len(names), -1))), summary, about

    call.folder = tmp_path
    return call


def left(folder):
    return {p.name for p in folder.iterdir()} - {"in.tif", "flags.tif", "sigma.tif"}


def test_a_straight_line(mapped):
    bands, summary, file = mapped(0.25 * T, deseasonalise="none")
    assert bands["slope_per_month"] == 0.25 and bands["slope_per_year"] == 3
    assert bands["lower_per_year"] == bands["upper_per_year"] == 3
    assert bands["n"] == 60 and bands["s"] == 60 * 59 / 2
    # Below what 32 bits can hold: the reason for Float64.
    assert 0 < bands["p"] < 1e-20 and bands["z"] > 10
    assert summary.months == 60 and summary.cells == 1 and summary.significant_share == 1
    assert (str(summary.first), str(summary.last)) == ("2004-01", "2008-12")
    assert file.descriptions == BANDS and set(file.dtypes) == {"float64"}
    assert file.units[:2] == ("cm/yr", "cm/month") and file.units[8] == "months"
    assert file.tags["units"] == "cm/yr"
    history = file.tags["history"].split("\n")
    assert history[0] == "made for a test" and "2004-01 to 2008-12" in history[1]
    assert "season removed by none" in history[1] and "all months with a value" in history[1]


def test_p_of_a_long_strong_trend_does_not_underflow(mapped):
    values = np.arange(284.0)
    bands, _, _ = mapped(values, deseasonalise="none")
    assert 0 < bands["p"] < np.finfo("float32").tiny


@pytest.mark.parametrize("how", ["stl", "harmonic"])
def test_the_season_goes_and_the_trend_stays(mapped, how):
    bands, _, _ = mapped(SEASON - 0.1 * T, deseasonalise=how)
    np.testing.assert_allclose(bands["slope_per_year"], -1.2, atol=1e-4)


def test_constants_have_no_trend(mapped):
    bands, summary, _ = mapped(np.full(60, 7.0))
    assert abs(bands["slope_per_year"]) < 1e-9
    assert summary.significant_share == 0


def test_filled_months_are_set_aside(mapped):
    flags = np.zeros(60)
    flags[10:20] = 1
    flags[40:45] = 2
    flags[50] = 255
    values = 0.1 * T
    values[10:20] += 100
    values[40:45] -= 100
    bands, _, file = mapped(values, flags, deseasonalise="none")
    np.testing.assert_allclose(bands["slope_per_month"], 0.1, rtol=1e-6)
    assert bands["n"] == 45
    assert "filled months set aside" in file.tags["history"]


def test_flags_count_after_stl(mapped):
    flags = np.zeros(60)
    flags[5] = 1
    bands, _, _ = mapped(SEASON + 0.1 * T, flags)
    assert bands["n"] == 59


def test_start_and_end(mapped):
    values = np.where(T < 24, 0.0, T)
    bands, summary, file = mapped(values, deseasonalise="none", start="2006-01", end="2007-12")
    assert bands["n"] == 24 and bands["slope_per_month"] == 1
    assert (str(summary.first), str(summary.last)) == ("2006-01", "2007-12")
    assert "2006-01 to 2007-12" in file.tags["history"]


def test_start_and_end_cut_the_flags_alike(mapped):
    flags = np.zeros(60)
    flags[30] = 1
    bands, _, _ = mapped(T, flags, deseasonalise="none", start="2006-01")
    assert bands["n"] == 35


@pytest.mark.parametrize("memory", [1, None])
@pytest.mark.parametrize("how", ["none", "harmonic"])
def test_blocks_make_no_difference(mapped, memory, how):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(48, 18, 21)).astype("float32")
    values[:, 4, 4] = np.nan
    values[rng.random(values.shape) < 0.1] = np.nan
    bands, summary, _ = mapped(values, deseasonalise=how, memory=memory, threads=2)
    expected = trend_kernel(values.reshape(48, -1).astype(float), how)
    for i, name in enumerate(BANDS):
        found = np.where(np.arange(378) == 4 * 21 + 4, np.nan, expected[i])
        # Sums over another batch may differ in their last bits.
        tolerance = 0 if name in ("s", "n") else 1e-12
        np.testing.assert_allclose(bands[name], found, tolerance, tolerance, err_msg=name)
    assert summary.cells == 377


def test_units_travel(mapped):
    _, _, file = mapped(T, units="mm", deseasonalise="none")
    assert file.units[0] == "mm/yr"


def test_stl_refuses_gaps_and_names_the_way_out(mapped):
    values = SEASON.copy()
    values[7] = np.nan
    with pytest.raises(DataError, match=r"^in.tif: complete series .* for STL.*'harmonic'"):
        mapped(values)
    assert not left(mapped.folder)
    bands, _, _ = mapped(values + 0.1 * T, deseasonalise="harmonic")
    np.testing.assert_allclose(bands["slope_per_month"], 0.1, atol=1e-4)
    assert bands["n"] == 59


@pytest.mark.parametrize("test", ["hamed-rao", "yue-wang"])
def test_a_corrected_test_keeps_the_plain_one_beside_it(mapped, test):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(240, 4, 5))
    for t in range(1, 240):
        values[t] += 0.8 * values[t - 1]
    plain, plain_summary, _ = mapped(values, deseasonalise="none")
    bands, summary, file = mapped(values, deseasonalise="none", test=test)
    assert file.descriptions == (*BANDS, "p_original", "variance_factor")
    np.testing.assert_array_equal(bands["p_original"], plain["p"])
    for name in ("slope_per_year", "slope_per_month", "s", "r1", "n"):
        np.testing.assert_array_equal(bands[name], plain[name])
    assert (bands["variance_factor"] >= 1).all() and bands["variance_factor"].mean() > 3
    np.testing.assert_allclose(
        bands["z"], plain["z"] / np.sqrt(bands["variance_factor"]), rtol=1e-12
    )
    assert (bands["upper_per_year"] >= plain["upper_per_year"]).all()
    assert (bands["lower_per_year"] <= plain["lower_per_year"]).all()
    assert summary.original_share == plain_summary.significant_share
    assert summary.significant_share < plain_summary.significant_share
    name = {"hamed-rao": "Hamed-Rao", "yue-wang": "Yue-Wang"}[test]
    assert f"corrected by {name}" in file.tags["history"]


def test_filled_months_count_on_request(mapped):
    values, flags = 0.1 * T, np.zeros(60)
    values[10:20], flags[10:20] = 100, 1
    aside, _, _ = mapped(values, flags, deseasonalise="none")
    used, _, file = mapped(values, flags, deseasonalise="none", filled="use")
    plain, _, _ = mapped(values, deseasonalise="none")
    assert aside["n"] == 50 and used["n"] == 60
    for name in BANDS:
        np.testing.assert_array_equal(used[name], plain[name])
    assert "filled months used" in file.tags["history"]


def test_errors_give_limits_of_their_own(mapped):
    rng = np.random.default_rng(2)
    values = 0.1 * T[:, None, None] + rng.normal(size=(60, 2, 3))
    flags = np.zeros(values.shape)
    flags[20:25] = 1
    bands, _, file = mapped(values, flags, sigma=(np.full(values.shape, 10.0), "mm"))
    assert file.descriptions == (*BANDS, "drawn_lower_per_year", "drawn_upper_per_year")
    assert file.units[-2:] == ("cm/yr", "cm/yr") and "200 draws" in file.tags["history"]
    plain, _, _ = mapped(values, flags)
    for name in BANDS:
        np.testing.assert_array_equal(bands[name], plain[name])
    assert (bands["drawn_lower_per_year"] < bands["slope_per_year"]).all()
    assert (bands["drawn_upper_per_year"] > bands["slope_per_year"]).all()
    in_cm, _, _ = mapped(values, flags, sigma=(np.full(values.shape, 1.0), "cm"))
    both, _, file = mapped(
        values, flags, sigma=(np.full(values.shape, 1.0), "cm"), test="yue-wang", filled="use"
    )
    assert file.descriptions[-4:] == (
        "p_original", "variance_factor", "drawn_lower_per_year", "drawn_upper_per_year",
    )  # fmt: skip
    name = "drawn_upper_per_year"
    np.testing.assert_allclose(bands[name], in_cm[name], rtol=1e-6)
    assert (both[name] != in_cm[name]).all()


def test_errors_do_not_depend_on_blocks(mapped):
    values = np.random.default_rng(4).normal(size=(36, 5, 6))
    sigma = (np.abs(values) + 1, "cm")
    whole, _, _ = mapped(values, sigma=sigma, deseasonalise="none")
    parts, _, _ = mapped(values, sigma=sigma, deseasonalise="none", memory=1, threads=2)
    name = "drawn_lower_per_year"
    np.testing.assert_allclose(parts[name], whole[name], rtol=1e-12)


REFUSED = {
    "filled": ({"filled": "drop"}, ParameterError, "FILLED: one of set-aside, use.*drop"),
    "sigma months": ({"sigma": (np.ones(59), "cm")}, TimeAxisError, "the same months"),
    "sigma unit": ({"sigma": (np.ones(60), "m2")}, UnitsError, "m2"),
    "short": ({"end": "2005-11"}, TimeAxisError, "in.tif: at least 24 months.*23 between"),
    "swapped": ({"start": "2008-01", "end": "2005-01"}, TimeAxisError, "0 between"),
    "month": ({"start": "2004"}, ParameterError, "START: a month written YYYY-MM.*'2004'"),
    "test": ({"test": "kendall"}, ParameterError, "original, hamed-rao, yue-wang.*kendall"),
    "season": (
        {"deseasonalise": "fourier"},
        ParameterError,
        "stl, stl-robust, harmonic, .*fourier",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(mapped, case):
    settings, kind, text = REFUSED[case]
    with pytest.raises(kind, match=text):
        mapped(T, **settings)
    assert not left(mapped.folder)


def test_one_month_and_nothing_at_all_are_refused(mapped):
    with pytest.raises(TimeAxisError, match="found 1 between 2004-01 and 2004-01"):
        mapped(np.ones(1))
    with pytest.raises(DataError, match=r"in.tif"):
        mapped(np.full(60, np.nan))
    assert not left(mapped.folder)


def test_flags_of_other_months_are_refused(mapped):
    with pytest.raises(TimeAxisError, match=r"in.tif and flags.tif must cover the same months"):
        mapped(T, np.zeros(59))
    assert not left(mapped.folder)


def test_a_cell_with_few_months_gets_their_number_alone(mapped):
    values = np.tile(0.25 * T[:, None, None], (1, 1, 3))
    values[23:, 0, 1] = values[24:, 0, 2] = np.nan
    bands, summary, _ = mapped(values, deseasonalise="none", test="yue-wang")
    assert bands["n"].tolist() == [60, 23, 24] and summary.cells == 2
    for name, band in bands.items():
        assert name == "n" or np.isfinite(band).tolist() == [True, False, True], name
