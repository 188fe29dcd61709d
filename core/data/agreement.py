"""What stacks must share, or state, before they are calculated with one another."""

from ..errors import BaselineError, TimeAxisError, UnitsError
from .grid import check_same_grid


def check_same_axes(first, second):
    """Raise `GridError` or `TimeAxisError` unless two stacks have the same cells and months."""
    check_same_grid(first.grid, second.grid, first.name, second.name)
    check_same_months(first, second)


def check_same_months(first, second):
    """Raise `TimeAxisError` unless two stacks cover the same months."""
    a, b = first.months, second.months
    if a.size != b.size or a[0] != b[0]:
        raise TimeAxisError(
            f"{first.name} and {second.name} must cover the same months",
            f"{a[0]} to {a[-1]} and {b[0]} to {b[-1]}",
        )


def check_same_baseline(first, second):
    """Raise `BaselineError` when both stacks state a baseline and they differ."""
    if first.baseline and second.baseline and first.baseline != second.baseline:
        raise BaselineError(
            f"{first.name} and {second.name} must be anomalies to one baseline",
            f"{'…'.join(first.baseline)} and {'…'.join(second.baseline)}",
            remedy="Re-base them to the same months.",
        )


def require_units(stack):
    """Raise `UnitsError` when a stack does not say its units."""
    if not stack.units:
        raise UnitsError("a stack that states its units is expected", "no units", stack.name)
