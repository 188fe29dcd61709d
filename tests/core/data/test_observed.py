"""Filled values read as missing; everything else is the stack's."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.alignedview import AlignedView
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.observed import ObservedStack
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import GridError, TimeAxisError


def test_filled_values_are_missing(make_stack, tmp_path):
    values = np.arange(12.0).reshape(3, 1, 4)
    flags = np.array([[0, 1, 2, 255], [0, 0, 1, 0], [1, 1, 1, 1]], float)[:, None, :]
    values[0, 0, 3] = np.nan
    grid = Grid(0, 1, 1, 1, 4, 1)
    a = make_stack(tmp_path / "a.tif", values, grid=grid)
    b = make_stack(tmp_path / "b.tif", flags, "", grid=grid, flags=True)
    nan = np.nan
    left = np.array([[0, nan, nan, nan], [4, 5, nan, 7], [nan] * 4])[:, None, :]
    with MonthlyStack(a) as stack, MonthlyStack(b) as made:
        observed = ObservedStack(stack, made)
        np.testing.assert_array_equal(observed.read(), left)
        np.testing.assert_array_equal(observed.read(0, 1, 1, 2, bands=[1]), left[1:2, :, 1:3])
        assert observed.units == "cm" and observed.grid == stack.grid
        assert observed.to_centimetres() == 1 and observed.months.size == 3
        wide = AlignedView(observed, Grid(0, 1, 4, 1, 1, 1)).read()
        # One of four cells is observed in the first month, three in the second.
        assert np.isnan(wide[0, 0, 0]) and wide[1, 0, 0] == pytest.approx(16 / 3)


def test_other_grids_and_months_are_refused(make_stack, tmp_path):
    a = make_stack(tmp_path / "a.tif", np.zeros(4))
    for path, kind in (
        (make_stack(tmp_path / "g.tif", np.zeros((4, 1, 2)), flags=True), GridError),
        (make_stack(tmp_path / "m.tif", np.zeros(3), flags=True), TimeAxisError),
    ):
        with MonthlyStack(a) as stack, MonthlyStack(path) as flags, pytest.raises(kind):
            ObservedStack(stack, flags)
