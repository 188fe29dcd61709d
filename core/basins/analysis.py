"""Basin statistics of a stack: series, uncertainty, summary, and what to warn of."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.agreement import check_same_axes, require_units
from ..data.stack import short_name
from ..errors import ParameterError
from ..progress import SILENT
from .propagation import basin_uncertainty
from .summary import SMALL_BASIN_KM2, BasinSummary, summarise
from .uncertainty import gap_mean_uncertainty
from .zonal import basin_filled, coverage_of, stack_basin_series

#: Observed months under which a trend of a basin mean is not given.
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
    error_model: str
    record_mean: np.ndarray
    record_sigma: np.ndarray
    warnings: list

    @property
    def observed(self):
        """The means (time, basin) behind trend and season: filled months are NaN."""
        if self.filled is None:
            return self.series.mean
        return np.where(self.filled, np.nan, self.series.mean)

    @property
    def mean_share(self):
        """Mean covered share (basin,) over the months with any value, 0 where there is none."""
        share = self.series.covered_share
        return share.sum(axis=0) / np.maximum((share > 0).sum(axis=0), 1)


def check_inputs(stack, sigma=None, flags=None, components=()):
    """Raise the core's errors unless the stacks fit together (headers only)."""
    require_units(stack)
    stack.to_centimetres()
    if components and sigma is None:
        raise ParameterError(
            "the uncertainty of the stack itself is expected beside those of its components",
            "none",
            "UNCERTAINTY",
        )
    for other in (sigma, *components):
        if other is not None:
            require_units(other)
            other.to_centimetres()
    for other in (sigma, flags, *components):
        if other is not None:
            check_same_axes(stack, other)


def analyse_basins(
    stack,
    basins,
    names,
    *,
    sigma=None,
    flags=None,
    components=(),
    correlation="auto",
    mascon_ids=None,
    min_covered_share=0.5,
    length_km=300.0,
    progress=SILENT,
    memory=None,
):
    """Series and summary of basins (METHODS §8).

    ``basins`` are ring lists in the stack's CRS, ``sigma`` a stack of one-sigma,
    ``flags`` the flag stack of a gap filling: filled months then do not enter the
    trend, and ``sigma`` holds the error of the filling. ``components``, ``correlation``
    and ``mascon_ids`` as for `basin_uncertainty`. Returns a `BasinResult`. Raises
    `GridError` when no basin meets the grid.
    """
    check_inputs(stack, sigma, flags, components)
    matrix = coverage_of(stack, basins, names)
    progress.set(0.1)
    series = stack_basin_series(stack, matrix, min_covered_share, progress.part(0.1, 0.6), memory)
    filled = None
    if flags is not None:
        filled = basin_filled(flags, matrix, progress.part(0.6, 0.7), memory)
    mean = upper = None
    model = ""
    if sigma is not None:
        mean, upper, model = basin_uncertainty(
            stack,
            sigma,
            matrix,
            length_km,
            progress.part(0.7, 0.9),
            memory,
            flags=flags,
            components=components,
            correlation=correlation,
            mascon_ids=mascon_ids,
        )
        mean[np.isnan(series.mean)] = upper[np.isnan(series.mean)] = np.nan
    observed = series.mean if filled is None else np.where(filled, np.nan, series.mean)
    summary = without_short_trends(summarise(observed, stack.months))
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
        variable=stack.info.long_name or short_name(stack.source),
        stack_name=stack.name,
        baseline=stack.baseline,
        history=stack.info.history,
        min_covered_share=min_covered_share,
        trend_text=_trend_text(flags),
        uncertainty_text=_uncertainty_text(model, length_km, flags, components),
        error_model=f"gaussian {length_km:g} km" if model == "gaussian" else model,
        record_mean=_record_mean(series.mean),
        record_sigma=np.full(len(names), np.nan)
        if mean is None
        else gap_mean_uncertainty(mean, filled),
        warnings=_warnings(names, matrix, series),
    )


def without_short_trends(summary):
    """A `BasinSummary` that keeps trends only where `MIN_TREND_MONTHS` are behind them."""
    long = summary.n >= MIN_TREND_MONTHS
    trend = ("slope", "lower", "upper", "p", "r1", "n_eff")
    return replace(
        summary, **{name: np.where(long, getattr(summary, name), np.nan) for name in trend}
    )


def _trend_text(flags):
    used = "observed months only" if flags is not None else "all months with a value"
    return (
        f"Sen slope after removing annual and semiannual harmonics, {used}; 95 % Theil limits on "
        "the effective sample size n(1 − r1)/(1 + r1); p is the plain Mann–Kendall test, which is "
        f"too small where r1 is large; not given under {MIN_TREND_MONTHS} such months"
    )


def _record_mean(series):
    """Mean (basin,) over the months with a value, NaN where there is none."""
    n = (~np.isnan(series)).sum(axis=0)
    return np.where(n > 0, np.nansum(series, axis=0) / np.maximum(n, 1), np.nan)


def _uncertainty_text(model, length_km, flags, components):
    if not model:
        return "not given"
    if model == "mascon":
        text = (
            "σ² = Σm (Σ wi σi)²: assumes one error for all cells of a mascon, independent of "
            "that of the other mascons"
        )
    else:
        text = (
            "σ² = ΣΣ wi wj σi σj exp(−d²/2L²): assumes errors of the cells correlated over "
            f"L = {length_km:g} km, not averaged away within that distance"
        )
    if flags is not None:
        text += (
            "; filled months: the error of the filling is one for the whole basin and for all "
            "months of a gap"
        )
    if components:
        names = ", ".join(c.name for c in components)
        text += f"; added in quadrature, correlated over {length_km:g} km: {names}"
    return text + (
        ". The upper bound takes all cells' errors as one (Σ wi σi). Months without a stated "
        "uncertainty have none"
    )


def _warnings(names, matrix, series):
    small = matrix.area_km2 < SMALL_BASIN_KM2
    outside = matrix.inside <= 0
    partly = ~outside & (matrix.inside < 0.999)
    empty = ~outside & ~np.isfinite(series.mean).any(axis=0)
    found = (
        (
            small,
            f"of {len(names)} smaller than {SMALL_BASIN_KM2:,} km², below what un-downscaled "
            "GRACE resolves",
        ),
        (outside, "outside the stack's grid"),
        (partly, "partly outside the stack's grid"),
        (empty, "with too few cells that have values, in every month"),
    )
    texts = []
    for which, text in found:
        if which.any():
            noun = "basin" if which.sum() == 1 else "basins"
            few = _few([n for n, w in zip(names, which) if w])
            texts.append(f"{which.sum()} {noun} {text}: {few}.")
    return texts


def _few(names, most=12):
    text = ", ".join(str(n) for n in names[:most])
    return text + (f" and {len(names) - most} more" if len(names) > most else "")
