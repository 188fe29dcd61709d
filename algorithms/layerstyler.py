"""A style that waits until QGIS has loaded its layer."""

from qgis.core import QgsProcessingLayerPostProcessorInterface

# A post-processor kept on the algorithm is collected before QGIS calls it.
_ALIVE = []


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
