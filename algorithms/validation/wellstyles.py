"""How wells and cells look: points and squares coloured by correlation."""

from qgis.core import (
    QgsFillSymbol,
    QgsMarkerSymbol,
    QgsRuleBasedRenderer,
)

from ..featurestyles import round_columns

#: Correlation from −1 to 1: red, white, blue; every class holds its lower edge.
CLASSES = (
    (-1.0, -0.6, "#b2182b"),
    (-0.6, -0.2, "#ef8a62"),
    (-0.2, 0.2, "#f7f7f7"),
    (0.2, 0.4, "#d1e5f0"),
    (0.4, 0.6, "#92c5de"),
    (0.6, 0.8, "#4393c3"),
    (0.8, 1.01, "#2166ac"),
)
UNKNOWN = "#bdbdbd"
#: The same for rasters.
CORRELATION_COLOURS = ("#b2182b", "#ef8a62", "#f7f7f7", "#92c5de", "#2166ac")


def correlation_points(field, decimals):
    """A style function for points coloured by ``field``, a correlation; NULL is grey."""

    def symbol(colour, size="3.2"):
        return QgsMarkerSymbol.createSimple(
            {"name": "circle", "color": colour, "size": size, "outline_color": "#22303c",
             "outline_width": "0.2"}
        )  # fmt: skip

    return _style(field, symbol, decimals)


def correlation_cells(field, decimals):
    """A style function for squares coloured by ``field``, so that a map below shows through."""

    def symbol(colour):
        made = QgsFillSymbol.createSimple(
            {"color": colour, "outline_color": "#22303c", "outline_width": "0.3"}
        )
        made.setOpacity(0.75)
        return made

    return _style(field, symbol, decimals)


def _style(field, symbol, decimals):
    def style(layer):
        root = QgsRuleBasedRenderer.Rule(None)
        for low, high, colour in CLASSES:
            rule = QgsRuleBasedRenderer.Rule(symbol(colour))
            rule.setFilterExpression(f'"{field}" >= {low} AND "{field}" < {high}')
            rule.setLabel(f"CC {low:g} to {min(high, 1.0):g}".replace("-", "\N{MINUS SIGN}"))
            root.appendChild(rule)
        rest = QgsRuleBasedRenderer.Rule(symbol(UNKNOWN))
        rest.setFilterExpression(f'"{field}" IS NULL')
        rest.setLabel("too few months")
        root.appendChild(rest)
        layer.setRenderer(QgsRuleBasedRenderer(root))
        round_columns(layer, decimals)

    return style
