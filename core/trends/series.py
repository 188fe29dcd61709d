"""What every trend kernel asks of its series, and how it groups them."""

import numpy as np

from ..errors import DataError


def as_series(values):
    """Check and convert a block of series.

    Parameters: ``values`` (time, pixel), any unit, NaN = missing.
    Returns the same as float64, not copied where it already is.
    Raises DataError where there are not two dimensions or a value is infinite.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2:
        raise DataError("series as an array (time, pixel)", found=f"shape {values.shape}")
    if np.isinf(values).any():
        raise DataError(
            "finite values, or NaN where missing",
            found=f"{int(np.isinf(values).sum())} infinite values",
            remedy="Set them to missing first.",
        )
    return values


def missing_patterns(values):
    """Yield ``(observed, pixels)`` for each distinct pattern of missing months.

    ``values`` is (time, pixel); ``observed`` are the indices of the observed
    months and ``pixels`` the indices of all pixels that share exactly these.
    Satellite gaps are the same everywhere, so there are few patterns, and what
    depends only on the months is done once for each.
    """
    seen = ~np.isnan(values)
    if values.shape[1] == 0:
        return
    if (seen == seen[:, :1]).all():
        yield np.flatnonzero(seen[:, 0]), np.arange(values.shape[1])
        return
    codes = np.ascontiguousarray(np.packbits(seen, axis=0).T)
    _, first, which = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    # numpy 2.0 returns the inverse with an extra axis.
    which = which.reshape(-1)
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which))
    for start, end, one in zip(np.r_[0, ends[:-1]], ends, first):
        yield np.flatnonzero(seen[:, one]), order[start:end]


def rounding(values):
    """What may be rounding in each series of (time, pixel), (pixel,): 1e-12 of its largest size."""
    return 1e-12 * np.where(np.isnan(values), 0.0, np.abs(values)).max(axis=0, initial=0.0)
