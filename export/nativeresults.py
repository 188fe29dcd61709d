"""``python -m grace_water_toolbox.export.nativeresults CONFIG OUT.csv``: what the models say.

For each class and member some rows (see `pixelonnx.probes`) and the answer of XGBoost or
PyTorch itself, so that a shipped ONNX file can be held against it where neither is.
"""

import argparse
import csv
from pathlib import Path

from .config import read_config
from .pixelonnx import probes
from .pixels import Run


def main(arguments=None):
    """Write the table; see the module."""
    parser = argparse.ArgumentParser(prog="grace_water_toolbox.export.nativeresults")
    parser.add_argument("config")
    parser.add_argument("output")
    parser.add_argument("overrides", nargs="*", help="section.key=value")
    parser.add_argument("--rows", type=int, default=24)
    given = parser.parse_args(arguments)
    run = Run(read_config(given.config, given.overrides), lambda text: None)
    with Path(given.output).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["stratum", "member", *run.table.names, "native"])
        for member, seed in enumerate(run.config.train.seeds):
            for stratum in run.classes:
                model = run.model(seed, stratum)
                rows = probes(run.config.network.kind, model, run.rows(stratum).x, given.rows)
                for x, y in zip(rows, run.learner.predict(model, rows)):
                    # Nine digits are enough for float32 to come back bit for bit.
                    writer.writerow([stratum, member, *(f"{v:.9g}" for v in x), f"{y:.9g}"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
