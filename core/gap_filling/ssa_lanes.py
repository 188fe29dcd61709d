"""The SSA iteration on compiled registers, where numba is there."""

import numpy as np

from .. import lanes
from ..accelerate import load, switched_off
from . import ssa_numpy

#: Series in one batch. Groups of eight are formed anew in every round, so the more series
#: there are the fewer lanes stand idle.
BATCH = 512
#: Group iterations × M³ between two looks at progress and cancel: a tenth of a second or two.
_BETWEEN = 1.5e8


def kernel():
    """The compiled module, or None: then numpy does the work."""
    if switched_off():
        return None
    try:
        lanes.register()
    except Exception:  # numba absent or broken, which ``accelerate.state`` explains
        return None
    found = None
    for name in ("householder", "eigen", "rebuild", "ssa"):  # callers after those they call
        found = load(f".{name}_compiled", __package__)
        if found is None:
            return None
    return found


def batch(window):
    """Series to give ``iterate`` at once."""
    return BATCH


def iterate(x, gaps, window, modes, tolerance, max_iterations, report, rows, path):
    """As ``ssa_numpy.iterate``, which also takes over series that need LAPACK."""
    compiled = kernel()
    total, n = x.shape
    start = np.ascontiguousarray(x)
    x = start.copy()
    gaps = np.ascontiguousarray(gaps, dtype=np.uint8)
    gapless = ~gaps.any(axis=1)
    k = np.where(gapless & (path is None), modes, 1)
    counts = np.zeros((total, modes), dtype=np.int32)
    state, capped = np.zeros((2, total), dtype=np.uint8)
    fit = np.empty_like(x)
    way = np.empty((modes, 0, total)) if path is None else path
    room = lanes.empty(compiled.workspace_rows(n, window, modes))
    rounds = int(np.clip(_BETWEEN / window**3 / (total / lanes.WIDTH + 1), 1, 16))
    running = total
    while running:
        report(float(np.mean(state != compiled.RUNNING)))
        running = compiled.advance(
            x,
            gaps,
            window,
            modes,
            float(tolerance),
            int(max_iterations),
            k,
            counts,
            state,
            capped,
            fit,
            rows,
            way,
            rounds,
            room,
        )
    counts[gapless, :-1] = 0
    capped = capped.astype(bool)
    hard = np.flatnonzero(state == compiled.HARD)
    step = ssa_numpy.batch(window)
    for part in (hard[i : i + step] for i in range(0, len(hard), step)):
        sub = None if path is None else np.empty((modes, len(rows), len(part)))
        fit[part], counts[part], capped[part] = ssa_numpy.iterate(
            start[part],
            gaps[part].astype(bool),
            window,
            modes,
            tolerance,
            max_iterations,
            lambda share: report(1.0),
            rows,
            sub,
        )
        if path is not None:
            path[:, :, part] = sub
    return fit, counts, capped
