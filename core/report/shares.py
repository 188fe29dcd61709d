"""Pictures of classes: their shares as bars, and where they lie."""

import numpy as np

from .canvas import (
    DPI,
    INK,
    MUTED,
    TICK_SIZE,
    cut,
    legend_above,
    new_figure,
    one_each,
    plain,
    png,
    style_axes,
)
from .maps import map_frame


def share_bars(
    labels,
    colours,
    shares,
    other=None,
    marks=None,
    title="",
    name="",
    other_name="",
    mark_name="",
):
    """Draw a bar a class in the class's colour, first on top; return PNG bytes.

    ``labels``, ``colours``: (n,) texts; ``shares``: (n,) in %; ``other``: (n,) a second
    set, hatched below each bar; ``marks``: list of (first row, last row, %), a published
    share of one class or of several together. Raises ``ParameterError`` for other shapes.
    """
    shares = one_each(shares, len(labels), "shares", "classes")
    other = None if other is None else one_each(other, len(labels), "other", "classes")
    rows = np.arange(len(labels))
    height = 0.38 if other is not None else 0.62
    figure, axes = new_figure(0.46 * len(labels) + 1.35, title)
    style_axes(axes, xlabel="% of the area", grid="x")
    shift = height / 2 if other is not None else 0.0
    style = {"height": height, "color": colours, "edgecolor": MUTED, "linewidth": 0.5}
    axes.barh(rows - shift, np.nan_to_num(shares), **style)
    entries = []
    from matplotlib.patches import Patch

    if other is not None:
        axes.barh(rows + shift, np.nan_to_num(other), hatch="////", alpha=0.75, **style)
        entries += [
            (Patch(facecolor="#9aa7b2", edgecolor=MUTED), name),
            (Patch(facecolor="#d5dbe0", edgecolor=MUTED, hatch="////"), other_name),
        ]
    drawn = np.concatenate([shares, [] if other is None else other, [m[2] for m in marks or ()]])
    widest = drawn[np.isfinite(drawn)].max(initial=1.0)
    for values, offset in ((shares, -shift), (other, shift)):
        for row, value in zip(rows, [] if values is None else values):
            if np.isfinite(value):
                _write(axes, value + 0.01 * widest, row + offset, value)
    if marks:
        for first, last, value in marks:
            (mark,) = axes.plot(
                [value, value], [first - 0.45, last + 0.45], color=INK, linewidth=2, zorder=5
            )
        entries.append((mark, mark_name))
    axes.set_yticks(rows)
    axes.set_yticklabels([plain(cut(label, 40)) for label in labels], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(labels) - 0.45, -0.55)
    axes.set_xlim(0, widest * 1.12)
    legend_above(axes, entries, room=600)
    return png(figure)


def _write(axes, x, y, value):
    # On a white ground, so that a mark behind it does not strike it through.
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
    axes.text(
        x, y, f"{value:.1f}", va="center", size=TICK_SIZE - 1, color=INK, bbox=ground, zorder=6
    )


def class_map(classes, extent, names, title=""):
    """Draw a map of classes with its legend; return PNG bytes.

    ``classes``: (y, x) numbers, anything not in ``names`` is drawn grey; ``extent`` as in
    ``map_plot``; ``names``: (value, label, colour) of each class.
    """
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.patches import Patch

    classes = np.asarray(classes)
    place = np.full(classes.shape, np.nan)
    for i, (value, _, _) in enumerate(names):
        place[classes == value] = i
    figure, axes, _, _ = map_frame(
        place,
        extent,
        title,
        cmap=ListedColormap([colour for _, _, colour in names]),
        norm=BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names)),
    )
    handles = [Patch(facecolor=c, edgecolor=MUTED, linewidth=0.5) for _, _, c in names]
    room = figure.get_figwidth() * DPI - 130
    legend_above(axes, list(zip(handles, [label for _, label, _ in names])), room)
    return png(figure)
