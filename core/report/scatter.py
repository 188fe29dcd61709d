"""Pictures of pairs: predicted against observed, and points on a map."""

import numpy as np

from ..errors import ParameterError
from .canvas import (
    BLUE,
    INK,
    LABEL_SIZE,
    MUTED,
    NO_DATA,
    TICK_SIZE,
    VERMILLION,
    legend_above,
    new_figure,
    plain,
    png,
    say_empty,
    style_axes,
)


def scatter_plot(
    x,
    y,
    *,
    bars=None,
    points=None,
    line=None,
    title="",
    xlabel="",
    ylabel="",
    name="Pairs",
    points_name="Bin means ± standard error",
    one_to_one=True,
):
    """Draw pairs with the 1:1 line and a fitted line; return PNG bytes.

    ``x``, ``y``: (pair,), NaN = left out; ``points``: (x, y) of a second, larger set
    with ``bars``, its vertical standard errors; ``line``: (slope, intercept).
    Raises ``ParameterError`` for other shapes.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.shape != y.shape or x.ndim != 1:
        raise ParameterError("a scatter needs as many x as y", found=f"{x.shape} and {y.shape}")
    figure, axes = new_figure(5.4, title, 6.2)
    style_axes(axes, xlabel, ylabel)
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        say_empty(axes)
        return png(figure)
    many = good.sum() > 300
    legend = []
    (dots,) = axes.plot(
        x[good], y[good], "o", color=MUTED if points else BLUE, markersize=2.5 if many else 5,
        alpha=0.25 if many else 0.6, markeredgewidth=0, zorder=2,
    )  # fmt: skip
    legend.append((dots, f"{name} ({int(good.sum())})"))
    if points is not None:
        drawn = axes.errorbar(
            *points, yerr=bars, fmt="o", color=BLUE, markersize=6.5, capsize=3, elinewidth=1.4,
            zorder=4,
        )  # fmt: skip
        legend.append((drawn, points_name))
    low, high = axes.get_xlim()
    if one_to_one:
        both = np.concatenate([x[good], y[good]])
        ends = np.array([both.min(), both.max()])
        (handle,) = axes.plot(ends, ends, color=MUTED, linewidth=1.1, dashes=(5, 3), zorder=1)
        legend.append((handle, "1:1"))
        low, high = min(low, ends[0]), max(high, ends[1])
    if line is not None and np.isfinite(line).all():
        ends = np.array([np.nanmin(x[good]), np.nanmax(x[good])])
        (handle,) = axes.plot(
            ends, line[1] + line[0] * ends, color=VERMILLION, linewidth=1.8, zorder=3
        )
        legend.append((handle, f"y = {line[0]:.2f} x {'−' if line[1] < 0 else '+'} "
                               f"{abs(line[1]):.2f}"))  # fmt: skip
    axes.set_xlim(low, high)
    legend_above(axes, legend, room=480)
    return png(figure)


def point_map(x, y, values, *, title="", label="", limits=(-1.0, 1.0), cmap="RdBu"):
    """Draw coloured points at their coordinates with a colour bar; return PNG bytes.

    ``values``: (point,), NaN drawn grey; ``limits`` of the colours. Raises
    ``ParameterError`` for other shapes.
    """
    x, y, values = (np.asarray(v, float) for v in (x, y, values))
    if not x.shape == y.shape == values.shape:
        raise ParameterError("a map of points needs one value for each point")
    figure, axes = new_figure(5.2, title, 7.4)
    style_axes(axes)
    axes.set_facecolor("#f4f6f8")
    known = np.isfinite(values)
    axes.plot(x[~known], y[~known], "o", color=NO_DATA, markersize=5, markeredgecolor=MUTED)
    drawn = axes.scatter(
        x[known], y[known], c=values[known], cmap=cmap, vmin=limits[0], vmax=limits[1], s=42,
        edgecolors=INK, linewidths=0.5, zorder=3,
    )  # fmt: skip
    if x.size:
        _room(axes, x, y)
    if not known.any():
        say_empty(axes)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.9, aspect=28, pad=0.02)
    bar.ax.tick_params(labelsize=TICK_SIZE, labelcolor=INK, color=MUTED)
    bar.outline.set_visible(False)
    bar.set_label(plain(label), size=LABEL_SIZE, color=INK)
    return png(figure)


def _room(axes, x, y):
    """The same scale on both axes, corrected for latitude, and space around the points."""
    degrees = np.abs(y).max() <= 90 and np.abs(x).max() <= 360
    aspect = 1.0
    if degrees:
        aspect = 1.0 / max(0.25, np.cos(np.radians(abs(y.min() + y.max()) / 2)))
    span = max(np.ptp(x), np.ptp(y) * aspect, 1e-3 if degrees else 1.0) * 0.56
    axes.set_xlim((x.min() + x.max()) / 2 - span, (x.min() + x.max()) / 2 + span)
    axes.set_ylim((y.min() + y.max()) / 2 - span / aspect, (y.min() + y.max()) / 2 + span / aspect)
    axes.set_aspect(aspect)
    axes.ticklabel_format(useOffset=False)
    axes.locator_params(nbins=6)
