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


def test_the_errors_of_filled_months_reach_groundwater(run, make_stack, read_stack, tmp_path, log):
    t = np.arange(120)
    storage = 8 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(0).normal(size=120)
    storage[[30, 60, 61]] = NAN
    tws = make_stack(tmp_path / "tws.tif", storage)
    given = make_stack(tmp_path / "sigma.tif", np.full(110, 20.0), units="mm")
    filled = run("fillgapsssa", INPUT=tws, PRESET="fixed", MODES=4, UNCERTAINTY=given,
                 OUTPUT=tmp_path / "filled.tif", OUTPUT_FLAGS=tmp_path / "flags.tif",
                 OUTPUT_ERROR=tmp_path / "error.tif",
                 OUTPUT_UNCERTAINTY=tmp_path / "u.tif")  # fmt: skip
    files = stack_files(make_stack, tmp_path, {
        "SNOW": np.zeros(120), "UNCERTAINTY_SNOW": np.full(120, 1.5),
    })  # fmt: skip
    water = run("separategroundwater", log, INPUT=filled["OUTPUT"], FLAGS=filled["OUTPUT_FLAGS"],
                UNCERTAINTY=filled["OUTPUT_UNCERTAINTY"], OUTPUT=tmp_path / "gw.tif",
                OUTPUT_UNCERTAINTY=tmp_path / "gw_u.tif", **files)  # fmt: skip
    sigma = read_stack(water["OUTPUT_UNCERTAINTY"])[0].ravel()
    epsilon = read_stack_band(filled["OUTPUT_ERROR"])
    made = np.isnan(storage)
    np.testing.assert_allclose(sigma[made], np.hypot(epsilon, 1.5), rtol=1e-6)
    seen = ~made & (t < 110)
    np.testing.assert_allclose(sigma[seen], np.hypot(2.0, 1.5), rtol=1e-6)
    # The product's own uncertainty ends ten months before the record.
    assert np.isnan(sigma[~made & (t >= 110)]).all()
    assert any(w.startswith("10 months have no uncertainty") for w in log.warnings)


def read_stack_band(path):
    import rasterio

    with rasterio.open(path) as file:
        assert file.descriptions[0] == "epsilon_1"
        return float(file.read(1)[0, 0])
