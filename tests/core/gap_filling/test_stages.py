"""The two published stages: calendar, flags, spreads, edges of the record."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError, ParameterError, TimeAxisError
from grace_water_toolbox.core.gap_filling import spans
from grace_water_toolbox.core.gap_filling.ssa import ssa_fill
from grace_water_toolbox.core.gap_filling.stages import fill_fixed, fill_published

SMALL = {"window_a": 12, "modes_a": 3, "window_b": 24, "modes_b": 3, "era_end": "2006-12"}


def axis(n=96, start="2002-01"):
    return np.datetime64(start, "M") + np.arange(n)


def series(seed=0, pixels=4, n=96):
    """Era of 60 months (to 2006-12) with gaps at 10, 30, 31; long gap 62 … 68."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None]
    x = 5 * np.sin(2 * np.pi * t / 12 + rng.uniform(0, 6, pixels)) + rng.normal(0, 1, (n, pixels))
    x[[10, 30, 31]] = np.nan
    x[62:69] = np.nan
    return x


def test_each_stage_fills_its_own_gaps():
    x = series()
    out = fill_published(x, axis(), **SMALL)
    want = np.zeros(96, dtype=np.uint8)
    want[[10, 30, 31]] = 1
    want[62:69] = 2
    assert out.flags.dtype == np.uint8
    assert (out.flags == want[:, None]).all()
    assert not np.isnan(out.filled).any()
    assert not out.skipped.any() and not out.capped.any()
    seen = ~np.isnan(x)
    assert out.filled[seen].tobytes() == x[seen].tobytes()


def test_equals_the_kernel_run_by_hand():
    x = series(1)
    out = fill_published(x, axis(), **SMALL)
    a = ssa_fill(x[:60], 12, 3)
    joined = x.copy()
    joined[:60] = a.filled
    b = ssa_fill(joined, 24, 3)
    np.testing.assert_allclose(out.filled, b.filled, atol=1e-11)
    seen = ~np.isnan(x[:, 0])
    np.testing.assert_allclose(
        out.epsilon_a[0], np.std((x[:60, 0] - a.reconstruction[:, 0])[seen[:60]]), rtol=1e-10
    )
    np.testing.assert_allclose(
        out.residual_b[0], np.std((x[:, 0] - b.reconstruction[:, 0])[seen]), rtol=1e-10
    )
    assert (out.iterations == a.iterations.sum(axis=0) + b.iterations.sum(axis=0)).all()


def test_stage_a_does_not_see_later_months():
    x, y = series(2), series(2)
    y[69:] += 100.0
    one, two = (fill_published(v, axis(), **SMALL) for v in (x, y))
    assert (one.filled[:60] == two.filled[:60]).all()
    assert (one.epsilon_a == two.epsilon_a).all()


def test_gap_across_the_end_of_the_era_is_stage_b_s():
    x = series(3)
    x[57:61] = np.nan
    out = fill_published(x, axis(), **SMALL)
    assert (out.flags[57:61] == 2).all()
    out = fill_published(x, axis(), extrapolate=True, **SMALL)
    assert (out.flags[57:61] == 2).all()


def test_record_that_ends_with_the_era_runs_stage_a_only():
    out = fill_published(series(4)[:60], axis(60), **SMALL)
    assert set(np.unique(out.flags)) == {0, 1}
    assert np.isnan(out.residual_b).all() and (out.epsilon_a > 0).all()


def test_record_that_begins_after_the_era_runs_stage_b_only():
    out = fill_published(series(4), axis(start="2010-01"), **SMALL)
    assert set(np.unique(out.flags)) == {0, 2}
    assert np.isnan(out.epsilon_a).all() and (out.residual_b > 0).all()


def test_ends_are_not_extrapolated_unless_asked():
    x = series(5, pixels=3)
    x[:2, 0] = np.nan
    x[-3:, 1] = np.nan
    out = fill_published(x, axis(), **SMALL)
    assert (out.flags[:2, 0] == 255).all() and np.isnan(out.filled[:2, 0]).all()
    assert (out.flags[-3:, 1] == 255).all() and np.isnan(out.filled[-3:, 1]).all()
    assert (out.flags == 255).sum() == 5
    assert not out.skipped.any()
    # The months outside do not take part: the rest is the shorter record's answer.
    alone = fill_published(x[2:, :1], axis()[2:], **SMALL)
    np.testing.assert_allclose(out.filled[2:, :1], alone.filled, atol=1e-11)

    out = fill_published(x, axis(), extrapolate=True, **SMALL)
    assert (out.flags[:2, 0] == 1).all() and (out.flags[-3:, 1] == 2).all()
    assert not np.isnan(out.filled).any()


