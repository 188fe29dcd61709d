"""Pictures over a small whole number, such as modes: shares and errors."""

import numpy as np

from ..errors import ParameterError
from .canvas import CYCLE, MUTED, legend_above, new_figure, png, say_empty, style_axes


def number_plot(series, title="", xlabel="", ylabel="", marks=None, log=False):
    """Draw lines over 1, 2, 3 … and return PNG bytes.

    ``series``: mapping of name to (n,) values for the numbers 1 … n, or to a pair
    (numbers, values); NaN is left out. ``marks``: mapping of the same names to the
    number that is ringed. ``log``: logarithmic values; those not above 0 are left out.
    Raises ``ParameterError`` for no series or values that do not fit their numbers.
    """
    if not series:
        raise ParameterError("a picture of several lines needs at least one")
    figure, axes = new_figure(3.6, title)
    style_axes(axes, xlabel=xlabel, ylabel=ylabel)
    legend, empty = [], True
    for index, (name, given) in enumerate(series.items()):
        numbers, values = given if isinstance(given, tuple) else (None, given)
        values = np.asarray(values, dtype=float)
        numbers = np.arange(1, values.size + 1) if numbers is None else np.asarray(numbers)
        if values.ndim != 1 or numbers.shape != values.shape:
            raise ParameterError(f"{name} needs one value for each number", found=values.shape)
        values = np.where(values > 0, values, np.nan) if log else values
        colour = CYCLE[index % len(CYCLE)]
        (line,) = axes.plot(numbers, values, "o-", color=colour, linewidth=1.4, markersize=3.6)
        legend.append((line, str(name)))
        empty = empty and not np.isfinite(values).any()
        ringed = numbers == (marks or {}).get(name)
        axes.plot(
            numbers[ringed],
            values[ringed],
            "o",
            markersize=11,
            markerfacecolor="none",
            markeredgecolor=colour,
            markeredgewidth=1.8,
        )
    if empty:
        say_empty(axes)
        axes.set_yticks([])
    elif log:
        axes.set_yscale("log")
        axes.grid(True, which="minor", axis="y", color=MUTED, alpha=0.12, linewidth=0.5)
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 5, 10]))
    if len(legend) > 1:
        legend_above(axes, legend)
    return png(figure)
