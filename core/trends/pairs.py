"""One walk over all pairs of months: what Sen's slope and Mann-Kendall share."""

import numpy as np

from ..accelerate import load
from .selection import select
from .series import missing_patterns

# Pairs of a block are read several times: they should stay in the processor's cache.
BLOCK_BYTES = 4 * 1024**2


def _circular(x, reach):
    """View (..., n, reach) of the ``reach`` circular successors of each of n entries."""
    doubled = np.concatenate([x, x[..., :-1]], axis=-1)
    n = x.shape[-1]
    view = np.lib.stride_tricks.sliding_window_view(doubled, reach + 1, axis=-1)
    return view[..., :n, 1:]


def pair_statistics(values, ranks=None, block_bytes=BLOCK_BYTES):
    """Count rising pairs and pick order statistics of all pairwise slopes.

    The slopes are (x_j - x_i) / (j - i) over all observed pairs of a pixel, with
    true distances along axis 0.

    ``values`` (time, pixel), NaN = missing; ``ranks`` (k, pixel) positions,
    counted from 0, in the ordered slopes of each pixel, below n (n - 1) / 2, or
    None. ``block_bytes`` bounds the memory for pairs, except that the pairs of
    one pixel (4 n^2 bytes) are held in any case.

    Returns ``(rising, slopes)``: the number of pairs with x_j > x_i, (pixel,),
    and the asked slopes (k, pixel) or None; 0 and NaN under two observations.
    With numba the same, a few times faster, without blocks.
    """
    pixels = values.shape[1]
    rising = np.zeros(pixels)
    picked = None if ranks is None else np.full(ranks.shape, np.nan)
    compiled = load(".pairs_compiled", __package__)
    if compiled is not None:
        return _accelerated(compiled, values, ranks, rising)
    for observed, which in missing_patterns(values):
        n = observed.size
        if n < 2:
            continue
        # Each month with its n/2 circular successors makes each pair once; a pair
        # that wraps around has both differences negated, so its slope is the same.
        reach = n // 2
        distance = (_circular(observed, reach) - observed[:, None]).astype(float)
        width = max(1, int(block_bytes // (8 * n * reach)))
        buffer = np.empty((min(width, which.size), n, reach))
        for start in range(0, which.size, width):
            block = which[start : start + width]
            x = np.ascontiguousarray(values[np.ix_(observed, block)].T)
            slopes = buffer[: block.size]
            np.subtract(_circular(x, reach), x[:, :, None], out=slopes)
            slopes /= distance
            if n % 2 == 0:
                # Months opposite on an even circle meet twice; NaN is never
                # counted and sorts behind every slope.
                slopes[:, reach:, -1] = np.nan
            flat = slopes.reshape(block.size, n * reach)
            rising[block] = np.add.reduce((flat > 0).view(np.uint8), axis=1, dtype=np.int32)
            if ranks is not None:
                picked[:, block] = select(flat, ranks[:, block].T).T
    return rising, picked


def tied_pairs(values):
    """What equal values take from the Mann-Kendall test, for ``values`` (time, pixel).

    Returns (n, tied, correction), each (pixel,): observed months, pairs of equal values,
    and the sum of t (t - 1)(2 t + 5) over the groups of t equal values.
    """
    pixels = values.shape[1]
    compiled = load(".pairs_compiled", __package__)
    if compiled is not None:
        n, tied, correction = np.empty((3, pixels))
        compiled.ties(np.ascontiguousarray(values.T), n, tied, correction)
        return n, tied, correction
    n = np.count_nonzero(~np.isnan(values), axis=0).astype(float)
    ordered = np.sort(values, axis=0)
    step = np.arange(values.shape[0])[:, None]
    start = np.zeros(values.shape, dtype=np.int64)
    start[1:] = np.where(ordered[1:] == ordered[:-1], 0, step[1:])
    member = (step - np.maximum.accumulate(start, axis=0)).astype(float)
    # Summed over the members 0..t-1 of a group, m gives t (t - 1) / 2 and
    # 6 (m + 1)^2 - 6 gives t (t - 1)(2 t + 5).
    return n, member.sum(axis=0), (6.0 * (member + 1.0) ** 2 - 6.0).sum(axis=0)


def _accelerated(compiled, values, ranks, rising):
    pixels = values.shape[1]
    asked = np.empty((pixels, 0), np.int64) if ranks is None else np.ascontiguousarray(ranks.T)
    picked = np.full(asked.shape, np.nan)
    orders = np.argsort(asked, axis=1, kind="stable")
    compiled.pairs(np.ascontiguousarray(values.T), asked, orders, rising, picked)
    return rising, None if ranks is None else np.ascontiguousarray(picked.T)
