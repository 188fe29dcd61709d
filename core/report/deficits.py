"""A picture of storage against its climatology, with the deficits shaded."""

import numpy as np

from .canvas import (
    BLUE,
    VERMILLION,
    decimal_years,
    label_years,
    legend_above,
    month_axis,
    new_figure,
    on_axis,
    png,
    say_empty,
    style_axes,
    zero_line,
)


def deficit_plot(months, departure, events, title="", ylabel="cm from the month's mean"):
    """Draw the departure of a series from its climatology; return PNG bytes.

    ``months`` and ``departure`` (time,) as for ``series_plot``; ``events`` are pairs of
    first and last month number of each deficit, which is shaded and filled.
    """
    positions, axis = month_axis(months)
    values = on_axis(departure, positions, axis.size)
    years = decimal_years(axis)
    figure, axes = new_figure(3.4, title)
    style_axes(axes, ylabel=ylabel)
    label_years(axes, axis)
    if not np.isfinite(values).any():
        say_empty(axes)
        axes.set_yticks([])
        return png(figure)
    (line,) = axes.plot(years, values, color=BLUE, linewidth=1.2, zorder=3)
    legend, inside = [(line, "Storage less climatology")], np.zeros(axis.size, bool)
    for first, last in events:
        inside[first : last + 1] = True
        axes.axvspan(
            years[first] - 0.5 / 12,
            years[last] + 0.5 / 12,
            color=VERMILLION,
            alpha=0.12,
            linewidth=0,
            zorder=0,
        )
    if inside.any():
        # Bridged months have no value of their own: the fill runs over them.
        seen = np.isfinite(values)
        joined = np.interp(years, years[seen], values[seen])
        below = axes.fill_between(
            years, np.minimum(joined, 0.0), 0.0, where=inside, color=VERMILLION, alpha=0.6,
            linewidth=0, zorder=2,
        )  # fmt: skip
        legend.append((below, "Deficit"))
    zero_line(axes)
    legend_above(axes, legend)
    return png(figure)
