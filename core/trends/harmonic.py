"""Trend and seasonal harmonics by least squares on the observed months."""

from dataclasses import dataclass

import numpy as np

from ..errors import DataError, ParameterError
from .series import as_series, missing_patterns


@dataclass(frozen=True)
class HarmonicFit:
    """Least-squares fit of ``fit_harmonics``; all in the unit of the series.

    ``names``: one name for each coefficient: ``intercept`` (at month 0),
    ``trend`` (per month), then ``cos1, sin1, cos2, sin2, ...``.
    ``coefficients``: (parameter, pixel).
    ``seasonal``, ``fitted``: (time, pixel), also at missing months.
    ``residual``: (time, pixel), NaN at missing months.
    """

    names: tuple
    coefficients: np.ndarray
    seasonal: np.ndarray
    fitted: np.ndarray
    residual: np.ndarray


def fit_harmonics(values, months=None, period=12, harmonics=2, trend=True):
    """Fit intercept, trend and seasonal harmonics to each series.

    x(m) = a + b m + sum over h of [c_h cos(2 pi h m / period) + s_h sin(...)],
    m the month number of a row (``months``, default 0, 1, 2, ...), h up to
    ``harmonics`` (2 = annual and semiannual); ordinary least squares over the
    observed months of each pixel, by singular value decomposition once for each
    pattern of missing months.

    ``values`` (time, pixel), any unit, NaN = missing. Returns a ``HarmonicFit``.
    A pixel gets NaN throughout where fewer months than parameters + 1 are
    observed, or where the observed months cannot tell the parameters apart
    (say only Januaries).

    Raises ParameterError for harmonics that the period cannot carry
    (2 h < period), DataError where ``months`` does not fit.
    Source: harmonic regression, Bloomfield (2000), Fourier Analysis of Time
    Series, 2nd ed., chapter 2.
    """
    values = as_series(values)
    n, pixels = values.shape
    if harmonics < 1 or 2 * harmonics >= period:
        raise ParameterError(
            f"harmonics from 1 to below half the period ({period})", found=harmonics
        )
    months = np.arange(n, dtype=float) if months is None else np.asarray(months, dtype=float)
    if months.shape != (n,) or not np.isfinite(months).all():
        raise DataError(f"one finite month number for each of {n} rows", found=months.shape)

    angle = 2.0 * np.pi / period * months[:, None] * np.arange(1, harmonics + 1)
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(n, 2 * harmonics)
    # Centred and scaled to +-1, the trend column is as large as the others,
    # which keeps the system well conditioned for any origin of the months.
    centre = 0.5 * (months.min() + months.max()) if n else 0.0
    scale = max(0.5 * np.ptp(months), 1.0) if n else 1.0
    columns = [np.ones(n), (months - centre) / scale] if trend else [np.ones(n)]
    design = np.column_stack([*columns, waves])
    first_wave = len(columns)

    coefficients = np.full((design.shape[1], pixels), np.nan)
    for observed, which in missing_patterns(values):
        if observed.size < design.shape[1] + 1:
            continue
        target = values[np.ix_(observed, which)]
        solution, _, rank, _ = np.linalg.lstsq(design[observed], target, rcond=1e-10)
        if rank == design.shape[1]:
            coefficients[:, which] = solution

    seasonal = waves @ coefficients[first_wave:]
    fitted = design[:, :first_wave] @ coefficients[:first_wave] + seasonal
    if trend:
        coefficients[1] /= scale
        coefficients[0] -= coefficients[1] * centre
    names = ["intercept", "trend"][:first_wave]
    for h in range(1, harmonics + 1):
        names += [f"cos{h}", f"sin{h}"]
    return HarmonicFit(tuple(names), coefficients, seasonal, fitted, values - fitted)


def deseasonalise_harmonic(values, months=None, period=12, harmonics=2, trend=True):
    """Remove the fitted harmonics; trend, mean and residual stay.

    Parameters and errors as in ``fit_harmonics``; the trend is fitted along so
    that it does not leak into the harmonics. Returns (time, pixel) in the unit
    of the series; NaN stays NaN, and a pixel without a fit is NaN throughout.
    """
    return as_series(values) - fit_harmonics(values, months, period, harmonics, trend).seasonal
