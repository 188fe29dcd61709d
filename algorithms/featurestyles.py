"""How output polygons and points look when QGIS loads them."""

import math

from qgis.core import (
    QgsEditorWidgetSetup,
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsLinePatternFillSymbolLayer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsRendererRange,
    QgsSingleSymbolRenderer,
)

from .styling import DIVERGING, round_up

OUTLINE = {"outline_color": "#22303c", "outline_width": "0.5"}


def outlines(layer):
    """The style of basins: outlines, so that the maps below them stay in view."""
    symbol = QgsFillSymbol.createSimple({**OUTLINE, "style": "no"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))


def dots(size=0.7):
    """A style function for stippling: small black dots of ``size`` mm."""

    def style(layer):
        symbol = QgsMarkerSymbol.createSimple(
            {"name": "circle", "color": "#000000", "outline_style": "no", "size": str(size)}
        )
        layer.setRenderer(QgsSingleSymbolRenderer(symbol))

    return style


def hatched(distance=2.0):
    """A style function for polygons: slanting lines ``distance`` mm apart, no outline."""

    def style(layer):
        lines = QgsLinePatternFillSymbolLayer()
        lines.setLineAngle(45.0)
        lines.setDistance(distance)
        lines.setSubSymbol(
            QgsLineSymbol.createSimple({"line_color": "#000000", "line_width": "0.2"})
        )
        symbol = QgsFillSymbol.createSimple({})
        # Handed over one by one: of a list given at once QGIS 3.22 does not become the owner.
        symbol.changeSymbolLayer(0, lines)
        layer.setRenderer(QgsSingleSymbolRenderer(symbol))

    return style


def graduated(field, unit, decimals, share=1.0):
    """A style function for polygons: ``field`` in symmetric classes around zero.

    ``decimals`` (field: number of digits) is how the attribute table rounds. The
    classes reach as far as ``share`` of the values do, so that one extreme does not
    take the colour from all others; the outer two then are open.
    """

    def style(layer):
        index = layer.fields().indexOf(field)
        values = (feature.attribute(index) for feature in layer.getFeatures())
        sizes = sorted(abs(v) for v in values if isinstance(v, float) and math.isfinite(v))
        most = sizes[-1] if sizes else 0.0
        top = round_up(sizes[max(0, math.ceil(share * len(sizes)) - 1)] if sizes else 0.0)
        edges = [top * (2.0 * i / len(DIVERGING) - 1.0) for i in range(len(DIVERGING) + 1)]
        ranges = []
        for start, end, colour in zip(edges, edges[1:], DIVERGING):
            symbol = QgsFillSymbol.createSimple({**OUTLINE, "color": colour})
            label = f"{start:.2f} to {end:.2f} {unit}"
            if most > top and start == edges[0]:
                start, label = -most, f"below {end:.2f} {unit}"
            elif most > top and end == edges[-1]:
                end, label = most, f"above {start:.2f} {unit}"
            ranges.append(QgsRendererRange(start, end, symbol, label))
        layer.setRenderer(QgsGraduatedSymbolRenderer(field, ranges))
        round_columns(layer, decimals)

    return style


def round_columns(layer, decimals):
    """Have the attribute table of a layer round columns; ``decimals``: digits by name."""
    for name, digits in decimals.items():
        index = layer.fields().indexOf(name)
        layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("Range", {"Precision": digits}))
