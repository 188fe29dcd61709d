"""What every picture stands on: palette, figure, axes style, PNG bytes.

Figures are built on ``matplotlib.figure.Figure`` with an Agg canvas of their
own. ``pyplot`` is never imported: it keeps global state that is not safe in a
background task and would choose a backend for the whole of QGIS. Styles are
set on each object, because ``rcParams`` are global as well.
"""

import io
import math
import textwrap

import numpy as np

from ..errors import DependencyError, ParameterError, TimeAxisError

DPI = 110
WIDTH = 900 / DPI  # inches

INK = "#22303c"
MUTED = "#5b6b79"
GRID = "#e1e6eb"
NO_DATA = "#d4d4d4"
# Okabe and Ito (2008), without the yellow that vanishes on white.
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, BLACK = "#56B4E9", "#CC79A7", "#000000"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)

TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 12.5, 10.5, 9.5


def new_figure(height, title="", width=WIDTH):
    """Return an empty white ``(figure, axes)`` of width × height inches, titled at the left.

    Raises ``DependencyError`` where matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyError(
            "drawing needs the Python package matplotlib",
            found=str(error),
            remedy="Install matplotlib from the package manager that QGIS came from.",
        ) from error
    lines = textwrap.wrap(plain(title), max(20, int(width * 10))) if title else []
    height += 0.22 * max(0, len(lines) - 1)
    # The old spelling of the layout argument is the one that every matplotlib knows.
    figure = Figure(
        figsize=(width, height),
        dpi=DPI,
        facecolor="white",
        constrained_layout={"w_pad": 0.09, "h_pad": 0.08},
    )
    FigureCanvasAgg(figure)
    if lines:
        figure.suptitle(
            "\n".join(lines), x=0.012, ha="left", size=TITLE_SIZE, weight="bold", color=INK
        )
    return figure, figure.add_subplot()


def png(figure):
    """Draw a figure and return its PNG bytes."""
    buffer = io.BytesIO()
    figure.canvas.print_png(buffer)
    return buffer.getvalue()


def style_axes(axes, xlabel="", ylabel="", grid="both"):
    """Give axes the common look: no box, light grid behind the data, legible sizes."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MUTED)
    axes.tick_params(labelsize=TICK_SIZE, colors=MUTED, labelcolor=INK)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(True, axis=grid, color=GRID, linewidth=0.8)
    else:
        axes.grid(False)
    axes.set_xlabel(plain(xlabel), size=LABEL_SIZE, color=INK)
    axes.set_ylabel(plain(ylabel), size=LABEL_SIZE, color=INK)


def legend_above(axes, entries, room=780):
    """Put a frameless legend of ``(handle, label)`` pairs, ``room`` pixels wide, above the axes."""
    if not entries:
        return
    handles = [handle for handle, _ in entries]
    labels = [plain(cut(label, 80)) for _, label in entries]
    axes.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.2,
        ncol=_columns(axes, labels, room),
        frameon=False,
        fontsize=TICK_SIZE,
        labelcolor=INK,
        handlelength=1.8,
        columnspacing=1.6,
    )


def _columns(axes, labels, room):
    """Return the columns of the legend with the fewest rows that fits ``room`` pixels."""
    from matplotlib.font_manager import FontProperties

    renderer = axes.get_figure().canvas.get_renderer()
    font = FontProperties(size=TICK_SIZE)
    beside = 4.2 * TICK_SIZE * DPI / 72  # handle and the spaces around it, in pixels
    widths = [renderer.get_text_width_height_descent(text, font, False)[0] for text in labels]
    for rows in range(1, len(labels)):
        columns = math.ceil(len(labels) / rows)
        # matplotlib shares the entries out in the same way: the first columns are the longer.
        share = np.array_split(np.array(widths) + beside, columns)
        if sum(part.max() for part in share) <= room:
            return columns
    return 1


def zero_line(axes):
    """Draw the zero line where the y axis, as the data set it, reaches across zero."""
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    axes.set_ylim(low, high)


def say_empty(axes, text="No valid values"):
    """Write in the middle of the axes that there is nothing to draw."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", size=12, color=MUTED
    )


def one_each(numbers, length, name, of="labels"):
    """``numbers`` as (length,) float64; `ParameterError` for another shape.

    It names the numbers ``name`` and what there is one each ``of``.
    """
    numbers = np.asarray(numbers, dtype=float)
    if numbers.shape != (length,):
        raise ParameterError(
            f"{name} needs one number for each of the {length} {of}",
            found=f"shape {numbers.shape}",
        )
    return numbers


def cut(text, length):
    """Return text of at most ``length`` characters, an ellipsis in place of what is cut."""
    text = str(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def plain(text):
    """Return text that matplotlib draws as it is: no mathtext, no hidden legend label."""
    text = str(text).replace("$", r"\$")
    return " " + text if text.startswith("_") else text


def format_numbers(*values):
    """Format numbers alike, three significant digits of the largest, with a true minus sign."""
    finite = [abs(value) for value in values if math.isfinite(value) and value != 0]
    decimals = min(6, max(0, 2 - math.floor(math.log10(max(finite))))) if finite else 0
    return [
        (f"{round(value, decimals) + 0.0:.{decimals}f}").replace("-", "\N{MINUS SIGN}")
        for value in values
    ]


def month_axis(months):
    """Return ``(positions, full)`` for months as text ``YYYY-MM``, dates or datetime64.

    ``positions`` (int) place each given month on the complete monthly axis
    ``full`` (datetime64[M]). Raises ``TimeAxisError`` when the months are
    empty, undecodable, or not in strictly increasing order.
    """
    try:
        axis = np.asarray(months).astype("datetime64[M]")
    except (TypeError, ValueError) as error:
        raise TimeAxisError("months must be dates or text YYYY-MM", found=str(error)) from error
    if axis.ndim != 1 or axis.size == 0 or np.isnat(axis).any():
        raise TimeAxisError("a picture needs a list of at least one month", found=str(months)[:80])
    positions = (axis - axis[0]).astype(int)
    if (np.diff(positions) <= 0).any():
        raise TimeAxisError("months must increase strictly", remedy="Sort and merge them first.")
    return positions, axis[0] + np.arange(positions[-1] + 1)


def on_axis(values, positions, length, name="values", missing=np.nan):
    """Spread values given at ``positions`` over ``length`` months; the others are ``missing``."""
    values = np.asarray(values)
    if values.shape != positions.shape:
        raise ParameterError(
            f"{name} needs one number for each of the {positions.size} months",
            found=f"shape {values.shape}",
        )
    full = np.full(length, missing, dtype=type(missing))
    full[positions] = values
    return full


def decimal_years(months):
    """Middle of each month (datetime64[M]) as decimal year."""
    return 1970 + (np.asarray(months).astype(int) + 0.5) / 12


def label_years(axes, months):
    """Limit the x axis to the months; tick whole years, or months where the span is short."""
    years = decimal_years(months)
    axes.set_xlim(years[0] - 0.5 / 12, years[-1] + 0.5 / 12)
    if months.size > 36:
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter("{x:.0f}")
        return
    step = math.ceil(months.size / 9)
    axes.set_xticks(years[::step])
    axes.set_xticklabels([str(month) for month in months[::step]])
