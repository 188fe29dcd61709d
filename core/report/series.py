"""Pictures of monthly series."""

import numpy as np

from ..errors import ParameterError
from .canvas import (
    BLUE,
    CYCLE,
    ORANGE,
    VERMILLION,
    decimal_years,
    format_numbers,
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

STORAGE_LABEL = "cm equivalent water height"


def series_plot(
    months,
    values,
    uncertainty=None,
    filled=None,
    trend=None,
    title="",
    ylabel=STORAGE_LABEL,
    trend_unit="cm/yr",
):
    """Draw one monthly series and return PNG bytes.

    ``months``: (time,) text ``YYYY-MM``, dates or datetime64, increasing;
    ``values``: (time,), NaN = missing, drawn as a gap, as are months left out;
    ``uncertainty``: (time,) one sigma in the unit of the values, a shaded band;
    ``filled``: (time,) True where a value was filled, drawn apart and shaded;
    ``trend``: ``(slope per year, value at the first month, lower, upper)``, the
    last two 95 % limits of the slope, None or NaN where unknown.
    Raises ``TimeAxisError`` for the months, ``ParameterError`` for the shapes.
    """
    positions, axis = month_axis(months)
    values = on_axis(values, positions, axis.size)
    marked = np.zeros(axis.size, dtype=bool)
    if filled is not None:
        marked = on_axis(filled, positions, axis.size, "filled", missing=False)
    years = decimal_years(axis)
    figure, axes = new_figure(3.9, title)
    style_axes(axes, ylabel=ylabel)
    label_years(axes, axis)
    legend = []
    shown = np.isfinite(values)
    if not shown.any():
        say_empty(axes)
        axes.set_yticks([])
        return png(figure)

    observed = np.where(marked, np.nan, values)
    line = _line(axes, years, observed, BLUE)
    if np.isfinite(observed).any():
        legend.append((line, "Observed"))
    if (marked & shown).any():
        legend.append((_filled(axes, years, values, marked & shown), "Filled"))
    if uncertainty is not None:
        sigma = on_axis(uncertainty, positions, axis.size, "uncertainty")
        if np.isfinite(sigma[shown]).any():
            legend.append((_band(axes, years, values, sigma), "± 1 σ"))
    if trend is not None and np.isfinite(trend[:2]).all():
        slope, start, lower, upper = trend
        (handle,) = axes.plot(
            years[[0, -1]],
            [start, start + slope * (years[-1] - years[0])],
            color=VERMILLION,
            linewidth=1.8,
            dashes=(6, 2),
            zorder=5,
        )
        legend.append((handle, trend_text(slope, lower, upper, trend_unit)))
    zero_line(axes)
    legend_above(axes, legend)
    return png(figure)


def multi_series_plot(series, months, title="", ylabel=STORAGE_LABEL):
    """Draw several monthly series over the same months and return PNG bytes.

    ``series``: mapping of name to (time,) values, NaN = missing; ``months`` as
    in ``series_plot``. The colours repeat after seven series, then dashed.
    Raises ``TimeAxisError``, ``ParameterError`` for no series or other shapes.
    """
    if not series:
        raise ParameterError("a picture of several series needs at least one")
    positions, axis = month_axis(months)
    years = decimal_years(axis)
    figure, axes = new_figure(3.9 + 0.2 * (len(series) // 4), title)
    style_axes(axes, ylabel=ylabel)
    label_years(axes, axis)
    legend = []
    empty = True
    for number, (name, values) in enumerate(series.items()):
        values = on_axis(values, positions, axis.size, str(name))
        style = ("-", "--", ":")[number // len(CYCLE) % 3]
        handle = _line(axes, years, values, CYCLE[number % len(CYCLE)], style)
        legend.append((handle, name))
        empty = empty and not np.isfinite(values).any()
    if empty:
        say_empty(axes)
        axes.set_yticks([])
    zero_line(axes)
    legend_above(axes, legend)
    return png(figure)


def trend_text(slope, lower=None, upper=None, unit="cm/yr"):
    """Say a trend in words: ``Trend −1.83 cm/yr (95 % −2.10…−1.60)``."""
    limits = [np.nan if value is None else float(value) for value in (lower, upper)]
    if not np.isfinite(limits).all():
        return f"Trend {format_numbers(slope)[0]} {unit}"
    slope, lower, upper = format_numbers(slope, *limits)
    return f"Trend {slope} {unit} (95 % {lower}…{upper})"


def _line(axes, years, values, colour, style="-"):
    (line,) = axes.plot(years, values, color=colour, linewidth=1.5, linestyle=style, zorder=3)
    # A month between two gaps has no line of its own: it needs a dot to be seen.
    alone = _alone(np.isfinite(values))
    axes.plot(years[alone], values[alone], ".", color=colour, markersize=7, zorder=3)
    return line


def _filled(axes, years, values, marked):
    """Shade the filled months, and join their values with the neighbours they rest on."""
    starts, ends = _runs(marked)
    for start, end in zip(starts, ends):
        axes.axvspan(
            years[start] - 0.5 / 12,
            years[end - 1] + 0.5 / 12,
            color=ORANGE,
            alpha=0.16,
            linewidth=0,
            zorder=0,
        )
    reach = marked.copy()
    reach[1:] |= marked[:-1]
    reach[:-1] |= marked[1:]
    axes.plot(years, np.where(reach, values, np.nan), color=ORANGE, linewidth=1.3, zorder=3.5)
    axes.plot(years[marked], values[marked], "o", color=ORANGE, markersize=3.4, zorder=3.6)
    from matplotlib.lines import Line2D

    return Line2D([], [], color=ORANGE, linewidth=1.3, marker="o", markersize=3.4)


def _band(axes, years, values, sigma):
    low, high = values - sigma, values + sigma
    band = axes.fill_between(years, low, high, color=BLUE, alpha=0.26, linewidth=0, zorder=2)
    alone = _alone(np.isfinite(low))
    axes.vlines(years[alone], low[alone], high[alone], color=BLUE, alpha=0.35, linewidth=2)
    return band


def _runs(mask):
    """Return starts and ends (exclusive) of the runs of True."""
    edges = np.diff(np.concatenate([[0], mask.astype(int), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _alone(mask):
    """Mark the True cells without a True neighbour."""
    padded = np.concatenate([[False], mask, [False]])
    return mask & ~padded[:-2] & ~padded[2:]
