"""The published two-stage SSA filling, and the same iteration in one stage."""

import numpy as np

from ..data.flags import STAGE_A, STAGE_B
from .gaps import check_months, check_values
from .staging import Stage, run_stages


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
    candidates=None,
    progress=None,
):
    """Fill a GRACE/GRACE-FO record in the two published stages.

    Stage a sees the months up to ``era_end`` alone and fills the short gaps
    there (M = 24, K = 12; Zhang et al., Sect. 2.2). Stage b sees the whole
    record, stage a's values counting as observed, and fills what is left, with
    the M and K that ``cross_validate`` finds best among ``candidates`` for each
    pixel (published: M = 48, K = 1 … 12), or with ``window_b`` and ``modes_b``
    where there are no candidates or a pixel cannot be validated. Without months
    after ``era_end`` only stage a runs, without months up to it only stage b.
    See ``ssa_fill`` for the iteration; as in the reference code only stage a
    divides by the median (which changes rounding alone). The reference code's
    stage a differs in one thing: it joins the months after the long gap directly
    to those before it.

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
    candidates : Candidates or None, what to cross-validate for stage b
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
        ``months`` are not consecutive or do not match ``values``, or hold no
        year that could be hidden.
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
        stages.append(Stage(era, window_a, modes_a, STAGE_A, True, ends))
    if not era.all():
        whole, ends = np.ones_like(era), (extrapolate, extrapolate)
        stages.append(Stage(whole, window_b, modes_b, STAGE_B, False, ends, candidates))
    return run_stages(values, months, stages, settings, extrapolate, progress)


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
    ends = (extrapolate, extrapolate)
    stages = [Stage(whole, window, modes, STAGE_A, True, ends)]
    return run_stages(values, months, stages, settings, extrapolate, progress)
