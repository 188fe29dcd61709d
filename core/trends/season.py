"""One door to the ways of removing the season."""

import numpy as np

from ..errors import ParameterError
from .harmonic import fit_harmonics
from .robust_stl import robust_stl
from .series import as_series
from .stl import check_complete, stl_operator

#: Ways that give a season.
METHODS = ("stl", "stl-robust", "harmonic")


def split_season(
    values, method="stl", set_aside=None, seasonal_window=7, trend_window=None, check=None
):
    """The series without their season, and the season; each (time, pixel).

    ``values`` (time, pixel), any unit, NaN = missing. Months where ``set_aside`` (bool,
    the same shape) is true are missing in the first result. With ``stl`` and
    ``stl-robust`` they help to find the season, which needs complete series (a pixel
    without any value stays NaN); ``harmonic`` does not look at them and fits what was
    observed. The season is given for every month.

    ``seasonal_window`` (years) and ``trend_window`` (months) are those of STL, see
    ``stl_operator``; the operator's inner rounds are 5, the robust form has 2 and 15
    outer ones, as in statsmodels. ``check`` is called now and then and may raise.
    Raises what the three methods raise.
    """
    values = as_series(values)
    kept = values if set_aside is None else np.where(set_aside, np.nan, values)
    if method == "harmonic":
        season = fit_harmonics(kept).seasonal
        return kept - season, season
    windows = {"seasonal": seasonal_window, "trend": trend_window}
    complete = check_complete(values)
    series = values if complete.all() else values[:, complete]
    if method == "stl":
        found = stl_operator(len(values), **windows)[0] @ series
    elif method == "stl-robust":
        found = robust_stl(series, check=check, **windows)[0]
    else:
        raise ParameterError(f"one of {', '.join(METHODS)} is expected", method)
    if complete.all():
        return kept - found, found
    season = np.full(values.shape, np.nan)
    season[:, complete] = found
    return kept - season, season
