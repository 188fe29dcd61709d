"""The sample twin as a case to train on: the stacks a user would have, and the truth to score.

Everything goes the way a user's data would: product files of the twin are written, then
imported, filled, cumulated and put on one grid by the toolbox's own code. Only the stack
``truth.tif`` is not what a user has; nothing but the scores reads it.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ..core.data import twin_maps
from ..core.data.aligning import align_stack
from ..core.data.grid import Grid
from ..core.data.importing import import_grace
from ..core.data.months import DEFAULT_BASELINE
from ..core.data.products.files import files_of_folder
from ..core.data.products.landimport import import_land
from ..core.data.products.opening import open_series
from ..core.data.products.seriesimport import import_series
from ..core.data.sample import write_grace
from ..core.data.stack import MonthlyStack, StackInfo, write_stack
from ..core.data.static import open_stack_or_map
from ..core.data.twin import make_twin
from ..core.data.twin_dated import write_dated
from ..core.data.twin_era5 import write_era5_fluxes, write_era5_storages
from ..core.data.twin_fine import FineTruth, write_fine
from ..core.data.twin_local import local_courses, outlines
from ..core.data.twin_views import Views
from ..core.downscaling.cumulating import Cumulation, cumulate_stack
from ..core.downscaling.holes import fill_stack_holes
from ..core.downscaling.predictorset import predictor_writer
from ..core.groundwater.glaciers import ICE_DENSITY, WATER_DENSITY, glacier_cells
from ..core.groundwater.glacierstacks import write_glacier_table
from ..core.groundwater.physical import physical_stacks
from ..core.progress import SILENT

#: Cells of the coarse field, degrees: what the satellite resolves (METHODS §7).
COARSE = 3.0
#: Errors of the glacier record: lasting share, cm of water a month.
GLACIER_ERRORS = (0.10, 20.0)
#: Cells over which clouds are filled.
HOLES = 5
FLUXES = ("tp", "e", "ro")
#: Names of fluxes and maps in the predictor set.
NAMES = {
    "tp": "precipitation", "e": "evapotranspiration", "ro": "runoff", "t2m": "temperature",
    "dem": "elevation", "irrigation": "irrigation",
    "irrigation_groundwater": "irrigation_groundwater", "population": "population",
}  # fmt: skip


def prepare_sample(folder, size="standard", seed=0, say=print):
    """Write the twin's stacks into ``folder``; does nothing where they are.

    ``predictors.tif`` (U1's twelve and the physical storage), ``coarse.tif`` and
    ``sigma.tif`` (3° means of the product), ``physical.tif`` (storage of the reanalysis and
    glaciers: what U1 calls TWSA_PI), ``balance.tif`` (precipitation − evapotranspiration −
    runoff, cumulated), ``truth.tif``. Cone, glaciers and lake keep their mass, so that the
    satellite sees them.
    """
    folder = Path(folder)
    if (folder / "complete").is_file():
        return folder
    say(f"writing the sample twin of seed {seed} to {folder.name}")
    folder.mkdir(parents=True, exist_ok=True)
    twin = make_twin(seed, "kept")
    truth = FineTruth(twin, size)
    views = Views(truth)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        work = Path(work)
        write_fine(truth, "tws", "total water storage anomaly", folder / "truth.tif")
        _coarse(twin, folder, work)
        fluxes = _fluxes(views, folder, work)
        _patterns(views, fluxes, folder, work)
        _predictors(views, fluxes, folder, work)
    (folder / "complete").write_text(f"seed {seed}, {size}, local kept\n", encoding="utf-8")
    return folder


def _coarse(twin, folder, work):
    """The product, imported, as 3° means; its stated sigma likewise (noise spans the cells)."""
    write_grace(twin, work / "product.nc")
    parts = {"coarse": work / "tws.tif", "sigma": work / "tws_sigma.tif"}
    import_grace(
        work / "product.nc", parts["coarse"], noisy="missing", uncertainty_output=parts["sigma"]
    )
    west, south, east, north = twin.grid.extent
    nx, ny = int((east - west) // COARSE), int((north - south) // COARSE)
    grid = Grid(west, north, COARSE, COARSE, nx, ny)
    for name, path in parts.items():
        with MonthlyStack(str(path)) as stack:
            align_stack(stack, grid, folder / f"{name}.tif")


def _fluxes(views, folder, work):
    """Paths of the imported series of the reanalysis by name, and their sums."""
    write_era5_fluxes(views, work / "era5.nc")
    found = {}
    for name in (*FLUXES, "t2m"):
        path = found[NAMES[name]] = work / f"{name}.tif"
        how = {"kind": "other"} if name == "t2m" else {"kind": "flux", "units": "m day-1"}
        with open_series([str(work / "era5.nc")], name, SILENT) as record:
            import_series(record, path, **how)
    for name in FLUXES:
        label = f"{NAMES[name]}_sum"
        found[label] = work / f"{name}_sum.tif"
        with MonthlyStack(str(found[NAMES[name]])) as stack:
            cumulate_stack(stack, found[label], Cumulation())
    return found


def _predictors(views, fluxes, folder, work):
    """U1's twelve predictors and the physical storage in one set; clouds in NDVI are filled."""
    (work / "ndvi").mkdir()
    write_dated(views, {"ndvi"}, {"ndvi": work / "ndvi"})
    with open_series(files_of_folder(work / "ndvi", (".tif",)), "", SILENT) as record:
        import_series(record, work / "ndvi_holes.tif", kind="other", units="1")
    with MonthlyStack(str(work / "ndvi_holes.tif")) as stack:
        fill_stack_holes(stack, work / "ndvi.tif", distance=HOLES)
    maps = twin_maps.land_maps(views.truth.twin.seed)
    sources = {**fluxes, "ndvi": work / "ndvi.tif"}
    for name in ("dem", "irrigation", "irrigation_groundwater", "population"):
        sources[NAMES[name]] = work / f"{name}.tif"
        twin_maps.write_map(views.truth, maps, name, sources[NAMES[name]])
    sources["physical"] = folder / "physical.tif"
    write_set(folder / "predictors.tif", sources)


def write_set(path, sources):
    """A predictor set from stacks and maps of one grid, name → file."""
    with ExitStack() as files:
        stacks = {n: files.enter_context(open_stack_or_map(str(p))) for n, p in sources.items()}
        variables = [
            (name, stack.units, None if np.isnat(stack.months[0]) else stack.months)
            for name, stack in stacks.items()
        ]
        grid = next(iter(stacks.values())).grid
        rows = 20
        with predictor_writer(path, grid, variables) as writer:
            for row in range(0, grid.ny, rows):
                ny = min(rows, grid.ny - row)
                parts = [s.read(row, 0, ny, grid.nx, dtype="float32") for s in stacks.values()]
                writer.write(np.concatenate(parts), row)


def _patterns(views, fluxes, folder, work):
    """Two sources of detail: storage of the reanalysis with glaciers, and the water balance."""
    truth, months = views.truth, views.months
    write_era5_storages(views, work / "storage.nc")
    import_land([str(work / "storage.nc")], "era5-land", {"total": work / "land.tif"})
    ice, _ = outlines()
    cells = glacier_cells([o.rings for o in ice], np.arange(len(ice)), truth.grid)
    course = local_courses(truth.twin.seed, months)["glaciers"]
    rng = np.random.default_rng([truth.twin.seed, len(ice)])
    lasting = 1 + GLACIER_ERRORS[0] * rng.standard_normal(len(ice))
    noise = GLACIER_ERRORS[1] * rng.standard_normal((months.size, len(ice)))
    metres = (course[:, None] * lasting + noise) / 100.0 * WATER_DENSITY / ICE_DENSITY
    write_glacier_table(cells, metres, months, truth.grid, work / "ice.tif", quantity="thickness")
    with MonthlyStack(str(work / "land.tif")) as land, MonthlyStack(str(work / "ice.tif")) as ice:
        physical_stacks(land, ice, folder / "physical.tif")
    parts = []
    for name in FLUXES:
        with MonthlyStack(str(fluxes[f"{NAMES[name]}_sum"])) as stack:
            parts.append(stack.read() * stack.to_centimetres())
            info = stack.info
    balance = parts[0] - parts[1] - parts[2]
    used = np.isin(info.months, np.arange("2004-01", "2010-01", dtype="datetime64[M]"))
    balance -= balance[used].mean(axis=0)
    line = "precipitation − evapotranspiration − runoff, cumulated from 2002-04, re-based"
    info = StackInfo(
        info.grid, info.months, "cm", "storage of the water balance", DEFAULT_BASELINE, (line,)
    )
    write_stack(folder / "balance.tif", info, balance)
