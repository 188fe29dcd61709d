"""Makes the pictures of the README from the real program: docs/images/*.png.

    .venv/bin/python tools/screenshots.py

The synthetic sample goes through the toolbox without a window, then this file runs a
second time inside a QGIS window (``scenario``) and takes the pictures there.
"""

import io
import sysconfig
import tempfile
from pathlib import Path

from headless import ROOT, Headless
from window import run_in_window

IMAGES = ROOT / "docs" / "images"
OWN = ("toolbox", "dialog", "classes-stippling", "basin-report", "downscaled")
#: Those of the README; the last is made by downscaling_pictures.py with its sisters.
PICTURES = (*OWN, "downscale-window")
LIMIT = 120_000  # bytes a picture may have
MONTH = 133  # 2013-04, in the middle of the record


def main():
    """Sample, window, pictures."""
    import downscaling_pictures

    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="grace-") as folder:
        folder = Path(folder)
        files = make_sample(folder)
        run_in_window(__file__, files, folder)
        beside(folder, "coarse", "fine", "downscaled")
        for name in OWN:
            keep(folder / f"{name}.png", IMAGES)
    downscaling_pictures.main(IMAGES)


def keep(picture, folder):
    """Copy a picture in 256 colours, a third of the bytes; the copy may not exceed ``LIMIT``."""
    from PIL import Image

    # Flat areas (map, legend, text) keep their very colours, the rest takes the nearest.
    whole, packed = Image.open(picture).convert("RGB"), io.BytesIO()
    counted = sorted(whole.getcolors(whole.width * whole.height), reverse=True)
    spread = whole.quantize(32, dither=0).getpalette()[:96]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in counted[:224] for part in colour] + spread)
    whole.quantize(palette=palette, dither=0).save(packed, "png", optimize=True)
    size = packed.tell()
    if size > LIMIT:
        raise ValueError(f"{picture.name} is larger than {LIMIT} bytes")
    (Path(folder) / picture.name).write_bytes(packed.getvalue())
    print(f"{picture.name}  {size / 1000:.0f} kB")


def beside(folder, left, right, name):
    """Two pictures of one size side by side."""
    from PIL import Image

    parts = [Image.open(folder / f"{part}.png").convert("RGB") for part in (left, right)]
    width, height = parts[0].size
    whole = Image.new("RGB", (2 * width + 12, height), "white")
    for number, part in enumerate(parts):
        whole.paste(part, (number * (width + 12), 0))
    whole.save(folder / f"{name}.png")


def make_sample(folder):
    """The synthetic sample, filled and separated; files by name."""
    names = ("soil_moisture", "snow", "canopy", "twsa", "filled", "flags", "gwsa", "model", "fine")
    files = {name: str(folder / f"{name}.tif") for name in names}
    for name in ("grace.nc", "basins.gpkg", "era5.nc", "series.csv", "basins.html"):
        files[name] = str(folder / name)
    components = {
        "SOILMOISTURE": files["soil_moisture"],
        "SNOW": files["snow"],
        "CANOPY": files["canopy"],
    }
    # With numba, where the environment that runs this has it: minutes become seconds.
    with Headless(python_path=sysconfig.get_path("purelib")) as qgis:
        qgis.run(
            "gracewater:sampledata",
            OUTPUT_GRACE=files["grace.nc"],
            OUTPUT_BASINS=files["basins.gpkg"],
            OUTPUT_REANALYSIS_STORAGE=files["era5.nc"],
            SIZE="standard",
            **{f"OUTPUT_{name}": path for name, path in components.items()},
        )
        qgis.run(
            "gracewater:importgrace",
            INPUT=files["grace.nc"],
            NOISY="missing",
            OUTPUT=files["twsa"],
        )
        qgis.run(
            "gracewater:fillgapsssa",
            INPUT=files["twsa"],
            OUTPUT=files["filled"],
            OUTPUT_FLAGS=files["flags"],
        )
        qgis.run(
            "gracewater:separategroundwater",
            INPUT=files["filled"],
            FLAGS=files["flags"],
            OUTPUT=files["gwsa"],
            **components,
        )
        qgis.run(
            "gracewater:basinstatistics",
            INPUT=files["gwsa"],
            BASINS=files["basins.gpkg"],
            BASIN_FIELD="basin",
            FLAGS=files["flags"],
            OUTPUT=files["series.csv"],
            OUTPUT_HTML=files["basins.html"],
        )
        qgis.run(
            "gracewater:importstorage",
            INPUT=files["era5.nc"],
            PRODUCT="era5-land",
            OUTPUT=files["model"],
        )
        qgis.run(
            "gracewater:downscaledelta",
            INPUT=files["filled"],
            FINE=files["model"],
            OUTPUT=files["fine"],
        )
    return files


# -- inside QGIS ----------------------------------------------------------------


