"""The true basin trends of a twin, and what stands between them and an estimate."""

from dataclasses import dataclass

import numpy as np

from .twin_region import basin_weights

#: From a slope per month to one per year.
PER_YEAR = 12.0


@dataclass(frozen=True)
class BasinTruth:
    """True trends of one basin, cm/yr, and its exact area in km2.

    Attributes
    ----------
    imposed : float
        The exact linear part that was put into groundwater (and so into total
        storage), the same for every seed.
    tws, groundwater, components : float
        Realised at full resolution; ``components`` = soil moisture + snow +
        canopy.
    resolved_tws : float
        Realised at the satellite's resolution: what a noiseless, gapless mission
        would give. This is what limits from noise and gaps must cover.
    tws_least_squares, groundwater_least_squares : float
        Realised, by least squares with seasonal harmonics.
    leakage : float
        ``resolved_tws`` - ``tws``: the satellite's blur alone.
    component_error : float
        Trend of the model's soil moisture + snow + canopy minus ``components``.
        It enters a groundwater trend with the opposite sign.

    """

    area_km2: float
    imposed: float
    tws: float
    groundwater: float
    components: float
    resolved_tws: float
    tws_least_squares: float
    groundwater_least_squares: float
    leakage: float
    component_error: float


def basin_series(field, name, grid):
    """Area-weighted basin mean (time,) of ``field`` (time, y, x).

    Weights are covered fraction x spherical cell area; a month with a NaN inside
    the basin is NaN.
    """
    weights = basin_weights(name, grid)
    inside = weights > 0
    return field[:, inside] @ (weights[inside] / weights[inside].sum())


def true_basin_trends(twin):
    """The true trends of every basin: name -> `BasinTruth`.

    The imposed linear part is exact, but a record also holds droughts and red
    variability that have a trend of their own over 22 years, and a measurement
    sees both. So *the truth of a trend is defined as that of the signal realised
    over the full period*: the Sen slope of all 265 noiseless months of the
    area-weighted basin mean, deseasonalised by annual and semiannual harmonics.
    What the limits of an estimate then have to cover is noise and the sampling
    by missing months, not the question what the climate does in the long run.
    Leakage (at the satellite's resolution minus at full resolution) and the
    land model's error are apart; no interval from a single product contains them.
    """
    return {name: _truth(twin, name) for name in twin.basins}


def _truth(twin, name):
    from ..trends.harmonic import deseasonalise_harmonic, fit_harmonics
    from ..trends.sen import sen_slope

    def mean(field, grid=twin.grid):
        return basin_series(field, name, grid)

    # The basins lie on land, so the model's missing sea has no weight.
    model = sum(
        mean(getattr(twin, f"model_{part}")) / 10.0 for part in ("soil_moisture", "snow", "canopy")
    )
    series = np.stack(
        [
            mean(twin.tws),
            mean(twin.groundwater),
            mean(twin.soil_moisture + twin.snow + twin.canopy),
            mean(twin.resolved_tws, twin.product_grid),
            model,
        ],
        axis=1,
    )
    sen = sen_slope(deseasonalise_harmonic(series)).slope * PER_YEAR
    fit = fit_harmonics(series)
    least_squares = fit.coefficients[fit.names.index("trend")] * PER_YEAR
    weights = basin_weights(name, twin.grid)
    tws, groundwater, components, resolved, modelled = (float(v) for v in sen)
    return BasinTruth(
        area_km2=float(weights.sum()),
        imposed=float((weights * twin.imposed_trend).sum() / weights.sum()),
        tws=tws,
        groundwater=groundwater,
        components=components,
        resolved_tws=resolved,
        tws_least_squares=float(least_squares[0]),
        groundwater_least_squares=float(least_squares[1]),
        leakage=resolved - tws,
        component_error=modelled - components,
    )
