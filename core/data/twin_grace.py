"""What a satellite mission would have seen of the synthetic twin.

The resolution, the missing months, the double months and the noise month are
those of the real record. The noise is set to published and measured sizes, not
to what makes a later result look good:

* One sigma of 1.5 cm a 1 degree cell at 41 degrees in the good years 2004-2010.
  Residuals (without trend, annual and semiannual terms) over the open ocean at
  25-50 degrees of a real CSR RL06 grid with 300 km half-width smoothing have
  1.2 cm RMS in the north and 1.5 in the south; some real ocean signal is in
  them, and the twin's finer resolution must be noisier. Comparing four centres,
  Ferreira et al. (2016, J. Appl. Remote Sens. 10) found 0.9-1.5 cm. Noise falls
  poleward as ground tracks get denser (Wahr, Swenson & Velicogna 2006, GRL 33);
  the square root of cos(latitude) is a simple form of that.
* Relative to 2004-2010 these residuals are 1.2 times larger before 2004, 1.3
  from 2011 to mid 2016, 1.75 from 2016-11 to 2017-06 (one accelerometer left)
  and 1.05 in GRACE-FO; the twin has these factors.
* Covariance exp(-d^2/2L^2) with L = 300 km, the resolution of the product.
* Lag-1 correlation of 0.3 in time, as these residuals have. Theirs stays near
  0.14 from lag 2 to lag 6, some of which is slow ocean signal; the twin leaves
  that slow part out.

There is no error of long-term drift (geocentre, glacial isostatic adjustment):
the twin's trends are free of it and real ones are not.
"""

from functools import cache

import numpy as np

from .months import month_range
from .twin_fields import red_in_time
from .twin_region import FINE_GRID, PRODUCT_GRID, distance_km

FIRST_MONTH, LAST_MONTH = "2002-04", "2024-04"
#: Calendar months without a solution in the CSR RL06 record of that period.
MISSING_MONTHS = (
    "2002-06", "2002-07", "2003-06", "2011-01", "2011-06", "2011-11", "2012-03", "2012-05",
    "2012-10", "2013-03", "2013-08", "2013-09", "2014-02", "2014-07", "2014-12", "2015-05",
    "2015-06", "2015-10", "2015-11", "2016-04", "2016-09", "2016-10", "2017-02", "2017-07",
    "2017-08", "2017-09", "2017-10", "2017-11", "2017-12", "2018-01", "2018-02", "2018-03",
    "2018-04", "2018-05", "2018-08", "2018-09",
)  # fmt: skip
#: Spans (first day, day after the last) of the second solutions of a month.
SECOND_SOLUTIONS = (("2011-10-16", "2011-11-16"), ("2015-04-12", "2015-05-12"))
#: The month whose solution is nearly all noise, and how many times the usual.
NOISE_MONTH, NOISE_FACTOR = "2015-02", 10.0

#: Full width at half maximum of the smoothing, km.
RESOLUTION_KM = 300.0
NOISE_CM, NOISE_LATITUDE = 1.5, 41.0
NOISE_KM = 300.0
NOISE_MEMORY = 0.3
#: First month and factor of the periods of equal noise.
NOISE_PERIODS = (
    ("2002-04", 1.2), ("2004-01", 1.0), ("2011-01", 1.3), ("2016-11", 1.75), ("2017-07", 1.05),
)  # fmt: skip


def solution_spans():
    """First day and day after the last of every solution, datetime64[D] (231,).

    In order of their midpoints. Each spans its calendar month but the second
    solutions of 2011-10 and 2015-04, which reach into the next month.
    """
    months = month_range(FIRST_MONTH, LAST_MONTH)
    months = months[~np.isin(months, np.array(MISSING_MONTHS, "datetime64[M]"))]
    second = np.array(SECOND_SOLUTIONS, "datetime64[D]")
    start = np.concatenate([months.astype("datetime64[D]"), second[:, 0]])
    end = np.concatenate([(months + 1).astype("datetime64[D]"), second[:, 1]])
    order = np.argsort(start.astype(int) + end.astype(int), kind="stable")
    return start[order], end[order]


def overlap_days(start, end, months):
    """Days that each span shares with each calendar month, (solution, month)."""
    first = months.astype("datetime64[D]").astype(int)
    after = (months + 1).astype("datetime64[D]").astype(int)
    low = np.maximum(start.astype(int)[:, None], first[None, :])
    high = np.minimum(end.astype(int)[:, None], after[None, :])
    return np.maximum(high - low, 0).astype(float)


