"""Walks the newcomer's path in a real QGIS window; pictures for docs/first-steps.md.

    .venv/bin/python tools/newcomer.py [folder]

Builds the zip, installs it in a fresh profile as *Plugins > Install from ZIP* does, and
takes the first steps from the dialogs, with temporary outputs as a newcomer leaves them.
The pictures go to docs/images, or to ``folder``.
"""

import json
import sys
import tempfile
from pathlib import Path

from headless import PLUGIN, ROOT
from package import build
from screenshots import keep, outlined, rest, show
from window import run_in_window

PICTURES = (
    "first-1-toolbox",
    "first-2-import",
    "first-3-report",
    "first-4-flags",
    "first-5-summary",
    "first-6-table",
    "first-7-trend",
    "first-8-classes",
)


def main(target=None):
    """Zip, window, pictures; prints what each step gave."""
    target = Path(target or ROOT / "docs" / "images")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="first-steps-") as folder:
        folder = Path(folder)
        asked = {"zip": str(build(folder)), "grace": str(folder / "grace.nc")}
        given = run_in_window(__file__, asked, folder, plugin=None)
        for name in PICTURES:
            keep(folder / f"{name}.png", target)
    print(json.dumps(given, indent=1))


# -- inside QGIS ----------------------------------------------------------------


def scenario(window):
    """Install the zip, then the first steps."""
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QDockWidget

    docks = {d.objectName(): d for d in window.main.findChildren(QDockWidget)}
    yield from install(window, window.parameters["zip"])
    docks["Browser"].hide()
    yield from window.open_toolbox()
    toolbox = window.main.findChild(QDockWidget, "ProcessingToolbox")
    sides = Qt.Orientation.Horizontal
    window.main.resizeDocks([docks["Layers"], toolbox], [330, 380], sides)
    yield from rest()
    window.picture("first-1-toolbox")

    grace = window.parameters["grace"]
    yield from step(window, "Sample data (synthetic)", {"OUTPUT_GRACE": grace})
    imported = yield from step(
        window, "Import GRACE", {"INPUT": grace, "NOISY": "missing"}, "first-2-import"
    )
    yield from page(window, imported["OUTPUT_HTML"], "first-3-report")
    yield from step(window, "Fill gaps (linear)", {"INPUT": layer("TWSA stack")})
    yield from flags(window)
    yield from step(
        window,
        "Separate groundwater",
        {
            "INPUT": layer("Filled stack"),
            "SOILMOISTURE": layer("Soil moisture of the land model"),
            "SNOW": layer("Snow water equivalent of the land model"),
            "CANOPY": layer("Canopy water of the land model"),
            "FLAGS": layer("Flags"),
        },
    )
    groundwater = {"INPUT": layer("GWSA stack"), "FLAGS": layer("Flags")}
    basins = {"BASINS": layer("Basins"), "BASIN_FIELD": "basin"}
    yield from step(window, "Basin statistics", {**groundwater, **basins})
    yield from summary(window)
    yield from step(window, "Trend map", {**groundwater, "TEST": "yue-wang"})
    toolbox.hide()
    only(window, outlined(layer("Basins")), layer("Trend map"))
    yield from show(window, layer("Basins").extent(), 1.3)
    window.picture("first-7-trend")
    trend = {"INPUT": layer("Trend map")}
    yield from step(window, "Trend classes", trend)
    yield from step(window, "Stippling of significance", trend)
    toolbox.hide()
    only(window, layer("Basins"), layer("p < 0.01"), layer("Trend classes"))
    yield from show(window, layer("Basins").extent(), 1.3)
    window.picture("first-8-classes")


