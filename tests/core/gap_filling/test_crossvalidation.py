"""Hidden years: scores against fits of each year and each K by a plain SVD."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import Cancelled, ParameterError, TimeAxisError
from grace_water_toolbox.core.gap_filling import crossvalidation, staging
from grace_water_toolbox.core.gap_filling.crossvalidation import (
    Candidates,
    check_candidates,
    cross_validate,
    hide_short_gaps,
    usable_years,
)
from grace_water_toolbox.core.gap_filling.stages import fill_fixed, fill_published

SMALL = Candidates(years=(2005, 2006, 2007), modes=(1, 2, 4), windows=(12, 24))


def axis(start="2003-04", n=96):
    return np.datetime64(start, "M") + np.arange(n)


def series(seed=0, pixels=3, n=96):
    """Season, trend and noise with gaps that differ by pixel; 2003-04 to 2011-03."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None]
    phase = rng.uniform(0, 6, pixels)
    x = 6 * np.sin(2 * np.pi * t / 12 + phase) + 0.05 * t + rng.normal(0, 1, (n, pixels))
    x[[15, 40]] = np.nan
    for pixel in range(pixels):
        x[rng.choice(np.arange(10, 60), 3, replace=False), pixel] = np.nan
    return x


def year(months):
    return months.astype("datetime64[Y]").astype(int) + 1970


def plain_scores(x, months, candidates, plain):
    """RMSE (window, mode, year) of one series: every fit of its own."""
    inside = (year(months) >= 2004) & (year(months) <= 2008)
    x, calendar = x[inside], year(months)[inside]
    rmse = np.empty((len(candidates.windows), len(candidates.modes), len(candidates.years)))
    for i, window in enumerate(candidates.windows):
        for j, modes in enumerate(candidates.modes):
            for k, hidden in enumerate(candidates.years):
                masked = np.where(calendar == hidden, np.nan, x)
                miss = (plain(masked, window, modes).filled - x)[calendar == hidden]
                rmse[i, j, k] = np.sqrt(np.nanmean(miss**2))
    return rmse


def test_scores_are_those_of_separate_fits(plain):
    x, months = series(), axis()
    out = cross_validate(x, months, SMALL)
    for pixel in range(3):
        rmse = plain_scores(x[:, pixel], months, SMALL, plain)
        score = np.sqrt((rmse**2).mean(axis=2))
        np.testing.assert_allclose(out.score[:, :, pixel], score, rtol=1e-9)
        i, j = np.unravel_index(score.argmin(), score.shape)
        assert (out.window[pixel], out.modes[pixel]) == (SMALL.windows[i], SMALL.modes[j])
        np.testing.assert_allclose(out.epsilon[pixel], score[i, j], rtol=1e-9)
        np.testing.assert_allclose(out.by_year[:, pixel], rmse[i, j], rtol=1e-9)
    assert out.years.tolist() == [2005, 2006, 2007]


def test_nothing_of_a_hidden_year_enters_its_fill():
    x, months = series(1), axis()
    one = Candidates((2006,), (3,), (12,))
    y = x.copy()
    y[year(months) == 2006] += 100.0
    a, b = (cross_validate(v, months, one) for v in (x, y))
    # The fill is the same, so the miss moves by the hundred that was added.
    np.testing.assert_allclose(b.epsilon, 100.0, atol=3 * a.epsilon.max())


def test_years_at_the_edge_are_not_hidden():
    months = axis("2004-01", 48)  # to 2007-12
    assert usable_years(months, range(2000, 2020)).tolist() == [2005, 2006]
    assert usable_years(months[1:], range(2000, 2020)).tolist() == [2006]
    assert usable_years(months[:-1], (2006, 2005)).tolist() == [2005]
    assert usable_years(axis("2018-06", 30), range(2004, 2016)).size == 0


def test_a_pixel_counts_the_years_that_its_record_surrounds():
    x, months = series(2), axis()
    x[year(months) < 2006, 0] = np.nan  # begins in 2006: 2005 and 2006 cannot be filled
    x[:, 1] = np.nan
    out = cross_validate(x, months, Candidates((2005, 2006, 2007), (1, 2), (12,)))
    assert np.isnan(out.by_year[:2, 0]).all() and out.by_year[2, 0] > 0
    assert out.epsilon[0] == pytest.approx(out.by_year[2, 0])
    assert np.isnan(out.epsilon[1]) and out.modes[1] == out.window[1] == 0
    assert np.isfinite(out.by_year[:, 2]).all()


def test_a_window_that_fits_fewer_years_does_not_compete():
    x, months = series(3), axis()
    x[year(months) < 2005, 0] = np.nan  # 48 months left: M = 24 fits, but 2005 is at the edge
    x[year(months) == 2008, 0] = np.nan
    out = cross_validate(x, months, SMALL)
    assert out.window[0] == 12 and np.isnan(out.score[1, :, 0]).all()


