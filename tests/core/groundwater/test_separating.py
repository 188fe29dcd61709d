"""Separation of whole stacks: units, months, flags, blocks."""

from contextlib import ExitStack

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import (
    BaselineError,
    DataError,
    GridError,
    ParameterError,
    TimeAxisError,
    UnitsError,
)
from grace_water_toolbox.core.groundwater.separating import separate_stacks

BASE = ("2004-01", "2004-04")


@pytest.fixture
def separated(tmp_path, make_stack, read_stack):
    """Write stacks, separate them; the result, observed and sigma, and the summary."""

    def call(tws, components, *, tws_sigma=None, sigmas=(), flags=None, **settings):
        wanted = {"observed_output": tmp_path / "observed.tif"}
        if tws_sigma or sigmas:
            wanted["sigma_output"] = tmp_path / "sigma.tif"

        def path(name, spec, **more):
            return make_stack(tmp_path / f"{name}.tif", **{**spec, **more})

        with ExitStack() as files:

            def opened(name, spec, **more):
                return files.enter_context(MonthlyStack(path(name, spec, **more)))

            summary = separate_stacks(
                opened("tws", tws),
                [opened(f"c{i}", c) for i, c in enumerate(components)],
                tmp_path / "gws.tif",
                flags=flags and opened("flags", flags, flags=True, units=""),
                tws_sigma=tws_sigma and opened("ts", tws_sigma),
                component_sigmas=[opened(f"cs{i}", s) for i, s in enumerate(sigmas)],
                **{"baseline": BASE, **wanted, **settings},
            )
        names = ["gws", "observed"] + ["sigma"] * ("sigma_output" in wanted)
        return (*(read_stack(tmp_path / f"{n}.tif") for n in names), summary)

    call.folder = tmp_path
    return call


def v(*values, **more):
    return {"values": np.array(values, float), **more}


def outputs(folder):
    return {p.name for p in folder.iterdir()} & {"gws.tif", "observed.tif", "sigma.tif"}


def test_units_are_converted_and_storages_re_based(separated):
    # TWS 1…4 cm; soil moisture 100, 120, 140, 160 kg m-2, that is 10, 12, 14, 16 cm.
    (water, info), _, summary = separated(v(1, 2, 3, 4), [v(100, 120, 140, 160, units="kg m-2")])
    # Anomalies −1.5, −.5, .5, 1.5 less −3, −1, 1, 3.
    np.testing.assert_allclose(water.ravel(), [1.5, 0.5, -0.5, -1.5])
    assert info.units == "cm" and info.baseline == BASE
    assert summary.complete_months == summary.months == 4
    assert summary.fewest_baseline_months == summary.expected_baseline_months == 4
    assert info.history[0] == "made for a test"
    assert "tws.tif less c0.tif" in info.history[-1] and "2004-01 to 2004-04" in info.history[-1]


def test_metres_and_millimetres(separated):
    (water, _), _, _ = separated(v(0.01, 0.03, units="m"), [v(0, 10, units="mm")], rebased=False)
    np.testing.assert_allclose(water.ravel(), [1, 2])


def test_without_re_basing_values_are_subtracted_as_they_are(separated):
    (water, info), _, summary = separated(
        v(10, 20, baseline=BASE), [v(1, 2, baseline=BASE), v(3, 4)], rebased=False
    )
    np.testing.assert_array_equal(water.ravel(), [6, 14])
    assert info.baseline == BASE and "not re-based" in info.history[-1]
    assert summary.fewest_baseline_months == summary.expected_baseline_months == 0


def test_a_shorter_component_leaves_months_missing_and_is_named(separated):
    (water, info), _, summary = separated(
        v(1, 2, 3, 4), [v(5, 5, start="2004-02"), v(0, 0, 0, 0)], rebased=False
    )
    np.testing.assert_array_equal(water.ravel(), [np.nan, -3, -2, np.nan])
    assert info.months.size == 4 and summary.complete_months == 2
    assert summary.missing_in == {"c0.tif": 2}


def test_a_longer_component_is_cut_to_the_record(separated):
    (water, info), _, summary = separated(v(1, 2), [v(9, 1, 1, 9, start="2003-12")], rebased=False)
    np.testing.assert_array_equal(water.ravel(), [0, 1])
    assert str(info.months[0]) == "2004-01" and summary.missing_in == {}


