"""Wells in the twin's true groundwater, with the traps of real well data."""

from dataclasses import dataclass

import numpy as np

from .twin_region import basin_weights
from .twin_streams import extra_stream

#: Aquifer of each basin: WHYMAP class and mean specific yield.
AQUIFERS = {
    "Arvane": (12, 0.12),
    "Belmor": (15, 0.18),
    "Drusk": (23, 0.08),
    "Elmara": (14, 0.15),
    "Kessin": (33, 0.05),
    "Sorrel": (24, 0.07),
}
WELLS_A_BASIN = 6
#: One sigma of a reading in metres, and the spread of specific yield in an aquifer.
READING_M, YIELD_SPREAD = 0.10, 0.15
#: Days between readings, least and most.
VISIT_DAYS = (12, 55)
#: The traps, by number of the well.
FEET, DEPTH, OUTLIER, GAPS = 5, 12, 8, (3, 20, 29)
OUTLIER_M, GAP_DAYS = 25.0, 700
METRES_A_FOOT = 0.3048


@dataclass(frozen=True)
class Well:
    """One well: position, aquifer, what its readings are, and the truth.

    ``days`` datetime64[D] and ``values`` (reading,) in ``unit`` of ``quantity``:
    the water's ``level`` above the datum or its ``depth`` below ``ground_m``.
    ``row``, ``col`` are the cell of the truth; ``true_trend`` is the Sen slope of
    true groundwater storage there, cm/yr, over the twin's full period.
    """

    id: str
    lon: float
    lat: float
    row: int
    col: int
    basin: str
    aquifer: int
    specific_yield: float
    ground_m: float
    quantity: str
    unit: str
    true_trend: float
    days: np.ndarray
    values: np.ndarray


def make_wells(twin):
    """The 36 wells of a twin, six a basin; the same for the same seed.

    level = datum + GWSA / (100 Sy) + reading error, with GWSA in cm of the 0.5
    degree cell, linear between the middles of months. Readings are irregular.
    One well is in feet, one gives depth, one has an outlier, three a long gap.
    """
    rng = extra_stream(twin.seed, "wells")
    middle = _month_middles(twin.months)
    wells = []
    for basin, (aquifer, mean_yield) in AQUIFERS.items():
        # Only cells wholly inside: the well's aquifer is then that of its cell.
        inside = basin_weights(basin, twin.grid) > 0.999 * twin.grid.cell_areas()
        rows, cols = np.nonzero(inside)
        for pick in rng.choice(rows.size, WELLS_A_BASIN, replace=False):
            row, col = int(rows[pick]), int(cols[pick])
            number = len(wells) + 1
            specific_yield = mean_yield * np.exp(YIELD_SPREAD * rng.standard_normal())
            ground = rng.uniform(60, 400)
            lon, lat = (
                centre[i] + size * rng.uniform(-0.4, 0.4)
                for centre, i, size in (
                    (twin.grid.x, col, twin.grid.dx),
                    (twin.grid.y, row, twin.grid.dy),
                )
            )
            days = _visits(rng, middle, number)
            storage = np.interp(days.astype(float), middle, twin.groundwater[:, row, col])
            level = ground - rng.uniform(8, 40) + storage / 100 / specific_yield
            level = level + READING_M * rng.standard_normal(days.size)
            quantity, unit, values = _as_read(level, ground, number)
            wells.append(
                Well(
                    f"W{number:02d}", float(lon), float(lat), row, col, basin, aquifer,
                    float(specific_yield), float(ground), quantity, unit,
                    _true_trend(twin.groundwater[:, row, col]), days, values,
                )
            )  # fmt: skip
    return wells


def _month_middles(months):
    first = months.astype("datetime64[D]").astype(float)
    return (first + (months + 1).astype("datetime64[D]").astype(float)) / 2


def _visits(rng, middle, number):
    start = middle[0] + rng.uniform(0, 1000)
    steps = rng.integers(VISIT_DAYS[0], VISIT_DAYS[1] + 1, size=1000).cumsum()
    days = np.floor(start + steps)
    days = days[days <= middle[-1]]
    gap = days[0] + rng.uniform(1000, 3000)
    if number in GAPS:
        days = days[(days < gap) | (days > gap + GAP_DAYS)]
    return days.astype("int64").astype("datetime64[D]")


def _as_read(level, ground, number):
    if number == OUTLIER:
        level = level.copy()
        level[level.size // 2] += OUTLIER_M
    if number == DEPTH:
        return "depth", "m", ground - level
    if number == FEET:
        return "level", "ft", level / METRES_A_FOOT
    return "level", "m", level


def _true_trend(series):
    from ..trends.harmonic import deseasonalise_harmonic
    from ..trends.sen import sen_slope

    return float(12.0 * sen_slope(deseasonalise_harmonic(series[:, None])).slope[0])
