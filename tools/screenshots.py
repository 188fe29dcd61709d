"""Makes the pictures of the README from the real program: docs/images/*.png.

    .venv/bin/python tools/screenshots.py

The synthetic sample goes through the toolbox without a window, then this file runs a
second time inside a QGIS window (``scenario``) and takes the pictures there.
"""

import csv
import shutil
import tempfile
from pathlib import Path

from headless import ROOT, Headless
from window import run_in_window

IMAGES = ROOT / "docs" / "images"
PICTURES = ("toolbox", "dialog", "trend-map")
BASIN = "Elmara"
LIMIT = 250_000  # bytes a picture may have


def main():
    """Sample, window, basin plot."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="grace-") as folder:
        folder = Path(folder)
        files = make_sample(folder)
        run_in_window(__file__, files, folder)
        for name in PICTURES:
            shutil.copy(folder / f"{name}.png", IMAGES)
        (IMAGES / "basin-plot.png").write_bytes(basin_plot(files))
    for path in sorted(IMAGES.glob("*.png")):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")
        if path.stat().st_size > LIMIT:
            raise ValueError(f"{path.name} is larger than {LIMIT} bytes")


def make_sample(folder):
    """The synthetic sample, filled and separated; files by name."""
    names = ("soil_moisture", "snow", "canopy", "twsa", "sigma", "filled", "flags", "gwsa")
    files = {name: str(folder / f"{name}.tif") for name in names}
    for name in ("grace.nc", "basins.gpkg", "series.csv", "summary.csv"):
        files[Path(name).stem] = str(folder / name)
    components = {
        "SOILMOISTURE": files["soil_moisture"],
        "SNOW": files["snow"],
        "CANOPY": files["canopy"],
    }
    with Headless() as qgis:
        qgis.run(
            "gracewater:sampledata",
            OUTPUT_GRACE=files["grace"],
            OUTPUT_BASINS=files["basins"],
            **{f"OUTPUT_{name}": path for name, path in components.items()},
        )
        qgis.run(
            "gracewater:importgrace",
            INPUT=files["grace"],
            OUTPUT=files["twsa"],
            OUTPUT_UNCERTAINTY=files["sigma"],
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
            INPUT=files["filled"],
            BASINS=files["basins"],
            BASIN_FIELD="basin",
            FLAGS=files["flags"],
            UNCERTAINTY=files["sigma"],
            OUTPUT=files["series"],
            OUTPUT_SUMMARY=files["summary"],
        )
    return files


def basin_plot(files):
    """The series of one basin with its trend, as PNG."""
    import numpy as np
    from grace_water_toolbox.core.report.series import series_plot

    series = [row for row in read_table(files["series"]) if row["basin"] == BASIN]
    (summary,) = [row for row in read_table(files["summary"]) if row["basin"] == BASIN]
    values, sigma = (
        np.array([float(row[key] or "nan") for row in series]) for key in ("value", "uncertainty")
    )
    slope, low, high = (float(summary[k]) for k in ("slope_cm_yr", "slope_lower", "slope_upper"))
    level = np.nanmedian(values - slope * np.arange(values.size) / 12.0)
    return series_plot(
        [row["date"] for row in series],
        values,
        uncertainty=sigma,
        filled=np.array([row["filled"] == "1" for row in series]),
        trend=(slope, level, low, high),
        title=f"Total water storage of the basin {BASIN} (synthetic sample)",
    )


def read_table(path):
    """The rows of a CSV file."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- inside QGIS ----------------------------------------------------------------


def scenario(window):
    """Run the trend map from its dialog; take the pictures on the way."""
    from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QDockWidget, QSplitter

    files, project = window.parameters, QgsProject.instance()
    docks = {d.objectName(): d for d in window.main.findChildren(QDockWidget)}
    docks["Browser"].hide()
    window.main.resizeDocks([docks["Layers"]], [330], Qt.Orientation.Horizontal)
    flags, gwsa = (
        project.addMapLayer(QgsRasterLayer(files[key], name))
        for key, name in (("flags", "Flags"), ("gwsa", "GWSA"))
    )

    dialog = yield from window.open_dialog("Trend map")
    dialog.resize(1000, 560)
    dialog.findChild(QSplitter).setSizes([570, 400])
    dialog.setParameters({"INPUT": gwsa, "FLAGS": flags})
    yield "the dialog", window.idle
    yield from rest()
    window.picture("dialog", dialog)
    results = yield from window.run_dialog(dialog, {"INPUT": gwsa, "FLAGS": flags})
    yield from window.close_dialog(dialog)

    (trend,) = [x for x in project.mapLayers().values() if x.source() == results["OUTPUT"]]
    trend.setName("Groundwater trend (synthetic)")
    project.removeMapLayers([flags.id(), gwsa.id()])
    basins = project.addMapLayer(outlined(QgsVectorLayer(files["basins"], "Basins")))
    tidy(window)
    window.main.resizeDocks([docks["ProcessingToolbox"]], [380], Qt.Orientation.Horizontal)
    yield from window.open_toolbox()
    yield from show(window, trend.extent(), 1.04)
    window.picture("toolbox")
    docks["ProcessingToolbox"].hide()
    yield from show(window, basins.extent(), 1.3)
    window.picture("trend-map")


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
