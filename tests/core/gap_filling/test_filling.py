"""Gap filling of whole stacks: observed bits, flags, counts, blocks, provenance."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import Cancelled, DataError, ParameterError
from grace_water_toolbox.core.gap_filling.crossvalidation import Candidates
from grace_water_toolbox.core.gap_filling.filling import (
    FillTargets,
    fill_stack_linear,
    fill_stack_ssa,
)
from grace_water_toolbox.core.gap_filling.stages import fill_fixed, fill_published
from grace_water_toolbox.core.progress import Progress

MONTHS = 200  # 2004-01 … 2020-08: both eras


@pytest.fixture(scope="module")
def gappy():
    rng = np.random.default_rng(1)
    t = np.arange(MONTHS)[:, None, None]
    values = 10 * np.sin(2 * np.pi * t / 12 + rng.random((1, 4, 5))) + rng.normal(
        size=(MONTHS, 4, 5)
    )
    values[[7, 30, 31, 90]] = np.nan  # stage a
    values[162:173] = np.nan  # 2017-07 … 2018-05
    values[50, 1, 1] = np.nan
    values[:, 0, 0] = np.nan  # ocean
    values[:10, 2, 2] = np.nan  # starts late: not extrapolated
    return values.astype("float32").astype(float)


@pytest.fixture
def files(tmp_path, make_stack, read_stack, gappy):
    def call(function, values=gappy, **settings):
        source = make_stack(tmp_path / "in.tif", values, baseline=("2004-01", "2009-12"))
        paths = {"flags_output": tmp_path / "flags.tif"}
        if function is fill_stack_ssa:
            names = ("flags.tif", "error.tif", "modes.tif")
            paths = {"targets": FillTargets(*(tmp_path / name for name in names))}
        with MonthlyStack(source) as stack:
            summary = function(stack, tmp_path / "out.tif", **paths, **settings)
        return read_stack(tmp_path / "out.tif"), read_flags(tmp_path / "flags.tif"), summary

    call.folder = tmp_path
    return call


def read_flags(path):
    with MonthlyStack(path) as stack:
        return stack.read_flags()


def left(folder):
    return {p.name for p in folder.iterdir()} - {"in.tif"}


def test_linear_hand_values(files):
    (out, info), flags, summary = files(
        fill_stack_linear, np.array([np.nan, 1, np.nan, np.nan, 4, 5, np.nan, 9, np.nan])
    )
    np.testing.assert_array_equal(out.ravel(), [np.nan, 1, 2, 3, 4, 5, 7, 9, np.nan])
    np.testing.assert_array_equal(flags.ravel(), [255, 0, 1, 1, 0, 0, 1, 0, 255])
    assert summary.cells == 1
    assert [str(m) for m in summary.months_flagged(1)] == ["2004-03", "2004-04", "2004-07"]
    assert [str(m) for m in summary.months_flagged(255)] == ["2004-01", "2004-09"]
    assert info.units == "cm" and info.baseline == ("2004-01", "2009-12")
    assert info.history == ("made for a test",
                            "missing months filled by linear interpolation")  # fmt: skip


def test_linear_longest_gap(files):
    (out, info), flags, _ = files(
        fill_stack_linear, np.array([1, np.nan, 3, np.nan, np.nan, 6]), max_gap=1
    )
    np.testing.assert_array_equal(out.ravel(), [1, 2, 3, np.nan, np.nan, 6])
    np.testing.assert_array_equal(flags.ravel(), [0, 1, 0, 255, 255, 0])
    assert "gaps up to 1 months" in info.history[-1]


@pytest.mark.parametrize("preset", ["published", "fixed"])
def test_ssa_keeps_observed_bits_and_flags_the_rest(files, gappy, preset):
    (out, info), flags, summary = files(fill_stack_ssa, preset=preset)
    seen = np.isfinite(gappy)
    np.testing.assert_array_equal(
        out[seen].astype("float32").view("uint32"), gappy[seen].astype("float32").view("uint32")
    )
    assert (flags[seen] == 0).all()
    late = np.zeros_like(seen)
    late[:10, 2, 2] = True
    ocean = np.zeros_like(seen)
    ocean[:, 0, 0] = True
    inside = ~seen & ~late & ~ocean
    assert np.isfinite(out[inside]).all() and np.isnan(out[late | ocean]).all()
    assert (flags[late | ocean] == 255).all()
    era = (np.arange(MONTHS) < 162)[:, None, None]
    assert (flags[inside & era] == 1).all()
    assert (flags[inside & ~era] == (2 if preset == "published" else 1)).all()
    # 4 whole months and month 50 of one cell; 11 months between the missions.
    assert summary.months_flagged(1).size == (5 if preset == "published" else 16)
    assert summary.months_flagged(2).size == (11 if preset == "published" else 0)
    assert summary.cells == 19
    assert summary.counts[0].sum() == seen.sum()
    assert summary.counts[1][50] == 1 and summary.counts[1][30] == 19
    assert "singular spectrum analysis" in info.history[-1] and "K = 12" in info.history[-1]
    assert "tolerance 0.01" in info.history[-1]


def test_ssa_is_the_kernel(files, gappy, read_stack):
    (out, info), _, _ = files(fill_stack_ssa, modes=6, memory=1, threads=2, seconds=0.01)
    done = fill_published(gappy.reshape(MONTHS, -1), info.months, modes_b=6)
    np.testing.assert_array_equal(
        out.reshape(MONTHS, -1).astype("float32"), done.filled.astype("float32")
    )
    errors = read_error_bands(files.folder / "error.tif")
    np.testing.assert_allclose(errors[0], done.epsilon_a, rtol=1e-6)
    np.testing.assert_allclose(errors[2], done.residual_b, rtol=1e-6)
    assert np.isnan(errors[[1, 3]]).all()


def read_error_bands(path):
    import rasterio

    with rasterio.open(path) as file:
        assert file.descriptions == (
            "epsilon_1", "epsilon_2", "residual_stage_b", "heldout_short"
        )  # fmt: skip
        assert file.units == ("cm",) * 4 and file.tags()["units"] == "cm"
        return file.read().reshape(4, -1)


def test_fixed_takes_window_and_modes(files, gappy):
    (out, info), _, _ = files(fill_stack_ssa, preset="fixed", window=36, modes=4, tolerance=0.1)
    done = fill_fixed(gappy.reshape(MONTHS, -1), info.months, 36, 4, tolerance=0.1)
    np.testing.assert_array_equal(
        out.reshape(MONTHS, -1).astype("float32"), done.filled.astype("float32")
    )
    assert "M = 36, K = 4, tolerance 0.1" in info.history[-1]


def test_equal_series_are_computed_once_and_filled_everywhere(files, gappy):
    mascon = np.repeat(np.repeat(gappy, 3, axis=1), 3, axis=2)
    (out, _), flags, summary = files(fill_stack_ssa, mascon)
    single, single_flags, _ = files(fill_stack_ssa)
    np.testing.assert_array_equal(out, np.repeat(np.repeat(single[0], 3, axis=1), 3, axis=2))
    np.testing.assert_array_equal(flags, np.repeat(np.repeat(single_flags, 3, 1), 3, 2))
    assert (summary.cells, summary.series) == (9 * 19, 19)


def test_a_record_too_short_is_named_before_any_file(files):
    with pytest.raises(ParameterError, match=r"^in.tif: the SSA window.* series of 47 months"):
        files(fill_stack_ssa, np.arange(47.0))
    assert not left(files.folder)


@pytest.mark.parametrize("function", [fill_stack_linear, fill_stack_ssa])
def test_an_empty_stack_is_refused(files, function):
    with pytest.raises(DataError, match=r"in.tif: .*empty stack"):
        files(function, np.full(MONTHS, np.nan))
    assert not left(files.folder)


def test_infinite_values_are_refused_by_the_stacks_name(files):
    values = np.sin(np.arange(60.0))
    values[5] = np.inf
    with pytest.raises(DataError, match=r"^in.tif: finite values"):
        files(fill_stack_linear, values)
    assert not left(files.folder)


def test_cancel_leaves_the_old_file(files, gappy):
    class Stopped(Progress):
        def is_cancelled(self):
            return True

    old = files.folder / "out.tif"
    old.write_bytes(b"old")
    with pytest.raises(Cancelled):
        files(fill_stack_ssa, progress=Stopped())
    assert left(files.folder) == {"out.tif"} and old.read_bytes() == b"old"


CANDIDATES = Candidates(years=(2006, 2007, 2008, 2009, 2010, 2011), modes=(1, 2, 4), windows=(24,))


def test_cross_validated_outputs(files, gappy, read_stack, make_stack):
    values = np.where(np.isnan(gappy[:, :2, :2]), np.nan, gappy[:, :2, :2])
    source = make_stack(files.folder / "in.tif", values, baseline=("2004-01", "2009-12"))
    given = make_stack(files.folder / "s.tif", np.full(values.shape, 20.0), units="mm")
    names = ("flags", "error", "modes", "sigma")
    targets = FillTargets(*(files.folder / f"{name}.tif" for name in names))
    with MonthlyStack(source) as stack, MonthlyStack(given) as sigma:
        summary = fill_stack_ssa(
            stack, files.folder / "out.tif", candidates=CANDIDATES, targets=targets, sigma=sigma
        )
    out, info = read_stack(files.folder / "out.tif")
    flags = read_flags(files.folder / "flags.tif").reshape(MONTHS, -1)
    done = fill_published(
        values.reshape(MONTHS, -1), info.months, candidates=CANDIDATES, window_b=24, modes_b=4
    )
    np.testing.assert_array_equal(out.reshape(MONTHS, -1), done.filled.astype("float32"))
    errors = read_error_bands(files.folder / "error.tif")
    want = (done.epsilon_a, done.epsilon_b, done.residual_b, done.heldout_a)
    for band, one in zip(errors, want):
        np.testing.assert_allclose(band, one, rtol=1e-6)
    assert np.isnan(errors[:, 0]).all() and np.isfinite(errors[:, 1:]).all()

    import rasterio

    with rasterio.open(files.folder / "modes.tif") as file:
        assert file.descriptions == ("modes", "window") and file.nodata == 0
        modes = file.read().reshape(2, -1)
    assert set(modes[0, 1:]) <= {1, 2, 4} and set(modes[1, 1:]) == {24} and not modes[:, 0].any()
    np.testing.assert_array_equal(modes[0, 1:], done.modes_b[1:])

    # One sigma: 20 mm are 2 cm where observed, the stage's own error where filled.
    sigma, sigma_info = read_stack(files.folder / "sigma.tif")
    sigma = sigma.reshape(MONTHS, -1)
    assert sigma_info.units == "cm" and np.isnan(sigma[:, 0]).all()
    for pixel in (1, 2, 3):
        np.testing.assert_allclose(sigma[flags[:, pixel] == 0, pixel], 2.0, rtol=1e-6)
        for flag, one in ((1, done.epsilon_a), (2, done.epsilon_b)):
            np.testing.assert_allclose(sigma[flags[:, pixel] == flag, pixel], one[pixel], rtol=1e-6)

    assert summary.years == CANDIDATES.years and summary.candidates == (1, 2, 4)
    assert sum(summary.kept.values()) == 3 and summary.windows == {24: 3}
    # A histogram with steps of 0.1 %.
    middle = np.sort(done.epsilon_b[1:])[1]
    assert summary.median_error["epsilon_2"] == pytest.approx(middle, rel=2e-3)
    for year, found in zip(done.by_year, summary.by_year):
        assert found.at(0.5) == pytest.approx(np.sort(year[1:])[1], rel=2e-3)
    assert "K = 1, 2, 4 chosen by hiding the years 2006…2011" in info.history[-1]


def test_uncertainty_of_months_without_a_given_one(files, gappy, read_stack, make_stack):
    source = make_stack(files.folder / "in.tif", gappy[:, 1:2, 1:2])
    with MonthlyStack(source) as stack:
        fill_stack_ssa(
            stack, files.folder / "out.tif", preset="fixed", modes=4,
            targets=FillTargets(sigma=files.folder / "sigma.tif"),
        )  # fmt: skip
    sigma, _ = read_stack(files.folder / "sigma.tif")
    made = np.isnan(gappy[:, 1:2, 1:2])
    assert np.isnan(sigma[~made]).all()
    assert np.unique(sigma[made]).size == 1 and (sigma[made] > 0).all()


def test_no_uncertainty_of_stage_b_without_a_validation(files, gappy, make_stack):
    source = make_stack(files.folder / "in.tif", gappy)
    with MonthlyStack(source) as stack, pytest.raises(ParameterError, match="FOLDS"):
        fill_stack_ssa(
            stack, files.folder / "out.tif", targets=FillTargets(sigma=files.folder / "s.tif")
        )
    assert not left(files.folder)


def test_the_ends_are_filled_on_request(files, gappy):
    (out, info), flags, _ = files(fill_stack_ssa, preset="fixed", modes=3, extrapolate=True)
    assert np.isfinite(out[:, 2, 2]).all() and (flags[:10, 2, 2] == 1).all()
    assert "extrapolated" in info.history[-1]


KILLED = """
import sys
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.gap_filling.crossvalidation import Candidates
from grace_water_toolbox.core.gap_filling.filling import FillTargets, fill_stack_ssa

