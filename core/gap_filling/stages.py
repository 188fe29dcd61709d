"""The published two-stage SSA filling, and the same iteration in one stage."""

from dataclasses import dataclass

import numpy as np

from ..data.flags import OBSERVED, STAGE_A, STAGE_B, UNFILLED
from ..data.unique import unique_series
from .gaps import (
    check_months,
    check_values,
    inside_record,
    observed_span,
)
from .ssa import check_ssa, part_of, ssa_fill


@dataclass
class StagedFill:
    """What the staged fills return.

    filled : (time, pixel), dtype of the input; observed values bit for bit
    flags : (time, pixel) uint8: 0 observed, 1 stage a, 2 stage b, 255 unfilled
    epsilon_a : (pixel,) standard deviation (ddof 0) of observed − reconstructed
        over the observed months of stage a's era, units of the input
    residual_b : (pixel,) the same for stage b over all observed months
    iterations : (pixel,) int, inner iterations of both stages together
    capped : (pixel,) bool, some k stopped at the iteration limit
    skipped : (pixel,) bool, without observations, or with a gap inside the
        record that could not be filled: too few observations for the window

    Both spreads are in-sample residuals, not skill: they say how closely K
    modes follow what was observed, not how well a gap was filled. NaN where
    the stage did not run.
    """

    filled: np.ndarray
    flags: np.ndarray
    epsilon_a: np.ndarray
    residual_b: np.ndarray
    iterations: np.ndarray
    capped: np.ndarray
    skipped: np.ndarray


def fill_published(
    values,
    months,
    era_end="2017-06",
    window_a=24,
    modes_a=12,
    window_b=48,
    modes_b=12,
    tolerance=1e-2,
    max_iterations=10_000,
    extrapolate=False,
    progress=None,
):
    """Fill a GRACE/GRACE-FO record in the two published stages.

    Stage a sees the months up to ``era_end`` alone and fills the short gaps
    there (M = 24, K = 12; Zhang et al., Sect. 2.2). Stage b sees the whole
    record, stage a's values counting as observed, and fills what is left
    (M = 48; the paper cross-validates K = 1 … 12, the default here is the upper
    end, 12). Without months after ``era_end`` only stage a runs, without
    months up to it only stage b. See ``ssa_fill`` for the iteration; as in the
    reference code only stage a divides by the median (which changes rounding
    alone). The reference code's stage a differs in one thing: it joins the
    months after the long gap directly to those before it.

    With K = 12 of M = 24 modes stage a can overshoot: on the 1° CSR grid about
    one pixel in twenty gets a value beyond 1.2 times its largest observed |x|
    (one in several hundred beyond twice), mostly within a window of the era's
    ends. A plain SVD transcription gives the same values: it is the method.

    Missing months before a pixel's first or after its last observation are no
    gaps: the iteration does not see them and they stay NaN.

    Parameters
    ----------
    values : (time, pixel) float, NaN = missing
    months : (time,) datetime64[M], consecutive
    era_end : month, last month of stage a
    window_a, modes_a, window_b, modes_b : int, M and K of the two stages
    tolerance, max_iterations : see ``ssa_fill``
    extrapolate : bool, fill also before the first and after the last observation
    progress : callable or None; called with the fraction done, may raise
        ``Cancelled``

    Returns
    -------
    StagedFill

    Raises
    ------
    ParameterError
        A window exceeds half the months its stage sees, or K its window.
    TimeAxisError
        ``months`` are not consecutive or do not match ``values``.
    DataError
        ``values`` is not two-dimensional or holds infinite numbers.
    """
    values = check_values(values)
    months = check_months(months, len(values))
    era = months <= np.datetime64(era_end, "M")
    settings = {"tolerance": tolerance, "max_iterations": max_iterations}
    stages = []
    if era.any():
        # A gap that touches the era's end is inside the whole record: stage b's.
        ends = (extrapolate, extrapolate and bool(era.all()))
        stages.append((era, window_a, modes_a, STAGE_A, True, ends))
    if not era.all():
        whole = np.ones_like(era)
        stages.append((whole, window_b, modes_b, STAGE_B, False, (extrapolate, extrapolate)))
    return _fill_unique(values, stages, settings, extrapolate, progress)


