"""A stack against wells: by cell with specific yield, and well by well without (METHODS §10)."""

from dataclasses import dataclass, field

import numpy as np

from ..data.agreement import require_units
from ..data.grid import Grid
from ..data.points import cells_of_points
from ..data.reference import same_crs
from ..data.stack import StackInfo
from ..errors import DataError, GridError, ParameterError
from ..progress import SILENT
from .scores import quantile_bins, score
from .trends import common_trends
from .wellcells import cell_series, compare_cells
from .wellchange import change_fit, class_scores, well_correlation


@dataclass
class WellSettings:
    """What the analyst can set; see the parameters of `validatewells`."""

    min_months: int = 12
    min_years: float = 5.0
    bins: int = 15
    sensitivity: float = 20.0
    thresholds: tuple = ()
    yield_text: str = "none"
    class_name: str = "class"


@dataclass
class WellResult:
    """Everything about the wells inside the grid; arrays (well,) or (time, well)."""

    info: StackInfo
    stack_name: str
    months: np.ndarray
    grid: Grid
    settings: WellSettings
    names: list
    x: np.ndarray
    y: np.ndarray
    cell: np.ndarray
    level: np.ndarray
    simulated: np.ndarray
    common: np.ndarray
    cc: np.ndarray
    cc_before: object
    trend_level: np.ndarray
    trend_simulated: np.ndarray
    specific_yield: object
    classes: object
    used: np.ndarray
    cells: object
    bins: object
    scores: list
    class_scores: list
    change: object
    readings: object = None
    outliers: object = None
    warnings: list = field(default_factory=list)


def check_well_inputs(stack, before=None, grid=None):
    """Raise the core's errors unless the rasters can serve (headers only)."""
    require_units(stack)
    stack.to_centimetres()
    if before is not None and not same_crs(before.grid, stack.grid):
        raise GridError(
            f"{before.name} and {stack.name} must have one coordinate system",
            f"{before.grid.describe()} and {stack.grid.describe()}",
        )
    if grid is not None:
        if not same_crs(grid, stack.grid):
            raise GridError(
                f"REFERENCE and {stack.name} must have one coordinate system",
                f"{grid.describe()} and {stack.grid.describe()}",
            )
        if grid.dx < stack.grid.dx * (1 - 1e-6) or grid.dy < stack.grid.dy * (1 - 1e-6):
            raise ParameterError(
                f"cells at least as large as those of {stack.name} are expected",
                f"{grid.dx:g} × {grid.dy:g}",
                "REFERENCE",
            )


def validate_wells(
    stack, x, y, names, level, bands, *, settings=None, grid=None, specific_yield=None,
    before=None, classes=None, progress=SILENT, memory=None,
):  # fmt: skip
    """`WellResult` of wells (x, y) in the stack's CRS.

    ``level`` (time, well) in cm, positive upwards, for the stack's ``bands``; ``grid``
    is the grid in whose cells wells are averaged (the stack's own by default);
    ``specific_yield`` and ``classes`` (well,) or None; ``before`` is a second stack,
    as before downscaling. Wells must lie inside the stack. Raises `GridError` for
    wells outside, `DataError` where no well has enough months in common.
    """
    settings = settings or WellSettings()
    check_well_inputs(stack, before, grid)
    grid = grid or stack.grid
    names, level = list(names), np.asarray(level, float)
    rows, cols, cell = _cells(stack.grid, x, y, stack.name)
    own = cell_series(stack, stack.grid, rows, cols, bands, progress.part(0.0, 0.35), memory)
    simulated = own[:, cell]
    first = None
    if before is not None:
        first = _before(before, stack, x, y, bands, progress.part(0.35, 0.6), memory)
    shared = simulated if first is None else np.where(np.isfinite(first), simulated, np.nan)
    cc, common = well_correlation(level, shared, settings.min_months)
    cc_before = None
    if first is not None:
        first = np.where(np.isfinite(simulated), first, np.nan)
        cc_before, _ = well_correlation(level, first, settings.min_months)
    if not np.isfinite(cc).any():
        raise DataError(
            f"a well with {settings.min_months} months in common with {stack.name} is expected",
            f"at most {int(common.max(initial=0))} in {len(names)} wells",
            "READINGS",
            "Do the dates meet the stack's months? Lower MIN_MONTHS.",
        )
    trend_simulated, trend_level, _ = common_trends(simulated, level, settings.min_years)
    coarse_rows, coarse_cols, which = _cells(grid, x, y, "REFERENCE")
    if grid.difference(stack.grid):
        predicted = cell_series(
            stack, grid, coarse_rows, coarse_cols, bands, progress.part(0.6, 0.95), memory
        )
    else:
        predicted = own
    cells, used = compare_cells(
        level, predicted, which, coarse_rows, coarse_cols,
        settings.min_months, settings.min_years, specific_yield,
    )  # fmt: skip
    bins = quantile_bins(cells.trend_predicted, cells.trend_observed, settings.bins)
    result = WellResult(
        stack.info, stack.name, stack.months[bands], grid, settings, names, np.asarray(x),
        np.asarray(y), which, level, simulated, common, cc, cc_before, trend_level,
        trend_simulated, specific_yield, classes, used, cells, bins,
        well_scores(cells, bins, settings, specific_yield is not None),
        class_scores(cc, cc_before, classes, settings.thresholds),
        None if cc_before is None else change_fit(cc, cc_before),
    )  # fmt: skip
    result.warnings = _warnings(result)
    progress.set(1.0)
    return result


