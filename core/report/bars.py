"""A picture of one value for each of several things, as basins."""

import numpy as np

from ..errors import ParameterError
from .canvas import (
    BLUE,
    INK,
    MUTED,
    VERMILLION,
    cut,
    legend_above,
    new_figure,
    one_each,
    plain,
    png,
    say_empty,
    style_axes,
)

BAR = "#A6D3F0"


def bar_plot(
    labels,
    values,
    lower=None,
    upper=None,
    truth=None,
    title="",
    xlabel="cm/yr",
    value_name="Estimate",
    interval_name="95 % interval",
    truth_name="Truth",
):
    """Draw horizontal bars with intervals and truth markers, first on top; return PNG bytes.

    ``labels``: (n,) texts; ``values``, ``lower``, ``upper``, ``truth``: (n,) in
    one unit, named by ``xlabel``; the interval runs from ``lower`` to ``upper``
    (limits, not lengths). NaN leaves out that bar, interval or marker.
    Raises ``ParameterError`` for no labels, other shapes, or one limit alone.
    """
    labels = [str(label) for label in labels]
    if not labels:
        raise ParameterError("a bar picture needs at least one label")
    if (lower is None) != (upper is None):
        raise ParameterError("an interval needs both its limits, lower and upper")
    values = one_each(values, len(labels), "values")
    rows = np.arange(len(labels))
    figure, axes = new_figure(0.36 * len(labels) + 1.35, title)
    style_axes(axes, xlabel=xlabel, grid="x")
    legend = []
    finite = np.isfinite(values)
    bars = axes.barh(rows[finite], values[finite], height=0.56, color=BAR, zorder=1.5)
    if finite.any():
        legend.append((bars, value_name))
    if lower is not None:
        lower = one_each(lower, len(labels), "lower")
        upper = one_each(upper, len(labels), "upper")
        known = np.isfinite(lower) & np.isfinite(upper)
        line = axes.hlines(rows[known], lower[known], upper[known], color=BLUE, linewidth=2.2)
        line.set_zorder(3)
        for edge in (lower, upper):
            axes.plot(edge[known], rows[known], "|", color=BLUE, markersize=8, mew=2.2, zorder=3)
        if known.any():
            legend.append((line, interval_name))
    if truth is not None:
        truth = one_each(truth, len(labels), "truth")
        (mark,) = axes.plot(
            truth,
            rows,
            "D",
            markersize=6.5,
            markerfacecolor="white",
            markeredgecolor=VERMILLION,
            markeredgewidth=1.8,
            zorder=4,
        )
        if np.isfinite(truth).any():
            legend.append((mark, truth_name))
    if legend:
        axes.axvline(0, color=MUTED, linewidth=1, zorder=2)
    else:
        say_empty(axes)
        axes.set_xticks([])
    axes.set_yticks(rows)
    axes.set_yticklabels([plain(cut(label, 34)) for label in labels], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(labels) - 0.45, -0.55)
    axes.margins(x=0.06)
    legend_above(axes, legend, room=600)
    return png(figure)