def test_batches_do_not_matter(monkeypatch):
    x, months = series(4, pixels=7), axis()
    whole = cross_validate(x, months, SMALL)
    monkeypatch.setattr(crossvalidation, "_TOGETHER", 2)
    parts = cross_validate(x, months, SMALL)
    np.testing.assert_array_equal(whole.modes, parts.modes)
    np.testing.assert_allclose(whole.score, parts.score, rtol=1e-10)
    assert cross_validate(x[:, :0], months, SMALL).epsilon.shape == (0,)


def test_stage_b_takes_the_chosen_window_and_modes():
    x, months = series(5, pixels=4), axis()
    x[70:75] = np.nan
    candidates = Candidates((2005, 2006, 2007), (1, 2, 3, 5), (12, 24))
    small = {"window_a": 12, "modes_a": 3, "era_end": "2008-12"}
    out = fill_published(x, months, candidates=candidates, window_b=12, **small)
    chosen = cross_validate(x, months, candidates)
    np.testing.assert_array_equal(out.modes_b, chosen.modes)
    np.testing.assert_array_equal(out.window_b, chosen.window)
    np.testing.assert_array_equal(out.epsilon_b, chosen.epsilon)
    np.testing.assert_array_equal(out.by_year, chosen.by_year)
    assert len(set(zip(out.modes_b, out.window_b))) > 1, "the example should tell them apart"
    for pixel in range(4):
        one = fill_published(
            x[:, [pixel]], months, window_b=int(chosen.window[pixel]),
            modes_b=int(chosen.modes[pixel]), **small,
        )  # fmt: skip
        np.testing.assert_allclose(out.filled[:, [pixel]], one.filled, atol=1e-10)
        np.testing.assert_allclose(out.residual_b[pixel], one.residual_b[0], rtol=1e-9)
        at = list(candidates.windows).index(chosen.window[pixel])
        np.testing.assert_array_equal(out.score[:, pixel], chosen.score[at, :, pixel])


def test_a_pixel_that_cannot_be_validated_takes_the_given_modes():
    x, months = series(6, pixels=2), axis()
    x[70:75] = np.nan
    x[year(months) < 2007, 0] = np.nan
    candidates = Candidates((2005, 2006, 2007), (1, 2), (12,))
    out = fill_published(
        x, months, candidates=candidates, window_a=12, window_b=12, modes_b=2, era_end="2008-12"
    )
    assert np.isnan(out.epsilon_b[0]) and out.modes_b[0] == 2 and out.window_b[0] == 12
    assert (out.flags[70:75] == 2).all()


def test_short_gaps_held_out_by_hand():
    x = series(7, pixels=3)
    out = hide_short_gaps(x, 12, 3, shift=6)
    for pixel in range(3):
        moved = np.flatnonzero(np.isnan(x[:, pixel])) + 6
        moved = moved[~np.isnan(x[moved, pixel])]
        hidden = x[:, [pixel]].copy()
        hidden[moved] = np.nan
        made = fill_fixed(hidden, axis(), 12, 3).filled
        want = np.sqrt(np.mean((made[moved, 0] - x[moved, pixel]) ** 2))
        np.testing.assert_allclose(out[pixel], want, rtol=1e-9)
    x[:, 0] = 1.0
    x[:, 1] = np.nan
    assert np.isnan(hide_short_gaps(x, 12, 3)[:2]).all()


def test_what_cannot_be_tried_is_said():
    months = axis()
    with pytest.raises(TimeAxisError, match=r"record from 2003-04 to 2011-03.* within 2005-2009"):
        check_candidates(months, Candidates(years=(2015, 2016)))
    with pytest.raises(TimeAxisError, match="hide none"):
        check_candidates(months[:20], SMALL)
    with pytest.raises(
        ParameterError, match=r"series of 60 months.* largest window that fits is 30"
    ):
        check_candidates(months, Candidates((2005, 2006, 2007), (1,), (31,)))
    with pytest.raises(ParameterError, match="modes must be between 1 and the window of 12"):
        check_candidates(months, Candidates((2005, 2006, 2007), (13,), (12,)))
    for empty in ({"modes": ()}, {"windows": ()}, {"modes": (0, 1)}):
        with pytest.raises(ParameterError, match="at least one positive number"):
            check_candidates(months, Candidates((2005, 2006, 2007), **empty))


def test_cancel_and_progress():
    seen = []
    cross_validate(series(8), axis(), SMALL, progress=seen.append)
    assert seen == sorted(seen) and 0.5 < seen[-1] <= 1

    def stop(fraction):
        raise Cancelled()

    with pytest.raises(Cancelled):
        cross_validate(series(8), axis(), SMALL, progress=stop)


def test_cancel_is_seen_while_short_gaps_are_hidden(monkeypatch):
    inside, seen = [], []

    def watched(*arguments, **settings):
        inside.append(True)
        result = hide_short_gaps(*arguments, **settings)
        inside.clear()
        return result

    monkeypatch.setattr(staging, "hide_short_gaps", watched)
    fill_published(
        series(9), axis(), candidates=SMALL, window_a=12, window_b=12, modes_b=2,
        era_end="2008-12", progress=lambda share: seen.append(bool(inside)),
    )  # fmt: skip
    assert any(seen)
