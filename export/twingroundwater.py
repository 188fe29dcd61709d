"""``python -m grace_water_toolbox.export.twingroundwater FOLDER``: the twin as K1 would have it.

Writes what `docs/sample-data` describes as the files that a tree or dense model trains on:
``predictors.tif`` (17 of the 19; the months are made by the toolbox; and the satellite's total
storage brought to the fine cells), ``gwsa.tif`` (satellite minus land model, 1 degree),
``twsa.tif`` (the satellite's total storage), ``pattern.tif`` (groundwater of the reanalysis'
water balance), ``truth.tif`` and ``aquifers.tif``.
"""

import argparse
from pathlib import Path

import numpy as np

from ..core.data.months import DEFAULT_BASELINE, baseline_mask
from ..core.data.sample import NOTE, coarsen
from ..core.data.stack import MonthlyStack, StackInfo, write_stack
from ..core.data.twin import make_twin
from ..core.data.twin_fine import SIZES, row_blocks, write_fine
from ..core.data.twin_kilometre_views import fine_truth, views_of
from ..core.data.twin_maps import OTHERS, SOILS, land_maps
from ..core.data.twin_masks import aquifer_classes, write_classes
from ..core.downscaling.coarsefield import CoarseField
from ..core.downscaling.cumulating import Cumulation
from ..core.downscaling.holes import fill_months
from ..core.downscaling.predictorset import predictor_writer
from ..core.groundwater.separation import rebase

#: Name and units of the predictors that change, in the order of the set.
DYNAMIC = (
    ("tas", "K"), ("pr", "mm month-1"), ("sm", "m3 m-3"), ("et", "mm month-1"),
    ("ndvi", "1"), ("lst", "K"), ("pr_sum", "mm"), ("et_sum", "mm"),
)  # fmt: skip
#: The soil and elevation maps of Zhang et al.
STATIC = tuple((n, u) for n, _, u in SOILS) + tuple((o[0], o[1]) for o in OTHERS if o[0] == "dem")
#: The satellite's total storage by the conserving spline, of which the coarse value is the mean.
SEEN = ("twsa", "cm")
#: Cells a cloud may be away from a value.
REACH = 5
#: The same on 0.01 degree, where a cloud is 10 cells wide.
FINE_REACH = 20


def main(arguments=None):
    """Write the files of a twin; see the module."""
    parser = argparse.ArgumentParser(prog="grace_water_toolbox.export.twingroundwater")
    parser.add_argument("folder")
    parser.add_argument("--size", choices=(*SIZES, "kilometre"), default="small")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    write_twin(Path(given.folder), given.size, given.seed)
    return 0


def prepare_groundwater(folder, size="small", seed=0, say=print):
    """`write_twin` into ``folder``; does nothing where that was done."""
    if (folder / "complete").is_file():
        return
    say(f"writing the sample twin of seed {seed} to {folder.name}")
    write_twin(folder, size, seed)
    (folder / "complete").write_text(f"seed {seed}, {size}, groundwater\n", encoding="utf-8")


