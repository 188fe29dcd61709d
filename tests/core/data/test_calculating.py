"""Arithmetic of stacks: months, units, baselines."""

from contextlib import ExitStack

import numpy as np
import pytest
from grace_water_toolbox.core.data.calculating import calculate, calculate_stacks, plan_calculation
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import (
    BaselineError,
    DataError,
    GridError,
    ParameterError,
    TimeAxisError,
    UnitsError,
)

NAN = np.nan


@pytest.fixture
def two(make_stack, tmp_path):
    """Open two stacks ``(values, settings)``."""
    with ExitStack() as files:

        def opened(*stacks):
            for name, (values, settings) in zip("ab", stacks):
                path = make_stack(tmp_path / f"{name}.tif", values, **settings)
                yield files.enter_context(MonthlyStack(path))

        yield lambda *stacks: list(opened(*stacks))


def result(read_stack, folder, a, b, *args, **settings):
    calculate_stacks(a, b, folder / "out.tif", *args, **settings)
    values, info = read_stack(folder / "out.tif")
    return values[:, 0, 0].tolist(), info


@pytest.mark.parametrize(
    ("operation", "factor", "expected"),
    [
        ("add", 1, [5, 7, 9]),
        ("add", -2, [-7, -8, -9]),
        ("subtract", 0.5, [-1, -0.5, 0]),
        ("multiply", 2, [8, 20, 36]),
        ("divide", 2, [1 / 8, 2 / 10, 3 / 12]),
        ("mean", 1, [2.5, 3.5, 4.5]),
        ("mean", 3, [13 / 4, 17 / 4, 21 / 4]),
    ],
)
def test_operations(operation, factor, expected):
    a, b = np.array([1.0, 2, 3]), np.array([4.0, 5, 6])
    np.testing.assert_allclose(calculate(a, b, operation, factor), expected)


def test_missing_and_zero():
    a, b = np.array([1.0, NAN, 3, 4]), np.array([0.0, 1, NAN, 2])
    np.testing.assert_array_equal(calculate(a, b, "divide"), [NAN, NAN, NAN, 2])
    np.testing.assert_array_equal(calculate(a, b, "add"), [1, NAN, NAN, 6])
    np.testing.assert_array_equal(calculate(a, None, "multiply", 2), [2, NAN, 6, 8])


def test_months_are_matched_and_units_converted(two, read_stack, tmp_path):
    a, b = two(
        ([1, 2, 3], {"start": "2004-01"}), ([20, 30, 40], {"start": "2004-02", "units": "mm"})
    )
    values, info = result(read_stack, tmp_path, a, b, "add")
    assert values == [4, 6] and [str(m) for m in info.months] == ["2004-02", "2004-03"]
    assert info.units == "cm" and "mm converted to cm" in info.history[-1]
    assert info.history[0] == "made for a test" and "history of b.tif" in info.history[-1]
    values, info = result(read_stack, tmp_path, a, b, "subtract", months="union")
    np.testing.assert_array_equal(values, [NAN, 0, 0, NAN])
    assert str(info.months[-1]) == "2004-04"


def test_order_of_a_and_b_does_not_matter(two, read_stack, tmp_path):
    a, b = two(([1.5, NAN, 3], {}), ([4, 5, NAN], {}))
    first, _ = result(read_stack, tmp_path, a, b, "add")
    np.testing.assert_array_equal(first, result(read_stack, tmp_path, b, a, "add")[0])


def test_one_stack_and_a_number(two, read_stack, tmp_path):
    (a,) = two(([1, 2, NAN], {"baseline": ("2004-01", "2004-02")}))
    values, info = result(read_stack, tmp_path, a, None, "multiply", 10)
    np.testing.assert_array_equal(values, [10, 20, NAN])
    assert info.baseline == ("2004-01", "2004-02") and info.units == "cm"
    _, info = result(read_stack, tmp_path, a, None, "add", 1, long_name="level")
    assert info.baseline == () and info.long_name == "level"


