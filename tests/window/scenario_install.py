"""In QGIS: install ONNX Runtime from the plugin's menu: offline, cancelled, then in full.

``window.parameters``: ``indexes``, addresses of package indexes by what they do (``closed``,
``stalled``, ``whole``), and ``model``, an ONNX file that *Inspect model* then loads.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import processing
from grace_water_toolbox.core.dependencies import missing_packages
from grace_water_toolbox.plugin.packages import packages_folder
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtTest import QTest


def scenario(window):
    folder = packages_folder()
    result = window.result
    menus = window.iface.pluginMenu().actions()
    menu = next(a.menu() for a in menus if a.menu() and a.text() == "GRACE Water Toolbox")
    action = next(a for a in menu.actions() if "ONNX" in a.text())
    result["missing before"] = missing_packages(["onnxruntime"])
    window.later(action.trigger)
    dialog = yield "the dialog", lambda: window.dialog("Install ONNX Runtime")
    result["command"] = dialog.installer.command()
    result["shown"] = dialog.command.toPlainText()
    result["library"] = os.__file__
    result["own numpy"] = sys.modules["numpy"].__version__
    result["python"] = list(sys.version_info[:2])
    window.picture("asked", dialog)
    result["before asking"] = left(folder)

    for name in ("closed", "stalled", "whole"):
        os.environ["PIP_INDEX_URL"] = window.parameters["indexes"][name]
        press(dialog.install)
        yield f"pip running ({name})", lambda: dialog.installer.running or dialog.outcome.text()
        if name == "stalled":
            yield "the download", lambda: "Downloading" in dialog.log.toPlainText()
            result["while running"] = left(folder)
            press(dialog.close_button)
        yield f"the end ({name})", lambda: not dialog.installer.running
        window.picture(name, dialog)
        result[name] = {
            "outcome": dialog.outcome.text(),
            "log": dialog.log.toPlainText(),
            "left": left(folder),
            "missing": missing_packages(["onnxruntime"]),
        }
    yield from window.close_dialog(dialog)
    made = processing.run(
        "gracewater:inspectmodel",
        {"MODEL": window.parameters["model"], "OUTPUT_HTML": str(window.folder / "model.html")},
    )
    result["report"] = Path(made["OUTPUT_HTML"]).read_text(encoding="utf-8")
    result["numpy"] = sys.modules["numpy"].__file__
    # The profile goes with this QGIS; another one looks at the packages.
    shutil.copytree(folder, window.folder / "packages")

    window.later(action.trigger)
    dialog = yield "the dialog again", lambda: window.dialog("Install ONNX Runtime")
    window.picture("again", dialog)
    result["again"] = dialog.about.text()

    # QGIS is left while pip runs: what the profile then holds is written down last of all.
    os.environ["PIP_INDEX_URL"] = window.parameters["indexes"]["stalled"]
    press(dialog.install)
    yield "the download again", lambda: "Downloading" in dialog.log.toPlainText()
    result["running"] = [dialog.installer.running, left(folder)]
    told = window.folder / "left.json"
    QCoreApplication.instance().aboutToQuit.connect(
        lambda: told.write_text(json.dumps(left(folder)), encoding="utf-8")
    )


def press(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def left(folder):
    """What lies in the plugin's part of the profile: first two levels below it."""
    root = folder.parent
    return sorted(str(p.relative_to(root)) for p in [*root.glob("*"), *root.glob("*/*")])
