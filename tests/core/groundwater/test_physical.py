"""Physically informed storage: sums, common months, bounds of each map."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import (
    BaselineError,
    DataError,
    GridError,
    ParameterError,
    TimeAxisError,
)
from grace_water_toolbox.core.groundwater.physical import (
    add_glaciers,
    map_bounds,
    outside_bounds,
    physical_stacks,
)

NAN = np.nan
GRID = Grid(10.0, 48.0, 1.0, 1.0, 12, 10)


def test_sum_of_anomalies_to_common_months():
    model = np.array([[10.0, 10], [12, 12], [20, 20]])
    ice = np.array([[0.0, -5], [0, -6], [0, NAN]])
    got = add_glaciers(model, ice, np.array([[True], [True], [False]]))
    np.testing.assert_allclose(got, [[-1, -0.5], [1, 0.5], [9, NAN]])


def test_bare_cells_need_no_glacier_months():
    model, ice = np.array([[1.0], [3], [8]]), np.array([[0.0], [0], [NAN]])
    np.testing.assert_allclose(add_glaciers(model, ice, np.ones((3, 1), bool)).ravel(), [-3, -1, 4])
    nothing = np.full((3, 1), NAN)
    assert np.isnan(add_glaciers(model, nothing, np.ones((3, 1), bool))).all()


def test_bounds_equal_nanpercentile_and_ties_stay_inside():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 500))
    values[1, :200] = NAN
    values[2] = 7.0
    values[3] = NAN
    low, high = np.array([map_bounds(row) for row in values]).T
    np.testing.assert_allclose(low[:3], np.nanpercentile(values[:3], 1, axis=1))
    np.testing.assert_allclose(high[:3], np.nanpercentile(values[:3], 99, axis=1))
    assert np.isnan(low[3])
    marks = outside_bounds(values, low, high)
    assert (marks[0] == 1).sum() == 10
    assert (marks[1] == 255).sum() == 200 and (marks[2] == 0).all() and (marks[3] == 255).all()


@pytest.fixture
def given(tmp_path, make_stack):
    rng = np.random.default_rng(1)
    model = rng.normal(size=(80, 10, 12)) * 40 + 500
    model[:, 0, 0] = NAN
    ice = np.zeros((80, 10, 12))
    ice[:, 3:5, 2:6] = -np.arange(80)[:, None, None]
    paths = (
        make_stack(tmp_path / "model.tif", model, units="mm", grid=GRID),
        make_stack(tmp_path / "ice.tif", ice, grid=GRID, start="2004-03"),
    )
    stacks = [MonthlyStack(path) for path in paths]
    yield stacks, model, ice
    for stack in stacks:
        stack.close()


@pytest.mark.parametrize("memory", [1, None])
def test_stacks_equal_plain_numpy(given, tmp_path, memory):
    (model_stack, ice_stack), model, ice = given
    files = [tmp_path / name for name in ("pi.tif", "marks.tif", "rest.tif")]
    done = physical_stacks(
        model_stack, ice_stack, str(files[0]), outliers=str(files[1]), filtered=str(files[2]),
        memory=memory,
    )  # fmt: skip
    # Months 2004-01… of the model, 2004-03… of the glaciers; bare cells have all.
    aligned = np.full(model.shape, NAN)
    aligned[2:] = ice[:78]
    aligned[:, (ice == 0).all(axis=0)] = 0
    both = np.isfinite(aligned) & (np.arange(80) < 72)[:, None, None]
    cm = model.astype("float32").astype(float) / 10
    expected = (cm - np.nanmean(np.where(both, cm, NAN), axis=0)) + (
        aligned - np.nanmean(np.where(both, aligned, NAN), axis=0)
    )
    whole, marks, rest = (MonthlyStack(path) for path in files)
    values = whole.read()
    np.testing.assert_allclose(values, expected, atol=1e-5)
    flat = values.reshape(80, -1)
    low, high = np.nanpercentile(flat, 1, axis=1), np.nanpercentile(flat, 99, axis=1)
    np.testing.assert_allclose(done.low, low, rtol=1e-6)
    beyond = (flat < low[:, None]) | (flat > high[:, None])
    np.testing.assert_array_equal(done.outside, beyond.sum(axis=1))
    raw = marks.read_flags().reshape(80, -1)
    np.testing.assert_array_equal(raw == 1, beyond)
    np.testing.assert_array_equal(raw == 255, np.isnan(flat))
    np.testing.assert_array_equal(np.isnan(rest.read().reshape(80, -1)), beyond | np.isnan(flat))
    assert whole.baseline == ("2004-01", "2009-12") and whole.units == rest.units == "cm"
    for file in (whole, marks, rest):
        file.close()


def test_refusals(given, tmp_path, make_stack):
    (model, ice), _, _ = given
    out = str(tmp_path / "x.tif")
    with pytest.raises(ParameterError, match="percentiles"):
        physical_stacks(model, ice, out, percentiles=(99, 1))
    with pytest.raises(BaselineError):
        physical_stacks(model, ice, out, baseline=("1990-01", "1991-12"))
    late = make_stack(tmp_path / "late.tif", np.zeros((3, 10, 12)), grid=GRID, start="2020-01")
    small = make_stack(tmp_path / "s.tif", np.zeros((3, 2, 2)))
    blank = make_stack(tmp_path / "b.tif", np.full((80, 10, 12), NAN), grid=GRID)
    for path, kind in ((late, TimeAxisError), (small, GridError), (blank, DataError)):
        with MonthlyStack(path) as other, pytest.raises(kind):
            physical_stacks(model, other, out)
    assert not (tmp_path / "x.tif").exists()
