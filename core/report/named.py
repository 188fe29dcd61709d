"""Pictures of a few named points: methods by two of their scores."""

import numpy as np

from ..errors import ParameterError
from .canvas import CYCLE, MUTED, legend_above, new_figure, png, say_empty, style_axes

#: Marks beside the colours, so that no point is known by its colour alone.
MARKS = ("o", "s", "D", "^", "v", "P", "X")


def named_plot(
    names, x, y, *, hollow=(), line=None, line_name="", title="", xlabel="", ylabel="", lacking=""
):
    """Draw points of different colour and mark, named in the legend; return PNG bytes.

    ``names``: (n,) texts; ``x``, ``y``: (n,), NaN = not drawn, ``lacking`` is written
    behind its name; ``hollow``: names drawn without filling; ``line``: x of a vertical
    line. Raises ``ParameterError`` for other shapes.
    """
    names = [str(name) for name in names]
    x, y = np.asarray(x, float), np.asarray(y, float)
    if not x.shape == y.shape == (len(names),) or not names:
        raise ParameterError(
            "a name, x and y for each of at least one point is expected",
            found=f"{len(names)} names, {x.shape} and {y.shape}",
        )
    figure, axes = new_figure(4.6, title, 6.6)
    style_axes(axes, xlabel, ylabel)
    legend, drawn = [], np.isfinite(x) & np.isfinite(y)
    for number, name in enumerate(names):
        colour = CYCLE[number % len(CYCLE)]
        # After seven the marks move on, so that no pair of mark and colour comes twice.
        mark = MARKS[(number + number // len(CYCLE)) % len(MARKS)]
        there = slice(number, number + 1) if drawn[number] else slice(0)
        (point,) = axes.plot(
            x[there], y[there], mark, color=colour, markersize=9, markeredgewidth=1.8,
            markerfacecolor="white" if name in hollow else colour, linestyle="none", zorder=3,
        )  # fmt: skip
        legend.append((point, name if drawn[number] else f"{name} {lacking}".rstrip()))
    if not drawn.any():
        say_empty(axes)
    elif line is not None and np.isfinite(line):
        handle = axes.axvline(line, color=MUTED, linewidth=1.2, dashes=(5, 3), zorder=1)
        legend.append((handle, line_name))
    axes.margins(0.08)
    legend_above(axes, legend, room=600)
    return png(figure)
