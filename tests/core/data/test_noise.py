"""Noise months over the ocean."""

import numpy as np
from grace_water_toolbox.core.data.noise import FACTOR, OceanNoise

MONTHS = np.datetime64("2002-04", "M") + np.arange(60)
LATITUDES = np.array([75.0, 45.0, 15.0, -15.0, -45.0, -75.0])
AREAS = np.cos(np.radians(LATITUDES))[:, None] * np.ones(4)


def field(seed=0, months=60):
    """Trend + seasons, unlike from cell to cell, and noise of about 1 cm."""
    random = np.random.default_rng(seed)
    t = np.arange(months)[:, None, None]
    a, b, c = random.normal(size=(3, 6, 4)) * 5
    signal = a + b * t / 12 + c * np.cos(2 * np.pi * t / 12) + b * np.sin(4 * np.pi * t / 12)
    return signal, random.normal(size=(months, 6, 4))


def assess(values, ocean=None, months=MONTHS):
    noise = OceanNoise(months)
    noise.add(values, np.ones((6, 4), bool) if ocean is None else ocean, AREAS, LATITUDES)
    return noise


def test_trend_and_seasons_are_no_noise():
    signal, _ = field()
    noise = assess(signal)
    assert noise.assessed
    np.testing.assert_allclose(noise.rms(), 0, atol=1e-9)


def test_a_month_that_stands_out_is_found():
    signal, random = field()
    values = signal + random
    values[17] += 10 * np.random.default_rng(9).normal(size=(6, 4))
    values[40] = np.nan
    noise = assess(values)
    assert np.flatnonzero(noise.noisy()).tolist() == [17]
    rms = noise.rms()
    assert np.isnan(rms[40]) and np.isfinite(np.delete(rms, 40)).all()
    assert 0.6 < np.nanmedian(rms) < 1.2
    assert rms[17] > FACTOR * np.nanmedian(rms)


def test_rms_against_plain_least_squares():
    signal, random = field()
    values = signal + random
    values[3, 2, 1] = values[9] = np.nan
    t = np.arange(60.0)
    design = np.stack(
        [t**0, t, *(f(2 * np.pi * k * t / 12) for k in (1, 2) for f in (np.cos, np.sin))], axis=1
    )
    squares, weight = np.zeros(60), np.zeros(60)
    for row in range(1, 5):  # 75° is beyond the limit
        for col in range(4):
            y = values[:, row, col]
            ok = np.isfinite(y)
            residual = y[ok] - design[ok] @ np.linalg.lstsq(design[ok], y[ok], rcond=None)[0]
            squares[ok] += AREAS[row, col] * residual**2
            weight[ok] += AREAS[row, col]
    with np.errstate(invalid="ignore"):
        expected = np.sqrt(squares / weight)
    np.testing.assert_allclose(assess(values).rms(), expected, rtol=1e-9)


def test_only_ocean_below_sixty_degrees_counts():
    signal, random = field()
    values = signal + random
    land = np.zeros((6, 4), bool)
    land[2] = True
    plain = assess(values, ~land).rms()
    values[:, 2] *= 100  # land
    values[:, [0, 5]] *= 100  # beyond 60°
    np.testing.assert_array_equal(assess(values, ~land).rms(), plain)


def test_rows_one_by_one_are_the_whole():
    signal, random = field()
    values = signal + random
    noise = OceanNoise(MONTHS)
    for row in range(6):
        part = slice(row, row + 1)
        noise.add(values[:, part], np.ones((1, 4), bool), AREAS[part], LATITUDES[part])
    np.testing.assert_allclose(noise.rms(), assess(values).rms(), rtol=1e-12)


def test_without_ocean_nothing_is_judged():
    signal, random = field()
    for noise in (
        OceanNoise(MONTHS),
        assess(signal + random, np.zeros((6, 4), bool)),
        assess(signal * np.nan),
    ):
        assert not noise.assessed
        assert np.isnan(noise.rms()).all() and not noise.noisy().any()


def test_too_few_months_to_know():
    signal, random = field(months=6)
    noise = assess(signal + random, months=MONTHS[:6])
    assert not noise.noisy().any()
