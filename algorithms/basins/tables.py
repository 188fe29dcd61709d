"""Rows of the basin tables; NaN becomes NULL."""

import math

import numpy as np

from ...core.basins.summary import SMALL_BASIN_KM2

SERIES_FIELDS = (
    ("basin", "text"),
    ("date", "text"),
    ("variable", "text"),
    ("value", "real"),
    ("volume_km3", "real"),
    ("cells", "integer"),
    ("covered_share", "real"),
    ("uncertainty", "real"),
    ("uncertainty_upper", "real"),
    ("volume_uncertainty_km3", "real"),
    ("filled", "integer"),
)
SUMMARY_FIELDS = (
    ("basin", "text"),
    ("area_km2", "real"),
    ("slope_cm_yr", "real"),
    ("slope_lower", "real"),
    ("slope_upper", "real"),
    ("p", "real"),
    ("r1", "real"),
    ("n_eff", "real"),
    ("volume_km3_yr", "real"),
    ("amplitude_cm", "real"),
    ("wettest", "integer"),
    ("driest", "integer"),
    ("first", "text"),
    ("last", "text"),
    ("months", "integer"),
    ("covered_share", "real"),
    ("small", "integer"),
    ("mean_cm", "real"),
    ("mean_uncertainty", "real"),
    ("error_model", "text"),
)


def series_rows(result):
    """Rows of the long table, basin by basin."""
    dates = [str(m) for m in result.months]
    series = result.series
    nothing = [None] * len(dates)
    for i, name in enumerate(result.names):
        known = result.sigma is not None
        columns = (
            _reals(series.mean[:, i]),
            _reals(series.volume_km3[:, i]),
            series.cells[:, i].tolist(),
            _reals(series.covered_share[:, i]),
            _reals(result.sigma[:, i]) if known else nothing,
            _reals(result.sigma_upper[:, i]) if known else nothing,
            _reals(result.sigma[:, i] * result.area_km2[i] * 1e-5) if known else nothing,
            nothing if result.filled is None else _ints(result.filled[:, i]),
        )
        for date, *values in zip(dates, *columns):
            yield [name, date, result.variable, *values]


def summary_rows(result):
    """One row a basin."""
    s = result.summary
    for i, name in enumerate(result.names):
        area = float(result.area_km2[i])
        small = int(area < SMALL_BASIN_KM2)
        yield [
            name,
            area,
            _real(s.slope[i]),
            _real(s.lower[i]),
            _real(s.upper[i]),
            _real(s.p[i]),
            _real(s.r1[i]),
            _real(s.n_eff[i]),
            _real(s.slope[i] * area * 1e-5),
            _real(s.amplitude[i]),
            int(s.wettest[i]) or None,
            int(s.driest[i]) or None,
            _month(s.first[i]),
            _month(s.last[i]),
            int(s.n[i]),
            _real(result.mean_share[i]),
            small,
            _real(result.record_mean[i]),
            _real(result.record_sigma[i]),
            result.error_model or None,
        ]


def _real(value):
    return float(value) if np.isfinite(value) else None


def _reals(values):
    return [value if math.isfinite(value) else None for value in values.tolist()]


def _ints(values):
    return values.astype(int).tolist()


def _month(value):
    return None if np.isnat(value) else str(value)
