"""Stages of SSA filling run one after the other, each distinct series once."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..data.flags import OBSERVED, STAGE_A, STAGE_B, UNFILLED
from ..data.unique import unique_series
from .crossvalidation import (
    Candidates,
    Validation,
    check_candidates,
    cross_validate,
    hide_short_gaps,
)
from .gaps import inside_record
from .spans import fill_spans
from .ssa import check_ssa, part_of


@dataclass
class StagedFill:
    """What the staged fills return.

    filled : (time, pixel), dtype of the input; observed values bit for bit
    flags : (time, pixel) uint8: 0 observed, 1 stage a, 2 stage b, 255 unfilled
    epsilon_a : (pixel,) standard deviation (ddof 0) of observed − reconstructed
        over the observed months of stage a's era, units of the input
    residual_b : (pixel,) the same for stage b over all observed months
    iterations : (pixel,) int, inner iterations of both stages together, without
        those of the cross-validation
    capped : (pixel,) bool, some k stopped at the iteration limit
    skipped : (pixel,) bool, without observations, or with a gap inside the
        record that could not be filled: too few observations for the window
    epsilon_b : (pixel,) held-out RMSE of stage b at the chosen M and K (ε₂)
    heldout_a : (pixel,) held-out RMSE of short gaps in stage a
    window_b, modes_b : (pixel,) int, M and K of stage b, 0 where it did not run
    by_year : (year, pixel) held-out RMSE of each hidden year at that M and K
    score : (mode, pixel) held-out RMSE of each candidate K at the chosen M

    Both spreads are in-sample residuals, not skill: they say how closely K
    modes follow what was observed, not how well a gap was filled. NaN where
    the stage did not run. The last six are NaN, 0 or empty without a
    cross-validation (M and K are then those given).
    """

    filled: np.ndarray
    flags: np.ndarray
    epsilon_a: np.ndarray
    residual_b: np.ndarray
    iterations: np.ndarray
    capped: np.ndarray
    skipped: np.ndarray
    epsilon_b: np.ndarray
    heldout_a: np.ndarray
    window_b: np.ndarray
    modes_b: np.ndarray
    by_year: np.ndarray
    score: np.ndarray


@dataclass(frozen=True)
class Stage:
    """Months seen, M, K, flag, scaled or not, which ends to fill, what to cross-validate."""

    rows: np.ndarray
    window: int
    modes: int
    flag: int
    scale: bool
    ends: tuple
    candidates: Optional[Candidates] = None


def run_stages(values, months, stages, settings, extrapolate, progress):
    """Run the stages on the distinct series only and broadcast the result."""
    for stage in stages:
        check_ssa(int(stage.rows.sum()), stage.window, stage.modes, **settings)
        if stage.candidates:
            check_candidates(months, stage.candidates)
    first, inverse = unique_series([values])
    result = _run(values[:, first], months, stages, settings, extrapolate, progress)
    return StagedFill(*(getattr(result, name)[..., inverse] for name in vars(result)))


def _run(values, months, stages, settings, extrapolate, progress):
    """Run the stages one after the other on distinct series."""
    pixels = values.shape[1]
    work = values.astype(np.float64)
    missing = np.isnan(work)
    flags = np.where(missing, UNFILLED, OBSERVED).astype(np.uint8)
    spread = {STAGE_A: np.full(pixels, np.nan), STAGE_B: np.full(pixels, np.nan)}
    iterations = np.zeros(pixels, dtype=np.int64)
    capped = np.zeros(pixels, dtype=bool)
    choice = _no_choice(pixels)
    heldout = np.full(pixels, np.nan)
    # The cross-validation is a dozen fits beside one or two.
    share = 0.2 if any(s.candidates for s in stages) else 1.0
    for number, stage in enumerate(stages):
        rows = stage.rows
        report = part_of(progress, share * number / len(stages), share / len(stages))
        part = work[rows]
        if stage.candidates:
            others = part_of(progress, share, 1.0 - share)
            choice = cross_validate(values, months, stage.candidates, others, **settings)
        if stage.flag == STAGE_A and any(s.candidates for s in stages):
            still = part_of(progress, 0.0, 0.0)  # for Cancel; a small part of the whole
            heldout = hide_short_gaps(part, stage.window, stage.modes, progress=still, **settings)
        elif stage.flag == STAGE_B:
            unknown = choice.modes == 0
            choice.window[unknown], choice.modes[unknown] = stage.window, stage.modes
        fit = np.full(part.shape, np.nan)
        for window, modes, which in _by_window(stage, choice):
            one = fill_spans(
                part[:, which], window, modes,
                ends=stage.ends, scale=stage.scale, progress=report, **settings,
            )  # fmt: skip
            fit[:, which] = one.fit
            iterations[which] += one.iterations
            capped[which] |= one.capped
        if stage.flag == STAGE_B:
            idle = np.isnan(fit).all(axis=0)
            choice.window[idle] = choice.modes[idle] = 0
        spread[stage.flag] = _spread(np.where(missing[rows], np.nan, values[rows] - fit))
        fill = np.isnan(part) & ~np.isnan(fit)
        part[fill] = fit[fill]
        work[rows] = part
        flags[rows] = np.where(fill, stage.flag, flags[rows])

    filled = values.copy()
    added = missing & (flags != UNFILLED)
    filled[added] = work[added]
    wanted = np.ones_like(missing) if extrapolate else inside_record(values)
    skipped = (wanted & (flags == UNFILLED)).any(axis=0) | missing.all(axis=0)
    return StagedFill(
        filled, flags, spread[STAGE_A], spread[STAGE_B], iterations, capped, skipped,
        choice.epsilon, heldout, choice.window, choice.modes, choice.by_year, choice.at_window(),
    )  # fmt: skip


def _by_window(stage, choice):
    """(M, K, pixels) of a stage; those of stage b may differ by pixel."""
    if stage.flag == STAGE_A:
        return [(stage.window, stage.modes, slice(None))]
    windows = np.unique(choice.window)
    groups = [(int(w), np.flatnonzero(choice.window == w)) for w in windows]
    return [(window, choice.modes[which], which) for window, which in groups]


def _no_choice(pixels):
    """A `Validation` of nothing."""
    unknown, none = np.full(pixels, np.nan), np.zeros(pixels, dtype=int)
    empty = np.empty((0, pixels))
    years = np.empty(0, dtype=int)
    return Validation(years, np.empty((1, 0, pixels)), unknown, none, none.copy(), empty, none[:1])


def _spread(difference):
    """Standard deviation (ddof 0) over time, ignoring NaN; NaN where all are."""
    known = ~np.isnan(difference)
    count = known.sum(axis=0)
    safe = np.maximum(count, 1)
    mean = np.where(known, difference, 0.0).sum(axis=0) / safe
    square = np.where(known, (difference - mean) ** 2, 0.0).sum(axis=0) / safe
    return np.where(count > 0, np.sqrt(square), np.nan)
