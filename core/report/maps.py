"""A picture of one map."""

import math

import numpy as np

from ..errors import GridError, ParameterError
from .canvas import (
    INK,
    LABEL_SIZE,
    MUTED,
    NO_DATA,
    TICK_SIZE,
    WIDTH,
    new_figure,
    plain,
    png,
    say_empty,
    style_axes,
)

MOST_CELLS = 2000  # a side; more than a 900 pixel picture can show


def map_plot(
    values, extent, title="", label="", symmetric=True, cmap="RdBu", outlines=None, limits=None
):
    """Draw a map with its colour bar and return PNG bytes.

    ``values``: (y, x), north-up, NaN = missing, drawn grey; ``extent``: (west,
    south, east, north) of the cells' outer edges, degrees, or map units where
    they exceed degrees; ``label``: quantity and unit at the colour bar;
    ``symmetric``: colours from −c to c with c the 98th percentile of |values|,
    else from the 2nd to the 98th percentile; ``limits``: (low, high) instead;
    ``outlines``: rings (n, 2) of x and y in the same system.
    Latitude is stretched by 1/cos of the middle latitude up to 60° of height;
    larger maps are plate carrée. Raises ``GridError`` for a bad extent or a
    shape that is not (y, x), ``ParameterError`` for limits out of order.
    """
    values = _checked(values, extent)
    low, high, extend = colour_limits(
        _thin(values, tuple(map(float, extent)))[0], symmetric, limits
    )
    figure, axes, image, beside = map_frame(
        values, extent, title, outlines, bar=True, cmap=cmap, vmin=low, vmax=high
    )
    bar = figure.colorbar(
        image,
        ax=axes,
        location="right" if beside else "bottom",
        extend=extend,
        shrink=0.9 if beside else 0.7,
        aspect=30,
        pad=0.02,
    )
    bar.ax.tick_params(labelsize=TICK_SIZE, labelcolor=INK, color=MUTED)
    bar.outline.set_visible(False)
    bar.set_label(plain(label), size=LABEL_SIZE, color=INK)
    return png(figure)


def map_frame(values, extent, title="", outlines=None, bar=False, **image):
    """Draw the cells of a map without a colour bar: ``(figure, axes, image, beside)``.

    ``values``, ``extent``, ``outlines`` and errors as in ``map_plot``; ``bar`` leaves room
    for a colour bar, ``beside`` is where it should stand; ``image`` goes to ``imshow``.
    """
    values = _checked(values, extent)
    west, south, east, north = (float(edge) for edge in extent)
    values, drawn = _thin(values, (west, south, east, north))
    degrees = south >= -90 and north <= 90 and west >= -360 and east <= 540
    aspect = 1.0
    if degrees and north - south < 60:
        aspect = 1 / math.cos(math.radians(min(75.0, abs(north + south) / 2)))

    width, height, beside = _size((north - south) / (east - west) * aspect)
    figure, axes = new_figure(height, title, width)
    style_axes(axes, grid="")
    axes.set_facecolor(NO_DATA)
    picture = axes.imshow(
        np.ma.masked_invalid(values),
        extent=drawn,
        origin="upper",
        interpolation="nearest",
        **image,
    )
    if outlines is not None and len(outlines):
        from matplotlib.collections import LineCollection

        rings = [np.asarray(ring, dtype=float) for ring in outlines]
        axes.add_collection(LineCollection(rings, colors=INK, linewidths=0.7))
    axes.set_aspect(aspect)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    for spine in axes.spines.values():
        spine.set(visible=True, color=MUTED)
    if degrees:
        across = axes.get_figure().get_figwidth() - (1.9 if beside and bar else 0.8)
        _label_degrees(axes, max(1, int(across / 1.1)))
    if not np.isfinite(values).any():
        say_empty(axes)
    return figure, axes, picture, beside


def _checked(values, extent):
    values = np.asarray(values, dtype=float)
    west, south, east, north = (float(edge) for edge in extent)
    if values.ndim != 2 or values.size == 0:
        raise GridError("a map has the dimensions (y, x)", found=f"shape {values.shape}")
    if not (west < east and south < north):
        raise GridError("an extent is (west, south, east, north)", found=str(tuple(extent)))
    return values


def colour_limits(values, symmetric=True, limits=None):
    """Return ``(low, high, extend)`` of a colour scale; ``extend`` says what lies outside.

    ``values`` of any shape, NaN = missing; the rules are those of ``map_plot``.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if limits is not None:
        low, high = (float(edge) for edge in limits)
        if not low < high:
            raise ParameterError("colour limits are (low, high), low < high", found=str(limits))
    elif finite.size == 0:
        low, high = (-1.0, 1.0) if symmetric else (0.0, 1.0)
    elif symmetric:
        reach = np.percentile(np.abs(finite), 98) or np.abs(finite).max() or 1.0
        low, high = -reach, reach
    else:
        low, high = np.percentile(finite, [2, 98])
        if low == high:
            low, high = finite.min(), finite.max()
        if low == high:
            low, high = low - 0.5, high + 0.5
    under, over = (finite < low).any(), (finite > high).any()
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}
    return float(low), float(high), extend[int(under), int(over)]


def _thin(values, extent):
    """Keep every n-th cell of a large map; return it with its (left, right, bottom, top)."""
    west, south, east, north = extent
    rows, columns = values.shape
    step = math.ceil(max(rows, columns) / MOST_CELLS)
    kept = values[::step, ::step]
    right = west + (east - west) * kept.shape[1] * step / columns
    bottom = north - (north - south) * kept.shape[0] * step / rows
    return kept, (west, right, bottom, north)


def _size(ratio):
    """Return width, height (inches) and whether the colour bar stands beside the map."""
    if ratio < 0.75:
        return WIDTH, max(1.2, (WIDTH - 0.8) * ratio) + 1.45, False
    tall = min(7.5, (WIDTH - 2.0) * ratio)
    return min(WIDTH, max(4.6, tall / ratio + 1.9)), tall + 0.8, True


def _label_degrees(axes, most):
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    steps = [1, 1.5, 2, 3, 5, 6, 10]
    axes.xaxis.set_major_locator(MaxNLocator(nbins=min(7, most), steps=steps))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: degree_text(x, "E", "W")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: degree_text(y, "N", "S")))


def degree_text(value, positive, negative):
    """Write a coordinate as ``120° W``; longitudes beyond 180° go on from −180°."""
    value = round(value, 6)
    if positive == "E":
        value = (value + 180) % 360 - 180
    if value == 0 or (positive == "E" and value == -180):
        return f"{abs(value):g}°"
    return f"{abs(value):g}° {positive if value > 0 else negative}"
