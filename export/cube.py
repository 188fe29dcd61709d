"""What a patch model learns from, laid out on disk so that any patch is read at once.

Compressed stacks are good to keep and slow to sample: a patch of 30 cells would decode
tiles of 256. So the channels are written once, through the very code that inference
uses, to flat files that the operating system maps into memory: what is never looked at
is never loaded, and a domain larger than memory can be trained on.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.data.stack import MonthlyStack
from ..core.downscaling.channels import check_predictors, usable_months
from ..core.downscaling.contract import Contract
from ..core.downscaling.predictorset import PredictorSet
from .cubewriting import channel_order, write_coarse, write_inputs, write_patterns
from .patchcontract import contract_of


@dataclass
class Cube:
    """A training cube: memory-mapped arrays and the facts about them.

    ``dynamic`` (month, channel, y, x) and ``static`` (channel, y, x) float32, NaN =
    unknown; ``order`` says where each channel of the contract is; ``coarse`` (month,
    cell) cm, NaN where not observed, and ``sigma`` alike; ``cells`` (y, x) index of the
    coarse cell of a fine one, −1 outside; ``patterns`` (source, month, y, x) cm;
    ``bounds`` (source, month, 2) outside which a pattern is an outlier; ``area`` (y,)
    relative area of a cell; ``land`` (y, x) cells with every static input.
    """

    folder: Path
    contract: Contract
    months: np.ndarray
    grid: object
    dynamic: np.ndarray
    static: np.ndarray
    order: list
    coarse: np.ndarray
    sigma: np.ndarray
    cells: np.ndarray
    patterns: np.ndarray
    bounds: np.ndarray
    area: np.ndarray
    land: np.ndarray

    def inputs(self, month, row, col, ny, nx):
        """(channel, ny, nx) of a patch, NaN where unknown."""
        here = np.s_[:, row : row + ny, col : col + nx]
        parts = {"dynamic": self.dynamic[month][here], "static": self.static[here]}
        return np.stack([parts[kind][i] for kind, i in self.order])

    def coarse_at(self, month, row, col, ny, nx):
        """The coarse value of each cell of a patch, and the index of its coarse cell."""
        cells = self.cells[row : row + ny, col : col + nx]
        values = np.where(cells >= 0, self.coarse[month][np.maximum(cells, 0)], np.nan)
        return values.astype(np.float32), cells


def build_cube(config, say=lambda text: None):
    """Write the cube of a configuration to its folder, or take the one that is there.

    A cube made from other files or settings is made anew. Raises the core's errors for
    stacks that do not fit.
    """
    folder = config.folder / "cube"
    stamp = _stamp(config)
    if (folder / "facts.json").is_file():
        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        if facts.get("stamp") == stamp:
            return open_cube(config)
    say("writing the training cube")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "facts.json").unlink(missing_ok=True)
    with ExitStack() as files:
        predictors = files.enter_context(PredictorSet(str(config.file(config.data.predictors))))
        coarse = files.enter_context(MonthlyStack(str(config.file(config.data.coarse))))
        contract = contract_of(config, predictors)
        months = _months(config, contract, predictors)
        check_predictors(contract, predictors, months)
        write_inputs(folder, contract, predictors, coarse, months)
        write_coarse(folder, config, predictors.grid, coarse, months, files)
        write_patterns(folder, config, predictors.grid, months, files)
        facts = {"stamp": stamp, "months": [str(m) for m in months]}
    # The facts last: a cube that was cut off has none and is made anew.
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    return open_cube(config)


def open_cube(config):
    """The `Cube` in the folder of a configuration."""
    folder = config.folder / "cube"
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    with PredictorSet(str(config.file(config.data.predictors))) as predictors:
        contract, grid = contract_of(config, predictors), predictors.grid
    arrays = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r")
        for name in ("dynamic", "static", "coarse", "sigma", "cells", "patterns", "bounds")
    }
    areas = np.asarray(grid.cell_areas())[:, 0]
    land = np.isfinite(arrays["static"]).all(axis=0)
    if land.size and not len(arrays["static"]):
        land = np.isfinite(arrays["dynamic"][0]).all(axis=0)
    return Cube(
        folder, contract, np.array(facts["months"], "datetime64[M]"), grid,
        order=channel_order(contract), area=areas / areas.mean(), land=land, **arrays,
    )  # fmt: skip


def _stamp(config):
    """What a cube depends on, as text."""
    names = [config.data.predictors, config.data.coarse, config.data.uncertainty]
    names += config.data.patterns
    files = []
    for name in filter(None, names):
        path = config.file(name)
        state = path.stat()
        files.append([str(path), state.st_size, state.st_mtime_ns])
    data = config.data
    return json.dumps(
        [files, vars(config.inputs), data.start, data.end, data.exclude_percent, data.min_land]
    )


def _months(config, contract, predictors):
    from ..core.downscaling.domain import choose_months

    months, _ = choose_months(contract, predictors, config.data.start, config.data.end)
    return usable_months(contract, predictors, months)