def install(window, path):
    """What *Plugins > Install from ZIP* does once the file is chosen."""
    import pyplugin_installer
    import qgis.utils

    if PLUGIN in qgis.utils.plugins:
        raise RuntimeError("the profile is not fresh")
    window.later(pyplugin_installer.instance().installFromZipFile, path)
    yield "the plugin installed", lambda: PLUGIN in qgis.utils.plugins
    yield "the canvas", window.idle
    window.result["folder"] = qgis.utils.plugins[PLUGIN].__module__
    window.result["file"] = sys.modules[PLUGIN].__file__
    window.result["home"] = qgis.utils.home_plugin_path


def step(window, name, parameters, picture=""):
    """Run an algorithm from its dialog; note which layers it added."""
    from qgis.core import QgsProject
    from qgis.PyQt.QtWidgets import QSplitter

    QgsProject.instance().layerTreeRoot().setHasCustomLayerOrder(False)
    before = set(QgsProject.instance().mapLayers())
    dialog = yield from window.open_dialog(name)
    if picture:
        dialog.resize(1000, 640)
        dialog.findChild(QSplitter).setSizes([570, 400])
        dialog.setParameters(parameters)
        yield from rest()
        window.picture(picture, dialog)
    results = yield from window.run_dialog(dialog, parameters)
    yield from window.close_dialog(dialog)
    yield from rest(0.5)
    layers = QgsProject.instance().mapLayers()
    window.result[name] = [layers[i].name() for i in layers if i not in before]
    window.picture("after-" + "".join(filter(str.isalpha, name)).lower())
    return results


def layer(name):
    """The project's layer of that name; there must be one only."""
    from qgis.core import QgsProject

    named = QgsProject.instance().mapLayersByName(name)
    if len(named) != 1:
        titles = sorted(x.name() for x in QgsProject.instance().mapLayers().values())
        raise LookupError(f"{len(named)} layers are called {name}: {titles}")
    return named[0]


def page(window, path, picture):
    """A report as the browser shows it, which opens on a click in the results viewer."""
    from qgis.PyQt.QtCore import QUrl
    from qgis.PyQt.QtWebKitWidgets import QWebView

    view, loaded = QWebView(), []
    view.resize(900, 760)
    view.loadFinished.connect(loaded.append)
    view.load(QUrl.fromLocalFile(path))
    view.show()
    yield "the report", lambda: loaded
    yield from rest()
    window.picture(picture, view)
    view.close()


def flags(window):
    """The filled stack at the month that both layers open with; the flags' legend beside it."""
    from qgis.core import QgsProject

    filled, marks = layer("Filled stack"), layer("Flags")
    only(window, layer("Basins"), marks, filled)
    node = QgsProject.instance().layerTreeRoot().findLayer(marks)
    node.setItemVisibilityChecked(False)
    yield from show(window, layer("Basins").extent(), 1.3)
    window.picture("first-4-flags")


def summary(window):
    """The summary as a map and its table."""
    shown = layer("Summary by basin")
    only(window, shown)
    yield from show(window, shown.extent(), 1.3)
    window.picture("first-5-summary")
    window.iface.setActiveLayer(shown)
    table = window.iface.showAttributeTable(shown)
    yield "the table", lambda: table.isVisible()
    table.resize(1340, 300)
    yield from rest()
    window.picture("first-6-table", table)
    table.close()


def only(window, *layers):
    """Show these layers only, the first on top, with their legends open."""
    from qgis.core import QgsProject

    root, chosen = QgsProject.instance().layerTreeRoot(), {x.id() for x in layers}
    for node in root.findLayers():
        node.setItemVisibilityChecked(node.layerId() in chosen)
        node.setExpanded(False)
        node.setExpanded(node.layerId() in chosen)
    root.setHasCustomLayerOrder(True)
    rest_of = [x for x in root.layerOrder() if x.id() not in chosen]
    root.setCustomLayerOrder([*layers, *rest_of])
    view = window.iface.layerTreeView()
    # The marks of temporary layers hide the ends of the names.
    for node in root.findLayers():
        for mark in view.indicators(node):
            view.removeIndicator(node, mark)


if __name__ == "__main__":
    main(*sys.argv[1:])
