"""The separation kernels, with answers that fit in the head."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.core.groundwater.separation import propagate, rebase, separate
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

NAN = np.nan


def column(*values):
    return np.array(values, float)[:, None]


def test_groundwater_is_what_is_left():
    water = separate(column(10, 20, -5), [column(4, 5, -1), column(1, 1, 1), column(0, 4, 0)])
    np.testing.assert_array_equal(water, column(5, 10, -5))


def test_missing_anywhere_is_missing():
    water = separate(column(10, NAN, 3), [column(4, 4, NAN)])
    np.testing.assert_array_equal(water, column(6, NAN, NAN))


def test_input_is_left_alone():
    tws, soil = column(10, 20), column(1, 2)
    separate(tws, [soil])
    np.testing.assert_array_equal(tws, column(10, 20))
    np.testing.assert_array_equal(soil, column(1, 2))


def test_something_must_be_taken_off():
    with pytest.raises(ParameterError, match="at least one storage"):
        separate(column(1), [])


def test_errors_add_in_quadrature():
    np.testing.assert_array_equal(propagate([column(3, 6), column(4, 8)]), column(5, 10))
    np.testing.assert_array_equal(propagate([column(1), column(2), column(2)]), column(3))
    np.testing.assert_array_equal(propagate([column(3), column(NAN)]), column(NAN))


def test_rebase_counts_only_months_that_all_have():
    tws, soil = column(1, 2, 3, 100), column(10, NAN, 30, 0)
    usable = column(1, 1, 1, 0) > 0
    (a, b), used = rebase([tws, soil], usable)
    # Months 0 and 2: means 2 and 20.
    np.testing.assert_array_equal(a, column(-1, 0, 1, 98))
    np.testing.assert_array_equal(b, column(-10, NAN, 10, -20))
    np.testing.assert_array_equal(used, [2])


def test_rebase_without_a_common_month_gives_no_anomaly():
    (a, b), used = rebase([column(1, NAN), column(NAN, 2)], np.ones((2, 1), bool))
    assert np.isnan(a).all() and np.isnan(b).all() and used == [0]


@given(arrays(float, (12, 3), elements=st.floats(-100, 100)), st.floats(-1e3, 1e3))
def test_a_constant_in_any_storage_drops_out_when_re_based(tws, shift):
    soil, usable = tws[::-1] / 2, np.ones(tws.shape, bool)
    fields, _ = rebase([tws, soil], usable)
    moved, _ = rebase([tws + shift, soil - shift], usable)
    np.testing.assert_allclose(
        separate(moved[0], moved[1:]), separate(fields[0], fields[1:]), atol=1e-9
    )
    assert abs(separate(fields[0], fields[1:]).mean(axis=0)).max() < 1e-9
