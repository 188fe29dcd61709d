"""Several masks as one."""

from contextlib import ExitStack

import numpy as np

from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.grid import check_same_grid
from ..data.rasterfile import RasterWriter
from ..errors import ParameterError
from ..progress import SILENT
from .maskfile import MaskFile
from .masking import EXCLUDED, KEPT, UNKNOWN, MaskSummary

METHODS = ("union", "intersection")


def combine(masks, method):
    """One mask (y, x) of several (mask, y, x), values 1 excluded, 0 kept, 255 unknown.

    ``union``: 1 where any is 1, else unknown where any is unknown, else 0.
    ``intersection``: 0 where any is 0, else unknown where any is unknown, else 1
    (Kleene's three-valued logic). Raises `ParameterError` for another method.
    """
    if method not in METHODS:
        raise ParameterError(f"one of {', '.join(METHODS)} is expected", method, "METHOD")
    masks = np.asarray(masks, np.uint8)
    decisive, rest = (EXCLUDED, KEPT) if method == "union" else (KEPT, EXCLUDED)
    result = np.full(masks.shape[1:], rest, np.uint8)
    result[(masks == UNKNOWN).any(axis=0)] = UNKNOWN
    result[(masks == decisive).any(axis=0)] = decisive
    return result


def check_masks(sources, parameter="INPUTS"):
    """Raise unless there are at least two masks, all on one grid (headers only)."""
    with ExitStack() as files:
        _open(sources, parameter, files)


def combine_masks(sources, output, *, method="union", progress=SILENT, memory=MEMORY_BUDGET):
    """Write the union or intersection of masks on one grid; a `MaskSummary`.

    Raises `ParameterError` for fewer than two masks, `GridError` for different grids,
    `DataError` for values that are no mask's.
    """
    with ExitStack() as files:
        masks = _open(sources, "INPUTS", files)
        grid, summary, done = masks[0].grid, MaskSummary(), 0
        areas = grid.cell_areas()
        names = ", ".join(m.name for m in masks)
        history = list(dict.fromkeys(line for m in masks for line in m.history))
        history.append(f"{method} of {names}")
        tags = {"long_name": "mask (1 excluded, 0 kept)", "history": "\n".join(history)}
        writer = files.enter_context(
            RasterWriter(output, grid, ["mask"], dtype="uint8", nodata=UNKNOWN, tags=tags)
        )
        for row, col, ny, nx in plan_blocks(grid, 8 * len(masks) + 32, memory):
            progress.check()
            mask = combine([m.read(row, col, ny, nx) for m in masks], method)
            writer.write(mask[None], row, col)
            out, area = mask == EXCLUDED, areas[row : row + ny, col : col + nx]
            summary.cells += mask.size
            summary.excluded += int(out.sum())
            summary.unknown += int((mask == UNKNOWN).sum())
            summary.area += float(area.sum())
            summary.excluded_area += float(area[out].sum())
            done += ny * nx
            progress.set(done / (grid.nx * grid.ny))
    summary.covered_area = summary.excluded_area
    return summary


def _open(sources, parameter, files):
    if len(sources) < 2:
        raise ParameterError("at least two masks are expected", len(sources), parameter)
    masks = [files.enter_context(MaskFile(source, parameter)) for source in sources]
    for other in masks[1:]:
        check_same_grid(masks[0].grid, other.grid, masks[0].name, other.name)
    return masks
