"""The least certain hundredth of each month, against plain numpy."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.downscaling.uncertain import (
    TopValues,
    replace_uncertain,
    thresholds,
)

MONTHS = np.arange("2004-01", "2004-05", dtype="datetime64[M]")
GRID = Grid(0.0, 40.0, 0.5, 0.5, 61, 47)


@pytest.mark.parametrize("count", [1, 2, 3, 99, 100, 101, 250, 4321])
@pytest.mark.parametrize("parts", [1, 7])
def test_the_percentile_is_that_of_numpy(rng, count, parts):
    values = rng.normal(size=count).astype(np.float32).round(1)  # with ties
    top = TopValues(count + 50)
    for part in np.array_split(values, parts):
        top.add(np.append(part, np.nan))
    assert top.value() == pytest.approx(np.percentile(values.astype(float), 99), abs=1e-12)


def test_the_percentile_of_nothing_is_nothing():
    top = TopValues(10)
    top.add(np.full(3, np.nan))
    assert np.isnan(top.value())


@pytest.fixture
def stacks(tmp_path, rng):
    values = rng.normal(size=(4, *GRID.shape)).astype("f4")
    sigma = rng.gamma(2.0, size=values.shape).astype("f4")
    values[:, :9, :12] = np.nan
    # Doubt in one piece that is larger than the halo, at a corner of the known cells.
    sigma[1, 9:38, :1] += 99.0
    values[2] = np.nan
    sigma[3] = 1.0
    sigma[np.isnan(values)] = np.nan
    opened = []
    for name, data in (("fine", values), ("sigma", sigma)):
        write_stack(tmp_path / f"{name}.tif", StackInfo(GRID, MONTHS, "cm"), data)
        opened.append(MonthlyStack(str(tmp_path / f"{name}.tif")))
    yield values, sigma, opened
    for stack in opened:
        stack.close()


@pytest.mark.parametrize("memory", [20_000, 10**9])
def test_replaced_is_what_the_nearest_sure_cell_has(tmp_path, stacks, memory):
    values, sigma, (fine, spread) = stacks
    counts = replace_uncertain(fine, spread, tmp_path / "out.tif", memory=memory)
    with MonthlyStack(str(tmp_path / "out.tif")) as stack:
        got, history = stack.read(), stack.info.history
    assert "99th percentile" in history[-1]
    y, x = np.indices(GRID.shape)
    for t in (0, 1, 3):
        known = np.isfinite(values[t])
        limit = np.percentile(sigma[t][known].astype(float), 99)
        doubt = known & (sigma[t] > limit)
        assert counts[t] == doubt.sum()
        np.testing.assert_array_equal(got[t][~doubt], values[t][~doubt].astype(float))
        sure = known & ~doubt
        for r, c in np.argwhere(doubt):
            distance = np.where(sure, (y - r) ** 2 + (x - c) ** 2, 10**9)
            near = values[t][distance == distance.min()]
            assert np.isin(np.float32(got[t, r, c]), near)
    assert counts[0] > 20 and counts[3] == 0
    assert counts[2] == 0 and np.isnan(got[2]).all()


def test_few_months_at_a_time_give_the_same_thresholds(stacks):
    _, _, (_, spread) = stacks
    few, all_ = thresholds(spread, memory=600), thresholds(spread)
    np.testing.assert_array_equal(few, all_)