def scenario(window):
    """Run the trend map from its dialog; take the pictures on the way."""
    from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QDockWidget

    files, project = window.parameters, QgsProject.instance()
    docks = {d.objectName(): d for d in window.main.findChildren(QDockWidget)}
    docks["Browser"].hide()
    window.main.resizeDocks([docks["Layers"]], [330], Qt.Orientation.Horizontal)
    flags, gwsa = (
        project.addMapLayer(QgsRasterLayer(files[key], name))
        for key, name in (("flags", "Flags"), ("gwsa", "GWSA"))
    )

    asked = {"INPUT": gwsa, "FLAGS": flags, "TEST": "yue-wang"}
    results = yield from run_pictured(window, "Trend map", asked, (560, 570), "dialog")

    (trend,) = [x for x in project.mapLayers().values() if x.source() == results["OUTPUT"]]
    trend.setName("Groundwater trend (synthetic)")
    project.removeMapLayers([flags.id(), gwsa.id()])
    basins = project.addMapLayer(outlined(QgsVectorLayer(files["basins.gpkg"], "Basins")))
    tidy(window)
    window.main.resizeDocks([docks["ProcessingToolbox"]], [380], Qt.Orientation.Horizontal)
    yield from window.open_toolbox()
    yield from show(window, trend.extent(), 1.04)
    window.picture("toolbox")

    for name in ("Trend classes", "Stippling of significance"):
        dialog = yield from window.open_dialog(name)
        yield from window.run_dialog(dialog, {"INPUT": trend})
        yield from window.close_dialog(dialog)
    (dots,) = project.mapLayersByName("p < 0.01")
    for number, shown in enumerate((basins, dots)):
        node = project.layerTreeRoot().findLayer(shown)
        project.layerTreeRoot().insertChildNode(number, node.clone())
        project.layerTreeRoot().removeChildNode(node)
    for table in project.mapLayersByName("Shares of the classes"):
        project.removeMapLayer(table.id())
    tidy(window)
    for dock in window.main.findChildren(QDockWidget):
        dock.setVisible(dock is docks["Layers"])
    yield from show(window, trend.extent(), 1.04)
    window.picture("classes-stippling")
    yield from report(window, files["basins.html"], "basin-report")
    yield from one_month(window, files["filled"], "coarse", basins)
    yield from one_month(window, files["fine"], "fine", basins)


def one_month(window, path, name, basins):
    """The canvas with one month of a stack below the basins, in the same colours each time."""
    from grace_water_toolbox.algorithms.styling import diverging
    from qgis.core import QgsProject, QgsRasterLayer

    stack = QgsRasterLayer(path, name)
    diverging(MONTH, "cm", limit=15)(stack)
    QgsProject.instance().addMapLayer(stack, False)
    canvas = window.iface.mapCanvas()
    window.iface.setActiveLayer(basins)
    canvas.setLayers([basins, stack])
    yield from show(window, basins.extent(), 1.15)
    window.picture(name, canvas)


def report(window, path, name, height=1000):
    """The top of a report as the browser shows it."""
    from qgis.PyQt.QtCore import QUrl
    from qgis.PyQt.QtWebKitWidgets import QWebView

    view, loaded = QWebView(), []
    view.resize(900, height)
    view.loadFinished.connect(loaded.append)
    view.load(QUrl.fromLocalFile(path))
    view.show()
    yield "the report", lambda: loaded
    yield from rest()
    window.picture(name, view)
    view.close()


def run_pictured(window, title, asked, sizes, name):
    """Fill in a dialog, take its picture as ``name``, run it; its results.

    ``sizes`` are the dialog's height and the width of its parameters, in pixels.
    """
    from qgis.PyQt.QtWidgets import QSplitter

    height, width = sizes
    dialog = yield from window.open_dialog(title)
    dialog.resize(1000, height)
    dialog.findChild(QSplitter).setSizes([width, 400])
    dialog.setParameters(asked)
    yield "the dialog", window.idle
    yield from rest()
    window.picture(name, dialog)
    results = yield from window.run_dialog(dialog, asked)
    yield from window.close_dialog(dialog)
    return results


def rest(seconds=1.0):
    """Let the layout settle."""
    import time

    until = time.monotonic() + seconds
    yield "a moment", lambda: time.monotonic() > until


def show(window, extent, factor):
    """Zoom to ``factor`` times ``extent`` and wait until it is drawn."""
    canvas, drawn = window.iface.mapCanvas(), []
    yield from rest()
    canvas.mapCanvasRefreshed.connect(lambda: drawn.append(True))
    extent.scale(factor)
    canvas.setExtent(extent)
    canvas.refresh()
    yield "the map", lambda: drawn and window.idle()
    window.iface.messageBar().clearWidgets()
    yield from rest()


def outlined(layer):
    """``layer`` as dark outlines with the basins' names."""
    from qgis.core import (
        QgsFillSymbol,
        QgsPalLayerSettings,
        QgsTextBufferSettings,
        QgsTextFormat,
        QgsVectorLayerSimpleLabeling,
    )

    symbol = {"style": "no", "outline_color": "#22303c", "outline_width": "0.5"}
    layer.renderer().setSymbol(QgsFillSymbol.createSimple(symbol))
    settings, text, buffer = QgsPalLayerSettings(), QgsTextFormat(), QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(0.8)
    text.setBuffer(buffer)
    text.setSize(11)
    settings.setFormat(text)
    settings.fieldName = "basin"
    settings.placement = QgsPalLayerSettings.Placement.Horizontal
    settings.fitInPolygonOnly = True
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    return layer


def tidy(window):
    """Open the legends; no marks for temporary files."""
    from qgis.core import QgsProject

    view = window.iface.layerTreeView()
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        node.setExpanded(False)
        node.setExpanded(True)
        for mark in view.indicators(node):
            view.removeIndicator(node, mark)


if __name__ == "__main__":
    main()
