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
from ..core.data.units import storage_factor
from ..core.downscaling.channels import Channels, check_predictors, usable_months
from ..core.downscaling.coarsefield import CoarseField
from ..core.downscaling.contract import Contract, Spacing, Target, Tile, Variable
from ..core.downscaling.predictorset import PredictorSet
from ..core.errors import DataError, GridError, ParameterError, TimeAxisError

#: Cells of the domain that are held at once while the cube is written.
_STRIP = 2_000_000
#: Percentiles of the inputs that become 0 and 1 (Li et al., section 2.2.3).
LOW, HIGH = 1.0, 99.0
_SAMPLE = 400_000


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


def contract_of(config, predictors):
    """The `Contract` of the model a configuration trains, ranges not yet known."""
    inputs, network = [], config.network
    # What is added in training is the coarse input channel, or the value of the coarse cell.
    if network.adds not in ("", "replicate", config.inputs.coarse):
        raise ParameterError(
            f"'{network.adds}' is expected, as network.adds", config.inputs.coarse, "inputs.coarse"
        )
    for name in config.inputs.variables:
        entry = predictors.variables.get(name)
        if entry is None:
            raise ParameterError(
                f"one of {', '.join(predictors.variables)} is expected", name, "inputs.variables"
            )
        lags = tuple(config.inputs.lags.get(name, [0]))
        role = "static" if entry.is_static else "dynamic"
        inputs.append(Variable(name, entry.units, role, lags))
    if config.inputs.calendar:
        inputs += [Variable(n, "1", "calendar") for n in ("month_sin", "month_cos")]
    if config.inputs.years:
        inputs.append(Variable("years", "year", "calendar"))
    if config.inputs.coarse:
        how = config.inputs.coarse
        inputs.append(Variable("coarse", "cm", "coarse", interpolation=how))
    grid, size = predictors.grid, config.patches.size
    overlap = config.patches.overlap
    tile = Tile(size, size, size - config.patches.stride if overlap < 0 else overlap, "average")
    units = "degree" if grid.is_geographic else "m"
    return Contract(
        name=config.name,
        kind="patch",
        target=Target("twsa", "cm", adds=network.adds, conserves=network.conserves),
        inputs=tuple(inputs),
        spacing=Spacing(grid.dx, grid.dy, units),
        title=config.title,
        description=config.description,
        tile=tile,
    )


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
        _write_inputs(folder, contract, predictors, coarse, months)
        _write_coarse(folder, config, predictors.grid, coarse, months, files)
        _write_patterns(folder, config, predictors.grid, months, files)
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
        order=_order(contract), area=areas / areas.mean(), land=land, **arrays,
    )  # fmt: skip


def _order(contract):
    """Where each channel stands: ('dynamic' or 'static', index)."""
    counts, order = {"dynamic": 0, "static": 0}, []
    for variable, _ in contract.channels:
        kind = "static" if variable.role == "static" else "dynamic"
        order.append((kind, counts[kind]))
        counts[kind] += 1
    return order


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


