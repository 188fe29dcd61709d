"""What a pixel model learns from: coarse cells × months, predictors as their area means.

The predictors pass through the very code that inference reads them with, then are
averaged to the coarse grid (Zhang et al., section 2.4). The table lies on disk and is
mapped into memory, month by month and strip by strip, so that it may be larger than
memory. The models learn at the coarse grid and are used on the fine one.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..core.data.aligning import align_values
from ..core.data.separable import axis_weights
from ..core.data.stack import MonthlyStack
from ..core.downscaling.channels import Channels, check_predictors, usable_months
from ..core.downscaling.contract import Contract, Spacing, Target, Variable
from ..core.downscaling.domain import choose_months
from ..core.downscaling.places import NO_CLASS, ClassRaster
from ..core.downscaling.predictorset import PredictorSet
from ..core.errors import DataError, ParameterError

#: Fine cells × channels that are held at once while the table is written.
_STRIP = 8_000_000
#: A coarse value counts where at least this share of its cell has a predictor.
MIN_SHARE = 0.5


@dataclass
class Table:
    """Rows of one class or of all: ``x`` (row, feature) float32, ``y`` (row,) cm.

    ``month`` (row,) index into ``months``, ``cell`` (row,) index into the coarse grid of
    ``shape`` (y, x), ``stratum`` (row,) class. ``x`` may hold NaN, ``y`` never does.
    """

    names: list
    x: np.ndarray
    y: np.ndarray
    month: np.ndarray
    cell: np.ndarray
    stratum: np.ndarray
    shape: tuple

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """The `Table` of some rows, in memory."""
        rows = np.sort(np.asarray(rows))
        picked = (np.asarray(a[rows]) for a in (self.x, self.y, self.month, self.cell))
        return Table(self.names, *picked, np.asarray(self.stratum[rows]), self.shape)


def pixel_contract(config, predictors):
    """The `Contract` of a tree or dense model, ranges not yet known."""
    if config.inputs.coarse:
        # At the coarse grid that input is the target itself.
        raise ParameterError(
            "no coarse input is expected for a model that learns at the coarse grid",
            config.inputs.coarse,
            "inputs.coarse",
            "Give what the satellite saw as a predictor that is not the target (twsa for gwsa).",
        )
    config.passed()
    inputs = []
    for name in config.inputs.variables:
        entry = predictors.variables.get(name)
        if entry is None:
            raise ParameterError(
                f"one of {', '.join(predictors.variables)} is expected", name, "inputs.variables"
            )
        role = "static" if entry.is_static else "dynamic"
        lags = tuple(config.inputs.lags.get(name, [0]))
        inputs.append(Variable(name, entry.units, role, lags))
    if config.inputs.calendar:
        inputs += [Variable(n, "1", "calendar") for n in ("month_sin", "month_cos")]
    return Contract(
        name=config.name,
        kind="pixel",
        target=Target(config.data.target, "cm", conserves=config.network.conserves),
        inputs=tuple(inputs),
        spacing=_spacing(predictors.grid),
        title=config.title,
        description=config.description,
        missing="accept" if config.network.kind == "trees" else "refuse",
        beyond=beyond_of(config),
        strata_source=config.data.strata_source,
    )


def beyond_of(config):
    """What the contract says of predictors beyond their range; '' where it is not one thing."""
    if config.network.kind == "trees":
        return "held"
    return "" if config.network.passes else config.network.beyond


def _spacing(grid):
    return Spacing(grid.dx, grid.dy, "degree" if grid.is_geographic else "m")


def channel_names(contract):
    """A name for each channel: the variable's, with its lag where it has one."""
    return [v.name if not lag else f"{v.name}_lag{lag}" for v, lag in contract.channels]


def build_table(config, say=lambda text: None):
    """Write the table of a configuration, or take the one there; (`Table`, `Contract`, months).

    Rows are coarse cells × months with a target, a class and at least one predictor;
    models that refuse a missing predictor lose such rows later. Raises the core's errors.
    """
    folder = config.folder / "table"
    with PredictorSet(str(config.file(config.data.predictors))) as predictors:
        contract = pixel_contract(config, predictors)
        facts, stamp = folder / "facts.json", _stamp(config)
        if not facts.is_file() or json.loads(facts.read_text(encoding="utf-8"))["stamp"] != stamp:
            say("writing the training table")
            folder.mkdir(parents=True, exist_ok=True)
            facts.unlink(missing_ok=True)
            found = _write(config, contract, predictors, folder)
            # The facts last: a table that was cut off has none and is made anew.
            facts.write_text(json.dumps({"stamp": stamp, **found}), encoding="utf-8")
    if config.use.predictors:
        with PredictorSet(str(config.file(config.use.predictors))) as used:
            contract = replace(contract, spacing=_spacing(used.grid))
    found = json.loads(facts.read_text(encoding="utf-8"))
    names = channel_names(contract)
    rows = found["rows"]
    x = np.memmap(folder / "x.bin", np.float32, "r", shape=(rows, len(names)))
    keys = np.memmap(folder / "keys.bin", np.int32, "r", shape=(rows, 3))
    y = np.memmap(folder / "y.bin", np.float64, "r", shape=(rows,))
    table = Table(names, x, y, keys[:, 0], keys[:, 1], keys[:, 2], tuple(found["shape"]))
    return table, contract, np.array(found["months"], "datetime64[M]")


