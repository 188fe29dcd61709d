"""Iterative gap filling by singular spectrum analysis, many series at once."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import ParameterError
from . import ssa_lanes, ssa_numpy
from .gaps import check_values


@dataclass
class SSAFill:
    """What ``ssa_fill`` returns.

    filled : (time, pixel), dtype of the input; observed values bit for bit
    reconstruction : (time, pixel) float64, the last K-mode reconstruction
    iterations : (modes, pixel) int32, inner iterations spent at each k
    capped : (pixel,) bool, some k stopped at ``max_iterations``
    skipped : (pixel,) bool, too few observations: nothing was computed
    path : (modes, row, pixel) float64 or None, units of the input: row k − 1
        holds the k-mode reconstruction at which k came to rest, at ``path_rows``
    """

    filled: np.ndarray
    reconstruction: np.ndarray
    iterations: np.ndarray
    capped: np.ndarray
    skipped: np.ndarray
    path: Optional[np.ndarray] = None


def check_ssa(n, window, modes, tolerance=1e-2, max_iterations=10_000):
    """Raise ParameterError unless a series of n months allows these parameters."""
    if n < 2 * window or window < 2:
        raise ParameterError(
            f"the SSA window must be at least 2 and at most half the series of {n} months",
            f"a window of {window}",
            remedy=f"The largest window that fits is {n // 2}.",
        )
    if not 1 <= modes <= window:
        raise ParameterError(f"modes must be between 1 and the window of {window}", modes)
    if not 0 < tolerance < 1:
        raise ParameterError("the tolerance must be between 0 and 1", tolerance)
    if max_iterations < 1:
        raise ParameterError("at least one iteration is needed", max_iterations)


def part_of(progress, start, width):
    """Report to ``progress`` (callable or None) on a part of the whole."""

    def report(share):
        if progress is not None:
            progress(start + width * share)

    return report


def ssa_fill(
    values,
    window,
    modes,
    tolerance=1e-2,
    max_iterations=10_000,
    progress=None,
    scale=True,
    keep_path=False,
    path_rows=None,
):
    """Fill missing months by iterative SSA, as published.

    Each series is divided by the median of its observed |x| (no mean is
    removed) and its missing months start at 0. For k = 1 … K the series is
    reconstructed from the k leading modes of its trajectory matrix (Zhang et
    al., Eqs 2–11), the missing months only are replaced, and this repeats until

        rms(new − old at the gaps) / rms(old at the gaps) < tolerance;

    then k + 1 starts from there. The tolerance is part of the method: stopping
    early regularises. Where old and new are both exactly 0 the ratio counts as
    reached. A series without gaps is reconstructed once with K modes.

    The reference code divides by the median in its stage a only and caps the
    iterations of all k together; the division changes rounding alone, and here
    the cap holds for each k.

    Parameters
    ----------
    values : (time, pixel) float, NaN = missing; the patterns may differ
    window : int, M, months; time >= 2 * M
    modes : int, K, 1 … M
    tolerance : float, see above
    max_iterations : int, inner iterations allowed at each k
    progress : callable or None; called with the fraction done between
        iterations, may raise ``Cancelled``
    scale : bool, divide by the median of |x|
    keep_path : bool, also return the reconstruction of every k = 1 … K, which
        is what a run with K = k would have returned: K answers from one run
    path_rows : index or mask of the months wanted in the path, default all

    Returns
    -------
    SSAFill. Pixels with fewer than M observed months are skipped: their gaps
    stay NaN and so does their reconstruction. Results do not depend on how
    pixels are batched beyond rounding.

    Raises
    ------
    ParameterError
        The window exceeds half the series, or another parameter is out of range.
    DataError
        ``values`` is not two-dimensional or holds infinite numbers.

    Notes
    -----
    Yi and Sneeuw (2021), J. Geophys. Res. Solid Earth, 10.1029/2020JB021227;
    Kondrashov and Ghil (2006). Singular vectors come from the M × M lag
    covariance: equal to the SVD except where singular values k and k + 1 nearly
    coincide, where either choice is arbitrary.
    """
    values = check_values(values)
    n, pixels = values.shape
    check_ssa(n, window, modes, tolerance, max_iterations)

    missing = np.isnan(values).T
    skipped = n - missing.sum(axis=1) < window
    filled = values.copy()
    reconstruction = np.full((n, pixels), np.nan)
    iterations = np.zeros((modes, pixels), dtype=np.int32)
    capped = np.zeros(pixels, dtype=bool)
    rows = np.arange(n) if path_rows is None else np.arange(n)[path_rows]
    path = np.full((modes, rows.size, pixels), np.nan) if keep_path else None

    todo = _by_pattern(np.flatnonzero(~skipped), missing)
    engine = ssa_lanes if ssa_lanes.kernel() else ssa_numpy
    lanes = engine.batch(window)
    done = 0
    for chosen in np.array_split(todo, -(-len(todo) // lanes)) if len(todo) else []:
        gaps = missing[chosen]
        x = values.T[chosen].astype(np.float64)
        size = _median_size(x) if scale else np.ones(len(x))
        x = np.where(gaps, 0.0, x / size[:, None])

        report = part_of(progress, done / len(todo), len(chosen) / len(todo))
        way = np.empty((modes, rows.size, len(x))) if keep_path else None
        fit, counts, stuck = engine.iterate(
            x, gaps, window, modes, tolerance, max_iterations, report, rows, way
        )
        report(1.0)
        if keep_path:
            path[:, :, chosen] = way * size
        reconstruction[:, chosen] = (fit * size[:, None]).T
        iterations[:, chosen] = counts.T
        capped[chosen] = stuck
        block = filled[:, chosen]
        block[gaps.T] = reconstruction[:, chosen][gaps.T]
        filled[:, chosen] = block
        done += len(chosen)
    return SSAFill(filled, reconstruction, iterations, capped, skipped, path)


def _by_pattern(pixels, missing):
    """Pixels in the order of their missing months: what is alike is faster together."""
    if len(pixels) == 0:
        return pixels
    patterns = np.packbits(missing[pixels], axis=1)
    return pixels[np.lexsort(patterns.T)]


def _median_size(x):
    """Median |x| of the observed values of each lane; 1 where that is zero."""
    size = np.nanmedian(np.abs(x), axis=1)
    return np.where(size > 0, size, 1.0)
