"""Time and memory of a step of the tree and dense models by number of rows.

``python bench/training_size.py [ROWS …]`` prints one line for each; docs/training.md has the
figures and what follows for the paper's own size. Seconds of CPU are what to look at on a machine
that others use; a first fit of a few rows, which loads the libraries, is not counted.
"""

import resource
import sys
import time

import numpy as np
from grace_water_toolbox.export import dense, trees
from grace_water_toolbox.export.config import Config, Network, Train


def main(sizes):
    """Fit 100 trees of depth 8, and one epoch of 4 × 512, on rows of 19 features."""
    config = Config("size", network=Network("trees"), train=Train(batch=4096, threads=1))
    rng = np.random.default_rng(0)
    for number, count in enumerate((100, *sizes)):
        x = rng.normal(size=(count, 19)).astype(np.float32)
        y = x[:, 0] * x[:, 1] + x[:, 2] + rng.normal(0, 0.5, count)
        settings = {"n_estimators": 100, "max_depth": 8, "learning_rate": 0.1}
        began = (time.perf_counter(), time.process_time())
        trees.fit(x, y, settings, config, 0)
        tree = (time.perf_counter() - began[0], time.process_time() - began[1])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began = (time.perf_counter(), time.process_time())
        dense.fit(x, y, {"layers": 4, "units": 512, "rate": 1e-3, "epochs": 1}, config, 0)
        net = (time.perf_counter() - began[0], time.process_time() - began[1])
        both = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if not number:
            continue
        print(
            f"{count} rows: 100 trees {tree[0]:.1f} s ({tree[1]:.1f} s of CPU), peak {peak:.0f} MB;"
            f" one epoch {net[0]:.1f} s ({net[1]:.1f} s of CPU), peak {both:.0f} MB"
        )


if __name__ == "__main__":
    main([int(v) for v in sys.argv[1:]] or [20_000, 200_000])
