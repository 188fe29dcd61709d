"""Each well by itself: correlation with the stack, by classes, before and after downscaling.

Levels are used as they are: correlation needs no specific yield (Li et al., 4.3).
"""

from typing import NamedTuple

import numpy as np

from .metrics import metrics
from .scores import correlation_p, straight_line


class ClassScore(NamedTuple):
    """Wells of one class: their number, median CC, share with CC > 0, share improved."""

    name: str
    wells: int
    median_cc: float
    positive: float
    median_before: float
    improved: float


class ChangeFit(NamedTuple):
    """Change of CC = slope · CC before + intercept, over ``n`` wells.

    ``cc`` and ``p`` of change against CC before; ``oldham_cc`` of change against the
    mean of both, which is free of the bias that the first has by construction.
    """

    n: int
    slope: float
    intercept: float
    cc: float
    p: float
    oldham_cc: float
    oldham_p: float


def well_correlation(level, simulated, min_months=12):
    """CC (well,) of levels and simulated series (time, well), and the common months.

    NaN under ``min_months`` common months or where one of the two is constant.
    """
    result = metrics(simulated, level)
    return np.where(result.n >= min_months, result.cc, np.nan), result.n


def class_scores(cc, before=None, classes=None, thresholds=()):
    """`ClassScore` of all wells and of those whose class value exceeds each threshold.

    ``cc``, ``before`` (or None) and ``classes`` (or None), such as the irrigated share,
    are (well,); wells without a CC do not count.
    """
    known = np.isfinite(cc)
    rows = [_class_score("all", known, cc, before)]
    if classes is not None:
        for limit in thresholds:
            rows.append(_class_score(f"> {limit:g}", known & (classes > limit), cc, before))
    return rows


def change_fit(cc, before):
    """`ChangeFit` of CC − CC before on CC before, or None for fewer than 3 wells.

    A change regressed on its own starting value falls even where nothing but noise
    changed (regression to the mean). Oldham (1962, J. Chronic Dis. 15, 969–977)
    correlates it with the mean of both instead, which is zero then.
    """
    good = np.isfinite(cc) & np.isfinite(before)
    n = int(good.sum())
    if n < 3:
        return None
    start, change = before[good], cc[good] - before[good]
    slope, intercept = straight_line(start, change)
    columns = np.stack([start, 0.5 * (cc[good] + start)], axis=1)
    r = metrics(columns, np.repeat(change[:, None], 2, axis=1)).cc
    p = [correlation_p(v, n) for v in r]
    return ChangeFit(n, slope, intercept, float(r[0]), p[0], float(r[1]), p[1])


def _class_score(name, chosen, cc, before):
    values = cc[chosen]
    if not values.size:
        return ClassScore(name, 0, *[float("nan")] * 4)
    first, improved = float("nan"), float("nan")
    if before is not None:
        both = chosen & np.isfinite(before)
        if both.any():
            first = float(np.median(before[both]))
            improved = float((cc[both] > before[both]).mean())
    return ClassScore(
        name, int(values.size), float(np.median(values)), float((values > 0).mean()),
        first, improved,
    )  # fmt: skip