def test_flags_keep_filled_months_out_of_baseline_and_observed_stack(separated):
    (water, _), (seen, _), summary = separated(v(1, 50, 3, 7), [v(0, 0, 0, 0)], flags=v(0, 1, 0, 2))
    # Baseline: months 0 and 2, mean 2.
    np.testing.assert_array_equal(water.ravel(), [-1, 48, 1, 5])
    np.testing.assert_array_equal(seen.ravel(), [-1, np.nan, 1, np.nan])
    assert (summary.fewest_baseline_months, summary.expected_baseline_months) == (2, 4)


def test_without_flags_every_value_counts_as_observed(separated):
    (water, _), (seen, _), _ = separated(v(1, 5, np.nan, 3), [v(0, 0, 0, 0)])
    np.testing.assert_array_equal(water, seen)


def test_uncertainties_add_in_quadrature_in_one_unit(separated):
    _, _, (sigma, info), summary = separated(
        v(1, 2, np.nan), [v(0, 0, 0)], tws_sigma=v(3, 6, 1), sigmas=[v(40, 80, 1, units="mm")]
    )
    # No value in the third month, so no uncertainty of it.
    np.testing.assert_array_equal(sigma.ravel(), [5, 10, np.nan])
    assert info.units == "cm" and summary.sigma_from == ("ts.tif", "cs0.tif")


@pytest.mark.parametrize("memory", [1, 40_000, None])
def test_blocks_make_no_difference(separated, memory):
    rng = np.random.default_rng(3)
    tws, soil = rng.normal(size=(2, 8, 20, 37))
    tws[rng.random(tws.shape) < 0.1] = np.nan
    tws[:, 3, 5] = np.nan
    (water, _), _, _ = separated(v(*tws), [v(*soil)], memory=memory, threads=2)
    use = np.isfinite(tws) & (np.arange(8) < 4)[:, None, None]
    expected = np.full(tws.shape, np.nan)
    for i, j in np.ndindex(20, 37):
        k = use[:, i, j]
        if k.any():
            expected[:, i, j] = (tws[:, i, j] - tws[k, i, j].mean()) - (
                soil[:, i, j] - soil[k, i, j].mean()
            )
    np.testing.assert_allclose(water, expected, atol=1e-5)


REFUSED = {
    "none": (v(1, 2), [], {}, ParameterError, "SOILMOISTURE"),
    "no units": (v(1, 2, units=""), [v(1, 2)], {}, UnitsError, "tws.tif: .*no units"),
    "not storage": (v(1, 2), [v(1, 2, units="degC")], {}, UnitsError, "c0.tif: .*'degC'"),
    "other grid": (
        v(1, 2),
        [v(1, 2, grid=Grid(71.0, 30.0, 1.0, 1.0, 1, 1))],
        {},
        GridError,
        "tws.tif and c0.tif .*position",
    ),
    "other years": (v(1, 2), [v(1, 2, start="2010-01")], {}, TimeAxisError, "2010-01 to 2010-02"),
    "short flags": (
        v(1, 2, 3),
        [v(1, 2, 3)],
        {"flags": v(0, 0)},
        TimeAxisError,
        "flags.tif: flags for every month of tws.tif",
    ),
    "baseline outside": (
        v(1, 2),
        [v(1, 2)],
        {"baseline": ("2010-01", "2010-12")},
        BaselineError,
        "2010-01 to 2010-12.*tws.tif: 2004-01 to 2004-02",
    ),
    "baseline before a component": (
        v(*range(20)),
        [v(*range(10), start="2004-10")],
        {},
        BaselineError,
        "c0.tif: 2004-10 to 2005-07",
    ),
    "two baselines": (
        v(1, 2, baseline=("2004-01", "2009-12")),
        [v(1, 2, baseline=("2002-01", "2009-12"))],
        {"rebased": False},
        BaselineError,
        "one baseline",
    ),
    "no uncertainty": (
        v(1, 2),
        [v(1, 2)],
        {"sigma_output": "x.tif"},
        ParameterError,
        "OUTPUT_UNCERTAINTY",
    ),
    "never together": (
        v(1, np.nan, 1),
        [v(np.nan, 1, np.nan)],
        {},
        DataError,
        "tws.tif, c0.tif: at least one cell",
    ),
    "all missing": (v(np.nan, np.nan), [v(1, 1)], {}, DataError, "tws.tif"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_what_and_leave_nothing(separated, case):
    tws, components, settings, kind, text = REFUSED[case]
    with pytest.raises(kind, match=text):
        separated(tws, components, **settings)
    assert not outputs(separated.folder)
    assert not [p for p in separated.folder.iterdir() if ".part" in p.name]
