"""How well one set of numbers agrees with another: the metrics of METHODS §10."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import DataError

#: Pairs below which nothing but their number, bias and RMSE is given.
MIN_PAIRS = 3


class Metrics(NamedTuple):
    """What `metrics` and `Moments.metrics` give; arrays (pixel,) or numbers.

    ``n`` pairs; ``cc`` Pearson correlation; ``cc2`` its square, the share of the
    variance that the best straight line explains; ``nse`` Nash–Sutcliffe efficiency
    1 − SSE/SST, which is also the R² of Zhang et al., Eq. 16; ``rmse`` and ``bias``
    (simulated − observed) in the unit of the values; ``kge`` Kling–Gupta efficiency.
    """

    n: np.ndarray
    cc: np.ndarray
    cc2: np.ndarray
    nse: np.ndarray
    rmse: np.ndarray
    bias: np.ndarray
    kge: np.ndarray


@dataclass(frozen=True)
class Moments:
    """Centred sums of pairs, which can be added up over blocks without losing digits.

    ``n`` pairs, ``w`` Σ weights, ``x`` and ``y`` weighted means of simulated and
    observed, ``xx``, ``yy``, ``xy`` Σ w (x − x̄)² and so on; ``constant_x`` and
    ``constant_y``, the one value that all had, or NaN. Arrays of one shape, or numbers.
    """

    n: np.ndarray
    w: np.ndarray
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    yy: np.ndarray
    xy: np.ndarray
    constant_x: np.ndarray
    constant_y: np.ndarray

    @classmethod
    def of(cls, simulated, observed, weights=None):
        """Moments over axis 0 of two arrays of one shape; NaN in either is left out.

        ``weights`` are not negative and of the same shape, or (time,); NaN and 0
        leave a pair out. Raises `DataError`.
        """
        x, y = np.asarray(simulated, float), np.asarray(observed, float)
        if x.shape != y.shape or x.ndim == 0:
            raise DataError("pairs are two arrays of one shape", f"{x.shape} and {y.shape}")
        if np.isinf(x).any() or np.isinf(y).any():
            raise DataError("finite values, or NaN where missing", "infinite values")
        known = ~(np.isnan(x) | np.isnan(y))
        w = known.astype(float)
        if weights is not None:
            w = _weights(weights, x.shape)
            known &= w > 0
            w = np.where(known, w, 0.0)
        x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
        n, total = known.sum(axis=0), w.sum(axis=0)
        some = np.where(total > 0, total, 1.0)
        mean_x, mean_y = (w * x).sum(axis=0) / some, (w * y).sum(axis=0) / some
        dx, dy = x - mean_x, y - mean_y
        same_x, same_y = _constant(x, known), _constant(y, known)
        return cls(
            n, total, mean_x, mean_y,
            (w * dx * dx).sum(axis=0), (w * dy * dy).sum(axis=0), (w * dx * dy).sum(axis=0),
            same_x, same_y,
        )  # fmt: skip

    def __add__(self, other):
        """Moments of both sets together (Chan, Golub & LeVeque 1983)."""
        w = self.w + other.w
        some = np.where(w > 0, w, 1.0)
        dx, dy = other.x - self.x, other.y - self.y
        cross = self.w * other.w / some
        return Moments(
            self.n + other.n,
            w,
            self.x + dx * other.w / some,
            self.y + dy * other.w / some,
            self.xx + other.xx + dx * dx * cross,
            self.yy + other.yy + dy * dy * cross,
            self.xy + other.xy + dx * dy * cross,
            _joined(self.constant_x, other.constant_x, self.n, other.n),
            _joined(self.constant_y, other.constant_y, self.n, other.n),
        )

    def pooled(self, weights):
        """Moments of all pixels together, each pixel's pairs times its ``weights`` (pixel,)."""
        w = self.w * np.asarray(weights, float)
        total = w.sum()
        some = total if total > 0 else 1.0
        x, y = (w * self.x).sum() / some, (w * self.y).sum() / some
        dx, dy = self.x - x, self.y - y
        seen = np.asarray(self.n) > 0
        return Moments(
            np.sum(self.n), total, x, y,
            (weights * self.xx + w * dx * dx).sum(), (weights * self.yy + w * dy * dy).sum(),
            (weights * self.xy + w * dx * dy).sum(),
            *(_single(c[seen]) for c in (self.constant_x, self.constant_y)),
        )  # fmt: skip

    def metrics(self):
        """`Metrics` of these pairs; NaN where they do not exist.

        No pair: all NaN. Under `MIN_PAIRS`: bias and RMSE only. A constant observed
        series has no CC, NSE or KGE, a constant simulated one no CC or KGE.

        cc  = Σw(x−x̄)(y−ȳ) / √(Σw(x−x̄)² Σw(y−ȳ)²)
        nse = 1 − Σw(x−y)² / Σw(y−ȳ)²
        kge = 1 − √((cc−1)² + (σx/σy−1)² + (x̄/ȳ−1)²)      (Gupta et al. 2009)
        """
        n = np.asarray(self.n)
        some, many = n > 0, n >= MIN_PAIRS
        bias = np.where(some, self.x - self.y, np.nan)
        # Σw(x−y)² = Σw(dx−dy)² + w·bias²
        scatter = np.maximum(self.xx + self.yy - 2.0 * np.asarray(self.xy), 0.0)
        w = np.where(some, self.w, 1.0)
        sse = scatter + w * (self.x - np.asarray(self.y)) ** 2
        rmse = np.where(some, np.sqrt(sse / w), np.nan)
        moves_x, moves_y = np.isnan(self.constant_x) & many, np.isnan(self.constant_y) & many
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(np.asarray(self.xx)) * np.sqrt(np.asarray(self.yy))
            cc = np.where(moves_x & moves_y & (root > 0), self.xy / root, np.nan)
            cc = np.clip(cc, -1.0, 1.0)
            nse = np.where(moves_y, 1.0 - sse / self.yy, np.nan)
            spread = np.sqrt(np.asarray(self.xx) / self.yy)
            # A mean that is zero but for rounding has no ratio.
            zero = np.abs(self.y) <= 1e-9 * np.sqrt(np.asarray(self.yy) / w)
            ratio = np.where(zero, np.nan, self.x / np.asarray(self.y))
            kge = 1.0 - np.sqrt((cc - 1) ** 2 + (spread - 1) ** 2 + (ratio - 1) ** 2)
        return Metrics(n, cc, cc * cc, nse, rmse, bias, kge)


