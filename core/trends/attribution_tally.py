"""What an attribution adds up over the raster: areas and volumes by trend class."""

from dataclasses import dataclass

import numpy as np

from .classes import classify

#: The maps that are written, in order.
PARTS = ("residual", "total", "background")


@dataclass
class AttributionSummary:
    """What an attribution did.

    Months of all three series, cells, how the grids were brought together, the fewest
    baseline months of any cell beside those of the period. By `PARTS`: ``area`` (3, 7) km²
    of each trend class, ``volume`` (3,) km³/yr of all cells. ``cross`` (7, 7): km² by the
    class of the total (row) and of the residual (column).
    """

    first: np.datetime64
    last: np.datetime64
    months: int
    cells: int
    alignment: str
    fewest_baseline_months: int
    expected_baseline_months: int
    area: np.ndarray
    volume: np.ndarray
    cross: np.ndarray
    sphere: bool
    history: tuple

    @property
    def shares(self):
        """Shares (3, 7) of the area in %, by `PARTS` and class."""
        return 100.0 * (self.area / self.area.sum(axis=1, keepdims=True))

    @property
    def stays(self):
        """Share (7,) in % of each class of the total that the residual is in as well."""
        whole = self.cross.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return 100.0 * np.diagonal(self.cross) / whole


class Tally:
    """Sums over the chunks of all threads; appending to a list needs no lock."""

    def __init__(self, names):
        self._slope, self._p = names.index("slope_per_month"), names.index("p")
        self.used, self.area, self.volume, self.cross = [], [], [], []

    def add(self, maps, area, used):
        """Count a chunk: trend maps (band, pixel) by `PARTS`, km² and baseline months (pixel,)."""
        classes = [classify(one[self._slope], one[self._p]) for one in maps]
        known = np.logical_and.reduce([c > 0 for c in classes])
        if not known.any():
            return
        weight = area[known]
        residual, total, _ = (c[known].astype(int) - 1 for c in classes)
        self.cross.append(np.bincount(7 * total + residual, weight, 49).reshape(7, 7))
        self.area.append(
            np.stack([np.bincount(c[known].astype(int) - 1, weight, 7) for c in classes])
        )
        self.volume.append(
            np.array([12e-5 * (one[self._slope][known] * weight).sum() for one in maps])
        )
        self.used.append((int(known.sum()), used[known].min()))

    def summary(self, **facts):
        """The `AttributionSummary` of what was added and of ``facts``."""
        return AttributionSummary(
            cells=sum(cells for cells, _ in self.used),
            fewest_baseline_months=int(min(fewest for _, fewest in self.used)),
            area=sum(self.area),
            volume=sum(self.volume),
            cross=sum(self.cross),
            **facts,
        )
