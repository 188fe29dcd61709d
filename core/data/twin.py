"""The synthetic twin: an invented region whose water storage is known exactly.

It is sample data and a yardstick: what the toolbox computes from the twin's
satellite and model files can be held against the truth, and leakage (the
satellite's blur) and model error can be told apart from noise. The same seed
gives the same twin; the region, the calendar and the imposed trends are the
same for every seed.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError
from .grid import Grid
from .months import DEFAULT_BASELINE, baseline_mask, month_range
from .twin_fields import true_storages
from .twin_grace import (
    FIRST_MONTH,
    LAST_MONTH,
    at_satellite_resolution,
    monthly_mean,
    observed_solutions,
)
from .twin_local import GROUND, LOCAL, SURFACE, coarse_locals, local_courses
from .twin_model import modelled_storages
from .twin_region import FINE_GRID, PRODUCT_GRID, basin_rings, imposed_trend, land_mask
from .twin_streams import COMPONENTS, STREAMS


@dataclass(frozen=True)
class Twin:
    """A twin. Arrays are float64, (time, y, x), north first, over complete months.

    Attributes
    ----------
    seed : int
    months : datetime64[M] (265,)
    grid, product_grid : Grid
        0.5 degree (truth, model) and 1 degree (satellite) over one extent.
    land, product_land : bool (y, x)
        By the cell's centre.
    basins : dict of name -> list of (n, 2) rings of longitude, latitude
    imposed_trend : (y, x)
        Exact linear groundwater trend, cm/yr.
    tws, groundwater, soil_moisture, snow, canopy
        Truth on ``grid``: anomalies to 2004-2009 in cm, zero over the sea;
        ``tws`` is the sum of the others and of ``surface``.
    local : str
        ``cancelled``: cone, glaciers and lake exist only inside the cells (`FineTruth`);
        ``kept``: they are part of ``groundwater``, ``imposed_trend`` and ``surface``.
    surface : (time, y, x)
        Storage of glaciers and the lake, cm; zero where they cancel.
    resolved_tws
        Truth at the satellite's resolution on ``product_grid``, noiseless, cm.
    grace, grace_sigma
        What was observed and its stated one-sigma, cm on ``product_grid``; NaN in
        the 36 months without solution; months with two hold their mean weighted
        by days (of sigma too, which is its upper bound).
    solutions : dict
        The 231 solutions as a product file holds them: ``values``, ``sigma``,
        ``start``, ``end`` (day after the last), ``month``.
    model_soil_moisture, model_snow, model_canopy and the same with _sigma
        Land model on ``grid``: absolute storages in kg m-2 and their stated
        one-sigma; NaN over the sea.

    """

    seed: int
    months: np.ndarray
    grid: Grid
    product_grid: Grid
    land: np.ndarray
    product_land: np.ndarray
    basins: dict
    imposed_trend: np.ndarray
    tws: np.ndarray
    groundwater: np.ndarray
    soil_moisture: np.ndarray
    snow: np.ndarray
    canopy: np.ndarray
    resolved_tws: np.ndarray
    grace: np.ndarray
    grace_sigma: np.ndarray
    solutions: dict
    model_soil_moisture: np.ndarray
    model_snow: np.ndarray
    model_canopy: np.ndarray
    model_soil_moisture_sigma: np.ndarray
    model_snow_sigma: np.ndarray
    model_canopy_sigma: np.ndarray
    surface: np.ndarray
    local: str = "cancelled"

    @property
    def lon(self):
        """Longitudes of the fine grid's centres, degrees east, -180...180."""
        return self.grid.x

    @property
    def lat(self):
        """Latitudes of the fine grid's centres, north first."""
        return self.grid.y

    @property
    def observed(self):
        """True for the 229 months that hold a solution."""
        return np.isin(np.arange(self.months.size), self.solutions["month"])


def make_twin(seed=0, local="cancelled"):
    """Make the twin of a seed (about a second).

    Parameters
    ----------
    seed : int
        Non-negative; chooses weather, noise and model errors.
    local : str
        ``kept`` adds the pumping cone, the glaciers and the lake to the 0.5 degree
        truth, so the satellite sees them. The land model never does.

    Returns
    -------
    Twin

    Raises
    ------
    ParameterError
        The seed is not a whole number of 0 or more, or ``local`` is another word.

    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ParameterError("a whole number of 0 or more is expected", repr(seed), "seed")
    if local not in LOCAL:
        raise ParameterError(f"one of {', '.join(LOCAL)} is expected", repr(local), "LOCAL")
    months = month_range(FIRST_MONTH, LAST_MONTH)
    children = np.random.SeedSequence(seed).spawn(len(STREAMS))
    # One stream a part: a change to one leaves the others as they were.
    streams = {n: np.random.default_rng(child) for n, child in zip(STREAMS, children)}

    absolute = true_storages(months, streams)
    window = baseline_mask(months, DEFAULT_BASELINE)
    truth = {name: field - field[window].mean(axis=0) for name, field in absolute.items()}
    truth["surface"] = np.zeros_like(truth["groundwater"])
    trend = imposed_trend()
    if local == "kept":
        ground, truth["surface"] = _local_storage(seed, months)
        truth["groundwater"] = truth["groundwater"] + ground
        trend = trend + coarse_locals()["cone"]
    truth["tws"] = sum(truth[name] for name in COMPONENTS)
    if local == "kept":
        truth["tws"] = truth["tws"] + truth["surface"]

    resolved = at_satellite_resolution(truth["tws"])
    solutions = observed_solutions(months, resolved, streams["satellite"])
    model, model_sigma = modelled_storages(months, absolute, streams)
    return Twin(
        seed=seed,
        months=months,
        grid=FINE_GRID,
        product_grid=PRODUCT_GRID,
        land=land_mask(FINE_GRID),
        product_land=land_mask(PRODUCT_GRID),
        basins=basin_rings(),
        imposed_trend=trend,
        resolved_tws=resolved,
        grace=monthly_mean(solutions, solutions["values"], months),
        grace_sigma=monthly_mean(solutions, solutions["sigma"], months),
        solutions=solutions,
        **truth,
        **{f"model_{name}": field for name, field in model.items()},
        **{f"model_{name}_sigma": field for name, field in model_sigma.items()},
        local=local,
    )


def _local_storage(seed, months):
    """Cone, and glaciers + lake, as means of the 0.5 degree cells: (time, y, x) each, cm."""
    courses, means = local_courses(seed, months), coarse_locals()
    return tuple(
        sum(courses[name][:, None, None] * means[name] for name in names)
        for names in (GROUND, SURFACE)
    )
