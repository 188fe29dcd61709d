"""Arithmetic of two stacks whose months, units, baselines and grids are compared first."""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import BaselineError, DataError, ParameterError, TimeAxisError
from ..progress import SILENT
from . import months as calendar
from .blocks import run_blocks
from .grid import check_same_grid
from .operands import ALIKE, check_baselines, result_units
from .stack import StackInfo, stack_writer

OPERATIONS = ("add", "subtract", "multiply", "divide", "mean")
MONTHS = ("common", "union")
_SIGNS = {"add": "+", "subtract": "−", "multiply": "×", "divide": "÷"}


@dataclass
class Plan:
    """How two stacks are combined; ``unit`` turns B into the units of A."""

    info: StackInfo
    first: np.ndarray
    second: np.ndarray
    target: np.ndarray
    unit: float
    window: object
    warnings: tuple


def plan_calculation(a, b, operation, factor=1.0, *, months="common", rebase=None, long_name=""):
    """The `Plan` for A ∘ k·B, from the headers alone; ``b`` may be None (A ∘ k).

    ``rebase`` is None or the (first, last) months to which both are re-based first.
    Raises `ParameterError`, `GridError`, `TimeAxisError`, `UnitsError`, `BaselineError`.
    """
    if operation not in OPERATIONS:
        raise ParameterError(f"one of {', '.join(OPERATIONS)} is expected", operation, "OPERATION")
    if months not in MONTHS:
        raise ParameterError(f"one of {', '.join(MONTHS)} is expected", months, "MONTHS")
    _check_factor(operation, factor, b)
    if b is None:
        everything = np.arange(a.months.size)
        info = _info(a, None, operation, factor, a.months, a.units, None, long_name)
        return Plan(info, everything, everything, everything, 1.0, None, ())
    check_same_grid(a.grid, b.grid, a.name, b.name)
    common = np.intersect1d(a.months, b.months)
    if not common.size:
        raise TimeAxisError(
            f"{a.name} and {b.name} must have months in common",
            f"{a.months[0]} to {a.months[-1]} and {b.months[0]} to {b.months[-1]}",
        )
    unit, units = result_units(a, b, operation)
    warnings = check_baselines(a, b, operation, rebase)
    axis = common
    if months == "union":
        axis = calendar.month_range(min(a.months[0], b.months[0]), max(a.months[-1], b.months[-1]))
    window = None
    if rebase:
        window = calendar.baseline_mask(common, rebase)
        if not window.any():
            raise BaselineError(
                "common months inside the baseline are expected",
                f"none in {rebase[0]} to {rebase[1]}; they run {common[0]} to {common[-1]}",
                remedy="Choose BASELINE_START and BASELINE_END inside both records.",
            )
    info = _info(a, b, operation, factor, axis, units, rebase, long_name)
    return Plan(
        info,
        np.flatnonzero(np.isin(a.months, common)),
        np.flatnonzero(np.isin(b.months, common)),
        np.flatnonzero(np.isin(axis, common)),
        unit,
        window,
        warnings,
    )


def calculate(a, b, operation, factor=1.0):
    """A ∘ k·B for arrays of one shape; ``b`` None is A ∘ k. Missing where either is.

    add A + kB · subtract A − kB · multiply A·kB · divide A/(kB), missing where kB = 0 ·
    mean (A + kB)/(1 + k).
    """
    other = factor if b is None else factor * b
    if operation == "add":
        return a + other
    if operation == "subtract":
        return a - other
    if operation == "multiply":
        return a * other
    if operation == "mean":
        return (a + other) / (1.0 + factor)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(other == 0, np.nan, a / other)


def calculate_stacks(
    a,
    b,
    output,
    operation,
    factor=1.0,
    *,
    months="common",
    rebase=None,
    long_name="",
    progress=SILENT,
    **blocks,
):
    """Write A ∘ k·B month by month; returns the `Plan`. ``b`` may be None.

    With ``rebase`` both lose, cell by cell, their mean over the months of the baseline in
    which both have values. Raises as `plan_calculation`, and `DataError` where no value
    comes out.
    """
    plan = plan_calculation(
        a, b, operation, factor, months=months, rebase=rebase, long_name=long_name
    )
    reads = [lambda *window: a.read(*window, bands=plan.first)]
    if b is not None:
        reads.append(lambda *window: b.read(*window, bands=plan.second))
    seen = []

    def kernel(first, *rest):
        *second, check = rest
        check()
        other = second[0] * plan.unit if second else None
        if plan.window is not None:
            first, other = _rebased(first, other, plan.window)
        result = np.full((plan.info.months.size, first.shape[1]), np.nan)
        result[plan.target] = calculate(first, other, operation, factor)
        seen.append(bool(np.isfinite(result).any()))
        return (result,)

    with stack_writer(output, plan.info) as writer:
        run_blocks(
            a.grid, reads, kernel, [writer],
            planes=3 * plan.first.size + 2 * plan.info.months.size, progress=progress, **blocks,
        )  # fmt: skip
        if not any(seen):
            names = a.name if b is None else f"{a.name} and {b.name}"
            raise DataError("at least one value is expected in the result", "none", names)
    return plan


def _rebased(first, second, window):
    common = window[:, None] & np.isfinite(first) & np.isfinite(second)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.where(common.any(axis=0), common.sum(axis=0), np.nan)
    means = [np.where(common, field, 0.0).sum(axis=0) / count for field in (first, second)]
    return first - means[0], second - means[1]


def _check_factor(operation, factor, b):
    if not np.isfinite(factor):
        raise ParameterError("a finite number is expected", factor, "FACTOR")
    if b is None and operation == "mean":
        raise ParameterError("a second stack is expected for 'mean'", "none", "INPUT_B")
    if operation == "mean" and factor <= 0:
        raise ParameterError("a weight above 0 is expected for 'mean'", factor, "FACTOR")
    if operation == "divide" and factor == 0:
        raise ParameterError("a divisor other than 0 is expected", factor, "FACTOR")


def _info(a, b, operation, factor, months, units, rebase, long_name):
    baseline = ()
    if rebase:
        baseline = tuple(calendar.month_text(calendar.parse_month(m)) for m in rebase)
    elif b is None:
        # Scaling keeps an anomaly one; adding a constant does not.
        baseline = a.baseline if operation in ("multiply", "divide") else ()
    elif operation in ALIKE and a.baseline == b.baseline:
        baseline = a.baseline
    names = [s.info.long_name or s.name for s in (a, b) if s is not None]
    line = _line(names, operation, factor)
    step = f"{line} ({operation})"
    if b is not None:
        step += f"; months {months[0]} to {months[-1]}"
        if operation in ALIKE and a.units.strip() != b.units.strip():
            step += f"; {b.units} converted to {a.units}"
        if b.info.history:
            step += f"; history of {b.name}: " + " | ".join(b.info.history)
    if rebase:
        step += f"; both re-based to {baseline[0]} to {baseline[1]}"
    return replace(
        a.info,
        months=np.asarray(months, "datetime64[M]"),
        units=units,
        long_name=long_name or line,
        baseline=baseline,
        history=(*a.info.history, step),
    )


def _line(names, operation, factor):
    if operation == "mean":
        weight = "" if factor == 1 else f", the second weighing {factor:g}"
        return f"mean of {names[0]} and {names[1]}{weight}"
    if len(names) == 1:
        return f"{names[0]} {_SIGNS[operation]} {factor:g}"
    scale = "" if factor == 1 else f"{factor:g} × "
    second = f"({scale}{names[1]})" if scale else names[1]
    return f"{names[0]} {_SIGNS[operation]} {second}"