def well_scores(cells, bins, settings, storage):
    """`Score` of monthly anomalies and of trends, unbinned and binned, by specific yield.

    The specific yield times 1, and times 1 ∓ the sensitivity: what RMSE, bias and R²
    owe to it. Correlations do not change with it. Months that follow each other are
    not independent: their correlation has no p.
    """
    share = settings.sensitivity / 100.0
    factors = (1.0, 1.0 - share, 1.0 + share) if storage and share > 0 else (1.0,)
    sets = [
        (False, "monthly anomalies of the cells", cells.predicted.ravel(), cells.observed.ravel()),
        (True, "trends of the cells, unbinned", cells.trend_predicted, cells.trend_observed),
    ]
    if bins is not None:
        sets.append((True, f"trends in {bins.n.size} bins", bins.predicted, bins.observed))
    return [
        score(*pairs, factor, storage, independent)
        for independent, *pairs in sets
        for factor in factors
    ]


def _cells(grid, x, y, name):
    """Rows and columns of the cells that hold wells, and the number of each well's cell."""
    rows, cols, inside = cells_of_points(grid, x, y)
    if not inside.all():
        raise GridError(
            f"wells inside {name} are expected",
            f"{int((~inside).sum())} of {inside.size} outside of {grid.describe()}",
        )
    cells, which = np.unique(rows * grid.nx + cols, return_inverse=True)
    return cells // grid.nx, cells % grid.nx, which.reshape(-1)


def _before(before, stack, x, y, bands, progress, memory):
    """Series (time, well) of the second stack on the months of the first, NaN elsewhere."""
    rows, cols, inside = cells_of_points(before.grid, x, y)
    series = np.full((len(bands), len(x)), np.nan)
    place = (stack.months[bands] - before.months[0]).astype(int)
    there = np.flatnonzero((place >= 0) & (place < before.months.size))
    if not inside.any() or not there.size:
        return series
    cells, which = np.unique((rows * before.grid.nx + cols)[inside], return_inverse=True)
    rows, cols = np.divmod(cells, before.grid.nx)
    values = cell_series(before, before.grid, rows, cols, place[there], progress, memory)
    series[np.ix_(there, np.flatnonzero(inside))] = values[:, which.reshape(-1)]
    return series


def _warnings(r):
    known = r.cc[np.isfinite(r.cc)]
    texts = []
    if known.size and (known < 0).mean() > 0.5:
        texts.append(
            f"{int((known < 0).sum())} of {known.size} wells have a negative correlation. Are the "
            "values depths to water? Then set QUANTITY to 'depth' (or to 'level', if they are "
            "levels above a datum)."
        )
    cells = int((r.cells.wells > 0).sum())
    trends = int(np.isfinite(r.cells.trend_predicted).sum())
    if trends < 10:
        texts.append(
            f"{cells} {'cell holds' if cells == 1 else 'cells hold'} wells, {trends} with a trend: "
            "scores over cells rest on so few pairs that they say little."
        )
    raw = int(r.cells.raw_season.sum())
    if raw:
        texts.append(
            f"In {raw} cells the months with readings cannot tell the season: it was not removed "
            "before the trend."
        )
    if r.specific_yield is not None and np.isnan(r.specific_yield).any():
        texts.append(
            f"{int(np.isnan(r.specific_yield).sum())} wells have no specific yield: they count "
            "one by one, not in cells."
        )
    return texts
