"""Uncertainty of a basin mean from the uncertainty of its cells."""

from dataclasses import dataclass

import numpy as np

from ..data.grid import EARTH_RADIUS_KM
from ..errors import DataError, ParameterError

# Above this many cells, neighbours within an eighth of the length are merged.
MERGE_ABOVE = 5000
MERGE_SHARE = 1 / 8
# Correlations held at once.
CHUNK_PAIRS = 2_000_000


@dataclass(frozen=True)
class MeanUncertainty:
    """One sigma of a basin mean and its upper bound, in the unit of sigma."""

    sigma: np.ndarray
    upper: np.ndarray


def mean_uncertainty(weights, sigma, lat, lon, length_km=300.0, mascon=None, filled=None):
    """Uncertainty of an area-weighted mean under spatially correlated errors.

        σ_B² = Σᵢ Σⱼ wᵢ wⱼ σᵢ σⱼ exp(−dᵢⱼ² / 2L²),   Σ w = 1
        upper bound (all errors fully correlated) = Σ wᵢ σᵢ

    d is the great-circle distance on a sphere of 6371 km, L a correlation
    length of 300 km by default: about the resolution of the gravity field. This
    is an assumption to be written beside the result. The form assumes errors of
    one sign over a few hundred km; stripes are not in it.

    On a mascon product the errors are those of the mascons, each one value however
    many cells repeat it, and independent of each other:

        σ_B² = Σ_m (Σ_{i in m} wᵢ σᵢ)²

    Where a month was filled, σ is the error ε of the filling. It rests on slow terms
    that neighbours share, so it is taken as one error of all filled cells, beside
    and independent of that of the observed ones: (Σ wᵢ εᵢ)² is added.

    Pairs are taken in chunks of two million. Above 5000 cells those within a
    box of L/8 (37 km) are merged at their weighted centre first, which counts
    them as fully correlated and raises σ_B by about 0.1 %.

    Parameters
    ----------
    weights : (cell,) array
        Weights ≥ 0 of one basin's cells, of any sum (a row of `CoverageMatrix`).
    sigma : (cell,) or (time, cell) array
        One-sigma per cell; NaN = unknown, left out, the rest re-weighted.
    lat, lon : (cell,) arrays
        Cell centres in degrees.
    length_km : float
        L > 0.
    mascon : (cell,) int array, optional
        The mascon of each cell; then the second form holds.
    filled : (cell,) or (time, cell) bool array, optional
        Where sigma is that of a filled value.

    Returns
    -------
    MeanUncertainty
        Scalars, or (time,) arrays for two-dimensional sigma; NaN where no cell
        has both a weight and a sigma.

    Raises
    ------
    DataError
        The arrays do not fit, or weights or sigmas are negative or infinite.
    ParameterError
        ``length_km`` is not positive.

    """
    weights, lat, lon = (np.asarray(a, dtype=np.float64) for a in (weights, lat, lon))
    sigma = np.asarray(sigma, dtype=np.float64)
    _check(weights, sigma, lat, lon, length_km)
    made = np.zeros(sigma.shape, bool) if filled is None else np.asarray(filled, bool)
    made = np.atleast_2d(made)[:, weights > 0]
    mascon = None if mascon is None else np.asarray(mascon)[weights > 0]
    rows = np.atleast_2d(sigma)[:, weights > 0]
    lat, lon, weights = (a[weights > 0] for a in (lat, lon, weights))
    known = ~np.isnan(rows)
    total = known @ weights
    share = np.full(rows.shape[0], np.nan)
    np.divide(1.0, total, out=share, where=total > 0)
    parts = np.where(known, rows, 0.0) * weights * share[:, None]
    upper = np.where(total > 0, parts.sum(axis=1), np.nan)

    variance = np.where(made, parts, 0.0).sum(axis=1) ** 2
    parts = np.where(made, 0.0, parts)
    if mascon is not None:
        variance += _mascon_variance(parts, mascon)
    else:
        variance += _gaussian_variance(parts, lat, lon, weights, length_km)
    # Rounding of the distance of a cell to itself can lift one cell above it.
    total_sigma = np.minimum(np.sqrt(np.maximum(variance, 0.0)), upper)
    if sigma.ndim == 1:
        return MeanUncertainty(float(total_sigma[0]), float(upper[0]))
    return MeanUncertainty(total_sigma, upper)


