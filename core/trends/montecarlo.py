"""What the stated uncertainty of the values does to a slope, by drawing errors."""

from typing import NamedTuple

import numpy as np

from ..errors import DataError, ParameterError
from .pairs import pair_statistics
from .sen import check_alpha, slope_ranks
from .series import as_series

DRAWS = 200
#: Fewer cannot show 2.5 % at either end.
FEWEST_DRAWS = 40


class Errors(NamedTuple):
    """Errors to draw: ``sigma`` (time, pixel), one sigma in the unit of the series, NaN where
    unknown; ``filled`` (time, pixel) bool or None, months made by a gap filling; ``draws``.
    """

    sigma: np.ndarray
    filled: object = None
    draws: int = DRAWS


def gap_starts(filled):
    """For each month the first of its gap, for observed months the month itself.

    ``filled`` (time, pixel) bool. Returns (time, pixel) indices along axis 0: a gap is a run
    of filled months.
    """
    month = np.broadcast_to(np.arange(len(filled))[:, None], filled.shape)
    begins = np.ones(filled.shape, bool)
    begins[1:] = ~(filled[1:] & filled[:-1])
    return np.maximum.accumulate(np.where(begins, month, 0), axis=0)


def slope_limits_by_draws(values, errors, series_of, alpha=0.05, seed=0, check=None):
    """Limits of Sen's slope under drawn errors of the values.

    Each draw adds sigma_t e_t to every month, e standard normal: independent from month to
    month, and one and the same e for all filled months of a gap, whose errors are taken as
    fully correlated. The season is removed anew from every draw, and the slope is taken. The
    limits are the alpha / 2 and 1 - alpha / 2 quantiles of the slopes. They show what the
    stated uncertainty alone does to the slope of this record, not how far another record
    would differ: that is in Theil's limits, whose scatter already holds one draw of the errors.
    All pixels get the same e, so that the answer does not depend on blocks.

    ``values`` (time, pixel); ``errors`` as `Errors`; ``series_of(values)`` gives the series
    that the slope is of, NaN at months which do not count. An unknown sigma of a month that
    counts makes the limits NaN, of one that does not count it is taken as 0. Returns
    ``(lower, upper)``, each (pixel,), per time step.

    Raises ParameterError for under ``FEWEST_DRAWS`` draws, DataError for a negative sigma.
    """
    check_alpha(alpha)
    if errors.draws < FEWEST_DRAWS:
        raise ParameterError(f"at least {FEWEST_DRAWS} draws are expected", errors.draws)
    values, sigma = as_series(values), as_series(errors.sigma)
    if (sigma < 0).any():
        raise DataError("standard deviations of 0 or more are expected", np.nanmin(sigma))
    counts = ~np.isnan(series_of(values))
    known = ~(counts & np.isnan(sigma)).any(axis=0)
    size = np.where(np.isnan(sigma), 0.0, sigma)
    source = None if errors.filled is None else gap_starts(errors.filled)
    n = np.count_nonzero(counts, axis=0).astype(float)
    ranks = slope_ranks(n, np.zeros(n.shape), alpha)[:2]
    normal = np.random.default_rng(seed).standard_normal((errors.draws, len(values)))
    slopes = np.empty((errors.draws, values.shape[1]))
    for slope, e in zip(slopes, normal):
        if check is not None:
            check()
        drawn = series_of(values + size * (e[:, None] if source is None else e[source]))
        slope[:] = pair_statistics(drawn, ranks)[1].mean(axis=0)
    limits = np.quantile(slopes, [alpha / 2.0, 1.0 - alpha / 2.0], axis=0)
    return tuple(np.where(known, limits, np.nan))
