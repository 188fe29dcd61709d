"""Both gap fillings through Processing."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.stack import MonthlyStack
from qgis.core import QgsProcessingFeedback

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
    assert "1 months filled: 2004-03" in log.text
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


def test_a_report_of_one_stage_names_no_stage(run, make_stack, gappy, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", gappy)
    page = tmp_path / "report.html"
    result = run("fillgapsssa", log, INPUT=stack, PRESET="fixed", OUTPUT_HTML=page,
                 OUTPUT=tmp_path / "out.tif", OUTPUT_FLAGS=tmp_path / "flags.tif")  # fmt: skip
    text = page.read_text(encoding="utf-8")
    assert "Months filled" in text and "ε₁, in-sample" in text
    for staged in ("stage a", "stage b", "in-sample, stage", "ε₂"):
        assert staged not in text, staged
    assert "13 months filled: 2005-09, 2009-01" in log.text and "in stage" not in log.text
    with rasterio.open(result["OUTPUT_FLAGS"]) as file:
        assert file.tags()["long_name"] == "0 observed, 1 filled, 255 unfilled"


FEW = {"FOLDS": "2006-2011", "CANDIDATE_MODES": "2-6"}


def test_ssa_published(run, make_stack, gappy, tmp_path, read_stack, log):
    stack = make_stack(tmp_path / "in.tif", gappy)
    result = run("fillgapsssa", log, INPUT=stack, OUTPUT_HTML=tmp_path / "report.html", **{
        name: tmp_path / f"{name}.tif" for name in (
            "OUTPUT", "OUTPUT_FLAGS", "OUTPUT_ERROR", "OUTPUT_MODES", "OUTPUT_UNCERTAINTY"
        )
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
        assert file.descriptions == (
            "epsilon_1", "epsilon_2", "residual_stage_b", "heldout_short"
        )  # fmt: skip
        errors = file.read().ravel()
    with rasterio.open(result["OUTPUT_MODES"]) as file:
        modes, window = file.read().ravel()
    # Trend, season and a second wave take two modes each.
    assert 4 <= modes <= 12 and window == 48
    sigma, _ = read_stack(result["OUTPUT_UNCERTAINTY"])
    np.testing.assert_array_equal(sigma.ravel()[flags == 1], errors[0].repeat(2))
    np.testing.assert_array_equal(sigma.ravel()[flags == 2], errors[1].repeat(11))
    assert np.isnan(sigma.ravel()[flags == 0]).all()
    assert "2 months filled in stage a: 2005-09, 2009-01" in log.text
    assert "11 months filled in stage b: 2017-07" in log.text
    # The record begins in 2004: that year is at its edge.
    assert "hiding the years 2005, 2006" in log.text and "2015." in log.text
    assert "singular spectrum analysis" in info.history[-1]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in ("Hidden years", "Spectrum of modes", "Example series", "2017-07", "<td", "ε₂"):
        assert text in page
    assert page.count("<img") >= 5 and "<script" not in page


def test_ssa_published_without_validation(run, make_stack, gappy, tmp_path, read_stack):
    stack = make_stack(tmp_path / "in.tif", gappy)
    result = run("fillgapsssa", INPUT=stack, FOLDS="", MODES=7, OUTPUT=tmp_path / "out.tif",
                 OUTPUT_MODES=tmp_path / "modes.tif", OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    assert "M = 48, K = 7" in read_stack(result["OUTPUT"])[1].history[-1]
    with rasterio.open(result["OUTPUT_MODES"]) as file:
        assert file.read().ravel().tolist() == [7, 48]
    assert "Hidden years" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_window_can_be_searched(run, make_stack, gappy, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", gappy)
    result = run("fillgapsssa", log, INPUT=stack, CANDIDATE_WINDOWS="24, 36", MODES=7, **FEW,
                 OUTPUT=tmp_path / "out.tif", OUTPUT_MODES=tmp_path / "modes.tif")  # fmt: skip
    with rasterio.open(result["OUTPUT_MODES"]) as file:
        modes, window = file.read().ravel()
    assert window in (24, 36) and 2 <= modes <= 6
    assert any("MODES does not count" in warning for warning in log.warnings)


def test_given_uncertainty_is_that_of_observed_months(run, make_stack, gappy, tmp_path, read_stack):
    stack = make_stack(tmp_path / "in.tif", gappy)
    given = make_stack(tmp_path / "s.tif", np.linspace(1, 2, 190), units="mm")
    result = run("fillgapsssa", INPUT=stack, PRESET="fixed", UNCERTAINTY=given,
                 OUTPUT=tmp_path / "out.tif", OUTPUT_UNCERTAINTY=tmp_path / "u.tif")  # fmt: skip
    sigma = read_stack(result["OUTPUT_UNCERTAINTY"])[0].ravel()
    seen = ~np.isnan(gappy)
    want = np.append(np.linspace(0.1, 0.2, 190), np.full(10, NAN))  # it ends ten months before
    np.testing.assert_allclose(sigma[seen], want[seen], rtol=1e-6)
    assert (sigma[~seen] > 0).all()


def test_ends_on_request(run, make_stack, gappy, tmp_path, read_stack):
    values = gappy.copy()
    values[:2] = NAN
    stack = make_stack(tmp_path / "in.tif", values)
    for wanted, unfilled in ((False, 2), (True, 0)):
        result = run("fillgapsssa", INPUT=stack, PRESET="fixed", EXTRAPOLATE=wanted,
                     OUTPUT=tmp_path / f"{wanted}.tif")  # fmt: skip
        assert np.isnan(read_stack(result["OUTPUT"])[0]).sum() == unfilled


def test_ssa_fixed(run, make_stack, gappy, tmp_path, read_stack):
    stack = make_stack(tmp_path / "in.tif", gappy)
    result = run("fillgapsssa", INPUT=stack, PRESET="fixed", WINDOW=36, MODES=5,
                 OUTPUT=tmp_path / "out.tif", OUTPUT_FLAGS=tmp_path / "flags.tif")  # fmt: skip
    _, info = read_stack(result["OUTPUT"])
    assert set(np.unique(flags_of(result["OUTPUT_FLAGS"]))) == {0, 1}
    assert "M = 36, K = 5" in info.history[-1]


def test_a_window_that_does_not_count_is_said(run, make_stack, gappy, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", gappy)
    run("fillgapsssa", log, INPUT=stack, WINDOW=36, OUTPUT=tmp_path / "out.tif", **FEW)
    assert any("WINDOW counts for 'fixed' only" in warning for warning in log.warnings)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"PRESET": "fixed", "WINDOW": 101}, "INPUT (in.tif): the SSA window must be at least 2"),
        ({"PRESET": "fixed", "WINDOW": 24, "MODES": 25}, "modes must be between 1 and the window"),
        ({"MODES": 49, "FOLDS": ""}, "modes must be between 1 and the window of 48"),
        ({"CANDIDATE_MODES": "40-49"}, "modes must be between 1 and the window of 48"),
        ({"CANDIDATE_MODES": "12-1"}, "CANDIDATE_MODES: numbers such as 1-12"),
        ({"CANDIDATE_MODES": "some"}, "CANDIDATE_MODES: numbers such as 1-12"),
        ({"CANDIDATE_MODES": ""}, "CANDIDATE_MODES: at least one positive number of modes"),
        ({"CANDIDATE_WINDOWS": "0"}, "CANDIDATE_WINDOWS: at least one positive number of windows"),
        ({"CANDIDATE_WINDOWS": "90"}, "The largest window that fits is 78"),
        ({"FOLDS": "2030"}, "Hide years within 2005-2018, or none"),
        ({"FOLDS": "2006-2007"}, "smaller CANDIDATE_WINDOWS"),
        ({"FOLDS": "", "OUTPUT_UNCERTAINTY": "TEMPORARY_OUTPUT"}, "FOLDS: a cross-validation"),
        ({"TOLERANCE": 0.9}, "TOLERANCE"),
        ({"MODES": 0}, "MODES"),
    ],
)
def test_settings_that_cannot_work(refused, make_stack, gappy, tmp_path, given, text):
    stack = make_stack(tmp_path / "in.tif", gappy)
    assert text in refused("fillgapsssa", tmp_path, INPUT=stack, OUTPUT=tmp_path / "o.tif", **given)


def test_a_short_record_is_offered_a_smaller_window(run, refused, make_stack, gappy, tmp_path):
    stack = make_stack(tmp_path / "in.tif", gappy[:72], start="2013-01")
    text = refused("fillgapsssa", tmp_path, INPUT=stack, OUTPUT=tmp_path / "o.tif", FOLDS="")
    for part in ("series of 72 months", "largest window that fits is 36", "PRESET = fixed"):
        assert part in text
    run("fillgapsssa", INPUT=stack, PRESET="fixed", WINDOW=36, OUTPUT=tmp_path / "o.tif")


class Stopping(QgsProcessingFeedback):
    """Presses Cancel once a fifth is done."""

    def __init__(self):
        super().__init__(False)
        self.progressChanged.connect(lambda done: done > 20 and self.cancel())


@pytest.mark.parametrize("keep", [False, True])
def test_cancel_and_go_on(run, make_stack, tmp_path, log, keep):
    rng = np.random.default_rng(0)
    t = np.arange(200)[:, None, None]
    values = 8 * np.sin(2 * np.pi * (t / 12 + rng.random((1, 20, 30))))
    values = values + rng.normal(size=values.shape)
    values[162:173] = NAN
    stack = make_stack(tmp_path / "in.tif", values)
    settings = {"INPUT": stack, "RESUME": keep, "FOLDS": "2006-2011", "CANDIDATE_MODES": "1-3"}
    assert run("fillgapsssa", Stopping(), OUTPUT=tmp_path / "o.tif", **settings) == {}
    # QGIS writes the statistics of the input beside it.
    left = {p.name for p in tmp_path.iterdir()} - {"in.tif", "in.tif.aux.xml"}
    assert len(left) == keep and all(name.endswith(".resume") for name in left)
    run("fillgapsssa", log, OUTPUT=tmp_path / "o.tif", **settings)
    assert ("series came from an earlier run" in log.text) == keep
    assert not list(tmp_path.glob(".*.resume"))
