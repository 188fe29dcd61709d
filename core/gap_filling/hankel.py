"""The algebra of the trajectory matrix, without ever building it.

A series x of length N and a window M give the M × L trajectory matrix
Y[i, t] = x[i + t], L = N − M + 1 (Zhang et al., Eqs 2–3). Everything below
works on stacks of series, lanes first: x is (lane, N).
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def lag_covariance(x, window):
    """Gram matrix Y Yᵀ of each series' trajectory matrix.

    Its leading eigenvectors are the leading left singular vectors of Y, so the
    M × M symmetric problem replaces the M × L singular value decomposition.
    The first row is a direct sum; the next rows follow from the Hankel
    structure: C[i+1, j+1] = C[i, j] − x[i]x[j] + x[i+L]x[j+L].

    Parameters
    ----------
    x : (lane, N) float64, finite, N >= 2 * window
    window : int, M

    Returns
    -------
    (lane, M, M) float64; only the upper triangle is set, the rest is zero.
    """
    lanes, n = x.shape
    length = n - window + 1
    gram = np.zeros((lanes, window, window))
    gram[:, 0, :] = np.einsum("bt,bdt->bd", x[:, :length], sliding_window_view(x, length, axis=1))
    head, tail = x[:, : window - 1], x[:, length:]
    for i in range(window - 1):
        row = gram[:, i + 1, i + 1 :]
        np.multiply(tail[:, i, None], tail[:, i:], out=row)
        row -= head[:, i, None] * head[:, i:]
        row += gram[:, i, i:-1]
    return gram


def shear(projector):
    """View (lane, M, 2 M − 1) of projectors (lane, M, M) whose columns are their diagonals.

    P[i, j] stands at row M − 1 − i, column M − 1 + (j − i); the rest is zero.
    """
    lanes, window, _ = projector.shape
    taps = 2 * window - 1
    padded = np.zeros((lanes, window, 2 * window))
    padded[:, :, :window] = projector[:, ::-1]
    step, item = padded.strides[0], padded.itemsize
    # Row r of the view starts one sample earlier than row r of the buffer.
    return as_strided(padded, (lanes, window, taps), (step, taps * item, item), writeable=False)


def pad(x, window):
    """Series (lane, N) between M − 1 zeros at either end, and the view that is the series."""
    lanes, n = x.shape
    padded = np.zeros((lanes, n + 2 * (window - 1)))
    inner = padded[:, window - 1 : window - 1 + n]
    inner[:] = x
    return padded, inner


class SharedMonths:
    """Reconstruction at months that all series have in common: two small matrix products.

    Which rows of the trajectory matrix cross a month's anti-diagonal is the same for all
    months inside the series; each of the few distinct sets of rows gives one filter.
    """

    def __init__(self, months, n, window):
        """Months (G,) of series of length n."""
        first = np.maximum(window - 1 - months, 0)
        last = np.minimum(n - 1 - months, window - 1)
        sets, which = np.unique(np.stack([first, last]), axis=1, return_inverse=True)
        row = np.arange(window)
        crossed = (row >= sets[0][:, None]) & (row <= sets[1][:, None])
        self._rows = crossed / crossed.sum(axis=1, keepdims=True)
        self._which = which.reshape(-1)
        self._windows = months[:, None] + np.arange(2 * window - 1)

    def at(self, padded, projector):
        """(lane, G) from ``pad``'s first answer and the projectors (lane, M, M)."""
        filters = self._rows @ shear(projector)
        every = np.take(padded, self._windows, axis=1) @ filters.transpose(0, 2, 1)
        return every[:, np.arange(len(self._which)), self._which]


class DiagonalAverage:
    """Projection of the trajectory matrix and its diagonal average, as filters.

    (P Y) averaged over its anti-diagonals is, at every time p, a filter over
    x[p − M + 1 … p + M − 1] whose tap d is the sum of P[i, i + d] over those
    rows i that the anti-diagonal crosses: all of them inside the series, fewer
    within M − 1 months of its ends (Eqs 8, 10, 11 in one step). Any months can
    therefore be reconstructed alone.
    """

    def __init__(self, projector):
        """From projectors (lane, M, M)."""
        window = projector.shape[1]
        self.window, self.taps = window, 2 * window - 1
        self._sheared = shear(projector)
        self._whole = self._sheared.sum(axis=1)
        self._partial = None

    def _between(self, lane, first, last):
        """Taps summed over sheared rows first … last (arrays that broadcast)."""
        if self._partial is None:
            lanes, window, taps = self._sheared.shape
            self._partial = np.zeros((lanes, window + 1, taps))
            for row in range(window):  # several times faster than cumsum over a middle axis
                np.add(self._partial[:, row], self._sheared[:, row], out=self._partial[:, row + 1])
        return self._partial[lane, last + 1] - self._partial[lane, first]

    def _at_ends(self, windows, lane, month, n):
        """Reconstruction at months near the ends; the three arrays broadcast."""
        first = np.maximum(self.window - 1 - month, 0)
        last = np.minimum(n - 1 - month, self.window - 1)
        taps = self._between(lane, first, last)
        return np.einsum("...w,...w->...", taps, windows[lane, month]) / (last - first + 1)

    def _windows(self, x):
        """View (lane, N, taps) of each month's neighbourhood, zeros outside."""
        margin = self.window - 1
        return sliding_window_view(np.pad(x, ((0, 0), (margin, margin))), self.taps, axis=1)

    def at(self, x, months):
        """Reconstruct chosen months: x (lane, N), months (lane, G) → (lane, G)."""
        n = x.shape[1]
        windows = self._windows(x)
        lane = np.arange(len(x))[:, None]
        gathered = windows[lane, months]
        out = (gathered @ self._whole[:, :, None])[:, :, 0] / self.window
        end = (months < self.window - 1) | (months > n - self.window)
        if end.any():
            at, which = np.nonzero(end)
            out[at, which] = self._at_ends(windows, at, months[at, which], n)
        return out

    def everywhere(self, x):
        """Reconstruct all months: (lane, N)."""
        n, margin = x.shape[1], self.window - 1
        windows = self._windows(x)
        out = np.empty(x.shape)
        inside = windows[:, margin : n - margin]
        out[:, margin : n - margin] = np.einsum("bw,bpw->bp", self._whole, inside) / self.window
        if margin:
            ends = np.concatenate([np.arange(margin), np.arange(n - margin, n)])
            lane = np.arange(len(x))[:, None]
            out[:, ends] = self._at_ends(windows, lane, ends[None, :], n)
        return out
