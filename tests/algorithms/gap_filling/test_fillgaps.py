"""Both gap fillings through Processing."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.stack import MonthlyStack

NAN = np.nan


def flags_of(path):
    with MonthlyStack(path) as stack:
        return stack.read_flags()


def test_linear(run, make_stack, tmp_path, read_stack, log):
    stack = make_stack(tmp_path / "in.tif", [NAN, 1, NAN, 3, NAN, NAN, 6], units="mm")
    result = run("fillgapslinear", log, INPUT=stack, MAX_GAP=1,
                 OUTPUT=tmp_path / "out.tif", OUTPUT_FLAGS=tmp_path / "flags.tif")  # fmt: skip
    assert set(result) == {"OUTPUT", "OUTPUT_FLAGS"}
    values, info = read_stack(result["OUTPUT"])
    np.testing.assert_array_equal(values.ravel(), [NAN, 1, 2, 3, NAN, NAN, 6])
    np.testing.assert_array_equal(flags_of(result["OUTPUT_FLAGS"]).ravel(),
                                  [255, 0, 1, 0, 255, 255, 0])  # fmt: skip
    assert info.units == "mm"
    assert "1 months filled in stage a: 2004-03" in log.text
    assert "3 months are still missing in some cells: 2004-01, 2004-05, 2004-06" in log.text


def test_optional_outputs_can_be_left_out(run, make_stack, tmp_path):
    stack = make_stack(tmp_path / "in.tif", [1, NAN, 3])
    assert set(run("fillgapslinear", INPUT=stack, OUTPUT=tmp_path / "out.tif")) == {"OUTPUT"}
    assert {p.name for p in tmp_path.glob("*.tif")} == {"in.tif", "out.tif"}


@pytest.fixture(scope="module")
def gappy():
    t = np.arange(200)
    values = 10 * np.sin(2 * np.pi * t / 12) + 3 * np.cos(2 * np.pi * t / 7) + 0.02 * t
    values[[20, 60]] = NAN
    values[162:173] = NAN
    return values


def test_ssa_published(run, make_stack, gappy, tmp_path, read_stack, log):
    stack = make_stack(tmp_path / "in.tif", gappy)
    result = run("fillgapsssa", log, INPUT=stack, **{
        name: tmp_path / f"{name}.tif" for name in ("OUTPUT", "OUTPUT_FLAGS", "OUTPUT_ERROR")
    })  # fmt: skip
    values, info = read_stack(result["OUTPUT"])
    flags = flags_of(result["OUTPUT_FLAGS"]).ravel()
    assert np.isfinite(values).all()
    assert list(np.flatnonzero(flags == 1)) == [20, 60]
    assert list(np.flatnonzero(flags == 2)) == list(range(162, 173))
    truth = 10 * np.sin(np.pi * np.arange(200) / 6) + 3 * np.cos(2 * np.pi * np.arange(200) / 7)
    truth += 0.02 * np.arange(200)
    gap = np.isnan(gappy)
    # A clean signal of few modes comes back.
    assert np.sqrt(np.mean((values.ravel() - truth)[gap] ** 2)) < 0.5
    with rasterio.open(result["OUTPUT_ERROR"]) as file:
        assert file.descriptions == ("epsilon_1", "residual_stage_b")
    assert "2 months filled in stage a: 2005-09, 2009-01" in log.text
    assert "11 months filled in stage b: 2017-07" in log.text
    assert "singular spectrum analysis" in info.history[-1]


def test_ssa_fixed(run, make_stack, gappy, tmp_path, read_stack):
    stack = make_stack(tmp_path / "in.tif", gappy)
    result = run("fillgapsssa", INPUT=stack, PRESET="fixed", WINDOW=36, MODES=5,
                 OUTPUT=tmp_path / "out.tif", OUTPUT_FLAGS=tmp_path / "flags.tif")  # fmt: skip
    _, info = read_stack(result["OUTPUT"])
    assert set(np.unique(flags_of(result["OUTPUT_FLAGS"]))) == {0, 1}
    assert "M = 36, K = 5" in info.history[-1]


def test_a_window_that_does_not_count_is_said(run, make_stack, gappy, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", gappy)
    run("fillgapsssa", log, INPUT=stack, WINDOW=36, OUTPUT=tmp_path / "out.tif")
    assert any("WINDOW counts for 'fixed' only" in warning for warning in log.warnings)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"PRESET": "fixed", "WINDOW": 101}, "INPUT (in.tif): the SSA window must be at least 2"),
        ({"PRESET": "fixed", "WINDOW": 24, "MODES": 25}, "modes must be between 1 and the window"),
        ({"MODES": 49}, "modes must be between 1 and the window of 48"),
        ({"TOLERANCE": 0.9}, "TOLERANCE"),
        ({"MODES": 0}, "MODES"),
    ],
)
def test_settings_that_cannot_work(refused, make_stack, gappy, tmp_path, given, text):
    stack = make_stack(tmp_path / "in.tif", gappy)
    assert text in refused("fillgapsssa", tmp_path, INPUT=stack, OUTPUT=tmp_path / "o.tif", **given)
