"""A picture of means by latitude."""

import numpy as np

from ..errors import ParameterError
from .canvas import BLACK, MUTED, legend_above, new_figure, png, say_empty, style_axes
from .maps import degree_text

LOSS, GAIN = "#d6604d", "#4393c3"


def profile_plot(latitude, mean, sd=None, title="", xlabel=""):
    """Draw means by latitude, north up, red below zero and blue above; return PNG bytes.

    ``latitude``: (n,) degrees, falling; ``mean``: (n,), NaN = missing, drawn as a gap;
    ``sd``: (n,) spread between cells, dotted to both sides. Raises ``ParameterError`` for
    other shapes.
    """
    latitude, mean = np.asarray(latitude, float), np.asarray(mean, float)
    if latitude.ndim != 1 or mean.shape != latitude.shape or (np.diff(latitude) >= 0).any():
        raise ParameterError(
            "one mean for each of the falling latitudes is expected", f"shape {mean.shape}"
        )
    figure, axes = new_figure(5.2, title, width=5.6)
    style_axes(axes, xlabel=xlabel)
    if not np.isfinite(mean).any():
        say_empty(axes)
        return png(figure)
    axes.fill_betweenx(latitude, 0, np.minimum(mean, 0), color=LOSS, alpha=0.75, linewidth=0)
    axes.fill_betweenx(latitude, 0, np.maximum(mean, 0), color=GAIN, alpha=0.75, linewidth=0)
    (line,) = axes.plot(mean, latitude, color=BLACK, linewidth=1.4, zorder=4)
    single = np.isfinite(mean) & ~_beside(np.isfinite(mean))
    axes.plot(mean[single], latitude[single], ".", color=BLACK, zorder=4)
    entries = [(line, "Mean")]
    reach = np.nanmax(np.abs(mean)) or 1.0
    if sd is not None and np.isfinite(mean + np.asarray(sd, float)).any():
        for side in (-1, 1):
            (edge,) = axes.plot(
                mean + side * np.asarray(sd, float), latitude, ":", color=MUTED, linewidth=1.1
            )
        entries.append((edge, "± 1 standard deviation between cells"))
        # A wild belt must not squeeze the others.
        reach = max(reach, np.nanpercentile(np.abs(mean) + sd, 95))
    axes.axvline(0, color=MUTED, linewidth=1, zorder=2)
    axes.set_xlim(-1.08 * reach, 1.08 * reach)
    half = abs(latitude[0] - latitude[-1]) / max(1, latitude.size - 1) / 2 or 0.5
    axes.set_ylim(latitude[-1] - half, latitude[0] + half)
    axes.yaxis.set_major_formatter(lambda y, _: degree_text(y, "N", "S"))
    legend_above(axes, entries, room=420)
    return png(figure)


def _beside(mask):
    """Whether a value has a neighbour with one."""
    padded = np.concatenate([[False], mask, [False]])
    return padded[:-2] | padded[2:]
