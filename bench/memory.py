"""``make bench``, second part: time and peak memory of the steps, by extent of the record.

Each step runs in a process of its own, from the product file to the trend map. The record is
made as mascon grids are: one series over a square of cells, a solution a chunk in the file, a
third of the globe with values. So the repeated series are computed once and iterative SSA ends
in minutes at any extent; its rate on distinct series is in the first part. Memory must follow
the block budget, not the extent: the peak of the largest record is what counts. Seconds per pixel
are those of the processor, which other programs do not stretch. ``--large`` adds
a stack of more than 2 GB.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MONTHS = 265
SIZES = ((90, 90), (180, 360), (360, 720))
LARGE = (1060, 2120)
#: Cells along the side of a mascon; about as in JPL's product (3° of 0.25°).
MASCON = 12
GOAL_MB = 1500


def make_product(folder, ny, nx):
    """A product file: trend, season and red noise by mascon, gaps as in the record, ocean."""
    import netCDF4
    import numpy as np

    rng = np.random.default_rng(0)
    step = 360.0 / max(nx, 360)
    months = np.datetime64("2002-04", "M") + np.arange(MONTHS)
    missing = np.r_[rng.choice(np.arange(5, 180), 22, replace=False), 183:194, 196, 197]
    rows, columns = np.arange(ny) // MASCON, np.arange(nx) // MASCON
    size = (rows[-1] + 1, columns[-1] + 1)
    phase, slope = rng.uniform(0, 2 * np.pi, size), rng.normal(0, 0.03, size)
    ocean = np.arange(nx) % 90 >= 30
    red = np.zeros(size)
    edges = (np.arange(MONTHS + 1) + months[0]).astype("datetime64[D]")
    edges = (edges - np.datetime64("2002-01-01")).astype(float)
    kept = np.setdiff1d(np.arange(MONTHS), missing)
    with netCDF4.Dataset(folder / "product.nc", "w") as file:
        for name, count in (("time", kept.size), ("lat", ny), ("lon", nx), ("bounds", 2)):
            file.createDimension(name, count)
        file.createVariable("lat", "f8", ("lat",))[:] = step * (ny / 2 - 0.5 - np.arange(ny))
        file.createVariable("lon", "f8", ("lon",))[:] = step * (np.arange(nx) + 0.5) - 180
        time_ = file.createVariable("time", "f8", ("time",))
        time_.units, time_.bounds = "days since 2002-01-01", "time_bounds"
        time_[:] = (edges[kept] + edges[kept + 1]) / 2
        bounds = file.createVariable("time_bounds", "f8", ("time", "bounds"))
        bounds[:] = np.stack([edges[kept], edges[kept + 1]], axis=1)
        field = file.createVariable(
            "lwe_thickness", "f4", ("time", "lat", "lon"), fill_value=np.float32(-99999),
            zlib=True, complevel=1, chunksizes=(1, ny, nx),
        )  # fmt: skip
        field.units = "cm"
        for month in range(MONTHS):
            red += 0.6 * rng.standard_normal(size)
            if month in missing:
                continue
            values = slope * month + 5 * np.sin(2 * np.pi * month / 12 + phase) + red
            values = values[rows][:, columns]
            values[:, ocean] = -99999
            field[np.searchsorted(kept, month)] = values


def opened(*paths):
    from grace_water_toolbox.core.data.stack import MonthlyStack

    return [MonthlyStack(str(path)) for path in paths]


def load(folder):
    """Imports of packages alone."""
    import scipy.linalg
    from grace_water_toolbox.core.groundwater import separating  # noqa: F401

    return scipy.linalg


def grace(folder):
    from grace_water_toolbox.core.data.importing import import_grace

    import_grace(folder / "product.nc", folder / "input.tif")


def series(folder):
    from grace_water_toolbox.core.data.products.opening import open_series
    from grace_water_toolbox.core.data.products.seriesimport import import_series
    from grace_water_toolbox.core.progress import SILENT

    with open_series([str(folder / "product.nc")], "lwe_thickness", SILENT) as record:
        import_series(record, folder / "series.tif", baseline=("2004-01", "2009-12"))
    (folder / "series.tif").unlink()


def linear(folder):
    from grace_water_toolbox.core.gap_filling.filling import fill_stack_linear

    (stack,) = opened(folder / "input.tif")
    fill_stack_linear(stack, folder / "filled.tif", flags_output=folder / "flags.tif")


def ssa(folder):
    from grace_water_toolbox.core.gap_filling.filling import FillTargets, fill_stack_ssa

    (stack,) = opened(folder / "input.tif")
    targets = FillTargets(flags=folder / "ssa_flags.tif")
    fill_stack_ssa(stack, folder / "ssa.tif", targets=targets)


def separate(folder):
    from grace_water_toolbox.core.groundwater.separating import separate_stacks

    filled, flags, *parts = opened(
        folder / "filled.tif", folder / "flags.tif", *[folder / "input.tif"] * 3
    )
    separate_stacks(filled, parts, folder / "water.tif", flags=flags)


def basins(folder):
    import numpy as np
    from grace_water_toolbox.core.basins.analysis import analyse_basins

    stack, flags = opened(folder / "filled.tif", folder / "flags.tif")
    grid = stack.grid
    rings = []
    for part in range(12):
        west = grid.x0 + grid.nx * grid.dx * part / 12
        east, south = west + grid.nx * grid.dx / 12, grid.y0 - grid.ny * grid.dy
        box = [(west, south), (east, south), (east, grid.y0), (west, grid.y0), (west, south)]
        rings.append([np.array(box)])
    analyse_basins(stack, rings, list("abcdefghijkl"), flags=flags)


def trend(folder):
    from grace_water_toolbox.core.trends.mapping import map_trend

    stack, flags = opened(folder / "filled.tif", folder / "flags.tif")
    map_trend(stack, folder / "trend.tif", flags=flags)


STEPS = {f.__name__: f for f in (load, grace, series, linear, ssa, separate, basins, trend)}


def measured(step, folder):
    """(seconds, seconds of all cores, peak MB) of a step in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", *map(str, (*step, folder))],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{step}: {done.stderr}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["seconds"], answer["cpu"], answer["peak_mb"]


