"""How output rasters look when QGIS loads them."""

import math

from qgis.core import (
    QgsColorRampLegendNodeSettings,
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsPalettedRasterRenderer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

#: Red for loss, blue for gain; readable for colour-blind people.
DIVERGING = ("#b2182b", "#ef8a62", "#fddbc7", "#f7f7f7", "#d1e5f0", "#67a9cf", "#2166ac")

#: Light to dark, for errors and uncertainties.
SEQUENTIAL = ("#f7fcf5", "#c7e9c0", "#74c476", "#238b45", "#00441b")
#: Light to dark, for what a reader is warned of; no darker green of an uncertainty.
WARNING = ("#fff7ec", "#fdd49e", "#fc8d59", "#d7301f", "#7f0000")
#: Colours of the calendar months: neighbours alike, December beside January.
MONTHS = {
    "January": "#2c4fa0", "February": "#2a7fb8", "March": "#2ba6a0", "April": "#46b35f",
    "May": "#97c23c", "June": "#d9cf3a", "July": "#f2b134", "August": "#ee8130",
    "September": "#dd4f3a", "October": "#b93a6b", "November": "#8a3c94", "December": "#5843a3",
}  # fmt: skip
FLAG_CLASSES = (
    (0, "#d9d9d9", "observed"),
    (1, "#e69f00", "filled (stage a)"),
    (2, "#d55e00", "filled (stage b)"),
)


def diverging(band, unit="", limit=None):
    """A style function: one band, symmetric limits around zero, unit in the legend.

    ``limit`` is the value at the ends; without one, the larger side of the 2–98 %
    range of the band.
    """

    def style(layer):
        provider = layer.dataProvider()
        top = limit
        if top is None:
            low, high = provider.cumulativeCut(band, 0.02, 0.98, layer.extent(), 250000)
            top = max(abs(low), abs(high))
        layer.setRenderer(_renderer(provider, band, round_up(top), unit))

    return style


def sequential(band, unit="", colours=SEQUENTIAL):
    """A style function: one band from zero upwards, unit in the legend."""

    def style(layer):
        provider = layer.dataProvider()
        stats = provider.bandStatistics(band, extent=layer.extent(), sampleSize=250000)
        top = round_up(min(stats.maximumValue, stats.mean + 2.0 * (stats.stdDev or 0.0)))
        layer.setRenderer(_pseudocolour(provider, band, 0.0, top, colours, unit))

    return style


def ranged(band, low, high, colours, unit=""):
    """A style function: one band from ``low`` to ``high`` over ``colours``, unit in the legend."""

    def style(layer):
        layer.setRenderer(_pseudocolour(layer.dataProvider(), band, low, high, colours, unit))

    return style


def flags(band, staged=True):
    """A style function for flag stacks: one colour a class, named in the legend.

    ``staged`` is whether the filling had two stages.
    """
    kept = FLAG_CLASSES if staged else (FLAG_CLASSES[0], (1, FLAG_CLASSES[1][1], "filled"))
    return classes(band, [(value, label, colour) for value, colour, label in kept])


def classes(band, named):
    """A style function for classes: ``named`` holds (value, label, colour) of each."""

    def style(layer):
        classes_of_layer = [
            QgsPalettedRasterRenderer.Class(value, QColor(colour), label)
            for value, label, colour in named
        ]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), band, classes_of_layer))

    return style


def steps(band, named):
    """A style function for classes of a number: (upper end, colour, label) of each, rising."""

    def style(layer):
        function = QgsColorRampShader(0.0, named[-1][0])
        function.setColorRampType(QgsColorRampShader.Type.Discrete)
        function.setClip(False)
        ends = [end for end, _, _ in named[:-1]] + [math.inf]
        function.setColorRampItemList(
            [
                QgsColorRampShader.ColorRampItem(end, QColor(colour), label)
                for end, (_, colour, label) in zip(ends, named)
            ]
        )
        shader = QgsRasterShader()
        shader.setRasterShaderFunction(function)
        renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
        renderer.setClassificationMin(0.0)
        renderer.setClassificationMax(named[-1][0])
        layer.setRenderer(renderer)

    return style


def calendar_months(band):
    """A style function for months of the year, 1 to 13: colours that go round."""
    return steps(band, [(i + 2.0, colour, name) for i, (name, colour) in enumerate(MONTHS.items())])


def _renderer(provider, band, top, unit):
    return _pseudocolour(provider, band, -top, top, DIVERGING, unit)


def _pseudocolour(provider, band, low, high, names, unit):
    last = len(names) - 1
    colours = [QColor(c) for c in names]
    stops = [QgsGradientStop(i / last, colours[i]) for i in range(1, last)]
    ramp = QgsGradientColorRamp(colours[0], colours[-1], False, stops)
    function = QgsColorRampShader(low, high, ramp)
    function.setColorRampType(QgsColorRampShader.Type.Interpolated)
    function.setClip(False)
    suffix = f" {unit}" if unit else ""
    items = []
    for i, colour in enumerate(colours):
        value = low + (high - low) * i / last
        items.append(QgsColorRampShader.ColorRampItem(value, colour, f"{value:.3g}{suffix}"))
    function.setColorRampItemList(items)
    # An interpolated ramp is drawn as one bar, which does not show the items' labels.
    bar = QgsColorRampLegendNodeSettings()
    bar.setSuffix(suffix)
    function.setLegendSettings(bar)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(provider, band, shader)
    renderer.setClassificationMin(low)
    renderer.setClassificationMax(high)
    return renderer


def round_up(value):
    """The next number that reads well in a legend."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value))
    return next(m * step for m in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if m * step >= value * (1 - 1e-9))
