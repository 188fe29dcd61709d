"""In QGIS: run an algorithm from its dialog, opened in the toolbox; tell what QGIS then shows.

``window.parameters``: ``algorithm`` (id), ``layers`` (parameter: file, opened in the project
first) and ``values`` (parameter: value).
"""

from pathlib import Path

from qgis.core import QgsApplication, QgsProject, QgsRasterLayer, QgsVectorLayer


def scenario(window):
    asked = window.parameters
    algorithm = QgsApplication.processingRegistry().algorithmById(asked["algorithm"])
    if algorithm is None:
        raise LookupError(f"{asked['algorithm']} is not registered")
    tree, groups = yield from window.open_toolbox()
    window.result["toolbox"] = [[g, list(window.rows(tree, i))] for g, i in groups.items()]

    inputs = {name: open_layer(path) for name, path in asked["layers"].items()}
    dialog = yield from window.open_dialog(algorithm.displayName())
    yield from window.run_dialog(dialog, {**inputs, **asked["values"]})
    # What the dialog itself says it ran with.
    ran = dialog.createProcessingParameters()
    window.result["ran"] = {name: str(ran.get(name)) for name in asked["values"]}
    window.picture("dialog")
    yield from window.close_dialog(dialog)

    given = {layer.id() for layer in inputs.values()}
    layers = [x for x in QgsProject.instance().mapLayers().values() if x.id() not in given]
    window.result["rasters"], window.result["tables"] = rasters, tables = [], []
    for layer in layers:
        if isinstance(layer, QgsVectorLayer):
            tables.append(describe_table(layer))
        elif isinstance(layer, QgsRasterLayer):
            rasters.append(describe_raster(window, layer))
            if "limits" in rasters[-1]:
                rasters[-1]["drawn"] = yield from drawn_colours(window, layer)


def open_layer(path):
    kind = QgsVectorLayer if path.endswith(".gpkg") else QgsRasterLayer
    layer = kind(path, Path(path).stem)
    if not layer.isValid():
        raise ValueError(f"{path} does not open")
    return QgsProject.instance().addMapLayer(layer)


def describe_table(layer):
    known = "basin" in layer.fields().names()
    basins = [feature["basin"] if known else None for feature in layer.getFeatures()]
    return {
        "name": layer.name(),
        "spatial": layer.isSpatial(),
        "fields": layer.fields().names(),
        "rows": len(basins),
        "basins": sorted(set(basins) - {None}),
    }


def describe_raster(window, layer):
    model = window.iface.layerTreeView().layerTreeModel()
    nodes = model.layerLegendNodes(QgsProject.instance().layerTreeRoot().findLayer(layer))
    renderer = layer.renderer()
    described = {
        "name": layer.name(),
        "renderer": type(renderer).__name__,
        "units": [n.settings().suffix().strip() for n in nodes if hasattr(n, "settings")],
    }
    if described["renderer"] == "QgsSingleBandPseudoColorRenderer":
        described["limits"] = [renderer.classificationMin(), renderer.classificationMax()]
    return described


def drawn_colours(window, layer):
    """The smallest and the largest value of the band shown, each with its colour on the canvas."""
    project, canvas = QgsProject.instance(), window.iface.mapCanvas()
    for node in project.layerTreeRoot().findLayers():
        node.setItemVisibilityChecked(node.layerId() == layer.id())
    if canvas.mapSettings().destinationCrs() != layer.crs():
        raise ValueError("the project is in another reference system")
    drawn = []
    canvas.mapCanvasRefreshed.connect(lambda: drawn.append(True))
    canvas.setExtent(layer.extent())
    canvas.refresh()
    yield f"{layer.name()} on the canvas", lambda: drawn and window.idle()
    window.picture(f"map-{layer.name().replace(' ', '-')}")
    image = canvas.grab().toImage()
    return [colour_at(canvas, image, layer, pick) for pick in (min, max)]


def colour_at(canvas, image, layer, pick):
    provider, extent = layer.dataProvider(), layer.extent()
    nx, ny = provider.xSize(), provider.ySize()
    block = provider.block(layer.renderer().band(), extent, nx, ny)
    cells = [(r, c) for r in range(ny) for c in range(nx) if not block.isNoData(r, c)]
    row, column = pick(cells, key=lambda cell: block.value(*cell))
    x = extent.xMinimum() + (column + 0.5) * extent.width() / nx
    y = extent.yMaximum() - (row + 0.5) * extent.height() / ny
    spot = canvas.mapSettings().mapToPixel().transform(x, y)
    colour = image.pixelColor(round(spot.x()), round(spot.y()))
    return [block.value(row, column), [colour.red(), colour.green(), colour.blue()]]