def write_twin(folder, size="small", seed=0):
    """Write the files of a twin into ``folder``; its cone, glaciers and lake keep their mass."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = fine_truth(make_twin(seed, "kept"), size)
    _write_coarse(truth, folder)
    write_fine(truth, "groundwater", "groundwater storage anomaly", folder / "truth.tif")
    write_classes(aquifer_classes(size), "aquifer classes", folder / "aquifers.tif")
    fields, pattern = _views(truth)
    info = StackInfo(
        truth.grid, truth.twin.months, "cm", "groundwater of the reanalysis", DEFAULT_BASELINE,
        (NOTE,),
    )  # fmt: skip
    write_stack(folder / "pattern.tif", info, pattern)
    maps = land_maps(seed)
    row, _, ny, _ = truth.window
    variables = [(name, units, truth.twin.months) for name, units in DYNAMIC]
    variables += [(name, units, None) for name, units in STATIC]
    variables.append((*SEEN, truth.twin.months))
    land = truth.land(row, ny)
    with predictor_writer(folder / "predictors.tif", truth.grid, variables, (NOTE,)) as writer:
        static = [np.where(land, truth.of_map(maps, n), np.nan) for n, _ in STATIC]
        seen = _on_fine_cells(folder / "twsa.tif", truth)
        moving = [fields[n] for n, _ in DYNAMIC]
        writer.write(np.concatenate([*moving, np.stack(static), seen]))


def _on_fine_cells(path, truth):
    """(month, y, x) float32: a coarse stack by the conserving spline; gaps stay missing."""
    with MonthlyStack(str(path)) as stack:
        field = CoarseField(stack, truth.grid)
        ny, nx = truth.grid.shape
        return np.stack([field.at(m, "conserving", 0, 0, ny, nx) for m in stack.months])


def _write_coarse(truth, folder):
    """The satellite, and satellite minus land model, on its grid cut to the window; sea missing."""
    twin = truth.twin
    fields = [twin.grace]
    for name in ("soil_moisture", "snow", "canopy"):
        fields.append(coarsen(getattr(twin, f"model_{name}"), twin) / 10.0)
    shape = fields[0].shape
    flat = [f.reshape(len(f), -1) for f in fields]
    usable = np.isfinite(sum(flat)) & baseline_mask(twin.months, DEFAULT_BASELINE)[:, None]
    (tws, *rest), _ = rebase(flat, usable)
    gws = np.where(twin.product_land, (tws - sum(rest)).reshape(shape), np.nan)
    row, col, ny, nx = (v // 2 for v in truth.window)
    names = {
        "gwsa": ("groundwater storage anomaly, satellite minus land model", gws),
        "twsa": ("total water storage anomaly", np.where(twin.product_land, twin.grace, np.nan)),
    }
    for name, (text, values) in names.items():
        grid = twin.product_grid.window(row, col, ny, nx)
        info = StackInfo(grid, twin.months, "cm", text, DEFAULT_BASELINE, (NOTE,))
        write_stack(folder / f"{name}.tif", info, values[:, row : row + ny, col : col + nx])


def _views(truth):
    """Predictors by name, and the groundwater of P − ET − R minus the modelled storages, cm."""
    views, months = views_of(truth), truth.twin.months
    shape = (months.size, *truth.grid.shape)
    fields = {name: np.empty(shape, np.float32) for name, _ in DYNAMIC}
    pattern = np.empty(shape, np.float32)
    anomaly, total = Cumulation("anomaly"), Cumulation("sum")
    usable = baseline_mask(months, DEFAULT_BASELINE)
    for row, ny in row_blocks(truth, 4 if truth.factor < 10 else 1):
        part = np.s_[:, row * truth.factor : (row + ny) * truth.factor]
        at = row + truth.window[0]
        seen, sky, held = views.reanalysis(at, ny), views.satellites(at, ny), views.storages(at, ny)
        rain, loss = seen["precipitation"], seen["evapotranspiration"]
        block = rain.shape
        balance = (rain - loss - seen["runoff"]).reshape(len(rain), -1)
        storage = sum(held.values()).reshape(len(rain), -1)
        water = anomaly.run(balance, months)
        pattern[part] = (water - water[usable].mean(axis=0)).reshape(block)
        pattern[part] -= (storage - storage[usable].mean(axis=0)).reshape(block)
        flux = {"pr": 10 * rain, "et": 10 * loss}
        for name, values in flux.items():
            summed = total.run(values.reshape(len(rain), -1), months)
            fields[name][part], fields[f"{name}_sum"][part] = values, summed.reshape(block)
        fields["tas"][part] = seen["temperature"]
        for name in ("sm", "ndvi", "lst"):
            fields[name][part] = sky[name]
    for name in ("ndvi", "lst"):
        fill_months(fields[name], REACH if truth.factor < 10 else FINE_REACH)
    return fields, pattern


if __name__ == "__main__":
    raise SystemExit(main())