def _stamp(config):
    data, files = config.data, []
    for name in filter(None, (data.predictors, data.coarse, data.strata)):
        state = config.file(name).stat()
        files.append([str(config.file(name)), state.st_size, state.st_mtime_ns])
    return json.dumps([files, vars(config.inputs), data.start, data.end])


def _write(config, contract, predictors, folder):
    months, _ = choose_months(contract, predictors, config.data.start, config.data.end)
    months = usable_months(contract, predictors, months)
    check_predictors(contract, predictors, months)
    channels, fine = Channels(contract, predictors), predictors.grid
    rows = 0
    with MonthlyStack(str(config.file(config.data.coarse))) as coarse:
        factor, grid = coarse.to_centimetres(), coarse.grid
        months = np.intersect1d(months, coarse.months)
        axes = axis_weights("mean", fine, grid)
        classes = majority_classes(config, fine, grid, axes)
        with (
            (folder / "x.bin").open("wb") as xs,
            (folder / "y.bin").open("wb") as ys,
            (folder / "keys.bin").open("wb") as keys,
        ):
            for t, month in enumerate(months):
                band = int(np.searchsorted(coarse.months, month))
                target = coarse.read(bands=[band])[0] * factor
                wanted = np.isfinite(target) & (classes != NO_CLASS)
                if not wanted.any():
                    continue
                mean = coarse_means(channels, month, fine, axes)
                use = wanted & np.isfinite(mean[dynamic_channels(contract)]).any(axis=0)
                cells = np.flatnonzero(use)
                xs.write(mean[:, use].T.astype(np.float32).tobytes())
                ys.write(target[use].astype(np.float64).tobytes())
                key = [np.full(cells.size, t), cells, classes[use]]
                keys.write(np.stack(key, axis=1).astype(np.int32).tobytes())
                rows += cells.size
    if not rows:
        raise DataError(
            "coarse cells with a target, a class and predictors are expected", "none", config.name
        )
    return {"rows": rows, "months": [str(m) for m in months], "shape": list(grid.shape)}


def dynamic_channels(contract):
    """Indices of channels that come from the predictor set and change, or else of all of it."""
    roles = [v.role for v, _ in contract.channels]
    moving = [i for i, role in enumerate(roles) if role == "dynamic"]
    return moving or [i for i, role in enumerate(roles) if role == "static"]


def coarse_means(channels, month, fine, axes):
    """(channel, y, x) area-weighted means of a month over the coarse cells, strip by strip.

    A mean is NaN where less than `MIN_SHARE` of the coarse cell has a value.
    """
    y, x = axes
    count, nx = len(channels.contract.channels), x.matrix.shape[0]
    out = np.full((count, y.matrix.shape[0], nx), np.nan)
    step = max(1, int(_STRIP // max(1, count * fine.nx * _fine_rows(y))))
    for top in range(0, len(out[0]), step):
        runs, weights = y.part(top, min(step, out.shape[1] - top))
        if not runs:
            continue
        strips = [channels.read(month, r, 0, n, fine.nx) for r, n in runs]
        values = np.concatenate(strips, axis=1)
        whole = np.outer(y.whole[top : top + weights.shape[0]], x.whole)
        made = align_values(values, weights, x.matrix, whole, MIN_SHARE)
        out[:, top : top + weights.shape[0]] = made
    return out


def _fine_rows(axis):
    """Most fine rows that one coarse row needs."""
    return max(1, int(np.diff(axis.matrix.indptr).max(initial=1)))


def majority_classes(config, fine, grid, axes):
    """int32 (y, x): the class with the largest area in each coarse cell, the lowest on a tie.

    Without a class map every cell is of class 1.
    """
    if not config.data.strata:
        return np.ones(grid.shape, np.int32)
    raster = ClassRaster(str(config.file(config.data.strata)), fine, "data.strata")
    try:
        classes = raster(0, 0, fine.ny, fine.nx)
    finally:
        raster.close()
    best, area = np.full(grid.shape, NO_CLASS, np.int32), np.zeros(grid.shape)
    y, x = (axis.matrix for axis in axes)
    for number in np.unique(classes[classes != NO_CLASS]):
        share = y @ (classes == number).astype(float) @ x.T
        more = share > area * (1 + 1e-9)
        best[more], area[more] = number, share[more]
    return best


def run_folder(config, *parts):
    """A folder of the run, made where it is missing."""
    folder = Path(config.folder, *map(str, parts))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
