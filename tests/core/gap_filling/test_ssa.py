"""ssa_fill against the published code's answers and a plain SVD transcription."""

import numpy as np
import pytest
from grace_water_toolbox.core import accelerate
from grace_water_toolbox.core.errors import Cancelled, DataError, ParameterError
from grace_water_toolbox.core.gap_filling import hankel, ssa_lanes
from grace_water_toolbox.core.gap_filling.ssa import ssa_fill
from hypothesis import given, settings
from hypothesis import strategies as st

from .gappyseries import relative, series

#: Once with compiled kernels and once without.
pytestmark = pytest.mark.usefixtures("engine")

# ---- the published code ------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("scale", [True, False])
def test_published_code_on_eight_series(data, plain, scale):
    x = np.genfromtxt(data / "golden" / "ssa_series_8x284.csv", delimiter=",").T
    expected = np.genfromtxt(
        data / "golden" / "ssa_published_code_M24_K12_at_missing_8x35.csv", delimiter=","
    )
    out = ssa_fill(x, 24, 12, scale=scale)
    for pixel in range(8):
        gap = np.isnan(x[:, pixel])
        assert relative(out.filled[gap, pixel], expected[pixel]) < 1e-9
        assert (out.iterations[:, pixel] == plain(x[:, pixel], 24, 12).iterations).all()


@pytest.mark.real
def test_published_code_on_c30(data):
    golden = data / "golden"
    raw = np.genfromtxt(golden / "c30_input.csv", delimiter=",")
    after_a = np.genfromtxt(golden / "c30_stage_a_M72_K10.csv", delimiter=",")
    after_b = np.genfromtxt(golden / "c30_stage_b_M84_K8.csv", delimiter=",")
    # The published stage a cuts the long gap out and joins what is left.
    joined = ~np.isnan(after_a)
    stage_a = ssa_fill(raw[joined, None], 72, 10).filled[:, 0]
    gap = np.isnan(raw[joined])
    assert gap.sum() == 22
    assert relative(stage_a[gap], after_a[joined][gap]) < 1e-9
    stage_b = ssa_fill(after_a[:, None], 84, 8, scale=False).filled[:, 0]
    gap = np.isnan(after_a)
    assert gap.sum() == 13
    assert relative(stage_b[gap], after_b[gap]) < 1e-9


# ---- a plain transcription ---------------------------------------------------------


@pytest.mark.parametrize("window, modes", [(2, 1), (12, 12), (24, 12), (48, 5)])
def test_equals_plain_svd_on_random_series(plain, window, modes):
    x = series(7)
    out = ssa_fill(x, window, modes)
    for pixel in range(x.shape[1]):
        want = plain(x[:, pixel], window, modes)
        assert want.separation > 1e-5
        assert relative(out.filled[:, pixel], want.filled) < 1e-9
        assert relative(out.reconstruction[:, pixel], want.reconstruction) < 1e-9
        assert (out.iterations[:, pixel] == want.iterations).all()


@pytest.fixture(scope="module")
def transcribed(record, plain):
    """200 real pixels in both stages: input, window, scale and the transcription's answers."""
    months, values = record
    assert len(months) == 265
    assert (~np.isnan(values)).any(axis=1).sum() == 229
    chosen = np.random.default_rng(2002).choice(values.shape[1], 200, replace=False)
    era = months <= np.datetime64("2017-06")
    x, stages = values[:, chosen].copy(), []
    for rows, window, scale in ((era, 24, True), (np.ones_like(era), 48, False)):
        part = x[rows]
        answers = [plain(series, window, 12) for series in part.T]
        stages.append((part, window, scale, answers))
        x[rows] = np.transpose([want.filled for want in answers])
    return stages


@pytest.mark.real
def test_equals_plain_svd_on_real_pixels(transcribed):
    excused = 0
    for part, window, scale, answers in transcribed:
        out = ssa_fill(part, window, 12, scale=scale)
        for pixel, want in enumerate(answers):
            same = (out.iterations[:, pixel] == want.iterations).all()
            same = same and relative(out.filled[:, pixel], want.filled) < 1e-9
            same = same and relative(out.reconstruction[:, pixel], want.reconstruction) < 1e-9
            # Modes k and k + 1 that nearly coincide may be told apart either way.
            assert same or want.separation < 1e-5
            excused += not same
    print(f"excused for coinciding singular values: {excused} of 400 fits")
    assert excused <= 4


