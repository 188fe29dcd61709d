"""The full published gap filling on the real CSR grid: time, memory, errors beside Zhang et al.

``python bench/global_fill.py PRODUCT.nc [--noisy missing] [--ocean 1] [--cells N]``

``--ocean N`` fills every N-th ocean cell (they count N times in the figures over the
globe), 0 none; ``--cells N`` only N random cells, for the cost by number of series.
Times are of the filling alone: on the wall, and of the processor.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from grace_water_toolbox.core.data.grace import open_grace
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack, write_stack
from grace_water_toolbox.core.gap_filling.crossvalidation import Candidates
from grace_water_toolbox.core.gap_filling.fill_report import fill_report
from grace_water_toolbox.core.gap_filling.filling import FillTargets, fill_stack_ssa
from grace_water_toolbox.core.gap_filling.tally import ERROR_BANDS

#: Zhang et al., section 3.1: CSR mascons on a grid of 0.25°.
PUBLISHED = {"globe": {"epsilon_1": 1.156, "epsilon_2": 1.679}, "land*": {"epsilon_2": 2.708}}


def main():
    """Fill and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("product")
    parser.add_argument("--noisy", default="keep", choices=("keep", "missing"))
    parser.add_argument("--ocean", type=int, default=0)
    parser.add_argument("--cells", type=int)
    parser.add_argument("--folder", help="keep the results here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run(given, Path(given.folder or scratch))


def run(given, folder):
    """One run; prints a table and, last, one line of JSON."""
    import_grace(given.product, folder / "tws.tif", noisy=given.noisy)
    land = open_grace(given.product).land(0, 180)
    chosen, weight = choose(land, given)
    with MonthlyStack(folder / "tws.tif") as stack:
        values = np.where(chosen, stack.read(dtype="float32"), np.float32("nan"))
        write_stack(folder / "input.tif", stack.info, values)
        latitude = np.broadcast_to(np.asarray(stack.grid.y)[:, None], land.shape)
    del values
    names = ("flags", "error", "modes", "sigma")
    targets = FillTargets(*(folder / f"{name}.tif" for name in names))
    wall, processor = time.monotonic(), time.process_time()
    with MonthlyStack(folder / "input.tif") as stack:
        done = fill_stack_ssa(
            stack, folder / "filled.tif", candidates=Candidates(), targets=targets
        )
        wall, processor = time.monotonic() - wall, time.process_time() - processor
        fill_report(done, stack, folder / "filled.tif").write(folder / "report.html")
    figures = {
        "cells": done.cells, "seconds": round(wall, 1), "processor": round(processor, 1),
        "gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "skipped": done.skipped, "overshoots": done.overshoots, "kept": done.kept,
        "by_year": {str(y): round(q.at(0.5), 3) for y, q in zip(done.years, done.by_year)},
        "by_modes": {str(k): round(q.at(0.5), 3) for k, q in zip(done.candidates, done.by_modes)},
    }  # fmt: skip
    import rasterio

    with rasterio.open(folder / "error.tif") as file:
        errors = file.read()
    parts = {"globe": weight, "land": land, "land*": land & (latitude > -60)}
    figures["errors"] = table(errors, chosen, parts)
    print(json.dumps(figures))


def choose(land, given):
    """Cells to fill, and how often each stands for one of the globe."""
    chosen, weight = land.copy(), land.astype(float)
    if given.ocean:
        ocean = np.flatnonzero(~land.ravel())[:: given.ocean]
        chosen.flat[ocean], weight.flat[ocean] = True, given.ocean
    if given.cells:
        keep = np.random.default_rng(0).permutation(np.flatnonzero(chosen))[: given.cells]
        chosen = np.zeros_like(chosen)
        chosen.flat[keep] = True
    return chosen, weight


def table(errors, chosen, parts):
    """Print 1 %, median and 99 % by part; the figures as a dictionary."""
    found = {}
    for part, weight in parts.items():
        where = chosen & (weight > 0)
        if not where.any():
            continue
        for name, band in zip(ERROR_BANDS, errors):
            row = [quantile(band[where], weight[where], q) for q in (0.01, 0.5, 0.99)]
            published = PUBLISHED.get(part, {}).get(name, "")
            print(f"{part:7}{name:18}" + "".join(f"{v:9.3f}" for v in row) + f"   {published}")
            found[f"{part} {name}"] = [round(v, 3) for v in row]
    print("land*: without Antarctica (south of 60° S)")
    return found


def quantile(values, weight, share):
    """Weighted quantile of the finite values."""
    known = np.isfinite(values)
    values, weight = values[known], np.asarray(weight, float)[known]
    order = np.argsort(values)
    sums = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(sums, share * sums[-1])])


if __name__ == "__main__":
    main()