@pytest.mark.parametrize(
    ("operation", "first", "second", "units", "value"),
    [
        ("multiply", "cm", "1", "cm", 6),
        ("multiply", "", "cm", "cm", 6),
        ("multiply", "cm", "mm", "cm mm", 6),
        ("divide", "cm", "mm", "1", 15),
        ("divide", "cm", "", "cm", 1.5),
        ("divide", "mm/month", "K", "mm/month/(K)", 1.5),
    ],
)
def test_units_of_products(two, read_stack, tmp_path, operation, first, second, units, value):
    a, b = two(([3, 3], {"units": first}), ([2, 2], {"units": second}))
    values, info = result(read_stack, tmp_path, a, b, operation)
    assert info.units == units and values == pytest.approx([value] * 2)


def test_baselines(two, read_stack, tmp_path):
    a, b = two(
        ([1, 2, 3, 8], {"baseline": ("2004-01", "2004-02")}),
        ([5, NAN, 5, 1], {"baseline": ("2004-01", "2004-04")}),
    )
    with pytest.raises(BaselineError, match="REBASE"):
        plan_calculation(a, b, "subtract")
    values, info = result(read_stack, tmp_path, a, b, "subtract", rebase=("2004-01", "2004-03"))
    # Both have values in January and March: means 2 and 5.
    np.testing.assert_array_equal(values, [-1, NAN, 1, 10])
    assert info.baseline == ("2004-01", "2004-03") and "re-based" in info.history[-1]
    with pytest.raises(BaselineError, match="common months inside the baseline"):
        plan_calculation(a, b, "add", rebase=("1999-01", "1999-12"))
    with pytest.raises(ParameterError, match="re-basing"):
        plan_calculation(a, b, "divide", rebase=("2004-01", "2004-03"))


def test_an_anomaly_and_a_storage_warn(two):
    a, b = two(([1, 2], {"baseline": ("2004-01", "2004-02")}), ([1, 2], {}))
    plan = plan_calculation(a, b, "subtract")
    assert (
        plan.info.baseline == () and "a.tif is an anomaly and b.tif states no" in plan.warnings[0]
    )


@pytest.mark.parametrize(
    ("first", "second", "args", "error", "text"),
    [
        ({"units": ""}, {}, ("add",), UnitsError, "a.tif"),
        ({}, {"units": "K"}, ("add",), UnitsError, "'K' in b.tif"),
        ({}, {"start": "2010-01"}, ("add",), TimeAxisError, "months in common"),
        ({}, {"grid": Grid(0, 5, 1, 1, 1, 1)}, ("add",), GridError, "a.tif and b.tif"),
        ({}, {}, ("power",), ParameterError, "OPERATION"),
        ({}, {}, ("mean", -1), ParameterError, "FACTOR"),
        ({}, {}, ("divide", 0), ParameterError, "FACTOR"),
        ({}, {}, ("add", NAN), ParameterError, "FACTOR"),
    ],
)
def test_refusals(two, first, second, args, error, text):
    a, b = two(([1, 2], first), ([1, 2], second))
    with pytest.raises(error) as refusal:
        plan_calculation(a, b, *args)
    assert text in str(refusal.value)


def test_nothing_comes_out(two, tmp_path):
    a, b = two(([1, NAN], {}), ([NAN, 1], {}))
    with pytest.raises(DataError):
        calculate_stacks(a, b, tmp_path / "out.tif", "add")
    assert not (tmp_path / "out.tif").exists()


def test_blocks_do_not_change_the_answer(two, read_stack, tmp_path):
    random = np.random.default_rng(0)
    values = random.normal(size=(2, 4, 40, 300))
    values[random.random(values.shape) < 0.1] = NAN
    a, b = two((values[0], {}), (values[1], {}))
    ways = []
    for memory in (2**29, 40_000):
        calculate_stacks(a, b, tmp_path / "o.tif", "subtract", 0.5, memory=memory)
        ways.append(read_stack(tmp_path / "o.tif")[0])
    np.testing.assert_array_equal(*ways)
    plain = values[0].astype("f4") - 0.5 * values[1].astype("f4")
    np.testing.assert_allclose(ways[0], plain, atol=1e-6)