def test_gram_is_that_of_the_trajectory_matrix():
    x = np.random.default_rng(0).normal(size=(3, 30))
    got = hankel.lag_covariance(x, 7)
    for lane in range(3):
        y = np.array([x[lane, i : i + 24] for i in range(7)])
        np.testing.assert_allclose(np.triu(got[lane]), np.triu(y @ y.T), rtol=0, atol=1e-12)


# ---- answers that fit in the head --------------------------------------------------


def test_a_line_has_two_modes():
    x = np.arange(1.0, 41.0)[:, None]
    holed = x.copy()
    holed[[10, 20, 21]] = np.nan
    out = ssa_fill(holed, 10, 2, tolerance=1e-12)
    np.testing.assert_allclose(out.filled, x, atol=1e-8)


def test_a_constant_has_one_mode():
    holed = np.full((40, 1), 7.0)
    holed[[0, 12, 39]] = np.nan
    out = ssa_fill(holed, 10, 1, tolerance=1e-12)
    np.testing.assert_allclose(out.filled, 7.0, atol=1e-9)


def test_constant_with_more_modes_than_it_has_stays_close():
    holed = np.full((40, 1), 7.0)
    holed[[5, 12, 13]] = np.nan
    np.testing.assert_allclose(ssa_fill(holed, 10, 6).filled, 7.0, atol=0.7)


def test_zero_series_is_filled_with_zero_at_once():
    holed = np.zeros((40, 1))
    holed[3:6] = np.nan
    out = ssa_fill(holed, 10, 4)
    assert (out.filled == 0).all()
    assert out.iterations[:, 0].tolist() == [1, 1, 1, 1]
    assert not out.capped.any()


def test_mostly_zero_series_whose_median_is_zero(plain):
    rng = np.random.default_rng(0)
    x = np.zeros(60)
    x[rng.choice(60, 25, replace=False)] = rng.normal(size=25)
    x[[7, 30, 31]] = np.nan
    assert np.nanmedian(np.abs(x)) == 0
    want, got = plain(x, 12, 3), ssa_fill(x[:, None], 12, 3)
    assert want.separation > 1e-5  # zeros at every third month would make modes coincide
    assert relative(got.filled[:, 0], want.filled) < 1e-9


def test_all_modes_give_the_series_back():
    x = series(3, missing=0)
    np.testing.assert_allclose(ssa_fill(x, 12, 12).reconstruction, x, atol=1e-10)


# ---- missing in every way ----------------------------------------------------------


def test_nothing_missing_is_returned_with_one_reconstruction(plain):
    x = series(1, pixels=2, missing=0)
    out = ssa_fill(x, 12, 4)
    assert out.filled.tobytes() == x.tobytes()
    assert out.iterations.tolist() == [[0, 0], [0, 0], [0, 0], [1, 1]]
    np.testing.assert_allclose(
        out.reconstruction[:, 1], plain(x[:, 1], 12, 4).reconstruction, atol=1e-10
    )


def test_whole_nan_and_sparse_pixels_stay_as_they_are():
    x = series(2, pixels=3)
    x[:, 0] = np.nan
    x[11:, 1] = np.nan
    x[:11, 1] = 1.0
    out = ssa_fill(x, 12, 4)
    assert out.skipped.tolist() == [True, True, False]
    assert np.isnan(out.filled[:, 0]).all()
    assert np.isnan(out.filled[11:, 1]).all()
    assert np.isnan(out.reconstruction[:, :2]).all()
    assert not np.isnan(out.filled[:, 2]).any()
    assert (out.iterations[:, :2] == 0).all()


def test_exactly_one_window_of_observations_is_enough():
    x = np.full((30, 1), np.nan)
    x[3:15] = np.arange(12.0)[:, None] + 1
    out = ssa_fill(x, 12, 1)
    assert not out.skipped[0]
    assert not np.isnan(out.filled).any()


def test_gaps_at_both_ends_follow_the_transcription(plain):
    x = series(4, pixels=1)
    x[:3] = x[-4:] = np.nan
    want = plain(x[:, 0], 24, 6)
    assert relative(ssa_fill(x, 24, 6).filled[:, 0], want.filled) < 1e-9


def test_observed_values_keep_every_bit_and_the_dtype():
    x = series(5).astype(np.float32)
    x[0, 0] = np.float32(-0.0)
    out = ssa_fill(x, 24, 12)
    seen = ~np.isnan(x)
    assert out.filled.dtype == np.float32
    assert out.filled[seen].tobytes() == x[seen].tobytes()
    assert not np.isnan(out.filled).any()


