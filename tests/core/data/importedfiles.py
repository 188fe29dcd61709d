"""Axes of a made product, and what an import of it leaves behind."""

from pathlib import Path

import numpy as np
from grace_water_toolbox.core.progress import Progress

LAT = np.arange(-75.0, 90, 30)  # 6 rows
LON = np.arange(15.0, 360, 30)  # 12 columns
LAND = np.zeros((6, 12))
LAND[:, :6] = 1  # eastern longitudes are land


class StopAt(Progress):
    """Cancels once so much is done."""

    def __init__(self, fraction):
        self.fraction, self.seen = fraction, []

    def set(self, fraction):
        self.seen.append(fraction)

    def is_cancelled(self):
        return bool(self.seen) and self.seen[-1] >= self.fraction


def turned(values):
    """North up, longitudes −180…180."""
    return np.roll(values[..., ::-1, :], values.shape[-1] // 2, axis=-1)


def leftovers(folder, *known):
    return sorted(p.name for p in Path(folder).iterdir() if p.name not in known)
