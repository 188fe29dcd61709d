"""A picture of two series of different quantities, each with its own axis."""

import numpy as np

from ..errors import ParameterError
from .canvas import (
    BLUE,
    INK,
    LABEL_SIZE,
    TICK_SIZE,
    VERMILLION,
    legend_above,
    new_figure,
    plain,
    png,
    say_empty,
    style_axes,
)


def two_series_plot(years, first, second, *, names, labels, title="", shared=False):
    """Draw two series over decimal ``years`` and return PNG bytes.

    ``first``, ``second``: (period,), NaN = missing, drawn as a gap; ``names`` in the
    legend; ``labels`` of the left and right axis. ``shared``: one axis for both.
    Otherwise both axes are scaled by the spread of their series, so that equal swings
    are equally high. Raises ``ParameterError`` for other shapes.
    """
    years, first, second = (np.asarray(v, float) for v in (years, first, second))
    if not years.shape == first.shape == second.shape:
        raise ParameterError("two series over the same periods are expected")
    figure, axes = new_figure(3.9, title)
    style_axes(axes, ylabel=labels[0])
    if not (np.isfinite(first).any() and np.isfinite(second).any()):
        say_empty(axes)
        return png(figure)
    other = axes if shared else axes.twinx()
    handles = []
    for on, values, colour in ((axes, first, BLUE), (other, second, VERMILLION)):
        size = 4.5 if np.isfinite(values).sum() < 60 else 2.2
        (line,) = on.plot(years, values, "o-", color=colour, linewidth=1.3, markersize=size)
        handles.append(line)
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter("{x:.0f}")
    if not shared:
        for side in ("top", "left", "bottom"):
            other.spines[side].set_visible(False)
        other.tick_params(labelsize=TICK_SIZE, labelcolor=INK)
        other.set_ylabel(plain(labels[1]), size=LABEL_SIZE, color=INK)
        for on, values in ((axes, first), (other, second)):
            spread = np.nanstd(values) or 1.0
            reach = 1.1 * max(np.nanmax(np.abs(v)) / (np.nanstd(v) or 1.0) for v in (first, second))
            on.set_ylim(-reach * spread, reach * spread)
    legend_above(axes, list(zip(handles, names)))
    return png(figure)