folder = sys.argv[1]
candidates = Candidates(years=(2006, 2007, 2008, 2009, 2010, 2011), modes=(1, 2, 4), windows=(24,))
with MonthlyStack(folder + "/in.tif") as stack:
    done = fill_stack_ssa(
        stack, folder + "/out.tif", candidates=candidates, seconds=0.05,
        targets=FillTargets(*(f"{folder}/{n}.tif" for n in ("flags", "error", "modes", "sigma"))),
    )
print(done.restored, done.series, done.median_error)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
@pytest.mark.parametrize("numba", ["on", "off"])
def test_a_killed_run_goes_on_and_ends_bit_equal(tmp_path, make_stack, numba):
    rng = np.random.default_rng(3)
    t = np.arange(MONTHS)[:, None, None]
    values = 8 * np.sin(2 * np.pi * (t / 12 + rng.random((1, 12, 14))))
    values = values + rng.normal(size=values.shape)
    # Every pixel has gaps of its own, so that the batches differ in every way they can.
    values[rng.random(values.shape) < 0.1] = np.nan
    values[162:173] = np.nan
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
        make_stack(folder / "in.tif", values)

    def start(folder):
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "GRACE_WATER_NUMBA": numba},
        )

    whole = start(folders[0]).communicate(timeout=300)[0]
    assert whole.startswith("0 168 ")
    child, deadline = start(folders[1]), time.monotonic() + 120
    try:
        while time.monotonic() < deadline:
            found = list(folders[1].glob(".out.*.resume"))
            if found and found[0].stat().st_size > 60_000:
                break
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert not (folders[1] / "out.tif").exists()
    again = start(folders[1]).communicate(timeout=300)[0]
    restored, computed = (int(n) for n in again.split()[:2])
    assert restored > 20 and computed > 0 and restored + computed == 168
    assert again.split("{")[1] == whole.split("{")[1]
    for name in ("out", "flags", "error", "modes", "sigma"):
        one, other = ((folder / f"{name}.tif").read_bytes() for folder in folders)
        assert one == other, name
    assert not list(folders[1].glob(".out.*.resume"))
