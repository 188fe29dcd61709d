"""From the sample to groundwater on cells of 0.01°, about 1 km, with the shipped chain.

    .venv/bin/python tools/kilometre.py [picture.png]

The steps are those of an analyst: make the sample, import its files, sum up rain and
evapotranspiration, run "Downscale groundwater to 1 km" with the shipped trees. The picture has
one month of the coarse field, of the result and of its sigma.
"""

import sys
import tempfile
from pathlib import Path

from headless import ROOT, SITE_PACKAGES, Headless
from window import run_in_window

MODEL = ROOT / "models" / "sample-trees-1km" / "sample-trees-1km.json"
YEAR, MONTH = "2012", "2012-09"
FOLDERS = ("TAS", "PR", "SM", "ET", "NDVI", "LST")
SOILS = ("CLAY", "SILT", "SAND", "CFVO", "CEC", "PH", "SOC", "NITROGEN")
MAPS = {"DEM": "dem", **{n: n.lower() for n in SOILS}, "PH": "phh2o"}
LAND = ("SOILMOISTURE", "SNOW", "CANOPY")
LIMIT = 15  # cm, the same colours for coarse and fine


def make_sample(qgis, folder):
    """The sample's window of 0.01° and the product over all of its region."""
    qgis.run(
        "gracewater:sampledata",
        LOCAL="kept",
        SIZE="kilometre",
        OUTPUT_GRACE=folder / "grace.nc",
        OUTPUT_BASINS=folder / "basins.gpkg",
        OUTPUT_AQUIFERS=folder / "aquifers.tif",
        OUTPUT_FINE_GWS=folder / "truth.tif",
        **{f"OUTPUT_{name}": folder / f"{name.lower()}.tif" for name in LAND},
        **{f"OUTPUT_{name}": folder / f"{name.lower()}_files" for name in FOLDERS},
        **{f"OUTPUT_{name}": folder / f"{file}.tif" for name, file in MAPS.items()},
    )


def import_predictors(qgis, folder):
    """A stack of each dynamic predictor, of one year where no sum needs those before."""
    for name in FOLDERS:
        if name not in ("PR", "ET"):
            for path in (folder / f"{name.lower()}_files").iterdir():
                if f"_{YEAR}-" not in path.name:
                    path.unlink()
        qgis.run(
            "gracewater:importseries",
            INPUT_FOLDER=folder / f"{name.lower()}_files",
            KIND="flux" if name in ("PR", "ET") else "other",
            OUTPUT=folder / f"{name.lower()}.tif",
        )
    for name in ("pr", "et"):
        qgis.run(
            "gracewater:cumulativeanomaly",
            INPUT=folder / f"{name}.tif",
            KIND="sum",
            OUTPUT=folder / f"{name}_sum.tif",
        )


def downscale(qgis, folder):
    """Run the chain."""
    names = [n.lower() for n in FOLDERS] + ["pr_sum", "et_sum", *MAPS.values()]
    qgis.run(
        "gracewater:downscalegroundwater",
        INPUT=folder / "grace.nc",
        NOISY="missing",
        **{name: folder / f"{name.lower()}.tif" for name in LAND},
        PREDICTORS=[folder / f"{name}.tif" for name in names],
        MODEL=MODEL,
        STRATA=folder / "aquifers.tif",
        **{
            "import:OUTPUT_HTML": folder / "import.html",
            "fill:OUTPUT": folder / "twsa.tif",
            "fill:OUTPUT_FLAGS": folder / "flags.tif",
            "separate:OUTPUT": folder / "coarse.tif",
            "prepare:OUTPUT_HTML": folder / "prepare.html",
            "downscale:OUTPUT": folder / "fine.tif",
            "downscale:OUTPUT_UNCERTAINTY": folder / "sigma.tif",
            "downscale:OUTPUT_HTML": folder / "downscale.html",
        },
    )


def run_chain(folder):
    """All steps; the files lie in ``folder``."""
    with Headless(python_path=SITE_PACKAGES) as qgis:
        make_sample(qgis, folder)
        import_predictors(qgis, folder)
        downscale(qgis, folder)


def main(picture=None):
    """The steps, and the picture into docs/images or where ``picture`` says."""
    from downscaling_pictures import copy, in_a_row

    picture = Path(picture or ROOT / "docs" / "images" / "downscale-kilometre.png")
    with tempfile.TemporaryDirectory(prefix="kilometre-") as folder:
        folder = Path(folder)
        run_chain(folder)
        files = {name: str(folder / f"{name}.tif") for name in ("coarse", "fine", "sigma")}
        run_in_window(__file__, files, folder)
        in_a_row(folder, ("coarse", "fine", "sigma"), picture.stem)
        copy(folder / f"{picture.stem}.png", picture.parent)


# -- inside QGIS ----------------------------------------------------------------


def scenario(window):
    """One month of each stack over the window, the coarse one in the same colours."""
    from grace_water_toolbox.algorithms.styling import diverging, sequential
    from grace_water_toolbox.core.data.stack import MonthlyStack
    from qgis.core import QgsProject, QgsRasterLayer
    from screenshots import show

    files, project, layers = window.parameters, QgsProject.instance(), {}
    for name, path in files.items():
        with MonthlyStack(path) as stack:
            band = [str(month) for month in stack.months].index(MONTH) + 1
        layers[name] = layer = project.addMapLayer(QgsRasterLayer(path, name))
        style = sequential(band, "cm") if name == "sigma" else diverging(band, "cm", limit=LIMIT)
        style(layer)
    nodes = project.layerTreeRoot().findLayers()
    for name, layer in layers.items():
        for node in nodes:
            node.setItemVisibilityChecked(node.layer() is layer)
        yield from show(window, layers["fine"].extent(), 1.02)
        window.picture(name, window.iface.mapCanvas())


if __name__ == "__main__":
    main(*sys.argv[1:])