def gap_mean_uncertainty(sigma, filled):
    """One sigma of the mean over time of basin means.

        σ² = (Σ_observed σ_t² + Σ_gaps (Σ_{t in gap} ε_t)²) / n²

    Errors of observed months are taken as independent from month to month. Those
    of filled months that follow each other, a gap, are one error.

    Parameters
    ----------
    sigma : (time, basin) array
        NaN where unknown: such months are left out, and end a gap.
    filled : (time, basin) bool array or None
        None: no month was filled.

    Returns
    -------
    (basin,) array
        NaN where no month has a sigma.

    """
    sigma = np.asarray(sigma, dtype=np.float64)
    known = ~np.isnan(sigma)
    made = known & (False if filled is None else np.asarray(filled, bool))
    errors = np.where(known, sigma, 0.0)
    total = np.where(made, 0.0, errors**2).sum(axis=0)
    running = np.zeros(sigma.shape[1])
    for gap, error in zip(made, errors):
        total += np.where(gap, 0.0, running**2)
        running = np.where(gap, running + error, 0.0)
    total += running**2
    n = known.sum(axis=0)
    return np.where(n > 0, np.sqrt(total) / np.maximum(n, 1), np.nan)


def _mascon_variance(parts, mascon):
    """Variance (time,) of weighted errors (time, cell) that are one within a mascon."""
    _, label = np.unique(mascon, return_inverse=True)
    label = label.ravel()
    order = np.argsort(label, kind="stable")
    if not order.size:
        return np.zeros(parts.shape[0])
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    return (np.add.reduceat(parts[:, order], starts, axis=1) ** 2).sum(axis=1)


def _gaussian_variance(parts, lat, lon, weights, length_km):
    """Variance (time,) of weighted errors (time, cell) correlated over ``length_km``."""
    points = _unit_vectors(lat, lon)
    if weights.size > MERGE_ABOVE:
        points, parts = _merge(points, parts, lat, lon, weights, length_km * MERGE_SHARE)
    variance = np.zeros(parts.shape[0])
    step = max(1, CHUNK_PAIRS // max(1, points.shape[0]))
    for start in range(0, points.shape[0], step):
        part = slice(start, start + step)
        cosine = np.clip(points[part] @ points.T, -1.0, 1.0)
        distance = EARTH_RADIUS_KM * np.arccos(cosine)
        correlation = np.exp(-0.5 * (distance / length_km) ** 2)
        variance += np.sum(parts[:, part] * (parts @ correlation.T), axis=1)
    return variance


def _check(weights, sigma, lat, lon, length_km):
    if not length_km > 0:
        raise ParameterError("the correlation length is positive (km)", length_km)
    n = weights.shape
    if weights.ndim != 1 or lat.shape != n or lon.shape != n or sigma.shape[-1:] != n:
        raise DataError(
            "weights, sigma, latitude and longitude have one value a cell",
            f"shapes {weights.shape}, {sigma.shape}, {lat.shape}, {lon.shape}",
        )
    if sigma.ndim > 2:
        raise DataError("sigma is (cell,) or (time, cell)", f"shape {sigma.shape}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise DataError("weights are finite and not negative", "others")
    if np.isinf(sigma).any() or (sigma < 0).any():
        raise DataError("one-sigma values are finite and not negative", "others")


def _unit_vectors(lat, lon):
    lat, lon = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def _merge(points, parts, lat, lon, weights, box_km):
    """Sum the cells of boxes about ``box_km`` wide, at their weighted centres."""
    from scipy.sparse import csr_matrix

    step = np.degrees(box_km / EARTH_RADIUS_KM)
    band = np.floor((lat + 90.0) / step)
    # Boxes keep their width in km: fewer of them round a high parallel.
    around = np.maximum(np.cos(np.radians((band + 0.5) * step - 90.0)), 1e-6)
    column = np.floor(np.mod(lon, 360.0) * around / step)
    _, box = np.unique(band * 1e7 + column, return_inverse=True)
    member = csr_matrix((np.ones(box.size), (box.ravel(), np.arange(box.size))))
    centre = member @ (points * weights[:, None])
    centre /= np.linalg.norm(centre, axis=1, keepdims=True)
    return centre, (member @ parts.T).T
