"""Bangladesh as a case to train on: a real 0.25° field, its block means, and predictors.

The field is CSR's mascon storage. It resolves about 1° (its mascons are that large), so it is
no truth below that: what is measured is how well a method gives back what was averaged away.
"""

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..core.data.aligning import align_stack
from ..core.data.grid import Grid
from ..core.data.products.opening import open_series
from ..core.data.products.seriesimport import import_series
from ..core.data.stack import MonthlyStack, StackInfo, write_stack
from ..core.data.static import StaticMap
from ..core.downscaling.cumulating import Cumulation, cumulate_stack
from ..core.errors import ReadError
from ..core.progress import SILENT
from .sampletwin import write_set

TWSA = "TWSA_M_2002_2017_BGD_025.nc4"
FLUXES = "PR_AET_M_2002_2017_BGD_025.nc4"
NDVI = "NDVI_M_2002_2017_BGD_025.nc4"
DEM = "DEM_BGD_025.nc4"
GLDAS = "GLDAS_22_CLSM_GWS_M_2003_2017_BGD_025.nc4"
#: Months from which on the fine field is kept from training.
HELD_BACK = "2013-01"


def prepare_bangladesh(folder, factor, say=print):
    """Write the stacks of the case into ``folder``; does nothing where they are.

    ``truth.tif`` the 0.25° field, ``coarse.tif`` its means over ``factor`` × ``factor``
    cells, ``known.tif`` the field without the months that are held back, ``gldas.tif``
    groundwater of GLDAS-2.2 (the fine model of the baseline delta), ``predictors.tif``.
    """
    folder = Path(folder)
    if (folder / "complete").is_file():
        return folder
    source = _source()
    say(f"writing the case of Bangladesh, means over {factor} × {factor} cells")
    folder.mkdir(parents=True, exist_ok=True)
    _import(source / TWSA, "twsa", folder / "truth.tif", kind="storage", units="mm")
    with MonthlyStack(str(folder / "truth.tif")) as truth:
        grid, values, info = truth.grid, truth.read(), truth.info
        # Cells are counted from the west and north edge; a rest would be dropped.
        coarse = Grid(
            grid.x0, grid.y0, factor * grid.dx, factor * grid.dy,
            grid.nx // factor, grid.ny // factor, grid.crs,
        )  # fmt: skip
        align_stack(truth, coarse, folder / "coarse.tif")
        values[truth.months >= np.datetime64(HELD_BACK, "M")] = np.nan
        line = f"held back from {HELD_BACK} on"
        held = StackInfo(grid, info.months, info.units, info.long_name, (), (line,))
        write_stack(folder / "known.tif", held, values)
        # Its cells are those of the other files, whatever its extent.
        _import(source / GLDAS, "gwsa", folder / "gldas_own.tif", kind="storage", units="m")
        with MonthlyStack(str(folder / "gldas_own.tif")) as gldas:
            align_stack(gldas, grid, folder / "gldas.tif", method="nearest")
    sources = {}
    for variable, name in (("pr", "precipitation"), ("aet", "evapotranspiration")):
        path = sources[name] = folder / f"{name}.tif"
        _import(source / FLUXES, variable, path, kind="flux", units="mm month-1")
        sources[f"{name}_sum"] = folder / f"{name}_sum.tif"
        with MonthlyStack(str(path)) as stack:
            cumulate_stack(stack, sources[f"{name}_sum"], Cumulation())
    sources["ndvi"] = folder / "ndvi.tif"
    _import(source / NDVI, "NDVI", sources["ndvi"], kind="other", units="1")
    sources["elevation"] = folder / "elevation.tif"
    with StaticMap(f'NETCDF:"{source / DEM}":dem') as dem:
        align_dem(dem, grid, sources["elevation"])
    write_set(folder / "predictors.tif", sources)
    (folder / "complete").write_text(f"factor {factor}\n", encoding="utf-8")
    return folder


def align_dem(dem, grid, path):
    """Elevation on the grid of the field, in m: its cells are the same."""
    from ..core.data.rasterfile import RasterWriter

    values = dem.read(dtype="float32")
    with RasterWriter(path, grid, ["elevation"], units="m", tags={"units": "m"}) as writer:
        writer.write(values)


def _import(source, variable, path, **how):
    with _series(source, variable) as record:
        import_series(record, path, **how)


@contextmanager
def _series(source, variable):
    with open_series([str(source)], variable, SILENT) as record:
        yield record


def _source():
    here = Path(os.environ.get("GRACE_WATER_DATA", "")) / "bangladesh"
    if not os.environ.get("GRACE_WATER_DATA") or not (here / TWSA).is_file():
        raise ReadError(
            "the folder of the real case is expected in the environment variable "
            "GRACE_WATER_DATA, with bangladesh/ inside",
            str(here) if os.environ.get("GRACE_WATER_DATA") else "no such variable",
            "data.prepare",
        )
    return here
