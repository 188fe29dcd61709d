"""The pictures of the reports, in one place; each function returns PNG bytes."""

from .bars import bar_plot
from .coverage import calendar_plot
from .deficits import deficit_plot
from .maps import map_plot
from .series import multi_series_plot, series_plot

__all__ = [
    "bar_plot",
    "calendar_plot",
    "deficit_plot",
    "map_plot",
    "multi_series_plot",
    "series_plot",
]
