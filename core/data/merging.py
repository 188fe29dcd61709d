"""From solutions to calendar months: who belongs where, and how doubles merge."""

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError
from . import months as calendar

#: How two solutions of one month are merged (METHODS §1).
DOUBLES = ("weighted", "mean", "neighbour")


@dataclass(frozen=True)
class MonthPlan:
    """Which solutions make which month.

    ``months`` is the complete axis; ``weights`` (month, solution) has rows that
    sum to one, or are zero where the month was not observed; ``moved`` lists
    solutions given to a neighbouring empty month.
    """

    months: np.ndarray
    weights: np.ndarray
    moved: tuple = ()

    @property
    def observed(self):
        """Boolean (month,): at least one solution."""
        return self.weights.any(axis=1)

    @property
    def doubles(self):
        """Months made of more than one solution."""
        return self.months[(self.weights > 0).sum(axis=1) > 1]

    @property
    def missing(self):
        """Months without a solution."""
        return self.months[~self.observed]

    def merge(self, values):
        """Months (month, y, x) of ``values`` (solution, y, x); NaN where nothing is.

        A solution that is missing in a cell leaves the month to the others.
        """
        out = np.full((self.months.size, *values.shape[1:]), np.nan)
        for i in np.flatnonzero(self.observed):
            used = np.flatnonzero(self.weights[i])
            if used.size == 1:
                out[i] = values[used[0]]
                continue
            weights = self.weights[i, used][:, None, None] * np.isfinite(values[used])
            total = weights.sum(axis=0)
            with np.errstate(invalid="ignore", divide="ignore"):
                out[i] = (weights * np.nan_to_num(values[used])).sum(axis=0) / total
        return out

    def merge_uncertainty(self, sigma):
        """One-sigma of merged months: independent solutions, weights as in `merge`.

        sqrt(Σ(wσ)²) / Σw over the solutions that have a sigma in the cell.
        """
        out = np.full((self.months.size, *sigma.shape[1:]), np.nan)
        for i in np.flatnonzero(self.observed):
            used = np.flatnonzero(self.weights[i])
            weights = self.weights[i, used][:, None, None] * np.isfinite(sigma[used])
            squares = np.sum((weights * np.nan_to_num(sigma[used])) ** 2, axis=0)
            with np.errstate(invalid="ignore", divide="ignore"):
                out[i] = np.sqrt(squares) / weights.sum(axis=0)
        return out


def plan_months(middle, start=None, end=None, doubles="weighted"):
    """Assign solutions to calendar months and complete the axis.

    A solution belongs to the month that holds most of its span (without bounds:
    its middle). Two solutions in one month are averaged, weighted by the days of
    each span inside the month (``weighted``), plainly (``mean``), or one of them
    goes to an empty neighbouring month that it touches (``neighbour``).
    """
    if doubles not in DOUBLES:
        raise ParameterError(f"one of {', '.join(DOUBLES)} is expected", doubles, "DOUBLES")
    middle = np.asarray(middle, "datetime64[s]")
    if start is None:
        owner = middle.astype("datetime64[M]")
        months = calendar.month_range(owner.min(), owner.max())
        days = (months[:, None] == owner[None, :]).astype(float)
    else:
        months = calendar.month_range(min(start.min(), middle.min()), max(end.max(), middle.max()))
        days = _days_inside(months, start, end)
        owner = months[np.argmax(days, axis=0)]
    moved = []
    if doubles == "neighbour" and start is not None:
        owner, moved = _move_to_empty(months, days, owner)
    axis = calendar.month_range(owner.min(), owner.max())
    inside = np.isin(months, axis)
    weights = np.where(axis[:, None] == owner[None, :], days[inside], 0.0)
    if doubles != "weighted":
        weights = (weights > 0).astype(float)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return MonthPlan(axis, weights, tuple(moved))


def _days_inside(months, start, end):
    first = months.astype("datetime64[s]")[:, None]
    last = (months + 1).astype("datetime64[s]")[:, None]
    overlap = np.minimum(last, end[None, :]) - np.maximum(first, start[None, :])
    return np.maximum(overlap.astype("int64"), 0) / 86400.0


def _move_to_empty(months, days, owner):
    owner, moved = owner.copy(), []
    for month in np.unique(owner):
        for solution in np.flatnonzero(owner == month)[::-1]:
            if np.sum(owner == month) < 2:
                break
            i = int(np.flatnonzero(months == month)[0])
            for j in (i - 1, i + 1):
                free = 0 <= j < months.size and not np.any(owner == months[j])
                if free and days[j, solution] > 0:
                    owner[solution] = months[j]
                    moved.append((int(solution), months[i], months[j]))
                    break
    return owner, moved
