"""Sums of a flux over time: what has come in, or gone out, since a fixed month."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.blocks import run_blocks
from ..data.months import DEFAULT_BASELINE, baseline_mask, parse_month
from ..data.stack import stack_writer
from ..errors import BaselineError, DataError, ParameterError, TimeAxisError, UnitsError
from ..gap_filling.linear import fill_linear
from ..progress import SILENT
from .variableunits import plain_units

#: anomaly: the time mean of the baseline is taken off first (Li et al., section 2.2.3);
#: sum: the flux itself is summed up (Zhang et al., section 2.1.3).
KINDS = ("anomaly", "sum")
#: From which month the papers cumulate.
START = "2002-04"


@dataclass(frozen=True)
class Cumulation:
    """How a flux is summed up: kind, first month, baseline, longest gap to interpolate.

    ``max_gap`` 0 interpolates nothing. Raises `ParameterError`.
    """

    kind: str = "anomaly"
    start: str = START
    baseline: tuple = DEFAULT_BASELINE
    max_gap: int = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ParameterError(f"one of {', '.join(KINDS)} is expected", self.kind, "KIND")
        if self.max_gap < 0:
            raise ParameterError("0 months or more are expected", self.max_gap, "MAX_GAP")

    @property
    def first(self):
        """The month with which the sum starts."""
        return parse_month(self.start, "START")

    def check(self, months, where=""):
        """Raise unless ``months`` hold the start and, for an anomaly, the whole baseline."""
        if not months[0] <= self.first <= months[-1]:
            raise TimeAxisError(
                f"a stack that holds the first month of the sum, {self.first}, is expected",
                f"{months[0]} to {months[-1]}",
                where,
                "Choose another START; a model wants the start it was trained with.",
            )
        if self.kind == "anomaly":
            inside = baseline_mask(months, self.baseline)
            first, last = (parse_month(m, "baseline") for m in self.baseline)
            if inside.sum() != (last - first).astype(int) + 1:
                raise BaselineError(
                    f"a stack with all months of the baseline {first} to {last} is expected",
                    f"{months[0]} to {months[-1]}",
                    where,
                    "An error of the mean grows with every month that is summed up. Extend the "
                    "stack, or choose another baseline.",
                )

    def run(self, values, months):
        """`cumulate` for ``values`` (time, pixel) of these months."""
        inside = None
        if self.kind == "anomaly":
            inside = baseline_mask(months, self.baseline)
        start = int((self.first - months[0]).astype(int))
        return cumulate(values, start, inside, self.max_gap)

    def line(self):
        """One line for a history."""
        what = "summed up"
        if self.kind == "anomaly":
            what = f"less its mean of {self.baseline[0]} to {self.baseline[1]}, summed up"
        gaps = f"; gaps up to {self.max_gap} months interpolated first" if self.max_gap else ""
        return f"{what} from {self.first} on; unknown behind the first unknown month{gaps}"


def cumulate(values, start=0, baseline=None, max_gap=0):
    """Sum up a flux from month ``start`` on.

    C(t) = Σ over s from start to t of (x(s) − x̄), x̄ the time mean of the baseline months
    (all of them, no climatology by calendar month), Li et al., section 2.2.3 and Eq. 5.
    Without ``baseline`` x̄ is zero.

    Parameters
    ----------
    values : (time, pixel) flux a month, NaN = missing
    start : index of the first month of the sum
    baseline : (time,) bool or None
    max_gap : int; runs of up to so many missing months between known ones are bridged
        by a straight line first, 0 for none

    Returns
    -------
    (time, pixel) float64. NaN before ``start``, behind the first month that is missing,
    and in pixels that lack a month of the baseline: a missing month is not zero, and an
    error of the mean grows with every month.
    """
    values = np.asarray(values, np.float64)
    if max_gap:
        values = fill_linear(values, max_gap)[0]
    if baseline is not None:
        # NaN where one month of them is unknown.
        values = values - values[np.asarray(baseline, bool)].mean(axis=0)
    out = np.full(values.shape, np.nan)
    np.cumsum(values[start:], axis=0, out=out[start:])
    return out


def cumulated_units(units, where=""):
    """The unit of the sum of a flux a month: mm month-1 becomes mm. Raises `UnitsError`."""
    plain = plain_units(units)
    if plain.endswith(" month-1"):
        return plain[: -len(" month-1")]
    raise UnitsError(
        "a flux a month (mm month-1, cm month-1, m month-1, kg m-2 month-1) is expected",
        repr(str(units)) if str(units or "").strip() else "no units",
        where,
        "'Import series' with KIND flux makes one; days differ by month.",
    )


@dataclass
class CumulationSummary:
    """Months from the first sum on, cells with values by month, cell-months interpolated."""

    months: np.ndarray
    cells: np.ndarray
    interpolated: int
    units: str


def cumulate_stack(stack, output, cumulation, *, progress=SILENT, **blocks):
    """Write the sums of a flux stack from ``cumulation.first`` on; a `CumulationSummary`.

    Raises as `Cumulation.check` and `cumulated_units`, and `DataError` where no cell has a value.
    """
    cumulation.check(stack.months, stack.name)
    units = cumulated_units(stack.units, stack.name)
    begin = int((cumulation.first - stack.months[0]).astype(int))
    months = stack.months[begin:]
    summary = CumulationSummary(months, np.zeros(months.size, int), 0, units)
    name = stack.info.long_name or "flux"
    title = "cumulative anomaly" if cumulation.kind == "anomaly" else "cumulative sum"
    info = replace(
        stack.info,
        months=months,
        units=units,
        long_name=f"{title} of {name}",
        baseline=(),
        history=(*stack.info.history, cumulation.line()),
    )

    def kernel(values, check):
        check()
        return (cumulation.run(values, stack.months)[begin:],)

    def count(row, col, inputs, outputs):
        known = np.isfinite(outputs[0])
        summary.cells += known.sum(axis=(1, 2))
        summary.interpolated += int((known & np.isnan(inputs[0][begin:])).sum())

    with stack_writer(output, info) as writer:
        run_blocks(
            stack.grid, [stack.read], kernel, [writer],
            planes=5 * stack.months.size, after=count, progress=progress, **blocks,
        )  # fmt: skip
        if not summary.cells.any():
            raise DataError(
                "at least one cell with a flux from the start on"
                + (" and in the whole baseline" if cumulation.kind == "anomaly" else "")
                + " is expected",
                "none",
                stack.name,
                "MAX_GAP bridges missing months.",
            )
    return summary
