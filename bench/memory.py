"""``make bench``, second part: time and peak memory of the steps, by extent of the stack.

Each step runs in a process of its own on a synthetic stack of which a third of the cells
has values, as on a globe. Memory must follow the block budget, not the extent: the peak of
the largest stack is what counts. ``--large`` adds a stack of more than 2 GB.
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
#: Iterative SSA takes seconds for a thousand pixels: memory shows on a few.
SSA_CELLS = 90 * 90
GOAL_MB = 1500


def make_stack(folder, ny, nx):
    """The input: red noise with a season, gaps as in the record, ocean in two of three columns."""
    import numpy as np
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.data.stack import StackInfo, stack_writer

    rng = np.random.default_rng(0)
    grid = Grid(-180.0, 80.0, 360.0 / max(nx, 360), 360.0 / max(nx, 360), nx, ny)
    months = np.datetime64("2002-04", "M") + np.arange(MONTHS)
    season = 5 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)[:, None, None]
    missing = np.r_[rng.choice(np.arange(5, 180), 22, replace=False), 183:194, 196, 197]
    info = StackInfo(grid, months, "cm", "synthetic", ("2004-01", "2009-12"))
    with stack_writer(folder / "input.tif", info) as writer:
        for row in range(0, ny, 64):
            shape = (MONTHS, min(64, ny - row), nx)
            values = rng.standard_normal(shape, dtype="float32")
            np.cumsum(0.6 * values, axis=0, out=values)
            values += season
            values[missing] = np.nan
            values[:, :, np.arange(nx) % 90 >= 30] = np.nan
            writer.write(values, row)


def opened(*paths):
    from grace_water_toolbox.core.data.stack import MonthlyStack

    return [MonthlyStack(str(path)) for path in paths]


def load(folder):
    """Imports and the header alone."""
    import scipy.linalg
    from grace_water_toolbox.core.groundwater import separating  # noqa: F401

    return opened(folder / "input.tif"), scipy.linalg


def linear(folder):
    from grace_water_toolbox.core.gap_filling.filling import fill_stack_linear

    (stack,) = opened(folder / "input.tif")
    fill_stack_linear(stack, folder / "filled.tif", flags_output=folder / "flags.tif")


def ssa(folder):
    from grace_water_toolbox.core.gap_filling.filling import fill_stack_ssa

    (stack,) = opened(folder / "input.tif")
    fill_stack_ssa(stack, folder / "ssa.tif", flags_output=folder / "ssa_flags.tif")


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


STEPS = {f.__name__: f for f in (load, linear, ssa, separate, basins, trend)}


def measured(step, folder):
    """(seconds, peak MB) of a step in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", *map(str, (*step, folder))],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{step}: {done.stderr}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["seconds"], answer["peak_mb"]


def run_step(name, *arguments):
    """In the child: work, then say what it took."""
    begun = time.perf_counter()
    if name == "make":
        make_stack(Path(arguments[2]), int(arguments[0]), int(arguments[1]))
    else:
        STEPS[name](Path(arguments[0]))
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also a stack of more than 2 GB")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        run_step(*given.step)
        return
    print(f"{'extent':>11} {'values MB':>9} {'step':9} {'s':>7} {'µs/pixel':>9} {'peak MB':>8}")
    worst = 0
    for ny, nx in (*SIZES, *([LARGE] if given.large else [])):
        raw = ny * nx * MONTHS * 4 / 2**20
        with tempfile.TemporaryDirectory(prefix="gracewater-bench-") as name:
            folder = Path(name)
            measured(("make", ny, nx), folder)
            for step in STEPS:
                if step == "ssa" and ny * nx > SSA_CELLS:
                    continue
                seconds, peak = measured((step,), folder)
                worst = max(worst, peak)
                pixel = 1e6 * seconds / (ny * nx)
                print(
                    f"{ny:>5}×{nx:<5} {raw:9.0f} {step:9} {seconds:7.1f} {pixel:9.1f} {peak:8.0f}",
                    flush=True,
                )
    verdict = "within" if worst <= GOAL_MB else "above"
    print(
        f"highest peak {worst:.0f} MB, {verdict} the goal of {GOAL_MB} MB ({os.cpu_count()} cores)"
    )


if __name__ == "__main__":
    main()
