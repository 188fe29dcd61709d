"""Seven classes of a trend: its direction and how sure it is."""

from dataclasses import dataclass

import numpy as np

from ..data.bands import strips
from ..data.rasterfile import RasterWriter
from ..errors import DataError
from ..progress import SILENT

#: Value in the raster, name, colour: red for loss, blue for gain, as in the trend map.
CLASSES = (
    (1, "decrease, p < 0.01", "#b2182b"),
    (2, "decrease, 0.01 ≤ p < 0.05", "#ef8a62"),
    (3, "decrease, p ≥ 0.05", "#fddbc7"),
    (4, "no trend", "#e6e6e6"),
    (5, "increase, p ≥ 0.05", "#d1e5f0"),
    (6, "increase, 0.01 ≤ p < 0.05", "#67a9cf"),
    (7, "increase, p < 0.01", "#2166ac"),
)
#: Value of cells without a trend map.
NO_DATA = 0
#: Slope below which an insignificant trend is none, cm/month.
FLAT = 0.01
#: Shares in % by Zhang et al., section 3.4.2: decrease p < .01 and < .05, not
#: significant (classes 3 to 5 together), increase p < .05 and < .01.
PUBLISHED = {1: 37.13, 2: 1.70, (3, 4, 5): 12.00, 6: 2.15, 7: 47.01}


def classify(slope, p, flat=FLAT):
    """Classes 1 to 7 of `CLASSES`, uint8, 0 where slope or p is NaN; any shape.

    The sign of ``slope`` gives the direction, ``p`` the certainty. No trend: p ≥ 0.05
    and |slope| < ``flat`` (unit of ``slope``), or a slope of exactly 0.
    Source: Zhang et al., section 3.4.2; the class of no trend is by ``flat``.
    """
    slope, p = np.asarray(slope, float), np.asarray(p, float)
    known = np.isfinite(slope) & np.isfinite(p)
    with np.errstate(invalid="ignore"):
        step = np.where(p < 0.01, 3, np.where(p < 0.05, 2, 1))
        none = (slope == 0) | ((p >= 0.05) & (np.abs(slope) < flat))
    value = np.where(none, 4, 4 + step * np.sign(np.where(known, slope, 0)))
    return np.where(known, value, NO_DATA).astype(np.uint8)


@dataclass
class ClassSummary:
    """Areas of the classes.

    ``area`` (7,) km² by the chosen test, ``plain_area`` by the plain one or None where
    the map holds one test, ``cells`` (7,), ``flat`` with its ``unit``, ``sphere`` whether
    areas are spherical, ``quantity`` and ``history`` of the trend map. ``picture`` is a
    thinned copy of the classes with its ``extent``.
    """

    area: np.ndarray
    plain_area: object
    cells: np.ndarray
    flat: float
    unit: str
    sphere: bool
    quantity: str
    history: tuple
    picture: np.ndarray
    extent: tuple

    @property
    def shares(self):
        """Shares of the area (7,) in %, by the chosen test."""
        return 100.0 * (self.area / self.area.sum())

    @property
    def plain_shares(self):
        """The same by the plain test, or None."""
        if self.plain_area is None:
            return None
        return 100.0 * (self.plain_area / self.plain_area.sum())


def map_classes(trend, output, flat=FLAT, progress=SILENT, memory=None, name=""):
    """Write the classes of a `TrendRaster` as a Byte raster; returns a `ClassSummary`.

    ``flat`` is in the unit of ``trend.slope_unit``; ``name`` stands for the path in messages.
    Raises `DataError` where the map holds no trend at all.
    """
    grid = trend.grid
    areas = grid.cell_areas()
    total, cells = np.zeros(8), np.zeros(8, np.int64)
    plain_total = np.zeros(8) if trend.has_plain else None
    step = max(1, -(-max(grid.shape) // 1200))
    rows = []
    line = (
        "classes of trend: sign of the slope, p below 0.01, 0.05 or not, no trend below "
        f"{flat:g} {trend.slope_unit}"
    )
    tags = {
        "long_name": f"trend classes of {trend.quantity or trend.name}",
        "history": "\n".join((*trend.history, line)),
        "classes": "; ".join(f"{value} {name}" for value, name, _ in CLASSES),
    }
    with RasterWriter(
        output, grid, ["trend_class"], dtype="uint8", nodata=NO_DATA, tags=tags, name=name
    ) as file:
        for row, ny in strips(grid, 8, memory):
            progress.check()
            slope, p, plain = trend.read_trend(row, 0, ny)
            classes = classify(slope, p, flat)
            area = areas[row : row + ny].ravel()
            total += np.bincount(classes.ravel(), area, 8)
            cells += np.bincount(classes.ravel(), minlength=8)
            if plain is not None:
                plain_total += np.bincount(classify(slope, plain, flat).ravel(), area, 8)
            rows.append(classes[-row % step :: step, ::step])
            file.write(classes[None], row, 0)
            progress.set((row + ny) / grid.ny)
        if not cells[1:].any():
            raise DataError("a trend map with values is expected", "none", trend.name)
    return ClassSummary(
        total[1:],
        None if plain_total is None else plain_total[1:],
        cells[1:],
        flat,
        trend.slope_unit,
        grid.is_geographic,
        trend.quantity,
        trend.history,
        np.concatenate(rows),
        grid.extent,
    )


def share_rows(summary):
    """Rows of the table of shares: class, name, cells, km², share, plain share, published.

    The classes that are not significant stand on their own and, as the row of class
    None, together, because the paper gives them together.
    """
    shares, plain = summary.shares, summary.plain_shares
    rows = []
    for i, (value, name, _) in enumerate(CLASSES):
        rows.append(
            (value, name, int(summary.cells[i]), float(summary.area[i]), float(shares[i]),
             None if plain is None else float(plain[i]), PUBLISHED.get(value))
        )  # fmt: skip
    middle = slice(2, 5)
    rows.append(
        (None, "not significant (3 to 5 together)", int(summary.cells[middle].sum()),
         float(summary.area[middle].sum()), float(shares[middle].sum()),
         None if plain is None else float(plain[middle].sum()), PUBLISHED[3, 4, 5])
    )  # fmt: skip
    return rows
