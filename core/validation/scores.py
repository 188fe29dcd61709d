"""Scores of predicted against observed numbers, and quantile bins of the predicted ones."""

import math
from typing import NamedTuple

import numpy as np

from ..errors import ParameterError
from .metrics import pooled_metrics

#: Pairs below which there are no bins, and the least mean number of pairs in a bin.
MIN_BINNED, MIN_IN_BIN = 6, 2


class Score(NamedTuple):
    """Agreement of two sets of numbers.

    ``name`` what was compared; ``factor`` on the specific yield; ``n`` pairs; ``cc``
    and its two-sided ``p``; ``cc2`` = CC²; ``r2`` = 1 − SSE/SST, which is below
    ``cc2`` where scale or level differ and may be negative; ``rmse``, ``bias``;
    ``slope`` and ``intercept`` of observed = slope · predicted + intercept.
    """

    name: str
    factor: float
    n: int
    cc: float
    p: float
    cc2: float
    r2: float
    rmse: float
    bias: float
    slope: float
    intercept: float


class Bins(NamedTuple):
    """Quantile bins of the predicted values; arrays (bin,).

    ``n`` pairs, ``low`` and ``high`` edges, means of ``predicted`` and ``observed``,
    ``sem`` the standard error of the observed mean (ddof 1), NaN for a single pair.
    """

    n: np.ndarray
    low: np.ndarray
    high: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    sem: np.ndarray


def score(name, predicted, observed, factor=1.0, comparable=True, independent=True):
    """`Score` of two arrays (pair,); a pair with NaN does not count.

    ``observed`` is multiplied by ``factor`` first. Where the two are no quantities
    of one unit (``comparable`` false), R², RMSE and bias are NaN. Where the pairs
    are not ``independent``, as months that follow each other, p is NaN.
    """
    predicted, observed = np.asarray(predicted, float), np.asarray(observed, float) * factor
    m = pooled_metrics(predicted, observed)
    slope, intercept = straight_line(predicted, observed)
    r2, rmse, bias = (m.nse, m.rmse, m.bias) if comparable else (math.nan,) * 3
    p = correlation_p(m.cc, m.n) if independent else math.nan
    return Score(name, factor, m.n, m.cc, p, m.cc2, r2, rmse, bias, slope, intercept)


def straight_line(x, y):
    """Slope and intercept of y on x by least squares; NaN where x does not vary."""
    good = np.isfinite(x) & np.isfinite(y)
    x, y = np.asarray(x, float)[good], np.asarray(y, float)[good]
    if x.size < 2 or np.ptp(x) == 0:
        return math.nan, math.nan
    dx = x - x.mean()
    slope = float((dx * (y - y.mean())).sum() / (dx * dx).sum())
    return slope, float(y.mean() - slope * x.mean())


def correlation_p(cc, n):
    """Two-sided p of a correlation of ``n`` independent pairs (Student's t, n − 2)."""
    if not math.isfinite(cc) or n < 3:
        return math.nan
    if abs(cc) >= 1.0:
        return 0.0
    from scipy.special import betainc

    # P(|T| > t) = I_{df/(df+t²)}(df/2, ½), and df/(df+t²) = 1 − cc².
    return float(betainc(0.5 * (n - 2), 0.5, 1.0 - cc * cc))


def quantile_bins(predicted, observed, bins=15):
    """`Bins` of equal numbers of pairs, by quantiles of ``predicted``; None for few pairs.

    Edges are quantiles (linear between order statistics); a bin holds its upper
    edge, the first its lower one too, and bins that ties leave empty fall away. With
    under two pairs a bin there are fewer bins, under 6 pairs none. Raises
    `ParameterError` for fewer than 2 bins.
    """
    if bins < 2:
        raise ParameterError("at least 2 bins are expected", bins, "BINS")
    good = np.isfinite(predicted) & np.isfinite(observed)
    x, y = np.asarray(predicted, float)[good], np.asarray(observed, float)[good]
    if x.size < MIN_BINNED:
        return None
    count = min(int(bins), x.size // MIN_IN_BIN)
    edges = np.unique(np.quantile(x, np.linspace(0.0, 1.0, count + 1)))
    if edges.size < 3:
        return None
    which = np.clip(np.searchsorted(edges, x, side="left") - 1, 0, edges.size - 2)
    n = np.bincount(which, minlength=edges.size - 1)
    kept = np.flatnonzero(n)
    sums = [np.bincount(which, v, minlength=edges.size - 1)[kept] for v in (x, y)]
    n = n[kept]
    mean_x, mean_y = sums[0] / n, sums[1] / n
    place = np.searchsorted(kept, which)
    square = np.bincount(place, (y - mean_y[place]) ** 2)
    many = n > 1
    sem = np.where(many, np.sqrt(square / np.where(many, n - 1, 1) / n), np.nan)
    return Bins(n, edges[kept], edges[kept + 1], mean_x, mean_y, sem)