def run_step(name, *arguments):
    """In the child: work, then say what it took."""
    begun = time.perf_counter()
    if name == "make":
        make_product(Path(arguments[2]), int(arguments[0]), int(arguments[1]))
    else:
        STEPS[name](Path(arguments[0]))
    seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak}))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also a stack of more than 2 GB")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        run_step(*given.step)
        return
    print(f"{'extent':>11} {'values MB':>9} {'step':9} {'s':>7} {'CPU s':>7} "
          f"{'µs/pixel':>9} {'peak MB':>8}")  # fmt: skip
    worst = 0
    for ny, nx in (*SIZES, *([LARGE] if given.large else [])):
        raw = ny * nx * MONTHS * 4 / 2**20
        with tempfile.TemporaryDirectory(prefix="gracewater-bench-") as name:
            folder = Path(name)
            measured(("make", ny, nx), folder)
            for step in STEPS:
                seconds, cpu, peak = measured((step,), folder)
                worst = max(worst, peak)
                pixel = 1e6 * cpu / (ny * nx)
                print(
                    f"{ny:>5}×{nx:<5} {raw:9.0f} {step:9} {seconds:7.1f} "
                    f"{cpu:7.1f} {pixel:9.1f} {peak:8.0f}",
                    flush=True,
                )
    verdict = "within" if worst <= GOAL_MB else "above"
    print(
        f"highest peak {worst:.0f} MB, {verdict} the goal of {GOAL_MB} MB ({os.cpu_count()} cores)"
    )


if __name__ == "__main__":
    main()
