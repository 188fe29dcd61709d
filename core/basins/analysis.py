"""Basin statistics of a stack: series, uncertainty, summary, and what to warn of."""

from dataclasses import dataclass

import numpy as np

from ..data.grid import check_same_grid
from ..data.stack import check_same_months, require_units
from ..progress import SILENT
from .summary import SMALL_BASIN_KM2, BasinSummary, summarise
from .zonal import basin_filled, basin_uncertainty, coverage_of, stack_basin_series

#: Months under which a trend of a basin mean is not given.
MIN_TREND_MONTHS = 24


@dataclass
class BasinResult:
    """Everything about the basins; arrays are (time, basin) or (basin,)."""

    names: list
    months: np.ndarray
    area_km2: np.ndarray
    series: object
    sigma: np.ndarray
    sigma_upper: np.ndarray
    filled: np.ndarray
    summary: BasinSummary
    variable: str
    stack_name: str
    baseline: tuple
    history: tuple
    min_covered_share: float
    trend_text: str
    uncertainty_text: str
    warnings: list


def check_inputs(stack, sigma=None, flags=None):
    """Raise the core's errors unless the stacks fit together (headers only)."""
    require_units(stack)
    stack.to_centimetres()
    if sigma is not None:
        require_units(sigma)
        sigma.to_centimetres()
    for other in (sigma, flags):
        if other is not None:
            check_same_grid(stack.grid, other.grid, stack.name, other.name)
            check_same_months(stack, other)


def analyse_basins(
    stack,
    basins,
    names,
    *,
    sigma=None,
    flags=None,
    min_covered_share=0.5,
    length_km=300.0,
    progress=SILENT,
    memory=None,
):
    """Series and summary of basins (METHODS §8).

    ``basins`` are ring lists in the stack's CRS, ``sigma`` a stack of one-sigma,
    ``flags`` the flag stack of a gap filling: filled months then do not enter the
    trend. Returns a `BasinResult`. Raises `GridError` when no basin meets the grid.
    """
    check_inputs(stack, sigma, flags)
    matrix = coverage_of(stack, basins, names)
    progress.set(0.1)
    series = stack_basin_series(stack, matrix, min_covered_share, progress.part(0.1, 0.6), memory)
    filled = None
    if flags is not None:
        filled = basin_filled(flags, matrix, progress.part(0.6, 0.7), memory)
    mean = upper = None
    if sigma is not None:
        mean, upper = basin_uncertainty(sigma, matrix, length_km, progress.part(0.7, 0.9))
    observed = series.mean if filled is None else np.where(filled, np.nan, series.mean)
    summary = None
    if stack.months.size >= MIN_TREND_MONTHS:
        summary = summarise(observed, stack.months)
    progress.set(1.0)
    return BasinResult(
        names=list(names),
        months=stack.months,
        area_km2=matrix.area_km2,
        series=series,
        sigma=mean,
        sigma_upper=upper,
        filled=filled,
        summary=summary,
        variable=stack.info.long_name or stack.name,
        stack_name=stack.name,
        baseline=stack.baseline,
        history=stack.info.history,
        min_covered_share=min_covered_share,
        trend_text=_trend_text(summary, flags),
        uncertainty_text=_uncertainty_text(sigma, length_km),
        warnings=_warnings(names, matrix, series),
    )


def _trend_text(summary, flags):
    if summary is None:
        return f"not given: fewer than {MIN_TREND_MONTHS} months"
    used = "observed months only" if flags is not None else "all months with a value"
    return (
        f"Sen slope after removing annual and semiannual harmonics, {used}; 95 % Theil limits on "
        "the effective sample size n(1 − r1)/(1 + r1); p is the plain Mann–Kendall test, which is "
        "too small where r1 is large"
    )


def _uncertainty_text(sigma, length_km):
    if sigma is None:
        return "not given"
    return (
        "σ² = ΣΣ wi wj σi σj exp(−d²/2L²) with errors of the cells correlated over "
        f"L = {length_km:g} km; it is not averaged away within a mascon. Months without a stated "
        "uncertainty have none"
    )


def _warnings(names, matrix, series):
    texts = []
    area = matrix.area_km2
    small = [n for n, a in zip(names, area) if a < SMALL_BASIN_KM2]
    if small:
        texts.append(
            f"{len(small)} of {len(names)} basins are smaller than {SMALL_BASIN_KM2:,} km², below "
            f"what un-downscaled GRACE resolves: {_few(small)}."
        )
    outside = [n for n, w in zip(names, matrix.weight_km2) if w <= 0]
    if outside:
        texts.append(f"{len(outside)} basins lie outside the stack's grid: {_few(outside)}.")
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = matrix.weight_km2 / area
    partly = [n for n, s in zip(names, inside) if 0 < s < 0.98]
    if partly:
        texts.append(f"{len(partly)} basins lie partly outside the stack's grid: {_few(partly)}.")
    empty = [
        n
        for n, known in zip(names, np.isfinite(series.mean).any(axis=0))
        if not known and n not in outside
    ]
    if empty:
        texts.append(f"{len(empty)} basins have too few cells with values: {_few(empty)}.")
    return texts


def _few(names, most=12):
    text = ", ".join(str(n) for n in names[:most])
    return text + (f" and {len(names) - most} more" if len(names) > most else "")