def test_empty_and_sparse_pixels():
    x = series(6, pixels=3)
    x[:, 0] = np.nan
    x[:50, 1] = np.nan
    x[52:, 1] = np.nan
    x[50:52, 1] = 1.0
    x[40, 1] = 1.0
    out = fill_published(x, axis(), **SMALL)
    assert (out.flags[:, 0] == 255).all()
    assert (out.flags[41:50, 1] == 255).all()
    assert out.skipped.tolist() == [True, True, False]
    assert np.isnan(out.epsilon_a[:2]).all() and np.isnan(out.residual_b[:2]).all()
    assert not np.isnan(out.filled[:, 2]).any()


def test_too_few_in_the_era_is_left_to_stage_b():
    x = series(7, pixels=1)
    x[1:52] = np.nan
    out = fill_published(x, axis(), **SMALL)
    assert np.isnan(out.epsilon_a[0])
    assert (out.flags[1:52] == 2).all()


def test_repeated_series_are_computed_once(monkeypatch):
    x = np.repeat(series(8, pixels=3), 20, axis=1)[:, np.random.default_rng(0).permutation(60)]
    widths = []
    real = spans.ssa_fill

    def counting(part, *args, **kwargs):
        widths.append(part.shape[1])
        return real(part, *args, **kwargs)

    monkeypatch.setattr(spans, "ssa_fill", counting)
    out = fill_published(x, axis(), **SMALL)
    assert widths == [3, 3]
    alone = fill_published(x[:, 17:18], axis(), **SMALL)
    np.testing.assert_allclose(out.filled[:, 17:18], alone.filled, atol=1e-11)
    seen = ~np.isnan(x)
    assert out.filled[seen].tobytes() == x[seen].tobytes()


def test_float32_stays_float32():
    x = series(9).astype(np.float32)
    out = fill_published(x, axis(), **SMALL)
    seen = ~np.isnan(x)
    assert out.filled.dtype == np.float32
    assert out.filled[seen].tobytes() == x[seen].tobytes()


def test_fixed_is_one_stage_over_everything():
    x = series(10)
    out = fill_fixed(x, axis(), 24, 3)
    want = ssa_fill(x, 24, 3)
    np.testing.assert_allclose(out.filled, want.filled, atol=1e-11)
    assert (out.flags == np.isnan(x)).all()
    assert (out.epsilon_a > 0).all() and np.isnan(out.residual_b).all()


def test_progress_covers_both_stages():
    seen = []
    fill_published(series(11), axis(), progress=seen.append, **SMALL)
    assert seen == sorted(seen)
    assert min(seen) == 0 and 0.5 < max(seen) <= 1


def test_short_records_and_broken_axes_are_refused():
    with pytest.raises(ParameterError, match="largest window that fits is 10"):
        fill_published(series()[:20], axis(20), **SMALL)
    with pytest.raises(ParameterError, match="largest window that fits is 48"):
        fill_fixed(series(), axis(), 49, 3)
    with pytest.raises(TimeAxisError, match="consecutive"):
        fill_published(series()[1:], np.delete(axis(), 5), **SMALL)
    with pytest.raises(TimeAxisError):
        fill_published(series(), axis(95), **SMALL)
    with pytest.raises(DataError):
        fill_fixed(series()[:, 0], axis(), 12, 3)


def test_no_pixels():
    assert fill_published(np.empty((96, 0)), axis(), **SMALL).filled.shape == (96, 0)


@pytest.mark.real
def test_the_real_calendar(record):
    months, values = record
    x = values[:, np.random.default_rng(1).choice(values.shape[1], 40, replace=False)]
    out = fill_published(x.astype(np.float32), months)
    x = x.astype(np.float32)
    flags = out.flags[:, 0]
    assert (out.flags == flags[:, None]).all()
    assert [(flags == f).sum() for f in (0, 1, 2, 255)] == [229, 23, 13, 0]
    assert months[flags == 1].max() < np.datetime64("2017-07")
    assert months[flags == 2].min() == np.datetime64("2017-07")
    seen = ~np.isnan(x)
    assert out.filled[seen].tobytes() == x[seen].tobytes()
    assert not np.isnan(out.filled).any()
    assert 0.3 < np.median(out.epsilon_a) < 1.5


def test_stage_b_has_no_modes_where_it_did_not_run():
    x = series()
    x[:, 1] = np.nan
    x[40:, 2] = np.nan  # long enough for stage a alone
    out = fill_published(x, axis(), **SMALL)
    assert (out.flags[:40, 2] == np.where(np.isnan(x[:40, 2]), 1, 0)).all()
    assert np.isnan(out.residual_b).tolist() == [False, True, True, False]
    assert out.modes_b.tolist() == [3, 0, 0, 3]
    assert out.window_b.tolist() == [24, 0, 0, 24]
