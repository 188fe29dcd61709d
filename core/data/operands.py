"""Whether two stacks go together in an operation: their units and baselines."""

from ..errors import BaselineError, ParameterError, UnitsError
from .agreement import require_units
from .units import storage_factor

#: Operations whose operands are of one kind: their units and baselines must agree.
ALIKE = ("add", "subtract", "mean")


def result_units(a, b, operation):
    """Factor that turns B into the units of A, and the units of the result; `UnitsError`."""
    if operation in ALIKE:
        require_units(a)
        require_units(b)
        return _conversion(a, b), a.units
    first, second = (" ".join(s.units.split()) for s in (a, b))
    plain = ("", "1", "-")
    if operation == "multiply":
        if first in plain or second in plain:
            return 1.0, second if first in plain else first
        return 1.0, f"{first} {second}"
    if second in plain:
        return 1.0, first
    try:
        return _conversion(a, b), "1"
    except UnitsError:
        return 1.0, f"{first or '1'}/({second})"


def _conversion(a, b):
    if a.units.strip() == b.units.strip():
        return 1.0
    try:
        return storage_factor(b.units, b.name) / storage_factor(a.units, a.name)
    except UnitsError as error:
        raise UnitsError(
            "equal units, or units of water storage, are expected",
            f"{a.units!r} in {a.name} and {b.units!r} in {b.name}",
            remedy="Convert one of them, or multiply it by the right factor first.",
        ) from error


def check_baselines(a, b, operation, rebase):
    """Warnings about the baselines of two stacks; raises where they do not go together.

    Raises `BaselineError` for anomalies to different baselines that are not re-based,
    `ParameterError` for re-basing the operands of a product or a ratio.
    """
    if operation not in ALIKE:
        if rebase:
            raise ParameterError(
                "re-basing is for add, subtract and mean", operation, "REBASE", "Untick REBASE."
            )
        return ()
    if rebase:
        return ()
    if a.baseline and b.baseline and a.baseline != b.baseline:
        raise BaselineError(
            f"{a.name} and {b.name} must be anomalies to one baseline",
            f"{' to '.join(a.baseline)} and {' to '.join(b.baseline)}",
            remedy="Tick REBASE and choose BASELINE_START and BASELINE_END.",
        )
    if bool(a.baseline) != bool(b.baseline):
        with_one, without = (a, b) if a.baseline else (b, a)
        return (
            f"{with_one.name} is an anomaly and {without.name} states no baseline: the result "
            "is no anomaly to a known baseline. Tick REBASE to bring both to one.",
        )
    return ()