def test_input_is_not_touched():
    x = series(6)
    before = x.tobytes()
    ssa_fill(x, 24, 12)
    assert x.tobytes() == before


def test_no_pixels():
    assert ssa_fill(np.empty((60, 0)), 12, 4).filled.shape == (60, 0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_equals_plain_svd_at_any_size(plain, seed):
    """Odd windows, series of just two windows, gaps at the ends, few and many modes."""
    rng = np.random.default_rng(seed)
    window = int(rng.integers(2, 20))
    n, modes = 2 * window + int(rng.integers(0, 20)), int(rng.integers(1, min(window, 12) + 1))
    x = series(seed, pixels=2, n=n, missing=rng.uniform(0, 0.4))
    x[: rng.integers(0, 4)] = np.nan
    rows = rng.integers(0, n, 3)
    out = ssa_fill(x, window, modes, max_iterations=200, keep_path=True, path_rows=rows)
    for pixel in np.flatnonzero(~out.skipped):
        want = plain(x[:, pixel], window, modes, max_iterations=200)
        if want.separation > 1e-5:
            assert (out.iterations[:, pixel] == want.iterations).all()
            assert relative(out.reconstruction[:, pixel], want.reconstruction) < 1e-9
            made = out.path[-1, :, pixel]
            assert np.array_equal(made, out.reconstruction[rows, pixel])


def test_compiled_equals_numpy(monkeypatch):
    """At the record's own length, windows and gaps, another pattern in some pixels."""
    pytest.importorskip("numba")
    x = series(15, pixels=21, n=284)
    x[:, :16] = series(16, pixels=16, n=284, missing=0)
    x[np.r_[9, 14, 110, 183:194, 196, 197], :16] = np.nan
    monkeypatch.delenv(accelerate.SWITCH, raising=False)
    assert ssa_lanes.kernel() is not None
    for window in (24, 48):
        compiled = ssa_fill(x, window, 12, keep_path=True)
        monkeypatch.setenv(accelerate.SWITCH, "0")
        plain_numpy = ssa_fill(x, window, 12, keep_path=True)
        monkeypatch.delenv(accelerate.SWITCH)
        assert (compiled.iterations == plain_numpy.iterations).all()
        assert relative(compiled.filled, plain_numpy.filled) < 1e-9
        assert relative(compiled.reconstruction, plain_numpy.reconstruction) < 1e-9
        assert relative(compiled.path, plain_numpy.path) < 1e-9


# ---- limits, errors, cancel --------------------------------------------------------


def test_iteration_limit_is_reported(plain):
    x = series(8, pixels=2)
    x[:, 1] = np.where(np.isnan(x[:, 1]), 0.0, x[:, 1])
    out = ssa_fill(x, 12, 3, tolerance=1e-9, max_iterations=2)
    assert out.capped.tolist() == [True, False]
    assert out.iterations[:, 0].tolist() == [2, 2, 2]
    want = plain(x[:, 0], 12, 3, tolerance=1e-9, max_iterations=2)
    assert relative(out.filled[:, 0], want.filled) < 1e-9


def test_window_beyond_half_the_series_names_the_largest():
    with pytest.raises(ParameterError, match="largest window that fits is 47"):
        ssa_fill(np.zeros((95, 1)), 48, 12)
    ssa_fill(np.zeros((96, 1)), 48, 12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"modes": 0},
        {"modes": 13},
        {"tolerance": 0.0},
        {"tolerance": 1.0},
        {"tolerance": np.nan},
        {"max_iterations": 0},
        {"window": 1, "modes": 1},
    ],
)
def test_wrong_parameters(wrong):
    with pytest.raises(ParameterError):
        ssa_fill(np.zeros((60, 1)), **{"window": 12, "modes": 3, **wrong})


def test_wrong_values():
    with pytest.raises(DataError):
        ssa_fill(np.zeros(60), 12, 3)
    with pytest.raises(DataError):
        ssa_fill(np.full((60, 1), np.inf), 12, 3)


def test_progress_rises_and_cancel_stops():
    seen = []
    ssa_fill(series(9, pixels=20), 24, 12, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[0] >= 0 and seen[-1] <= 1
    calls = []

    def stop(_):
        calls.append(1)
        if len(calls) == 3:
            raise Cancelled()

    with pytest.raises(Cancelled):
        ssa_fill(series(9, pixels=20), 24, 12, progress=stop)
    assert len(calls) == 3
