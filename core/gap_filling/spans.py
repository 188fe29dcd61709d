"""The SSA iteration on pixels whose records begin and end in different months."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from .gaps import observed_span
from .ssa import part_of, ssa_fill


@dataclass
class SpanFill:
    """What ``fill_spans`` returns.

    fit : (time, pixel) reconstruction, NaN where none could be made
    iterations : (pixel,) int, over all k
    capped : (pixel,) bool, some k stopped at the iteration limit
    path : (modes, time, pixel) or None, the reconstruction of every k
    """

    fit: np.ndarray
    iterations: np.ndarray
    capped: np.ndarray
    path: Optional[np.ndarray] = None


def fill_spans(
    part, window, modes, *, ends=(False, False), scale=True, path=False, progress=None, **settings
):
    """One SSA stage, each pixel on its own observed span.

    Pixels are grouped by span (and by their number of modes), so that what a
    pixel gets never depends on its neighbours; a record has a handful of spans
    at most. A span shorter than twice the window is left out.

    Parameters
    ----------
    part : (time, pixel) float64, NaN = missing
    window : int, M
    modes : int or (pixel,) int, K
    ends : (bool, bool), extend the span to the first and to the last month
    scale, settings : see ``ssa_fill``
    path : bool, also return the reconstruction of every k (``modes`` is then one number)
    progress : callable or None; called with the fraction done

    Returns
    -------
    SpanFill
    """
    n, pixels = part.shape
    first, last = observed_span(part)
    some = last >= 0
    first = np.where(ends[0] & some, 0, first)
    last = np.where(ends[1] & some, n - 1, last)
    kept = np.broadcast_to(modes, (pixels,))
    out = SpanFill(
        np.full((n, pixels), np.nan),
        np.zeros(pixels, dtype=np.int64),
        np.zeros(pixels, dtype=bool),
        np.full((int(np.max(modes)), n, pixels), np.nan) if path else None,
    )
    where = np.flatnonzero(last - first + 1 >= 2 * window)
    groups, group = np.unique(np.stack([first, last, kept])[:, where], axis=1, return_inverse=True)
    done = 0
    for number, (start, stop, count) in enumerate(groups.T):
        chosen = where[group.reshape(-1) == number]
        span = slice(start, stop + 1)
        one = ssa_fill(
            part[span, chosen],
            window,
            int(count),
            scale=scale,
            keep_path=path,
            progress=part_of(progress, done / len(where), len(chosen) / len(where)),
            **settings,
        )
        out.fit[span, chosen] = one.reconstruction
        out.iterations[chosen] = one.iterations.sum(axis=0)
        out.capped[chosen] = one.capped
        if path:
            out.path[:, span, chosen] = one.path
        done += len(chosen)
    return out
