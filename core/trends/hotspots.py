"""Hotspots: where storage changes fast and surely, as regions with their volumes."""

from dataclasses import dataclass

import numpy as np

from ..data.regions import find_regions
from ..progress import SILENT
from .trendraster import check_level

#: Zhang et al., section 3.4.1: p < 0.01 and |slope| > 0.10 cm per month.
P, MIN_SLOPE = 0.01, 0.10
DECREASE, INCREASE = 1, 2
DIRECTIONS = ("both", "decrease", "increase")
_KEPT = {"both": (DECREASE, INCREASE), "decrease": (DECREASE,), "increase": (INCREASE,)}
#: km³ that a layer of 1 cm on 1 km² holds.
KM3_PER_CM_KM2 = 1e-5


@dataclass
class Hotspots:
    """The hotspots, largest change of volume first; arrays have one entry each.

    ``falling``; ``cells``; ``area_km2``; ``slope`` area-weighted mean in cm/month;
    ``steepest`` of any cell, cm/month; ``volume_km3_yr``; ``p_largest`` of any cell;
    ``parts`` the polygons as in `Regions`.
    """

    falling: np.ndarray
    cells: np.ndarray
    area_km2: np.ndarray
    slope: np.ndarray
    steepest: np.ndarray
    volume_km3_yr: np.ndarray
    p_largest: np.ndarray
    parts: list

    def total(self, falling):
        """Number, area and volume rate of those that fall, or of those that rise."""
        which = self.falling == falling
        return (
            int(which.sum()),
            float(self.area_km2[which].sum()),
            float(self.volume_km3_yr[which].sum()),
        )


def hotspot_codes(slope, p, level=P, min_slope=MIN_SLOPE, direction="both"):
    """1 where p < ``level`` and slope < −``min_slope``, 2 where it is > ``min_slope``, else 0.

    ``slope`` in cm/month; any shape; NaN is nowhere. Source: Zhang et al., 3.4.1.
    """
    slope, p = np.asarray(slope, float), np.asarray(p, float)
    with np.errstate(invalid="ignore"):
        sure = p < level
        codes = np.where(sure & (slope < -min_slope), DECREASE, 0)
        codes = np.where(sure & (slope > min_slope), INCREASE, codes)
    return np.where(np.isin(codes, _KEPT[direction]), codes, 0).astype(np.int8)


def find_hotspots(
    trend,
    *,
    level=P,
    min_slope=MIN_SLOPE,
    min_area=0.0,
    direction="both",
    progress=SILENT,
    memory=None,
):
    """`Hotspots` of a `TrendRaster`: connected cells of one direction.

    Area and volume are sums over cells, volume rate = Σ slope · area. ``min_slope`` in
    cm/month, ``min_area`` in km². Raises `UnitsError` for a map that is not of a storage,
    `ParameterError` for a level outside 0…1.
    """
    check_level(level)
    trend.require_storage()

    def scan(row, ny):
        slope, p, _ = trend.read_trend(row, 0, ny)
        # Per cell: slope for the mean, |slope| and p for their largest.
        return hotspot_codes(slope, p, level, min_slope, direction), slope, np.abs(slope), p

    found = find_regions(trend.grid, scan, 3, min_area=min_area, progress=progress, memory=memory)
    volume = 12.0 * KM3_PER_CM_KM2 * found.sums[:, 0]
    order = np.argsort(-np.abs(volume), kind="stable")
    falling = found.code[order] == DECREASE
    return Hotspots(
        falling=falling,
        cells=found.cells[order],
        area_km2=found.area[order],
        slope=found.sums[order, 0] / np.maximum(found.area[order], 1e-300),
        steepest=np.where(falling, -1.0, 1.0) * found.highest[order, 1],
        volume_km3_yr=volume[order],
        p_largest=found.highest[order, 2],
        parts=[found.parts[i] for i in order],
    )
