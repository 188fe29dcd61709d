"""In QGIS: validate by wells from the dialog; tell how points and squares are drawn.

``window.parameters``: ``stack``, ``wells``, ``readings`` (files) and ``values`` (parameters).
"""

from pathlib import Path

from qgis.core import QgsProject, QgsRasterLayer, QgsRenderContext, QgsVectorLayer


def scenario(window):
    asked, project = window.parameters, QgsProject.instance()
    stack = project.addMapLayer(QgsRasterLayer(asked["stack"], "stack"))
    wells, readings = (
        project.addMapLayer(QgsVectorLayer(asked[k], Path(asked[k]).stem, "ogr"))
        for k in ("wells", "readings")
    )
    dialog = yield from window.open_dialog("Validate by wells")
    given = {"INPUT": stack, "POINTS": wells, "READINGS": readings, **asked["values"]}
    yield from window.run_dialog(dialog, given)
    window.picture("dialog", dialog)
    yield from window.close_dialog(dialog)
    layers = {x.name(): x for x in project.mapLayers().values()}
    window.result["layers"] = sorted(layers)
    for name in ("Wells compared", "Cells compared"):
        window.result[name] = colours(layers[name])
    canvas = window.iface.mapCanvas()
    canvas.setExtent(layers["Cells compared"].extent().buffered(0.2))
    canvas.refresh()
    yield "the map", window.idle
    window.picture("map")


def colours(layer):
    """The correlation, colour and legend's label of every feature."""
    renderer, context = layer.renderer(), QgsRenderContext()
    context.setExpressionContext(layer.createExpressionContext())
    renderer.startRender(context, layer.fields())
    found = []
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        (symbol,) = renderer.symbolsForFeature(feature, context)
        keys = renderer.legendKeysForFeature(feature, context)
        (rule,) = (r for r in renderer.rootRule().children() if r.ruleKey() in keys)
        cc = feature["cc"]
        value = cc if isinstance(cc, float) else None
        found.append([value, symbol.color().name(), rule.label()])
    renderer.stopRender(context)
    return found
