"""The chain "Downscale groundwater to 1 km" at 0.01°, with classes, on the sample."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.downscaling.residual import Correction
from headless import ROOT, SITE_PACKAGES, Headless

pytestmark = pytest.mark.headless

MODEL = ROOT / "models" / "sample-trees-1km" / "sample-trees-1km.json"
FOLDERS = ("TAS", "PR", "SM", "ET", "NDVI", "LST")
SOILS = ("CLAY", "SILT", "SAND", "CFVO", "CEC", "PH", "SOC", "NITROGEN")
LAND = ("SOILMOISTURE", "SNOW", "CANOPY")
YEAR = "2012"


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kilometre")
    maps = {"DEM": "dem", **{n: n.lower() for n in SOILS}, "PH": "phh2o"}
    with Headless(python_path=SITE_PACKAGES) as qgis:
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
            **{f"OUTPUT_{name}": folder / f"{file}.tif" for name, file in maps.items()},
        )
        for name in FOLDERS:
            if name not in ("PR", "ET"):  # which are summed up from the first month on
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
        names = [n.lower() for n in FOLDERS] + ["pr_sum", "et_sum", *maps.values()]
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
    return folder


def test_cells_of_a_hundredth_of_a_degree_keep_the_means_of_the_satellite(chain):
    with (
        MonthlyStack(chain / "fine.tif") as fine,
        MonthlyStack(chain / "coarse.tif") as coarse,
        MonthlyStack(chain / "flags.tif") as flags,
    ):
        assert fine.grid.difference(Grid(-38.0, 42.0, 0.01, 0.01, 200, 200)) == ""
        assert [str(m) for m in fine.months] == [f"{YEAR}-{m:02}" for m in range(1, 13)]
        observed = flags.months[(flags.read() == 0).any(axis=(1, 2))]
        months = np.intersect1d(fine.months, observed)
        values = fine.read(bands=np.searchsorted(fine.months, months))
        wanted = coarse.read(bands=np.searchsorted(coarse.months, months))
        correction = Correction(coarse.grid, fine.grid)
    total, weight = correction.sums(values, 0, 0)
    whole = (weight >= 0.999 * correction.whole) & (correction.whole > 0)
    assert whole.sum() == 4 * len(months) and len(months) >= 9
    means = total[whole] / weight[whole]
    assert np.abs(means - wanted[whole]).max() < 0.01


def test_each_class_has_its_model_and_detail_is_below_a_tenth_of_a_degree(chain):
    import rasterio

    with MonthlyStack(chain / "fine.tif") as fine:
        values, grid = fine.read(bands=[5])[0], fine.grid
    with rasterio.open(chain / "aquifers.tif") as file:
        row, col = file.index(float(grid.x[0]), float(grid.y[0]))
        classes = file.read(1)[row : row + grid.ny, col : col + grid.nx]
    held = np.unique(classes)
    assert held.tolist() == [14, 23]
    assert all(np.isfinite(values[classes == c]).all() for c in held)
    blocks = values.reshape(20, 10, 20, 10)
    assert np.median(blocks.std(axis=(1, 3))) > 0.05
    assert "sample-trees-1km" in (chain / "downscale.html").read_text(encoding="utf-8")


def test_it_is_nearer_to_the_truth_than_the_coarse_cells(chain):
    """In months that the satellite observed: the others are not corrected."""
    with (
        MonthlyStack(chain / "fine.tif") as fine,
        MonthlyStack(chain / "coarse.tif") as coarse,
        MonthlyStack(chain / "truth.tif") as truth,
        MonthlyStack(chain / "flags.tif") as flags,
    ):
        seen = flags.months[(flags.read() == 0).any(axis=(1, 2))]
        months = np.intersect1d(fine.months, seen)
        found = fine.read(bands=np.searchsorted(fine.months, months))
        right = truth.read(bands=np.searchsorted(truth.months, months))
        wide = coarse.read(bands=np.searchsorted(coarse.months, months))
        rows = ((coarse.grid.y0 - fine.grid.y) / coarse.grid.dy).astype(int)
        cols = ((fine.grid.x - coarse.grid.x0) / coarse.grid.dx).astype(int)
    repeated = wide[:, rows][:, :, cols]
    known = np.isfinite(found) & np.isfinite(repeated)
    error = np.sqrt(np.mean((found - right)[known] ** 2))
    plain = np.sqrt(np.mean((repeated - right)[known] ** 2))
    print(f"RMSE {error:.2f} cm, replicated {plain:.2f} cm")
    assert known.mean() > 0.9 and error < plain
