"""Closure of the water balance of basins: storage change against fluxes."""

from dataclasses import dataclass

import numpy as np

from ..errors import DataError

#: Pairs of months under which no score is given.
MIN_PAIRS = 12


@dataclass(frozen=True)
class Balance:
    """What `water_balance` returns: (time, basin) in cm a month, scores (basin,).

    ``change`` of storage, ``precipitation``, ``evapotranspiration``, ``runoff``
    smoothed alike, ``flux`` their balance, ``residual`` = change − flux; ``cc``,
    ``rmse``, ``bias`` of change against flux and ``n`` their months.
    """

    change: np.ndarray
    precipitation: np.ndarray
    evapotranspiration: np.ndarray
    runoff: np.ndarray
    flux: np.ndarray
    residual: np.ndarray
    cc: np.ndarray
    rmse: np.ndarray
    bias: np.ndarray
    n: np.ndarray


def storage_change(storage):
    """Central difference of monthly storage.

        TWSC(t) = (TWSA(t+1) − TWSA(t−1)) / 2Δt,   Δt = 1 month

    ``storage`` (time, basin), NaN = missing. NaN at both ends and where t−1 or t+1
    is missing; month t itself does not enter. U1 Eq. 10.
    """
    storage = np.asarray(storage, dtype=np.float64)
    change = np.full(storage.shape, np.nan)
    change[1:-1] = (storage[2:] - storage[:-2]) / 2
    return change


def smooth_flux(flux):
    """¼ X(t−1) + ½ X(t) + ¼ X(t+1): what the central difference sees of a monthly sum.

    ``flux`` (time, basin), NaN = missing; NaN at both ends and beside a missing
    month. U1 Eq. 11 (Landerer et al. 2010).
    """
    flux = np.asarray(flux, dtype=np.float64)
    smooth = np.full(flux.shape, np.nan)
    smooth[1:-1] = flux[:-2] / 4 + flux[1:-1] / 2 + flux[2:] / 4
    return smooth


def water_balance(storage, precipitation, evapotranspiration, runoff):
    """TWSC against P − ET − R, month by month and as scores (METHODS §8, U1 Eqs 9–13).

    Parameters
    ----------
    storage : (time, basin) array, cm
        Observed months; all others NaN.
    precipitation, evapotranspiration, runoff : (time, basin) arrays, cm a month
        On the same consecutive months; evapotranspiration counts upwards.

    Returns
    -------
    Balance
        Scores are over the months in which both sides exist, NaN under `MIN_PAIRS`
        of them; CC is NaN where a side does not vary.

    Raises
    ------
    DataError
        The arrays have different shapes or are not (time, basin).

    """
    storage = np.asarray(storage, dtype=np.float64)
    fluxes = [np.asarray(f, dtype=np.float64) for f in (precipitation, evapotranspiration, runoff)]
    if storage.ndim != 2 or any(f.shape != storage.shape for f in fluxes):
        raise DataError(
            "storage and fluxes are (time, basin) on the same months",
            ", ".join(str(a.shape) for a in (storage, *fluxes)),
        )
    change = storage_change(storage)
    p, et, r = (smooth_flux(f) for f in fluxes)
    flux = p - et - r
    cc, rmse, bias, n = closure_scores(change, flux)
    return Balance(change, p, et, r, flux, change - flux, cc, rmse, bias, n)


def closure_scores(change, flux):
    """CC, RMSE, mean difference and number of pairs (basin,) of two (time, basin) arrays."""
    both = np.isfinite(change) & np.isfinite(flux)
    n = both.sum(axis=0)
    size = np.maximum(n, 1)
    x, y = np.where(both, change, 0.0), np.where(both, flux, 0.0)
    dx = np.where(both, x - x.sum(axis=0) / size, 0.0)
    dy = np.where(both, y - y.sum(axis=0) / size, 0.0)
    bottom = np.sqrt((dx**2).sum(axis=0) * (dy**2).sum(axis=0))
    enough = n >= MIN_PAIRS
    varies = enough & (bottom > 1e-12 * np.maximum(1.0, np.abs(x).max(axis=0, initial=0.0)))
    cc = np.full(n.shape, np.nan)
    np.divide((dx * dy).sum(axis=0), bottom, out=cc, where=varies)
    rmse = np.where(enough, np.sqrt(((x - y) ** 2).sum(axis=0) / size), np.nan)
    return cc, rmse, np.where(enough, (x - y).sum(axis=0) / size, np.nan), n


def yearly_mean(flux, months):
    """Mean annual sum (basin,) of monthly fluxes: the mean of the twelve calendar months.

    Fair to records that begin or end within a year; NaN unless every calendar month occurs.
    """
    flux = np.asarray(flux, dtype=np.float64)
    number = np.asarray(months, "datetime64[M]").astype(np.int64) % 12
    calendar = (np.arange(12)[:, None] == number).astype(np.float64)
    seen = np.isfinite(flux)
    count = calendar @ seen
    total = calendar @ np.where(seen, flux, 0.0) / np.maximum(count, 1)
    return np.where((count > 0).all(axis=0), total.sum(axis=0), np.nan)
