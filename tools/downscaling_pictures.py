"""Makes the pictures of docs/downscaling.md from the real program: docs/images/downscale-*.png.

    .venv/bin/python tools/downscaling_pictures.py [folder]

The shipped trees downscale the groundwater of the synthetic twin, from the dialog in a QGIS
window (``scenario``), with its uncertainty; then the result is compared with the baselines.
"""

import sys
import tempfile
from pathlib import Path

from headless import ROOT
from screenshots import keep, report, run_pictured, show, tidy
from window import run_in_window

TEXTS = ("downscale-dialog", "downscale-comparison")
MAPS = ("downscale-window", "downscale-maps")
MODEL = ROOT / "models" / "sample-trees" / "sample-trees.json"
START, END = "2010-01", "2012-12"
BAND = 33  # 2012-09, the end of a dry summer
LIMIT = 15  # cm, the same colours for coarse and fine
MOST = 200_000  # bytes of a picture


def main(target=None):
    """Twin, window, pictures into docs/images or ``target``."""
    from grace_water_toolbox.export.twingroundwater import write_twin

    target = Path(target or ROOT / "docs" / "images")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="downscaling-") as folder:
        folder = Path(folder)
        write_twin(folder)
        names = ("gwsa", "predictors", "pattern", "truth", "aquifers")
        files = {name: str(folder / f"{name}.tif") for name in names}
        # Under a name that tells nothing of this machine.
        files["model"] = str(folder / MODEL.name)
        for path in MODEL.parent.iterdir():
            (folder / path.name).symlink_to(path)
        run_in_window(__file__, files, folder)
        in_a_row(folder, ("coarse", "fine", "sigma"), "downscale-maps")
        for name in TEXTS:
            keep(folder / f"{name}.png", target)
        for name in MAPS:
            copy(folder / f"{name}.png", target)


def copy(picture, folder):
    """Copy a picture in all its colours, ramps and all; it may not exceed ``MOST`` bytes."""
    from PIL import Image

    path = folder / picture.name
    Image.open(picture).convert("RGB").save(path, "png", optimize=True)
    if path.stat().st_size > MOST:
        raise ValueError(f"{picture.name} is larger than {MOST} bytes")
    print(f"{picture.name}  {path.stat().st_size / 1000:.0f} kB")


def in_a_row(folder, names, name, height=420):
    """The middle squares of pictures side by side, ``height`` pixels high."""
    from PIL import Image

    parts = [Image.open(folder / f"{part}.png").convert("RGB") for part in names]
    edges = [((p.width - p.height) // 2, (p.width + p.height) // 2) for p in parts]
    parts = [
        p.crop((left, 0, right, p.height)).resize((height, height), Image.Resampling.NEAREST)
        for p, (left, right) in zip(parts, edges)
    ]
    width = sum(part.width for part in parts) + 12 * (len(parts) - 1)
    whole, left = Image.new("RGB", (width, height), "white"), 0
    for part in parts:
        whole.paste(part, (left, 0))
        left += part.width + 12
    whole.save(folder / f"{name}.png")


# -- inside QGIS ----------------------------------------------------------------


def scenario(window):
    """Downscale from the dialog, look at the maps, compare."""
    from qgis.core import QgsProject, QgsRasterLayer
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QDockWidget

    files, project = window.parameters, QgsProject.instance()
    docks = {d.objectName(): d for d in window.main.findChildren(QDockWidget)}
    docks["Browser"].hide()
    window.main.resizeDocks([docks["Layers"]], [330], Qt.Orientation.Horizontal)
    names = {
        "aquifers": "Aquifer classes",
        "predictors": "Predictor set",
        "gwsa": "GWSA, GRACE on 1°",
    }
    layers = {
        key: project.addMapLayer(QgsRasterLayer(files[key], name)) for key, name in names.items()
    }
    asked = {
        "MODEL": files["model"],
        "PREDICTORS": layers["predictors"],
        "INPUT": layers["gwsa"],
        "STRATA": layers["aquifers"],
        "START": START,
        "END": END,
        "CORRECTION": "conserving",
        "OUTPUT_UNCERTAINTY": "TEMPORARY_OUTPUT",
        "OUTPUT_APPLICABILITY": "TEMPORARY_OUTPUT",
    }
    sizes = 760, 590
    results = yield from run_pictured(window, "Downscale", asked, sizes, "downscale-dialog")

    made = {layer.source(): layer for layer in project.mapLayers().values()}
    fine, sigma, share = (
        made[results[f"OUTPUT{end}"]] for end in ("", "_UNCERTAINTY", "_APPLICABILITY")
    )
    window.result["names"] = [layer.name() for layer in (fine, sigma, share)]
    project.removeMapLayers([layers["predictors"].id(), layers["aquifers"].id()])
    restyle(layers["gwsa"], fine, sigma, share)
    tree = project.layerTreeRoot()
    for layer in (share, sigma, layers["gwsa"], fine):  # the last comes to lie on top
        node = tree.findLayer(layer)
        tree.insertChildNode(0, node.clone())
        tree.removeChildNode(node)
    tidy(window)
    for dock in window.main.findChildren(QDockWidget):
        dock.setVisible(dock is docks["Layers"])
    window.main.resizeDocks([docks["Layers"]], [330], Qt.Orientation.Horizontal)
    for layer, name in ((layers["gwsa"], "coarse"), (sigma, "sigma"), (fine, "fine")):
        for node in tree.findLayers():
            node.setItemVisibilityChecked(node.layer() is layer)
        yield from show(window, fine.extent(), 1.02)
        window.picture(name, window.iface.mapCanvas())
    window.picture("downscale-window")

    dialog = yield from window.open_dialog("Compare downscaling")
    truth, pattern = (
        project.addMapLayer(QgsRasterLayer(files[key], name))
        for key, name in (("truth", "Truth of the twin"), ("pattern", "Reanalysis"))
    )
    fine.setName("Trees, corrected")
    compared = yield from window.run_dialog(
        dialog,
        {
            "INPUTS": [fine],
            "COARSE": layers["gwsa"],
            "TRUTH": truth,
            "FINE_MODEL": pattern,
            "OUTPUT_HTML": "TEMPORARY_OUTPUT",
        },
    )
    yield from window.close_dialog(dialog)
    yield from report(window, compared["OUTPUT_HTML"], "downscale-comparison", 2150)


def restyle(coarse, fine, sigma, share):
    """One month of each; coarse and fine in the same colours."""
    from grace_water_toolbox.algorithms.styling import WARNING, diverging, sequential

    record = (int(START[:4]) - 2002) * 12 + int(START[5:]) - 4 + BAND  # it begins in 2002-04
    diverging(record, "cm", limit=LIMIT)(coarse)
    diverging(BAND, "cm", limit=LIMIT)(fine)
    sequential(BAND, "cm")(sigma)
    sequential(BAND, "outside training", WARNING)(share)
    for layer in (coarse, fine, sigma, share):
        layer.triggerRepaint()


if __name__ == "__main__":
    main(*sys.argv[1:])
