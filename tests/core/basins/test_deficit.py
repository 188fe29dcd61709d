"""Storage deficits: by hand, against a plain transcription, and on the twin's droughts."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.deficit import climatology, deficit_events, departures
from grace_water_toolbox.core.basins.drought import find_deficits
from grace_water_toolbox.core.basins.observed import BasinMeans
from grace_water_toolbox.core.errors import BaselineError, DataError, ParameterError

NAN = np.nan


def plain(x, threshold=0.0, min_months=3, max_gap=2):
    """Runs month by month: (onset, end, months, largest, mean × duration)."""
    found, run, gap = [], [], 0
    for t, value in enumerate([*x, "end"]):
        if value != "end" and np.isnan(value):
            gap += 1
            continue
        closes = value == "end" or gap > max_gap or not value < -threshold
        if run and closes:
            if len(run) >= min_months:
                depth = [-x[k] for k in run]
                size = run[-1] - run[0] + 1
                found.append((run[0], run[-1], len(run), max(depth), np.mean(depth) * size))
            run = []
        if value != "end" and value < -threshold:
            run.append(t)
        gap = 0
    return found


def brief(events):
    return [(e.onset, e.end, e.months, e.magnitude, e.severity) for e in events]


def test_one_event_by_hand():
    (event,) = deficit_events([1.0, -2, -4, -6, -3, -1, 2, -9, -9, 1])
    assert (event.onset, event.end, event.worst, event.duration) == (1, 5, 3, 5)
    assert (event.magnitude, event.mean, event.severity) == (6, 3.2, 16)
    # Worst in month 3, none left in month 6.
    assert event.recovery == 3 and event.recovery_rate == 2
    assert not event.cut and event.ended == "recovered"


def test_missing_months():
    bridged = [1.0, -1, NAN, NAN, -2, -3, NAN, 4]
    (event,) = deficit_events(bridged)
    assert (event.onset, event.end, event.duration, event.months) == (1, 5, 5, 3)
    assert event.severity == pytest.approx(2 * 5) and event.recovery == 2
    torn = [1.0, -1, -1, -1, NAN, NAN, NAN, -2, -3, -2]
    first, second = deficit_events(torn)
    assert (first.end, first.ended, first.recovery) == (3, "gap", None)
    assert second.cut and second.ended == "record end" and second.recovery_rate is None
    assert deficit_events(torn, max_gap=3)[0].duration == 9


def test_the_start_of_the_record_and_short_runs():
    (event,) = deficit_events([-1.0, -1, -1, 0, -5, -5, 0])
    assert event.cut and event.recovery == 3
    assert deficit_events([NAN, NAN]) == [] and deficit_events([]) == []
    assert deficit_events([0.0, 0, 0, 0]) == []
    assert len(deficit_events([-1.0], min_months=1)) == 1


def test_threshold_and_refusals():
    assert deficit_events([-1.0, -1, -1], threshold=1.0) == []
    for wrong in ({"threshold": -1}, {"min_months": 0}, {"max_gap": -1}):
        with pytest.raises(ParameterError):
            deficit_events([1.0], **wrong)
    with pytest.raises(DataError):
        departures(np.ones(5), np.arange("2004-01", "2004-06", dtype="datetime64[M]"))


@pytest.mark.parametrize("seed", range(8))
def test_equals_the_plain_transcription(seed):
    rng = np.random.default_rng(seed)
    x = np.round(np.convolve(rng.normal(size=300), np.ones(4), "same"), 1)
    x[rng.random(300) < 0.15] = NAN
    x[100:111] = NAN
    for options in ({}, {"threshold": 0.5, "min_months": 2, "max_gap": 0}, {"max_gap": 12}):
        got, expected = brief(deficit_events(x, **options)), plain(x, **options)
        assert len(expected) > 3 and len(got) == len(expected)
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def months(count, start="2004-05"):
    return np.datetime64(start, "M") + np.arange(count)


def test_climatology_by_hand():
    axis = months(30)
    number = axis.astype(int) % 12
    values = np.column_stack([number.astype(float), number + 0.0])
    values[12:24] += 6
    values[3, 1] = NAN
    mean = climatology(values, axis)
    # May to October three times, one of them 6 higher; the others twice.
    np.testing.assert_allclose(mean[4, 0], 4 + 2)
    np.testing.assert_allclose(mean[0, 0], 0 + 3)
    np.testing.assert_allclose(mean[7, 1], 7 + 3)
    assert np.isnan(climatology(values[:5], axis[:5])[0]).all()
    got = departures(values, axis, used=np.arange(30) < 12)
    np.testing.assert_allclose(got[12:24, 0], 6)


def means(values, filled=None):
    values = np.asarray(values, float)
    names = [f"b{i}" for i in range(values.shape[1])]
    axis = months(len(values))
    return BasinMeans(names, axis, values, filled, np.full(len(names), 1e5), "v", "stack", ())


def test_filled_months_are_in_events_and_not_in_the_climatology():
    values = np.zeros((48, 1))
    values[20:24] = -12.0
    filled = np.zeros((48, 1), bool)
    filled[20:24] = True
    got = find_deficits(means(values, filled))
    (event,) = got.events[0]
    assert event.magnitude == 12 and event.duration == 4
    without = find_deficits(means(values))
    assert without.events[0][0].magnitude == pytest.approx(9)  # each month is a fourth of its mean
    np.testing.assert_allclose(got.share, 4 / 48)


def test_a_steady_loss_is_one_deficit_unless_the_trend_is_removed():
    rng = np.random.default_rng(0)
    values = (-0.5 * np.arange(120) + 0.1 * rng.normal(size=120))[:, None]
    (event,) = [e for e in find_deficits(means(values)).events[0] if e.duration > 24]
    assert event.ended == "record end" and event.end == 119
    calm = find_deficits(means(values), detrend=True)
    assert max((e.magnitude for e in calm.events[0]), default=0) < 0.5


def test_a_reference_without_months_is_refused():
    with pytest.raises(BaselineError, match="climatology"):
        find_deficits(means(np.zeros((24, 1))), reference=("2010-01", "2012-12"))


def test_the_planted_droughts_of_the_twin_are_found():
    """The twin's own drought field, with a season on top, against the years before it."""
    from grace_water_toolbox.core.data.twin import make_twin
    from grace_water_toolbox.core.data.twin_fields import DROUGHTS, _droughts
    from grace_water_toolbox.core.data.twin_truth import basin_series

    twin = make_twin()
    axis = twin.months
    season = 5 * np.cos(2 * np.pi * (axis.astype(int) % 12) / 12)
    planted = np.column_stack(
        [season + basin_series(_droughts(axis), n, twin.grid) for n in twin.basins]
    )
    names, area = list(twin.basins), np.full(len(twin.basins), 1e5)
    given = BasinMeans(names, axis, planted, None, area, "v", "s", ())
    got = find_deficits(given, reference=("2003-01", "2006-12"), threshold=1e-6)
    for i, events in enumerate(got.events):
        assert len(events) == len(DROUGHTS), names[i]
        for event, (start, worst, recovery, *_) in zip(events, DROUGHTS):
            first = int((np.datetime64(start, "M") - axis[0]).astype(int))
            # The course is zero in its first and its last month.
            assert (event.onset, event.worst) == (first + 1, first + worst)
            assert event.end == first + worst + recovery - 1
            assert event.recovery == recovery
            # A triangle: half of base times height.
            assert event.severity == pytest.approx(
                event.magnitude * (worst + recovery) / 2, rel=1e-9
            )


def test_what_the_satellite_sees_of_the_truth():
    """Deficits of the observed, gappy record against those of the true storage."""
    from grace_water_toolbox.core.data.twin import make_twin
    from grace_water_toolbox.core.data.twin_truth import basin_series

    twin = make_twin()
    names, area = list(twin.basins), np.full(len(twin.basins), 1e5)
    resolved, seen = (
        np.column_stack([basin_series(field, n, twin.product_grid) for n in names])
        for field in (twin.resolved_tws, twin.grace)
    )
    truth, record = (
        find_deficits(BasinMeans(names, twin.months, x, None, area, "v", "s", ()), detrend=True)
        for x in (resolved, seen)
    )
    for true, found in zip(truth.events, record.events):
        worst = max(true, key=lambda e: e.severity)
        # The worst one is found, whole or in parts.
        inside = [e for e in found if e.onset <= worst.end and e.end >= worst.onset]
        assert inside
        covered = sum(min(e.end, worst.end) - max(e.onset, worst.onset) + 1 for e in inside)
        assert covered >= worst.duration / 2
