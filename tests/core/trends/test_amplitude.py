"""Amplitude and phase: by hand, against numpy's least squares, gaps, the end of the turn."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, TimeAxisError
from grace_water_toolbox.core.trends.amplitude import (
    AMPLITUDES,
    PHASES,
    amplitude_phase,
    map_amplitude_phase,
)

NAN = np.nan
MONTHS = np.datetime64("2002-04", "M") + np.arange(120)
MIDDLE = MONTHS.astype(int) % 12 + 1.5  # 1.5 is the middle of January


def wave(amplitude, peak, period=12):
    return amplitude * np.cos(2 * np.pi * (MIDDLE - peak) / period)


@pytest.mark.parametrize("peak", [1.0, 1.5, 4.2, 7.0, 12.5, 12.999])
@pytest.mark.parametrize("gaps", [False, True])
def test_by_hand(peak, gaps):
    values = 3 + 0.1 * np.arange(120) + wave(5, peak) + wave(2, 3.3, 6)
    if gaps:
        values[[3, 4, 20, 77, 100]] = NAN
    sizes, phases = amplitude_phase(values[:, None], MONTHS)
    assert sizes[:3, 0] == pytest.approx([5, 2, 1]) and sizes[3, 0] == 120 - 5 * gaps
    assert phases[:, 0] == pytest.approx([peak, 3.3])


def test_three_by_three_by_hand(tmp_path, make_stack):
    """A month of maximum in each cell: 1.5, 2.5, … 9.5, amplitude 1 to 9."""
    values = np.stack([wave(k, k + 0.5) for k in range(1, 10)], axis=1).reshape(120, 3, 3)
    with MonthlyStack(make_stack(tmp_path / "s.tif", values, start="2002-04")) as stack:
        summary = map_amplitude_phase(stack, tmp_path / "a.tif", tmp_path / "p.tif")
    with rasterio.open(tmp_path / "a.tif") as one, rasterio.open(tmp_path / "p.tif") as two:
        assert one.descriptions == AMPLITUDES and two.descriptions == PHASES
        assert one.units == ("cm", "cm", "1", "months") and two.units[0] == "month"
        np.testing.assert_allclose(one.read(1).ravel(), np.arange(1, 10), rtol=1e-5)
        np.testing.assert_allclose(two.read(1).ravel(), np.arange(1, 10) + 0.5, rtol=1e-5)
    area = Grid(70.0, 30.0, 1.0, 1.0, 3, 3).cell_areas()
    mean = (np.arange(1.0, 10) * area.ravel()).sum() / area.sum()
    assert summary.cells == 9 and summary.mean == pytest.approx(mean) and summary.months == 120


def test_equals_numpy_lstsq_with_gaps():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(120, 12)) + wave(3, 6)[:, None]
    values[rng.random(values.shape) < 0.2] = NAN
    sizes, phases = amplitude_phase(values, MONTHS)
    for i, column in enumerate(values.T):
        seen = np.isfinite(column)
        t, angle = np.arange(120.0), 2 * np.pi * (MIDDLE - 1) / 12
        design = np.stack([np.ones(120), t, np.cos(angle), np.sin(angle),
                           np.cos(2 * angle), np.sin(2 * angle)], axis=1)[seen]  # fmt: skip
        found = np.linalg.lstsq(design, column[seen], rcond=None)[0]
        for h, (c, s) in enumerate((found[2:4], found[4:6])):
            assert sizes[h, i] == pytest.approx(np.hypot(c, s))
            turn = 12 / (h + 1)
            peak = 1 + np.angle(c + 1j * s) / (2 * np.pi) * turn % turn
            assert phases[h, i] == pytest.approx(peak, abs=1e-9)
        rest = column[seen] - design @ found
        detrended = column[seen] - design[:, :2] @ found[:2]
        assert sizes[2, i] == pytest.approx(1 - (rest**2).sum() / (len(rest) * detrended.var()))


def test_ranges_missing_and_flat():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(120, 500))
    values[:, 0], values[:, 1] = NAN, 4.0
    values[23:, 2] = NAN
    sizes, phases = amplitude_phase(values, MONTHS)
    assert np.isnan(sizes[:3, [0, 2]]).all() and np.isnan(phases[:, [0, 2]]).all()
    assert sizes[3, :3].tolist() == [0, 120, 23] and sizes[0, 1] < 1e-12
    rest = phases[:, 3:]
    assert (rest >= 1).all() and (rest[0] < 13).all() and (rest[1] < 7).all()


def test_small_amplitudes_get_no_phase():
    values = np.stack([wave(1, 3), wave(3, 3)], axis=1)
    sizes, phases = amplitude_phase(values, MONTHS, min_amplitude=2.0)
    assert np.isnan(phases[0, 0]) and phases[0, 1] == pytest.approx(3)
    assert sizes[0] == pytest.approx([1, 3])


def test_filled_months_are_set_aside(tmp_path, make_stack):
    values, flags = wave(2, 5), np.zeros(120)
    values[50:60], flags[50:60] = 99, 2
    source = make_stack(tmp_path / "s.tif", values, start="2002-04")
    marks = make_stack(tmp_path / "f.tif", flags, units="", flags=True, start="2002-04")
    with MonthlyStack(source) as stack, MonthlyStack(marks) as made:
        map_amplitude_phase(stack, tmp_path / "a.tif", flags=made)
    with rasterio.open(tmp_path / "a.tif") as file:
        np.testing.assert_allclose(file.read()[:, 0, 0], [2, 0, 1, 110], atol=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tif", "f.tif", "s.tif"]


def test_refusals(tmp_path, make_stack):
    with (
        MonthlyStack(make_stack(tmp_path / "s.tif", np.arange(20.0))) as stack,
        pytest.raises(TimeAxisError, match="at least 24 months"),
    ):
        map_amplitude_phase(stack, tmp_path / "a.tif", tmp_path / "p.tif")
    empty = np.full(30, NAN)
    empty[:20] = 1
    with MonthlyStack(make_stack(tmp_path / "e.tif", empty)) as stack, pytest.raises(DataError):
        map_amplitude_phase(stack, tmp_path / "a.tif", tmp_path / "p.tif")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.tif", "s.tif"]


def test_a_constant_has_neither_phase_nor_share():
    values = np.full((60, 3), [[3.0, 0.1, -1e-30]])
    months = np.datetime64("2003-02") + np.arange(60)
    amplitudes, phases = amplitude_phase(values, months)
    np.testing.assert_allclose(amplitudes[:2], 0, atol=1e-14)
    assert np.isnan(amplitudes[2]).all() and np.isnan(phases).all()