@cache
def _smoothing_operator():
    fine_lon, fine_lat = (v.ravel() for v in np.meshgrid(FINE_GRID.x, FINE_GRID.y))
    distance = distance_km(fine_lon[:, None], fine_lat[:, None], fine_lon, fine_lat)
    area = FINE_GRID.cell_areas().ravel()
    width = RESOLUTION_KM / np.sqrt(8 * np.log(2))
    operator = np.exp(-0.5 * (distance / width) ** 2) * area
    operator /= operator.sum(axis=1, keepdims=True)
    # A product cell holds the area mean of the four fine cells inside it.
    ny, nx = PRODUCT_GRID.shape
    blocks = (operator * area[:, None]).reshape(ny, 2, nx, 2, -1).sum(axis=(1, 3))
    blocks /= area.reshape(ny, 2, nx, 2).sum(axis=(1, 3))[:, :, None]
    return blocks.reshape(ny * nx, -1)


def at_satellite_resolution(field):
    """Fine field (time, y, x) smoothed to the satellite's view on the product grid.

    Gaussian of the great-circle distance with a full width at half maximum of
    300 km, area-weighted and normalised inside the extent: the world outside
    the margin is not seen, which touches the outer 300 km only.
    """
    out = field.reshape(len(field), -1) @ _smoothing_operator().T
    return out.reshape(len(field), *PRODUCT_GRID.shape)


@cache
def _noise_factor():
    """Symmetric square root of the noise correlation (the same on every machine)."""
    lon, lat = (v.ravel() for v in np.meshgrid(PRODUCT_GRID.x, PRODUCT_GRID.y))
    distance = distance_km(lon[:, None], lat[:, None], lon, lat)
    values, vectors = np.linalg.eigh(np.exp(-0.5 * (distance / NOISE_KM) ** 2))
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def stated_sigma(months):
    """Formal one-sigma of a cell in each month, cm (time, y, x).

    The same that drives the noise, except that nobody foresaw the noise month.
    """
    starts = np.array([first for first, _ in NOISE_PERIODS], "datetime64[M]")
    factors = np.array([factor for _, factor in NOISE_PERIODS])
    period = factors[np.searchsorted(starts, months, side="right") - 1]
    by_latitude = np.sqrt(np.cos(np.radians(PRODUCT_GRID.y)) / np.cos(np.radians(NOISE_LATITUDE)))
    row = NOISE_CM * by_latitude[:, None] * np.ones(PRODUCT_GRID.nx)
    return period[:, None, None] * row[None]


def observed_solutions(months, signal, rng):
    """The noisy solutions of a mission that watches ``signal``.

    Parameters
    ----------
    months : complete axis, datetime64[M]
    signal : (time, y, x) cm on the product grid, noiseless
    rng : numpy.random.Generator

    Returns
    -------
    dict
        ``values`` and ``sigma`` (solution, y, x) in cm, ``start`` and ``end``
        (solution,) datetime64[D], ``month`` (solution,) the index of the month
        that holds most of the span. Values are anomalies to the mean of the
        solutions of 2004-2009, noise included, as in real products.

    """
    start, end = solution_spans()
    days = overlap_days(start, end, months)
    month = days.argmax(axis=1)
    shape = PRODUCT_GRID.shape
    cells = shape[0] * shape[1]

    unit = red_in_time(rng.standard_normal((len(months), cells)), NOISE_MEMORY)[month]
    second = np.flatnonzero(np.diff(month) == 0) + 1
    fresh = rng.standard_normal((len(second), cells))
    unit[second] = NOISE_MEMORY * unit[second] + np.sqrt(1 - NOISE_MEMORY**2) * fresh
    unit[months[month] == np.datetime64(NOISE_MONTH, "M")] *= NOISE_FACTOR

    sigma = stated_sigma(months)[month]
    noise = (unit @ _noise_factor()).reshape(-1, *shape) * sigma
    weights = days / days.sum(axis=1, keepdims=True)
    seen = (weights @ signal.reshape(len(months), -1)).reshape(-1, *shape)
    values = seen + noise
    window = (months[month] >= np.datetime64("2004-01")) & (
        months[month] <= np.datetime64("2009-12")
    )
    values -= values[window].mean(axis=0)
    return {"values": values, "sigma": sigma, "start": start, "end": end, "month": month}


def monthly_mean(solutions, field, months):
    """Solutions on the complete monthly axis; NaN where there was none.

    Two solutions of a month are averaged, weighted by their days inside it.
    """
    days = overlap_days(solutions["start"], solutions["end"], months)
    inside = days[np.arange(len(days)), solutions["month"]]
    total = np.zeros((len(months), *field.shape[1:]))
    weight = np.zeros(len(months))
    np.add.at(total, solutions["month"], field * inside[:, None, None])
    np.add.at(weight, solutions["month"], inside)
    out = np.full_like(total, np.nan)
    out[weight > 0] = total[weight > 0] / weight[weight > 0, None, None]
    return out
