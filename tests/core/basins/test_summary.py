import numpy as np
import pytest
from grace_water_toolbox.core.basins.summary import SMALL_BASIN_KM2, summarise
from grace_water_toolbox.core.errors import DataError, TimeAxisError

MONTHS = np.arange(np.datetime64("2002-04", "M"), np.datetime64("2012-04", "M"))
STEP = np.arange(120)


def cycle(amplitude, peak):
    """An annual cosine whose largest month is ``peak`` (1…12)."""
    calendar = MONTHS.astype(int) % 12 + 1
    return amplitude * np.cos(2 * np.pi * (calendar - peak) / 12)


def test_a_line_and_a_cycle_by_hand():
    # 0.1 cm a month and ±5 cm, wettest in March, driest half a year later.
    got = summarise((0.1 * STEP + cycle(5, 3) + 7)[:, None], MONTHS)
    assert got.slope[0] == pytest.approx(1.2, abs=1e-9)
    assert got.amplitude[0] == pytest.approx(5, abs=1e-9)
    assert (got.wettest[0], got.driest[0], got.n[0]) == (3, 9, 120)
    assert (str(got.first[0]), str(got.last[0])) == ("2002-04", "2012-03")
    assert got.p[0] < 1e-30
    assert got.lower[0] <= got.slope[0] <= got.upper[0]


def test_gaps_short_and_empty_basins():
    series = np.tile((-0.2 * STEP + cycle(2, 8))[:, None], (1, 4))
    series[:5, 0] = series[100:, 0] = series[40:52, 0] = np.nan
    series[:, 1] = np.nan
    series[6:, 2] = np.nan
    series[MONTHS.astype(int) % 12 == 10, 3] = np.nan
    got = summarise(series, MONTHS)
    np.testing.assert_allclose(got.slope, [-2.4, np.nan, np.nan, -2.4], atol=1e-9)
    np.testing.assert_array_equal(got.n, [83, 0, 6, 110])
    assert (str(got.first[0]), str(got.last[0])) == ("2002-09", "2010-07")
    assert np.isnat(got.first[1])
    assert np.isnat(got.last[1])
    assert str(got.last[2]) == "2002-09"
    # No November at all: half the range of eleven months would be another thing.
    assert got.amplitude[0] == pytest.approx(2, abs=1e-9)
    assert np.isnan(got.amplitude[1:]).all()
    np.testing.assert_array_equal(got.wettest, [8, 0, 0, 0])
    np.testing.assert_array_equal(got.driest, [2, 0, 0, 0])
    assert np.isnan(got.p[1])


def test_equals_plain_transcriptions():
    rng = np.random.default_rng(0)
    noise = np.zeros(120)
    for t in range(1, 120):
        noise[t] = 0.7 * noise[t - 1] + rng.normal()
    series = 0.03 * STEP + cycle(6, 5) + noise
    series[rng.random(120) < 0.15] = np.nan
    got = summarise(series[:, None], MONTHS)

    seen = ~np.isnan(series)
    angle = 2 * np.pi * STEP / 12
    waves = [f(k * angle) for k in (1, 2) for f in (np.cos, np.sin)]
    design = np.stack([np.ones(120), STEP, *waves], axis=1)
    fit = np.linalg.lstsq(design[seen], series[seen], rcond=None)[0]
    anomaly = series - design[:, 2:] @ fit[2:]
    pairs = [(i, j) for i in STEP for j in STEP if i < j and seen[i] and seen[j]]
    slope = np.median([(anomaly[j] - anomaly[i]) / (j - i) for i, j in pairs])
    assert got.slope[0] == pytest.approx(12 * slope, rel=1e-9)

    pymannkendall = pytest.importorskip("pymannkendall")
    assert got.p[0] == pytest.approx(pymannkendall.original_test(anomaly).p, rel=1e-6)

    detrended = series - slope * STEP
    calendar = MONTHS.astype(int) % 12
    year = [np.nanmean(detrended[calendar == m]) for m in range(12)]
    assert got.amplitude[0] == pytest.approx((max(year) - min(year)) / 2, rel=1e-9)
    assert got.wettest[0] == int(np.argmax(year)) + 1
    assert got.driest[0] == int(np.argmin(year)) + 1

    # Persistence makes fewer independent months and wider limits.
    assert got.r1[0] > 0.4
    assert got.n_eff[0] < 0.5 * seen.sum()
    shuffled = np.full(120, np.nan)
    shuffled[seen] = rng.permutation(series[seen] - design[seen] @ fit)
    free = summarise((shuffled + design @ fit)[:, None], MONTHS)
    assert got.upper[0] - got.lower[0] > free.upper[0] - free.lower[0]


def test_a_constant_basin_has_no_trend_and_no_season():
    got = summarise(np.full((120, 1), 4.2), MONTHS)
    assert got.slope[0] == pytest.approx(0, abs=1e-12)
    assert got.amplitude[0] == pytest.approx(0, abs=1e-12)


def test_basins_do_not_disturb_each_other():
    rng = np.random.default_rng(5)
    series = rng.normal(size=(120, 5)).cumsum(axis=0)
    series[rng.random(series.shape) < 0.1] = np.nan
    whole = summarise(series, MONTHS)
    for b in range(5):
        alone = summarise(series[:, b : b + 1], MONTHS)
        for field in ("slope", "lower", "upper", "p", "amplitude", "wettest", "n"):
            assert getattr(whole, field)[b] == pytest.approx(getattr(alone, field)[0], rel=1e-9)


def test_refusals_and_the_small_basin():
    assert SMALL_BASIN_KM2 == 100_000
    with pytest.raises(DataError):
        summarise(np.zeros((119, 1)), MONTHS)
    with pytest.raises(DataError):
        summarise(np.zeros(120), MONTHS)
    with pytest.raises(TimeAxisError):
        summarise(np.zeros((119, 1)), np.delete(MONTHS, 5))
