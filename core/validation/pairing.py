"""Two stacks made comparable: common months, one unit, one grid."""

from dataclasses import dataclass

import numpy as np

from ..data.agreement import check_same_baseline
from ..data.alignedview import AlignedView, window_of
from ..data.aligning import check_alignment
from ..data.grid import Grid
from ..data.operands import result_units
from ..data.reference import same_crs
from ..data.separable import axis_weights
from ..errors import GridError, TimeAxisError
from .periods import bands_between

#: Common months below which nothing is compared.
MIN_MONTHS = 12


@dataclass
class StackPair:
    """Two stacks on one grid; ``simulated`` is judged by ``observed``.

    Both are `AlignedView`; ``bands`` are their band indices of the common ``months``;
    ``factor`` brings observed values to ``units``; ``aggregated`` names the one that was
    aggregated to the other's cells ('simulated', 'observed' or '').
    """

    simulated: AlignedView
    observed: AlignedView
    bands: tuple
    months: np.ndarray
    factor: float
    units: str
    grid: Grid
    aggregated: str
    rebase: bool
    warnings: list

    @property
    def ratio(self):
        """Source cells in a cell of the common grid."""
        return max(self.simulated.ratio, self.observed.ratio)

    def read(self, window, check=None):
        """Values (time, y, x) of both, and the sub-grid spread or None, on ``window``.

        Only months and cells that both have are kept. With ``rebase`` each cell of
        each stack loses its mean over them.
        """
        wanted = self.aggregated
        s, spread_s = self.simulated.read_with_spread(
            *window, bands=self.bands[0], spread=wanted == "simulated"
        )
        if check:
            check()
        o, spread_o = self.observed.read_with_spread(
            *window, bands=self.bands[1], spread=wanted == "observed"
        )
        spread = spread_o if spread_s is None else spread_s
        if wanted == "observed" and spread is not None:
            spread = spread * self.factor
        o = o * self.factor
        both = np.isfinite(s) & np.isfinite(o)
        s, o = np.where(both, s, np.nan), np.where(both, o, np.nan)
        if self.rebase:
            n = np.maximum(both.sum(axis=0), 1)
            s, o = (v - np.where(both, v, 0.0).sum(axis=0) / n for v in (s, o))
        return s, o, spread


def pair_stacks(simulated, observed, *, start="", end="", rebase=False, min_share=0.5):
    """`StackPair` of two stacks, from their headers.

    The finer one is seen as area-weighted means on the cells of the coarser one that
    it meets, of which ``min_share`` must have values. Raises `UnitsError` for units that cannot be
    converted, `BaselineError` for anomalies to different baselines that are not
    re-based, `TimeAxisError` for under 12 common months, `GridError` for grids that
    do not meet or of which neither is the finer one.
    """
    factor, units = result_units(simulated, observed, "subtract")
    warnings = []
    if not rebase:
        check_same_baseline(simulated, observed)
        if bool(simulated.baseline) != bool(observed.baseline):
            one = simulated if simulated.baseline else observed
            warnings.append(
                f"Only {one.name} states a baseline: bias, RMSE and R² may hold an offset. Tick "
                "REBASE to take each cell's mean off both."
            )
    picked = bands_between(simulated, start, end)
    months = np.intersect1d(simulated.months[picked], observed.months)
    if months.size < MIN_MONTHS:
        raise TimeAxisError(
            f"at least {MIN_MONTHS} months in common are expected",
            f"{months.size}: {simulated.months[picked[0]]} to {simulated.months[picked[-1]]} and "
            f"{observed.months[0]} to {observed.months[-1]}",
            f"{simulated.name} and {observed.name}",
        )
    grid, aggregated = _common_grid(simulated, observed)
    bands = tuple((months - s.months[0]).astype(int) for s in (simulated, observed))
    views = [AlignedView(s, grid, min_share) for s in (simulated, observed)]
    return StackPair(*views, bands, months, factor, units, grid, aggregated, rebase, warnings)


def _common_grid(simulated, observed):
    """The coarser grid where it meets the other, and which of the two is aggregated to it."""
    a, b = simulated.grid, observed.grid
    names = (simulated.name, observed.name)
    if not same_crs(a, b):
        raise GridError(
            f"{names[0]} and {names[1]} must have one coordinate system",
            f"{a.describe()} and {b.describe()}",
            remedy="Bring one to the other's first (Raster ▸ Projections ▸ Warp).",
        )
    tiny = 1 - 1e-6
    if b.dx >= a.dx * tiny and b.dy >= a.dy * tiny:
        fine, coarse, aggregated = a, b, "simulated"
    elif a.dx >= b.dx * tiny and a.dy >= b.dy * tiny:
        fine, coarse, aggregated, names = b, a, "observed", names[::-1]
    else:
        raise GridError(
            "one of two grids must be the finer one in both directions",
            f"{a.describe()} and {b.describe()}",
            remedy="Bring both to one grid first with 'Align stack'.",
        )
    check_alignment(fine, coarse, "mean", names=names)
    rows, columns = (
        np.flatnonzero(np.diff(w.matrix.indptr)) for w in axis_weights("mean", fine, coarse)
    )
    window = (rows[0], columns[0], np.ptp(rows) + 1, np.ptp(columns) + 1)
    grid = coarse.window(*(int(v) for v in window))
    return grid, "" if window_of(fine, grid) else aggregated