def metrics(simulated, observed, weights=None):
    """`Metrics` of each pixel: arrays (pixel,) from two arrays (time, pixel).

    ``simulated`` is what is judged, ``observed`` what it is judged by, in one unit;
    a pair with NaN in either does not count. ``weights``, not negative, (time,) or
    (time, pixel). For pooled metrics give all values as one pixel, or add up `Moments`.

    KGE takes the ratio of the means: for anomalies the mean of the observed values
    is near zero and KGE says nothing (Li et al., section 3.3).

    Raises `DataError` for other shapes, infinite values or negative weights.
    Source: METHODS §10; Zhang et al., Eqs. 16–18; Li et al., Eqs. 12–13;
    Nash & Sutcliffe (1970); Gupta et al. (2009).
    """
    simulated = np.asarray(simulated, float)
    if simulated.ndim != 2:
        raise DataError("series as an array (time, pixel)", f"shape {simulated.shape}")
    return Moments.of(simulated, observed, weights).metrics()


def pooled_metrics(simulated, observed, weights=None):
    """`Metrics` as numbers, of all pairs of two arrays of any one shape together."""
    flat = [np.asarray(a, float).ravel() for a in (simulated, observed)]
    if weights is not None:
        weights = np.broadcast_to(np.asarray(weights, float), np.shape(simulated)).ravel()
    return numbers(Moments.of(*flat, weights).metrics())


def numbers(result):
    """`Metrics` of a single pixel as plain numbers."""
    # numpy 2.4 makes no number of an array that has a dimension, be it of one value.
    n, *values = (np.asarray(v).item() for v in result)
    return Metrics(int(n), *(float(v) for v in values))


def _weights(weights, shape):
    w = np.asarray(weights, float)
    if w.shape == shape[:1]:
        w = np.broadcast_to(w.reshape(-1, *[1] * (len(shape) - 1)), shape)
    if w.shape != shape:
        raise DataError(f"weights of the shape {shape}", w.shape)
    if (w < 0).any() or np.isinf(w).any():
        raise DataError("weights that are finite and not negative", "others")
    return np.where(np.isnan(w), 0.0, w)


def _constant(values, known):
    """The one value along axis 0, NaN where there are several."""
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(low == high, low, np.nan)


def _single(values):
    """The one value of all, NaN where they differ or are none."""
    return values[0] if values.size and (values == values[0]).all() else np.nan


def _joined(first, second, n_first, n_second):
    same = np.where(first == np.asarray(second), first, np.nan)
    same = np.where(np.asarray(n_first) == 0, second, same)
    return np.where(np.asarray(n_second) == 0, first, same)
