"""The flat files of a training cube written from stacks; none is held in memory whole."""

import numpy as np

from ..core.data.stack import MonthlyStack
from ..core.data.units import storage_factor
from ..core.downscaling.channels import Channels
from ..core.downscaling.coarsefield import CoarseField
from ..core.errors import DataError, GridError, TimeAxisError

#: Cells of the domain that are held at once while the cube is written.
_STRIP = 2_000_000


def channel_order(contract):
    """Where each channel stands: ('dynamic' or 'static', index)."""
    counts, order = {"dynamic": 0, "static": 0}, []
    for variable, _ in contract.channels:
        kind = "static" if variable.role == "static" else "dynamic"
        order.append((kind, counts[kind]))
        counts[kind] += 1
    return order


def write_inputs(folder, contract, predictors, coarse, months):
    """The channels of every month, through the code that inference uses, strip by strip."""
    grid, order = predictors.grid, channel_order(contract)
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


def write_coarse(folder, config, grid, coarse, months, files):
    """Coarse values and uncertainties by month and cell, and which fine cell lies in which.

    ``files`` is the `ExitStack` that closes what is opened. Raises `GridError` and
    `TimeAxisError` for a coarse stack elsewhere or of other months.
    """
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


def write_patterns(folder, config, grid, months, files):
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
