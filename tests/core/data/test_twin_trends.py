"""The honest exam: do the limits of a trend cover a truth that is known?

Noise, variability and calendar of the twin were fixed from published and
measured values (core/data/twin_grace.py and twin_fields.py say which) before
this exam was run, and were not changed after it.
"""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_truth import basin_series, true_basin_trends
from grace_water_toolbox.core.trends.autocorrelation import sen_slope_effective
from grace_water_toolbox.core.trends.harmonic import deseasonalise_harmonic

SEEDS = range(20)


@pytest.fixture(scope="module")
def exam():
    """Arrays (seed, basin) in cm/yr: slope, lower, upper, truth and fine truth."""
    rows = []
    for seed in SEEDS:
        twin = make_twin(seed)
        series = [basin_series(twin.grace, name, twin.product_grid) for name in twin.basins]
        found = sen_slope_effective(deseasonalise_harmonic(np.stack(series, axis=1)), 0.05)
        truth = true_basin_trends(twin).values()
        rows.append(
            [
                12 * found.slope,
                12 * found.lower,
                12 * found.upper,
                [basin.resolved_tws for basin in truth],
                [basin.tws for basin in truth],
            ]
        )
    names = ("slope", "lower", "upper", "truth", "fine")
    exam = dict(zip(names, np.moveaxis(np.array(rows), 1, 0)))
    exam["basins"] = list(twin.basins)
    return exam


def test_limits_cover_the_truth(exam):
    covered = (exam["lower"] <= exam["truth"]) & (exam["truth"] <= exam["upper"])
    assert covered.shape == (20, 6)
    assert covered.mean() >= 0.85
    assert covered.mean(axis=0).min() >= 0.75


def test_limits_are_narrow_enough_to_be_of_use(exam):
    """Infinite limits would pass the coverage: these still see what is there."""
    half = (exam["upper"] - exam["lower"]) / 2
    assert half.mean() < 0.2
    elmara = exam["basins"].index("Elmara")
    assert (exam["upper"][:, elmara] < -0.3).all()


def test_limits_against_the_trend_without_the_weather_of_one_record(exam):
    """The harder question, short of 95 % (see above) and bounded here as measured."""
    expected = exam["truth"].mean(axis=0)
    covered = (exam["lower"] <= expected) & (expected <= exam["upper"])
    assert covered.mean() >= 0.7


def test_slopes_are_close_to_the_truth_at_the_satellites_resolution(exam):
    error = exam["slope"] - exam["truth"]
    assert np.sqrt((error**2).mean()) < 0.06
    assert np.abs(error.mean(axis=0)).max() < 0.04


def test_limits_do_not_cover_leakage(exam):
    """What the satellite blurs into a small basin, no interval of its own tells."""
    kessin = exam["basins"].index("Kessin")
    assert (exam["upper"][:, kessin] < exam["fine"][:, kessin]).all()