def _write_inputs(folder, contract, predictors, coarse, months):
    grid, order = predictors.grid, _order(contract)
    field = None
    if contract.needs_coarse:
        field = CoarseField(coarse, grid, storage_factor(coarse.units, coarse.name))
    channels = Channels(contract, predictors, field)
    where = {
        kind: [c for c, (k, _) in enumerate(order) if k == kind] for kind in ("dynamic", "static")
    }
    dynamic = _new(folder, "dynamic", (months.size, len(where["dynamic"]), *grid.shape))
    static = _new(folder, "static", (len(where["static"]), *grid.shape))
    step = max(1, _STRIP // grid.nx)
    for row in range(0, grid.ny, step):
        ny = min(step, grid.ny - row)
        for t, month in enumerate(months):
            values = channels.read(month, row, 0, ny, grid.nx)
            dynamic[t, :, row : row + ny] = values[where["dynamic"]]
            if t == 0:
                static[:, row : row + ny] = values[where["static"]]
    dynamic.flush()
    static.flush()


def _write_coarse(folder, config, grid, coarse, months, files):
    """Coarse values by month and cell, and which fine cell lies in which."""
    from ..core.data.separable import axis_weights

    y, x = (axis.matrix.toarray() for axis in axis_weights("nearest", coarse.grid, grid))
    rows, columns = y.argmax(axis=1), x.argmax(axis=1)
    inside = np.outer(y.any(axis=1), x.any(axis=1))
    cells = np.where(inside, rows[:, None] * coarse.grid.nx + columns[None], -1)
    if (cells < 0).all():
        raise GridError(
            "a coarse stack that meets the predictors is expected", coarse.name, "data.coarse"
        )
    common = np.intersect1d(months, coarse.months)
    if not common.size:
        raise TimeAxisError(
            "a coarse stack with months of the predictors is expected",
            f"{coarse.months[0]} to {coarse.months[-1]}",
            "data.coarse",
        )
    np.save(folder / "cells.npy", cells.astype(np.int32))
    np.save(folder / "coarse.npy", _by_cell(coarse, months, coarse.to_centimetres()))
    sigma = np.full((months.size, coarse.grid.nx * coarse.grid.ny), np.nan, np.float32)
    if config.data.uncertainty:
        stack = files.enter_context(MonthlyStack(str(config.file(config.data.uncertainty))))
        sigma = _by_cell(stack, months, stack.to_centimetres())
    np.save(folder / "sigma.npy", sigma)


def _by_cell(stack, months, factor):
    out = np.full((months.size, stack.grid.nx * stack.grid.ny), np.nan, np.float32)
    _, here, there = np.intersect1d(months, stack.months, return_indices=True)
    for t, band in zip(here, there):
        out[t] = stack.read(bands=[band])[0].ravel() * factor
    return out


def _write_patterns(folder, config, grid, months, files):
    """Fine sources in cm, and their bounds: percentiles of each monthly map (section 2.2.2)."""
    from ..core.data.grid import check_same_grid

    names = config.data.patterns
    out = _new(folder, "patterns", (len(names), months.size, *grid.shape))
    bounds = np.full((len(names), months.size, 2), np.nan)
    share = config.data.exclude_percent
    for k, name in enumerate(names):
        stack = files.enter_context(MonthlyStack(str(config.file(name))))
        check_same_grid(grid, stack.grid, "data.predictors", stack.name)
        factor = stack.to_centimetres()
        _, here, there = np.intersect1d(months, stack.months, return_indices=True)
        missing = np.setdiff1d(np.arange(months.size), here)
        out[k, missing] = np.nan
        for t, band in zip(here, there):
            values = stack.read(bands=[band], dtype="float32")[0] * factor
            out[k, t] = values
            known = values[np.isfinite(values)]
            if known.size:
                bounds[k, t] = np.percentile(known, [share, 100.0 - share])
        if not np.isfinite(bounds[k]).any():
            raise DataError("a pattern with values in the training months is expected", name)
    out.flush()
    np.save(folder / "bounds.npy", bounds)


def _new(folder, name, shape):
    return np.lib.format.open_memmap(
        folder / f"{name}.npy", mode="w+", dtype=np.float32, shape=shape
    )


def channel_statistics(cube, months, rng):
    """Percentiles (channel, 2), ranges (channel, 2) and medians (channel,) over training months.

    From a random sample of cells, the same for all channels; NaN are left out.
    """
    ny, nx = cube.grid.shape
    per_month = max(1, _SAMPLE // max(1, len(months)))
    columns = []
    for t in months:
        cells = rng.integers(0, ny * nx, per_month)
        rows, cols = np.divmod(np.sort(cells), nx)
        parts = {"dynamic": cube.dynamic[t][:, rows, cols], "static": cube.static[:, rows, cols]}
        columns.append(np.stack([parts[kind][i] for kind, i in cube.order]))
    values = np.concatenate(columns, axis=1).astype(np.float64)
    stats = []
    for (variable, _), row in zip(cube.contract.channels, values):
        known = row[np.isfinite(row)]
        if not known.size:
            raise DataError("a predictor with values is expected", "none", variable.name)
        low, high = np.percentile(known, [LOW, HIGH])
        stats.append((low, high, known.min(), known.max(), np.median(known)))
    stats = np.array(stats)
    return stats[:, :2], stats[:, 2:4], stats[:, 4]
