"""``make bench``, third part: peak memory and time of ``downscale`` by the size of the extent.

19 predictors on n × n cells, one month, a linear model
in ONNX: so what is measured is the engine, not the model. Each size runs in a process of its
own. Memory must follow the block budget and the time the number of cells. ``--large``
adds 10 000 × 10 000 cells.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

FEATURES = 19
SIZES = (1000, 3000)
LARGE = 10_000
GOAL_MB = 2000


def prepare(folder, size):
    """A predictor set of smooth fields (so that the file stays small) and the model."""
    import numpy as np
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.downscaling.contract import Spacing
    from grace_water_toolbox.core.downscaling.predictorset import predictor_writer
    from onnx import helper

    from models import contract_of, write

    weights = {"w": np.linspace(-1, 1, FEATURES, dtype="f4").reshape(-1, 1)}
    node = helper.make_node("MatMul", ["predictors", "w"], ["mean"])
    contract = replace(contract_of("pixel", FEATURES), spacing=Spacing(1000.0, 1000.0, "m"))
    write(folder / "model.onnx", [node], weights, contract, ["n", FEATURES])
    # Metres: so many cells of 0.1° do not fit on the globe.
    grid = Grid(0.0, 0.0, 1000.0, 1000.0, size, size, "EPSG:3857")
    month = [np.datetime64("2004-01", "M")]
    variables = [(f"x{i}", "1", month) for i in range(FEATURES)]
    x = np.round(np.sin(np.arange(size) / 300), 2)
    with predictor_writer(folder / "set.tif", grid, variables) as writer:
        for row in range(0, size, 256):
            y = np.round(np.cos(np.arange(row, min(row + 256, size)) / 400), 2)
            field = (y[:, None] + x).astype("f4")
            writer.write(np.stack([field + i for i in range(FEATURES)]), row, 0)


def run(folder):
    """Downscale; peak memory and seconds of the processor go to stdout."""
    from downscaling import engine

    started = time.process_time()
    _, summary = engine(folder)()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = time.process_time() - started
    print(json.dumps({"peak": peak, "cpu": spent, "cells": float(summary.values[0])}))


def main():
    """Print the table; a peak above the goal ends with an error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--step", nargs=3)
    given = parser.parse_args()
    if given.step:
        step, folder, size = given.step
        return prepare(Path(folder), int(size)) if step == "prepare" else run(Path(folder))
    print(f"{'cells':>16} {'peak MB':>8} {'µs/cell':>8}", flush=True)
    worst = 0.0
    for size in (*SIZES, *([LARGE] if given.large else [])):
        with tempfile.TemporaryDirectory() as folder:
            for step in ("prepare", "run"):
                command = [sys.executable, __file__, "--step", step, folder, str(size)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        worst = max(worst, found["peak"])
        print(
            f"{size:7} × {size:6} {found['peak']:8.0f} {1e6 * found['cpu'] / found['cells']:8.2f}",
            flush=True,
        )
    if worst > GOAL_MB:
        raise SystemExit(f"{worst:.0f} MB are above the goal of {GOAL_MB} MB")
    return None


if __name__ == "__main__":
    main()
