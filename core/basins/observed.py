"""Basin means in cm with months that were made, not observed, set apart."""

from dataclasses import dataclass

import numpy as np

from ..data.stack import short_name
from ..progress import SILENT
from .zonal import basin_filled, coverage_of, stack_basin_series


@dataclass(frozen=True)
class BasinMeans:
    """Means (time, basin) in cm, ``filled`` of that shape or None, areas (basin,) in km²."""

    names: list
    months: np.ndarray
    mean: np.ndarray
    filled: object
    area_km2: np.ndarray
    variable: str
    stack_name: str
    history: tuple

    @property
    def observed(self):
        """The means with filled months NaN."""
        return self.mean if self.filled is None else np.where(self.filled, np.nan, self.mean)


def basin_means(stack, basins, names, flags=None, min_share=0.5, progress=SILENT, memory=None):
    """`BasinMeans` of a stack of storage over ring lists; `GridError` where none meets it."""
    matrix = coverage_of(stack, basins, names)
    series = stack_basin_series(stack, matrix, min_share, progress.part(0.0, 0.7), memory)
    filled = None
    if flags is not None:
        filled = basin_filled(flags, matrix, progress.part(0.7, 1.0), memory)
    return BasinMeans(
        list(names),
        stack.months,
        series.mean,
        filled,
        matrix.area_km2,
        stack.info.long_name or short_name(stack.source),
        stack.name,
        stack.info.history,
    )
