"""One row a basin: trend, its limits, seasonality and the record's extent."""

from dataclasses import dataclass

import numpy as np

from ..data.months import check_complete
from ..errors import DataError
from ..trends.autocorrelation import sen_slope_effective
from ..trends.harmonic import deseasonalise_harmonic
from ..trends.mann_kendall import mann_kendall

#: Below this area a basin mean from un-downscaled satellite gravimetry is mostly
#: its neighbourhood's: the field resolves about 300 km. A warning, not a limit.
SMALL_BASIN_KM2 = 100_000


@dataclass(frozen=True)
class BasinSummary:
    """What `summarise` returns; every array is (basin,).

    ``slope``, ``lower``, ``upper`` in the series' unit per year (cm/yr);
    ``p`` two-sided; ``r1`` lag-1 autocorrelation and ``n_eff`` the effective
    number of months behind the limits; ``amplitude`` in the series' unit;
    ``wettest`` and ``driest`` calendar months 1…12, 0 = unknown; ``first`` and
    ``last`` observed months as datetime64[M], NaT = none; ``n`` observed months.
    """

    slope: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p: np.ndarray
    r1: np.ndarray
    n_eff: np.ndarray
    amplitude: np.ndarray
    wettest: np.ndarray
    driest: np.ndarray
    first: np.ndarray
    last: np.ndarray
    n: np.ndarray


def summarise(series, months, alpha=0.05):
    """Trend and seasonality of basin means.

    Trend: annual and semiannual harmonics, fitted together with a straight line
    on the observed months, are removed; Sen's slope and the plain Mann–Kendall p
    are of what is left. The limits of the slope count the months as if they were
    n_eff = n (1 − r₁)/(1 + r₁) independent ones (`sen_slope_effective`); the
    plain p does not and is optimistic where r₁ is large. A basin without the
    months for the harmonic fit (under 7, or not spread over the year) has none
    of these.

    Seasonality: the mean of each calendar month over the years, of the series
    less Sen's slope × time; the amplitude is half the range of these twelve, the
    wettest and driest are where they are largest and smallest. Needs every
    calendar month at least once. Being a range of means of noisy months, the
    amplitude is never zero and somewhat above that of the underlying cycle.

    Parameters
    ----------
    series : (time, basin) array
        Basin means (cm), NaN = missing.
    months : (time,) datetime64
        A complete month axis.
    alpha : float
        The limits of the slope hold with confidence 1 − alpha.

    Returns
    -------
    BasinSummary

    Raises
    ------
    DataError
        ``series`` is not (time, basin), does not fit ``months`` or is infinite.
    TimeAxisError
        The months have a hole or are out of order.
    ParameterError
        ``alpha`` is not between 0 and 1.

    """
    series = np.asarray(series, dtype=np.float64)
    months = np.asarray(months, dtype="datetime64[M]")
    if series.ndim != 2 or months.shape != series.shape[:1]:
        raise DataError(
            "a series is (time, basin) with one month a row",
            f"shapes {series.shape} and {months.shape}",
        )
    check_complete(months)
    number = months.astype(np.int64)
    anomaly = deseasonalise_harmonic(series, number - number[0])
    trend = sen_slope_effective(anomaly, alpha)
    amplitude, wettest, driest = _seasonality(series, trend.slope, number)
    seen = ~np.isnan(series)
    n = seen.sum(axis=0)
    nothing = np.datetime64("NaT", "M")
    return BasinSummary(
        slope=12 * trend.slope,
        lower=12 * trend.lower,
        upper=12 * trend.upper,
        p=mann_kendall(anomaly).p,
        r1=trend.r1,
        n_eff=trend.n_eff,
        amplitude=amplitude,
        wettest=wettest,
        driest=driest,
        first=np.where(n > 0, months[seen.argmax(axis=0)], nothing),
        last=np.where(n > 0, months[months.size - 1 - seen[::-1].argmax(axis=0)], nothing),
        n=n,
    )


def _seasonality(series, slope_per_month, number):
    """Half the range of the mean year, and its wettest and driest month."""
    detrended = series - slope_per_month * (number - number[0])[:, None]
    seen = ~np.isnan(detrended)
    # One row a calendar month, 1 where a month of the axis is that month.
    calendar = (np.arange(12)[:, None] == number % 12).astype(np.float64)
    count = calendar @ seen
    year = calendar @ np.where(seen, detrended, 0.0) / np.maximum(count, 1)
    known = (count > 0).all(axis=0)
    amplitude = np.where(known, np.ptp(year, axis=0) / 2, np.nan)
    wettest = np.where(known, year.argmax(axis=0) + 1, 0)
    return amplitude, wettest, np.where(known, year.argmin(axis=0) + 1, 0)
