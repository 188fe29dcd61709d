"""In QGIS with a fresh profile: install the zip, look at the toolbox, run one algorithm.

``window.parameters``: ``zip`` and ``grace``, the product file to write.
"""

import sys

import pyplugin_installer
import qgis.utils
from qgis.core import QgsApplication, QgsProject, QgsSettings

PLUGIN = "grace_water_toolbox"


def scenario(window):
    registry = QgsApplication.processingRegistry()
    window.result["before"] = registry.providerById("gracewater") is not None
    window.later(pyplugin_installer.instance().installFromZipFile, window.parameters["zip"])
    yield "the plugin", lambda: PLUGIN in qgis.utils.plugins
    yield "its provider", lambda: registry.providerById("gracewater")
    window.result["home"] = qgis.utils.home_plugin_path
    window.result["file"] = sys.modules[PLUGIN].__file__
    window.result["enabled"] = QgsSettings().value(f"PythonPlugins/{PLUGIN}", False, bool)
    window.result["ids"] = [a.name() for a in registry.providerById("gracewater").algorithms()]
    tree, groups = yield from window.open_toolbox()
    window.result["shown"] = [n for i in groups.values() for n in window.rows(tree, i)]

    dialog = yield from window.open_dialog("Sample data (synthetic)")
    yield from window.run_dialog(dialog, {"OUTPUT_GRACE": window.parameters["grace"]})
    yield from window.close_dialog(dialog)
    window.result["layers"] = {
        layer.name(): type(layer.renderer()).__name__ if layer.isSpatial() else ""
        for layer in QgsProject.instance().mapLayers().values()
    }
