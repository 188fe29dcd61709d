"""How output layers look when QGIS loads them."""

from qgis.core import (
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsProcessingLayerPostProcessorInterface,
    QgsRasterBandStats,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

# A post-processor kept on the algorithm is collected before QGIS calls it.
_ALIVE = []

#: Red for loss, blue for gain; readable for colour-blind people.
DIVERGING = ("#b2182b", "#ef8a62", "#fddbc7", "#f7f7f7", "#d1e5f0", "#67a9cf", "#2166ac")


class LayerStyler(QgsProcessingLayerPostProcessorInterface):
    """Applies a style function to a loaded layer."""

    def __init__(self, style):
        """``style(layer)`` sets the renderer."""
        super().__init__()
        self._style = style

    @classmethod
    def keep(cls, style):
        """A styler that lives until it has run."""
        styler = cls(style)
        _ALIVE.append(styler)
        return styler

    def postProcessLayer(self, layer, context, feedback):
        """Called by QGIS on the main thread."""
        if layer is not None and layer.isValid():
            self._style(layer)
            layer.triggerRepaint()
        if self in _ALIVE:
            _ALIVE.remove(self)


def diverging(band, unit="", limit=None):
    """A style function: one band, symmetric limits around zero, unit in the legend.

    ``limit`` is the value at the ends; without one, two standard deviations of
    the band or its extreme, whichever is less.
    """

    def style(layer):
        provider = layer.dataProvider()
        top = limit
        if top is None:
            stats = provider.bandStatistics(band, QgsRasterBandStats.All, layer.extent(), 250000)
            extreme = max(abs(stats.minimumValue), abs(stats.maximumValue))
            top = min(extreme, 2.0 * (stats.stdDev or 0.0) + abs(stats.mean)) or extreme or 1.0
        layer.setRenderer(_renderer(provider, band, _round_up(top), unit))
        label = provider.bandDescription(band) if hasattr(provider, "bandDescription") else ""
        if label and label not in layer.name():
            layer.setName(f"{layer.name()} ({label})")

    return style


def _renderer(provider, band, top, unit):
    last = len(DIVERGING) - 1
    colours = [QColor(c) for c in DIVERGING]
    stops = [QgsGradientStop(i / last, colours[i]) for i in range(1, last)]
    ramp = QgsGradientColorRamp(colours[0], colours[-1], False, stops)
    function = QgsColorRampShader(-top, top, ramp)
    function.setColorRampType(QgsColorRampShader.Type.Interpolated)
    function.setClip(False)
    suffix = f" {unit}" if unit else ""
    items = []
    for i, colour in enumerate(colours):
        value = -top + 2 * top * i / last
        items.append(QgsColorRampShader.ColorRampItem(value, colour, f"{value:.3g}{suffix}"))
    function.setColorRampItemList(items)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(provider, band, shader)
    renderer.setClassificationMin(-top)
    renderer.setClassificationMax(top)
    return renderer


def _round_up(value):
    """The next number that reads well in a legend."""
    import math

    if not math.isfinite(value) or value <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value))
    return next(m * step for m in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if m * step >= value * (1 - 1e-9))
