"""Makes the pictures of docs/trend-maps.md from the real program: docs/images/*.png.

    .venv/bin/python tools/map_pictures.py

The true groundwater of the synthetic sample goes through the algorithms inside a QGIS
window (``scenario``), as they style it.
"""

import shutil
import tempfile
from pathlib import Path

from headless import ROOT, Headless
from screenshots import IMAGES, LIMIT, rest, show, tidy
from window import run_in_window

PICTURES = ("trend-classes", "hotspots")


def main():
    """Sample, window, pictures."""
    with tempfile.TemporaryDirectory(prefix="grace-") as folder:
        folder = Path(folder)
        files = {n: str(folder / f"{n}.tif") for n in ("gwsa", "trend", "classes")}
        files["points"], files["spots"] = (str(folder / f"{n}.gpkg") for n in ("points", "spots"))
        with Headless() as qgis:
            qgis.run(
                "gracewater:sampledata",
                OUTPUT_TRUE_GWS=files["gwsa"],
                OUTPUT_GRACE=folder / "grace.nc",
                **{f"OUTPUT_{n}": folder / f"{n}.tif" for n in ("SOILMOISTURE", "SNOW", "CANOPY")},
                OUTPUT_BASINS=folder / "basins.gpkg",
            )
        run_in_window(__file__, files, folder)
        for name in PICTURES:
            picture = folder / f"{name}.png"
            if picture.stat().st_size > LIMIT:
                raise ValueError(f"{name} is larger than {LIMIT} bytes")
            shutil.copy(picture, IMAGES)
            print(
                f"{(IMAGES / picture.name).relative_to(ROOT)}  {picture.stat().st_size // 1000} kB"
            )


# -- inside QGIS ----------------------------------------------------------------


def scenario(window):
    """Classes; then the trend with stippling and hotspots."""
    import processing
    from qgis.core import QgsProject
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QDockWidget

    files, project = window.parameters, QgsProject.instance()
    docks = {d.objectName(): d for d in window.main.findChildren(QDockWidget)}
    for name in ("Browser", "ProcessingToolbox"):
        docks[name].hide()
    window.main.resizeDocks([docks["Layers"]], [300], Qt.Orientation.Horizontal)

    def run(algorithm, title, **parameters):
        result = processing.runAndLoadResults(f"gracewater:{algorithm}", parameters)
        made = {value for value in result.values() if isinstance(value, str)}
        layers = [x for x in project.mapLayers().values() if x.source().split("|")[0] in made]
        for layer in layers:
            layer.setName(title)
        return layers[0]

    trend = run("trendmap", "Trend (synthetic)", INPUT=files["gwsa"], TEST="yue-wang",
                OUTPUT=files["trend"])  # fmt: skip
    run("trendclasses", "Trend classes (synthetic)", INPUT=files["trend"], OUTPUT=files["classes"])
    yield from _picture(window, trend.extent(), "trend-classes")
    for layer in list(project.mapLayers().values()):
        if layer.id() != trend.id():
            project.removeMapLayer(layer.id())
    run("stippling", "p < 0.01", INPUT=files["trend"], OUTPUT=files["points"])
    # The sample has no trend beyond the paper's 0.10 cm/month over a whole basin.
    run("hotspots", "Hotspots", INPUT=files["trend"], MIN_SLOPE=0.06, OUTPUT=files["spots"])
    yield from _picture(window, trend.extent(), "hotspots")


def _picture(window, extent, name):
    yield from rest()
    tidy(window)
    yield from show(window, extent, 1.04)
    tidy(window)
    yield from rest()
    window.picture(name)


if __name__ == "__main__":
    main()
