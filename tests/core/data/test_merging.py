"""Solutions to months, by hand."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.merging import DOUBLES, plan_months
from grace_water_toolbox.core.errors import ParameterError
from hypothesis import given, settings
from hypothesis import strategies as st

NAN = np.nan


def spans(*pairs):
    """Middle, start and end of spans given as ISO dates (the end is not inside)."""
    start, end = (np.array([p[i] for p in pairs], "datetime64[s]") for i in (0, 1))
    return start + (end - start) // 2, start, end


def texts(months):
    return [str(m) for m in months]


def column(*values):
    """One value a solution, (solution, 1, 1)."""
    return np.array(values, float)[:, None, None]


#: October has 20 days of the first and, of the second, 5 days and 10 more in November.
TWO = spans(("2011-10-01", "2011-10-21"), ("2011-10-20", "2011-11-04"))
DOUBLE = spans(
    ("2011-09-01", "2011-10-01"), ("2011-10-01", "2011-10-21"), ("2011-10-17", "2011-11-07"),
    ("2011-12-01", "2012-01-01"),
)  # fmt: skip


def test_a_solution_belongs_where_most_of_its_days_are():
    plan = plan_months(*TWO)
    assert texts(plan.months) == ["2011-10"]  # 12 of the second's 15 days are October's
    np.testing.assert_allclose(plan.weights, [[20 / 32, 12 / 32]])
    plan = plan_months(*spans(("2011-10-22", "2011-11-11")))  # 10 and 10: the earlier
    assert texts(plan.months) == ["2011-10"]
    plan = plan_months(*spans(("2011-10-22", "2011-11-12")))
    assert texts(plan.months) == ["2011-11"]


def test_weights_of_two_spans_by_hand():
    plan = plan_months(*DOUBLE)
    assert texts(plan.months) == ["2011-09", "2011-10", "2011-11", "2011-12"]
    assert texts(plan.doubles) == ["2011-10"]
    assert texts(plan.missing) == ["2011-11"]
    assert plan.observed.tolist() == [True, True, False, True]
    np.testing.assert_allclose(plan.weights[1], [0, 20 / 35, 15 / 35, 0])
    merged = plan.merge(column(1, 7, 14, 4))[:, 0, 0]
    np.testing.assert_allclose(merged, [1, 7 * 20 / 35 + 14 * 15 / 35, NAN, 4])
    sigma = plan.merge_uncertainty(column(1, 7, 14, 4))[:, 0, 0]
    np.testing.assert_allclose(sigma, [1, np.hypot(7 * 20 / 35, 14 * 15 / 35), NAN, 4])


def test_plain_mean():
    plan = plan_months(*DOUBLE, doubles="mean")
    np.testing.assert_allclose(plan.weights[1], [0, 0.5, 0.5, 0])
    np.testing.assert_allclose(plan.merge(column(1, 7, 14, 4))[1], 10.5)


def test_neighbour_takes_the_second():
    plan = plan_months(*DOUBLE, doubles="neighbour")
    assert plan.doubles.size == 0 and plan.missing.size == 0
    np.testing.assert_allclose(plan.merge(column(1, 7, 14, 4))[:, 0, 0], [1, 7, 14, 4])
    assert [(s, str(a), str(b)) for s, a, b in plan.moved] == [(2, "2011-10", "2011-11")]


def test_neighbour_that_is_taken_or_not_touched():
    full = spans(
        ("2011-10-01", "2011-10-21"), ("2011-10-17", "2011-11-07"), ("2011-11-01", "2011-12-01")
    )
    plan = plan_months(*full, doubles="neighbour")
    assert texts(plan.doubles) == ["2011-10"] and plan.moved == ()
    np.testing.assert_allclose(plan.weights[0], [0.5, 0.5, 0])
    inside = spans(("2011-10-01", "2011-10-21"), ("2011-10-10", "2011-10-31"))
    plan = plan_months(*inside, doubles="neighbour")
    assert texts(plan.months) == ["2011-10"] and plan.moved == ()


def test_without_bounds_the_middle_decides():
    middle = np.array(["2004-01-16", "2004-03-02", "2004-03-29"], "datetime64[s]")
    for doubles in DOUBLES:
        plan = plan_months(middle, doubles=doubles)
        assert texts(plan.missing) == ["2004-02"] and texts(plan.doubles) == ["2004-03"]
        np.testing.assert_allclose(plan.weights[2], [0, 0.5, 0.5])
        assert plan.moved == ()


def test_order_in_the_file_does_not_matter():
    order = [3, 1, 0, 2]
    values = column(1, 7, 14, 4)
    for doubles in DOUBLES:
        straight = plan_months(*DOUBLE, doubles=doubles).merge(values)
        mixed = plan_months(*(a[order] for a in DOUBLE), doubles=doubles).merge(values[order])
        if doubles != "neighbour":
            np.testing.assert_allclose(straight, mixed)
        assert np.isfinite(mixed).sum() == np.isfinite(straight).sum()


def test_a_hole_in_one_of_the_doubles_leaves_the_month_to_the_other():
    plan = plan_months(*TWO)
    values = np.array([[[1.0, NAN, 3.0, NAN]], [[5.0, 6.0, NAN, NAN]]])
    np.testing.assert_allclose(plan.merge(values)[0, 0], [(1 * 20 + 5 * 12) / 32, 6, 3, NAN])
    np.testing.assert_allclose(
        plan.merge_uncertainty(values)[0, 0], [np.hypot(20, 60) / 32, 6, 3, NAN]
    )


def test_one_solution_keeps_its_bits():
    plan = plan_months(*spans(("2004-01-01", "2004-02-01")))
    value = column(0.1 + 0.2)
    assert plan.merge(value).tobytes() == value.tobytes()
    assert plan.merge_uncertainty(value).tobytes() == value.tobytes()


def test_unknown_way_to_merge():
    with pytest.raises(ParameterError, match=r"^DOUBLES: one of weighted, mean, neighbour"):
        plan_months(*TWO, doubles="best")


@settings(max_examples=80, deadline=None)
@given(
    first=st.lists(st.integers(0, 2000), min_size=1, max_size=12),
    length=st.lists(st.integers(1, 45), min_size=12, max_size=12),
    doubles=st.sampled_from(DOUBLES),
    bounds=st.booleans(),
)
def test_every_solution_is_used_once_and_constants_stay(first, length, doubles, bounds):
    start = np.datetime64("2002-04-01", "s") + np.array(first) * np.timedelta64(86400, "s")
    end = start + np.array(length[: start.size]) * np.timedelta64(86400, "s")
    middle = start + (end - start) // 2
    plan = plan_months(middle, *((start, end) if bounds else ()), doubles=doubles)
    assert ((plan.weights > 0).sum(axis=0) == 1).all()
    sums = plan.weights.sum(axis=1)
    np.testing.assert_allclose(sums[plan.observed], 1)
    assert (sums[~plan.observed] == 0).all()
    assert plan.observed[[0, -1]].all()
    assert (np.diff(plan.months.astype(int)) == 1).all()
    merged = plan.merge(np.full((start.size, 1, 1), 3.5))
    np.testing.assert_allclose(merged[plan.observed], 3.5)
    assert np.isnan(merged[~plan.observed]).all()
