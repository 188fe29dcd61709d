"""Sen's slope and the Mann-Kendall test from one walk over the pairs."""

from typing import NamedTuple

from .mann_kendall import MannKendall, result_from_counts, score_variance
from .pairs import pair_statistics
from .sen import SenSlope, check_alpha, slope_from_ranks, slope_ranks
from .series import as_series


class TrendTest(NamedTuple):
    """Both results of ``trend_test``."""

    sen: SenSlope
    mann_kendall: MannKendall


def trend_test(values, alpha=0.05):
    """``sen_slope`` and ``mann_kendall`` of each series, at the price of one.

    ``values`` (time, pixel), any unit, NaN = missing; slopes are per time step
    with limits of confidence 1 - ``alpha``. Equations, sources, short and
    constant series and errors: see the two functions.
    """
    check_alpha(alpha)
    values = as_series(values)
    n, var_s, tied = score_variance(values)
    rising, picked = pair_statistics(values, slope_ranks(n, var_s, alpha))
    return TrendTest(
        slope_from_ranks(values, picked, var_s), result_from_counts(n, var_s, tied, rising)
    )
