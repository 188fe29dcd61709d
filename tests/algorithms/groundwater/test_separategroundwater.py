"""Separate groundwater through Processing."""

import numpy as np
import pytest

NAN = np.nan
BASE = {"BASELINE_START": "2004-01", "BASELINE_END": "2004-04"}


@pytest.fixture
def separate(run, tmp_path, make_stack, read_stack, log):
    """Write each given series as a stack and run; values by output name."""

    def call(settings=(), outputs=("OUTPUT",), **stacks):
        given = stack_files(make_stack, tmp_path, stacks)
        given |= {name: tmp_path / f"{name}.tif" for name in outputs}
        results = run("separategroundwater", log, **{**BASE, **given, **dict(settings)})
        assert set(results) == set(outputs)
        return {name: read_stack(path)[0].ravel() for name, path in results.items()}

    return call


def stack_files(make_stack, folder, stacks):
    files = {}
    for name, spec in stacks.items():
        spec = spec if isinstance(spec, dict) else {"values": spec}
        if name == "FLAGS":
            spec = {**spec, "flags": True, "units": ""}
        files[name] = make_stack(folder / f"{name.lower()}.tif", **spec)
    return files


def test_hand_values_and_units(separate, log):
    water = separate(
        INPUT=[1, 2, 3, 4],
        SOILMOISTURE={"values": [100, 120, 140, 160], "units": "kg m-2"},
        SNOW=[0, 0, 0, 4],
    )["OUTPUT"]
    # Anomalies: −1.5 −.5 .5 1.5; −3 −1 1 3; −1 −1 −1 3.
    np.testing.assert_allclose(water, [2.5, 1.5, 0.5, -4.5])
    assert "4 of 4 months have all storages." in log.text and not log.warnings


def test_kg_m2_and_cm_give_the_same(separate):
    soil = np.array([100.0, 120, 90, 160])
    one = separate(INPUT=[1, 2, 3, 4], SOILMOISTURE={"values": soil, "units": "kg m-2"})["OUTPUT"]
    two = separate(INPUT=[1, 2, 3, 4], SOILMOISTURE={"values": soil / 10, "units": "cm"})["OUTPUT"]
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_all_four_components(separate):
    water = separate(
        {"REBASE": False}, INPUT=[20, 40], SOILMOISTURE=[1, 2], SNOW=[2, 4], CANOPY=[3, 6],
        SURFACEWATER=[4, 8],
    )["OUTPUT"]  # fmt: skip
    np.testing.assert_array_equal(water, [10, 20])


def test_a_component_shorter_than_total_storage(separate, log):
    water = separate(
        {"REBASE": False},
        INPUT=[1, 2, 3, 4],
        SOILMOISTURE={"values": [1, 1], "start": "2004-02"},
    )["OUTPUT"]
    np.testing.assert_array_equal(water, [NAN, 1, 2, NAN])
    assert "2 of 4 months have all storages." in log.text
    assert "SOILMOISTURE (soilmoisture.tif) does not cover 2 of the months." in log.warnings


def test_not_re_based_without_stated_baselines_warns(separate, log):
    separate({"REBASE": False}, INPUT={"values": [1, 2], "baseline": ("2004-01", "2009-12")},
             SNOW=[0, 0])  # fmt: skip
    (warning,) = log.warnings
    assert "SNOW (snow.tif) state no baseline" in warning and "INPUT" not in warning


def test_flags_and_observed_stack(separate, log):
    done = separate(
        outputs=("OUTPUT", "OUTPUT_OBSERVED"),
        INPUT=[1, 50, 3, 7],
        SNOW=[0, 0, 0, 0],
        FLAGS=[0, 1, 0, 2],
    )
    np.testing.assert_array_equal(done["OUTPUT"], [-1, 48, 1, 5])
    np.testing.assert_array_equal(done["OUTPUT_OBSERVED"], [-1, NAN, 1, NAN])
    assert "The common baseline has 2 months in some cells, of 4 in the period." in log.warnings


def test_uncertainty_in_quadrature(separate, log):
    done = separate(
        outputs=("OUTPUT", "OUTPUT_UNCERTAINTY"),
        INPUT=[1, 2, 3, 4], SNOW=[0, 0, 0, 0], SOILMOISTURE=[0, 0, 0, 0],
        UNCERTAINTY=[2, 2, 4, NAN],
        UNCERTAINTY_SNOW={"values": [20, 20, 40, 1], "units": "mm"},
        UNCERTAINTY_SOILMOISTURE=[1, 1, 2, 1],
    )  # fmt: skip
    np.testing.assert_allclose(done["OUTPUT_UNCERTAINTY"], [3, 3, 6, NAN])
    assert "UNCERTAINTY_SNOW (uncertainty_snow.tif)" in log.text


REFUSED = {
    "no component": ({"INPUT": [1, 2]}, ["SOILMOISTURE, SNOW, CANOPY, SURFACEWATER", "none"]),
    "a missing file": ({"INPUT": [1, 2], "SNOW": "no/snow.tif"}, ["SNOW", "no/snow.tif"]),
    "uncertainty alone": (
        {"INPUT": [1, 2], "SNOW": [1, 1], "UNCERTAINTY_CANOPY": [1, 1]},
        ["CANOPY", "uncertainty"],
    ),
    "nothing to propagate": (
        {"INPUT": [1, 2], "SNOW": [1, 1], "OUTPUT_UNCERTAINTY": "sigma.tif"},
        ["OUTPUT_UNCERTAINTY: UNCERTAINTY of at least one storage"],
    ),
    "flags too short": (
        {"INPUT": [1, 2], "SNOW": [1, 1], "FLAGS": [0]},
        ["FLAGS (flags.tif)", "2004-01 to 2004-02", "2004-01 to 2004-01"],
    ),
    "no common baseline": (
        {"INPUT": [1, 2], "SNOW": [1, 1], "BASELINE_START": "2010-01", "BASELINE_END": "2011-01"},
        ["2010-01 to 2011-01", "INPUT (input.tif): 2004-01 to 2004-02", "BASELINE_START"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(refused, make_stack, tmp_path, case):
    stacks, texts = REFUSED[case]
    lists = {k: v for k, v in stacks.items() if isinstance(v, list)}
    rest = {k: tmp_path / v if "/" in v or k.startswith("OUT") else v
            for k, v in stacks.items() if k not in lists}  # fmt: skip
    given = {**BASE, **stack_files(make_stack, tmp_path, lists), **rest}
    message = refused("separategroundwater", tmp_path, OUTPUT=tmp_path / "gws.tif", **given)
    for text in texts:
        assert text in message, message
