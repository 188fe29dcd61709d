"""A calendar of what each month of a record is."""

import numpy as np

from ..errors import ParameterError
from .canvas import BLUE, INK, ORANGE, legend_above, month_axis, new_figure, on_axis, png

OBSERVED, MISSING, FILLED_A, FILLED_B, NOISE, DUPLICATE = range(6)

LABELS = {
    OBSERVED: "observed",
    MISSING: "missing",
    FILLED_A: "filled, stage a",
    FILLED_B: "filled, stage b",
    NOISE: "noise month",
    DUPLICATE: "two solutions",
}
COLOURS = {
    OBSERVED: BLUE,
    MISSING: "#ffffff",
    FILLED_A: "#F6CE7A",
    FILLED_B: ORANGE,
    NOISE: "#A63603",
    DUPLICATE: "#56B4E9",
}
# A mark beside the colour, for black-and-white prints.
MARKS = {MISSING: "×", FILLED_A: "a", FILLED_B: "b", NOISE: "!", DUPLICATE: "2"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def calendar_plot(months, status, labels=None, colours=None, marks=None, title=""):
    """Draw years as rows and months as columns, coloured by status; return PNG bytes.

    ``months``: (time,) as in ``series_plot``; a month left out is missing.
    ``status``: (time,) integer codes, by default those of this module;
    ``labels``, ``colours``, ``marks``: mappings from code to text, colour and
    one letter, for other codes or wording (merged over the defaults). The
    legend counts the months. Raises ``TimeAxisError`` for the months,
    ``ParameterError`` for shapes or a code without label or colour.
    """
    labels = {**LABELS, **(labels or {})}
    colours = {**COLOURS, **(colours or {})}
    marks = {**MARKS, **(marks or {})}
    positions, axis = month_axis(months)
    status = on_axis(status, positions, axis.size, "status", missing=MISSING)
    unknown = set(status.tolist()) - (set(labels) & set(colours))
    if unknown:
        raise ParameterError("each status needs a label and a colour", found=str(sorted(unknown)))

    numbers = axis.astype(int)
    year, month = numbers // 12 + 1970, numbers % 12
    rows = year - year[0]
    count = int(rows[-1]) + 1
    from matplotlib.patches import Patch, Rectangle

    figure, axes = new_figure(0.225 * count + 1.25, title)
    for row, column, code in zip(rows.tolist(), month.tolist(), status.tolist()):
        axes.add_patch(
            Rectangle(
                (column - 0.46, row - 0.43),
                0.92,
                0.86,
                facecolor=colours[code],
                edgecolor="#9aa7b2" if code == MISSING else "none",
                linewidth=0.6,
            )
        )
        if code in marks:
            axes.text(
                column,
                row + 0.03,
                marks[code],
                ha="center",
                va="center",
                size=8.5,
                color=_readable(colours[code]),
            )
    axes.set_xlim(-0.6, 11.6)
    axes.set_ylim(count - 0.4, -0.6)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=9.5, labelcolor=INK)
    axes.set_xticks(range(12))
    axes.set_xticklabels(MONTHS)
    axes.set_yticks(range(count))
    axes.set_yticklabels([str(number) for number in range(year[0], year[-1] + 1)])
    legend_above(
        axes,
        [
            (
                Patch(facecolor=colours[code], edgecolor="#9aa7b2", linewidth=0.6),
                f"{labels[code]} ({int(np.sum(status == code))})",
            )
            for code in sorted(set(status.tolist()))
        ],
    )
    return png(figure)


def _readable(colour):
    """White or dark ink, whichever stands out on the colour."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK
