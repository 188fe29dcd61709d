"""``python -m grace_water_toolbox.export prepare|search|train|convert|evaluate|card CONFIG``."""

import argparse
import sys

from ..core.errors import GraceWaterError
from .config import read_config

STEPS = ("prepare", "search", "train", "convert", "evaluate", "card")


def main(arguments=None):
    """Run one step, or all of them; the exit status says whether it went well."""
    parser = argparse.ArgumentParser(prog="grace_water_toolbox.export", description=__doc__)
    parser.add_argument("step", choices=(*STEPS, "all"))
    parser.add_argument("config", help="configuration in TOML")
    parser.add_argument(
        "overrides", nargs="*", help="section.key=value, for example train.epochs=5"
    )
    given = parser.parse_args(arguments)
    try:
        config = read_config(given.config, given.overrides)
        for step in STEPS if given.step == "all" else (given.step,):
            _run(step, config)
    except GraceWaterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(step, config):
    if config.network.kind in ("trees", "dense"):
        from . import pixels as steps

        if step == "search":
            # Their hyperparameters are sought in training.
            return
    else:
        from . import pipeline as steps
    getattr(steps, step)(config)


if __name__ == "__main__":
    raise SystemExit(main())