def fill_fixed(
    values,
    months,
    window,
    modes,
    tolerance=1e-2,
    max_iterations=10_000,
    extrapolate=False,
    progress=None,
):
    """Fill all gaps of the whole record in one SSA stage, flag 1.

    Parameters, returns and errors as in ``fill_published``; ``epsilon_a`` is the
    in-sample spread of this one stage over all observed months and
    ``residual_b`` is NaN.
    """
    values = check_values(values)
    months = check_months(months, len(values))
    whole = np.ones(len(values), dtype=bool)
    settings = {"tolerance": tolerance, "max_iterations": max_iterations}
    stages = [(whole, window, modes, STAGE_A, True, (extrapolate, extrapolate))]
    return _fill_unique(values, stages, settings, extrapolate, progress)


def _fill_unique(values, stages, settings, extrapolate, progress):
    """Run the stages on the distinct series only and broadcast the result."""
    for rows, window, modes, *_ in stages:
        check_ssa(int(rows.sum()), window, modes, **settings)
    first, inverse = unique_series([values])
    result = _run(values[:, first], stages, settings, extrapolate, progress)
    return StagedFill(*(getattr(result, name)[..., inverse] for name in vars(result)))


def _run(values, stages, settings, extrapolate, progress):
    """Run the stages one after the other on distinct series."""
    pixels = values.shape[1]
    work = values.astype(np.float64)
    missing = np.isnan(work)
    flags = np.where(missing, UNFILLED, OBSERVED).astype(np.uint8)
    spread = {STAGE_A: np.full(pixels, np.nan), STAGE_B: np.full(pixels, np.nan)}
    iterations = np.zeros(pixels, dtype=np.int64)
    capped = np.zeros(pixels, dtype=bool)
    for number, (rows, window, modes, flag, scale, ends) in enumerate(stages):
        report = part_of(progress, number / len(stages), 1 / len(stages))
        part = work[rows]
        fit, spent, stuck = _fill_spans(part, window, modes, scale, ends, settings, report)
        difference = np.where(missing[rows], np.nan, values[rows] - fit)
        spread[flag] = _spread(difference)
        fill = np.isnan(part) & ~np.isnan(fit)
        part[fill] = fit[fill]
        work[rows] = part
        flags[rows] = np.where(fill, flag, flags[rows])
        iterations += spent
        capped |= stuck

    filled = values.copy()
    added = missing & (flags != UNFILLED)
    filled[added] = work[added]
    wanted = np.ones_like(missing) if extrapolate else inside_record(values)
    skipped = (wanted & (flags == UNFILLED)).any(axis=0) | missing.all(axis=0)
    return StagedFill(filled, flags, spread[STAGE_A], spread[STAGE_B], iterations, capped, skipped)


def _fill_spans(part, window, modes, scale, ends, settings, report):
    """One SSA stage, each pixel on its own observed span.

    Pixels are grouped by span, so that what a pixel gets never depends on its
    neighbours; a record has a handful of spans at most.

    Returns the reconstruction (time, pixel), NaN where none could be made, the
    iterations (pixel,) and whether a limit was hit (pixel,).
    """
    n, pixels = part.shape
    fit = np.full((n, pixels), np.nan)
    spent = np.zeros(pixels, dtype=np.int64)
    capped = np.zeros(pixels, dtype=bool)
    first, last = observed_span(part)
    some = last >= 0
    first = np.where(ends[0] & some, 0, first)
    last = np.where(ends[1] & some, n - 1, last)
    usable = last - first + 1 >= 2 * window
    spans, group = np.unique(np.stack([first, last])[:, usable], axis=1, return_inverse=True)
    where = np.flatnonzero(usable)
    done = 0
    for number, (start, stop) in enumerate(spans.T):
        chosen = where[group.reshape(-1) == number]
        out = ssa_fill(
            part[start : stop + 1, chosen],
            window,
            modes,
            scale=scale,
            progress=part_of(report, done / len(where), len(chosen) / len(where)),
            **settings,
        )
        fit[start : stop + 1, chosen] = out.reconstruction
        spent[chosen] = out.iterations.sum(axis=0)
        capped[chosen] = out.capped
        done += len(chosen)
    return fit, spent, capped


def _spread(difference):
    """Standard deviation (ddof 0) over time, ignoring NaN; NaN where all are."""
    known = ~np.isnan(difference)
    count = known.sum(axis=0)
    safe = np.maximum(count, 1)
    mean = np.where(known, difference, 0.0).sum(axis=0) / safe
    square = np.where(known, (difference - mean) ** 2, 0.0).sum(axis=0) / safe
    return np.where(count > 0, np.sqrt(square), np.nan)
