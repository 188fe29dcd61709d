"""What a fill did, counted block by block in bounded memory."""

from dataclasses import dataclass, field

import numpy as np

from ..data.describing import MAP_CELLS
from ..data.flags import OBSERVED, STAGE_A, STAGE_B, UNFILLED
from ..data.quantiles import Quantiles

#: Bands of the error raster.
ERROR_BANDS = ("epsilon_1", "epsilon_2", "residual_stage_b", "heldout_short")
#: Bands of the raster of modes.
MODE_BANDS = ("modes", "window")
#: Rows of the numbers that only the summary wants, before those by year and by K.
FACTS = ("overshoot", "capped", "skipped")
FLAGS = (OBSERVED, STAGE_A, STAGE_B, UNFILLED)


@dataclass
class FillSummary:
    """What a fill did.

    ``cells`` with values, ``series`` of them computed (equal ones once, and without
    the ``restored`` ones of an earlier run); ``counts`` cells by flag and month;
    ``errors`` a `Quantiles` by band; ``years`` and ``by_year`` the held-out RMSE of
    each hidden year; ``candidates`` and ``by_modes`` that of each K; ``kept`` and
    ``windows`` cells by chosen K and M; ``maps`` every ``step``-th cell of the error
    bands and K. ``plan`` says the procedure in words, ``staged`` whether it has two stages.
    """

    months: np.ndarray
    plan: str = ""
    staged: bool = False
    cells: int = 0
    series: int = 0
    restored: int = 0
    counts: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    years: tuple = ()
    by_year: list = field(default_factory=list)
    candidates: tuple = ()
    by_modes: list = field(default_factory=list)
    kept: dict = field(default_factory=dict)
    windows: dict = field(default_factory=dict)
    capped: int = 0
    skipped: int = 0
    overshoots: int = 0
    maps: dict = field(default_factory=dict)
    step: int = 1

    def months_flagged(self, flag):
        """Months in which some cell carries ``flag``."""
        return self.months[self.counts[flag] > 0]

    @property
    def median_error(self):
        """Median over cells of each error band that has values."""
        return {name: q.at(0.5) for name, q in self.errors.items() if q.count}


class Tally:
    """Adds up a `FillSummary` from the blocks of a run."""

    def __init__(self, months, grid, years=(), candidates=(), plan="", staged=False):
        step = max(1, -(-max(grid.nx, grid.ny) // MAP_CELLS))
        shape = (-(-grid.ny // step), -(-grid.nx // step))
        self._area = grid.cell_areas()
        self.summary = FillSummary(
            months,
            plan,
            staged,
            counts={flag: np.zeros(months.size, int) for flag in FLAGS},
            errors={name: Quantiles() for name in ERROR_BANDS},
            years=tuple(int(year) for year in years),
            by_year=[Quantiles() for _ in years],
            candidates=tuple(candidates),
            by_modes=[Quantiles() for _ in candidates],
            maps={name: np.full(shape, np.nan) for name in (*ERROR_BANDS[:2], "modes")},
            step=step,
        )

    def see(self, row, col, values, flags, errors, modes, facts):
        """Count a block: arrays (band, y, x); ``facts`` as `FACTS`, by year, by K."""
        s = self.summary
        there = np.isfinite(values).any(axis=0)
        s.cells += int(there.sum())
        for flag, count in s.counts.items():
            count += ((flags == flag) & there).sum(axis=(1, 2))
        area = self._area[row : row + there.shape[0], col : col + there.shape[1]]
        for name, band in zip(ERROR_BANDS, errors):
            s.errors[name].add(band[there], area[there])
        folds = len(FACTS) + len(s.years)
        s.overshoots += int((facts[0][there] > 0).sum())
        s.capped += int((facts[1][there] > 0).sum())
        s.skipped += int((facts[2][there] > 0).sum())
        for found, band in zip(s.by_year, facts[len(FACTS) : folds]):
            found.add(band[there], area[there])
        for found, band in zip(s.by_modes, facts[folds:]):
            found.add(band[there], area[there])
        for counts, band in zip((s.kept, s.windows), modes):
            for value, count in zip(*np.unique(band[there & (band > 0)], return_counts=True)):
                counts[int(value)] = counts.get(int(value), 0) + int(count)
        shown = {ERROR_BANDS[0]: errors[0], ERROR_BANDS[1]: errors[1]}
        shown["modes"] = np.where(there & (modes[0] > 0), modes[0], np.nan)
        rows, columns = slice(-row % s.step, None, s.step), slice(-col % s.step, None, s.step)
        top, left = -(-row // s.step), -(-col // s.step)
        for name, band in shown.items():
            part = band[rows, columns]
            s.maps[name][top : top + part.shape[0], left : left + part.shape[1]] = part
