"""Scattered holes in maps and stacks, filled from their neighbours."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from ..data.atomic import atomic_paths
from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.flags import OBSERVED, STAGE_A, UNFILLED
from ..data.gdalcache import bounded_cache
from ..data.reference import written_type
from ..data.stack import stack_writer
from ..errors import DataError, ParameterError
from ..progress import SILENT

#: Cells a hole may be away from a value; more is no scattered hole.
FARTHEST = 100
#: Cells of a block at most: GDAL fills one map without a look at Cancel, millions a second.
MOST_CELLS = 2_000_000


def check_distance(distance, name="MAX_DISTANCE"):
    """Raise `ParameterError` for a distance that fills nothing, or that invents a map."""
    if not 1 <= distance <= FARTHEST:
        raise ParameterError(f"a distance of 1 to {FARTHEST} cells is expected", distance, name)


def fill_map(values, distance, allowed=None):
    """Fill the holes of one map by inverse distance weighting.

    x = Σ v_q / d_q / Σ 1 / d_q over the nearest cell with a value in each of the four
    quadrants around the hole, as far as ``distance`` cells: GDAL's FillNodata without
    smoothing. Distances count in cells, not in kilometres.

    Parameters
    ----------
    values : (y, x) float, NaN = missing
    distance : cells
    allowed : (y, x) bool or None; only these cells are filled

    Returns
    -------
    (filled, made): (y, x) of the input's dtype, and bool where a hole was filled. Cells
    with a value keep it bit for bit; what is filled has 32 bits.
    """
    from rasterio.fill import fillnodata

    known = np.isfinite(values)
    holes = ~known if allowed is None else ~known & allowed
    made = np.zeros(values.shape, bool)
    if not holes.any() or not known.any():
        return values, made
    # Only the part around the holes is given away.
    reach = int(np.ceil(distance))
    box = tuple(slice(max(0, at.min() - reach), at.max() + reach + 1) for at in np.nonzero(holes))
    part = fillnodata(
        np.asarray(values[box], np.float32).copy(),
        known[box].astype(np.uint8),
        max_search_distance=float(distance),
    )
    made[box] = holes[box] & np.isfinite(part)
    filled = values.copy()
    filled[box][made[box]] = part[made[box]]
    return filled, made


def fill_months(values, distance, masked=None, empty_cells=False, check=lambda: None):
    """Fill the holes of each month; masked cells are missing before and after.

    Parameters
    ----------
    values : (time, y, x) float; changed in place
    masked : (y, x) bool or None
    empty_cells : bool; fill cells too that have no value in any month. Left alone they
        count as outside, such as the sea. A single map has no other months to tell by,
        so there every cell is filled
    check : called for each month; raises to stop

    Returns
    -------
    (time, y, x) bool, where a hole was filled.
    """
    made = np.zeros(values.shape, bool)
    if masked is not None:
        values[:, masked] = np.nan
    allowed = None if masked is None else ~masked
    if len(values) > 1 and not empty_cells:
        ever = np.zeros(values.shape[1:], bool)
        for field in values:
            ever |= np.isfinite(field)
        allowed = ever if allowed is None else allowed & ever
    for field, flags in zip(values, made):
        check()
        field[:], flags[:] = fill_map(field, distance, allowed)
    return made


@dataclass
class HoleSummary:
    """By month: cells with a value before, filled cells, and holes that stay; masked cells."""

    months: np.ndarray
    known: np.ndarray
    filled: np.ndarray
    left: np.ndarray
    masked: int = 0


def fill_stack_holes(
    stack,
    output,
    *,
    distance,
    mask=None,
    empty_cells=False,
    flags_output="",
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Write a stack (or map) with its scattered holes filled; a `HoleSummary`.

    ``mask(row, col, ny, nx)`` gives True for cells that are never filled and come out
    missing. Flags: 0 as it was, 1 filled, 255 missing. A month without any value stays
    one. Blocks overlap by ``distance``, so their size changes nothing; holes are not
    filled across the edges of the raster, nor across ±180°. Raises `DataError` where
    there is no value at all, `ParameterError` for classes and for a wild distance.
    """
    check_distance(distance)
    kind, _ = written_type(stack)
    if kind == "uint8":
        raise ParameterError(
            "a stack of measurements is expected; classes have no means", "8 bits", stack.name
        )
    grid, count, reach = stack.grid, stack.months.size, int(np.ceil(distance))
    line = f"holes filled by inverse distance weighting up to {distance:g} cells"
    if mask is not None:
        line += "; masked cells set to missing"
    info = replace(stack.info, history=(*stack.info.history, line))
    what = replace(info, units="", baseline=(), long_name=f"flags of {info.long_name or 'holes'}")
    summary = HoleSummary(stack.months, *(np.zeros(count, int) for _ in range(3)))
    done = 0
    with ExitStack() as files:
        files.enter_context(bounded_cache())
        paths = files.enter_context(atomic_paths((output, flags_output)))
        writer = files.enter_context(stack_writer(paths[0], info, kind, name=output))
        flagger = None
        if flags_output:
            flagger = files.enter_context(
                stack_writer(paths[1], what, "uint8", UNFILLED, name=flags_output)
            )
        for row, col, ny, nx in plan_blocks(grid, max(24 * count, memory / MOST_CELLS), memory):
            top, left, values = read_around(stack.read, grid, (row, col, ny, nx), reach)
            masked = None
            if mask is not None:
                masked = mask(top, left, *values.shape[1:])
            before = np.isfinite(values)
            made = fill_months(values, distance, masked, empty_cells, progress.check)
            here = np.s_[:, row - top : row - top + ny, col - left : col - left + nx]
            values, made, before = values[here], made[here], before[here]
            write_bands(writer, values, row, col, progress.check)
            after = np.isfinite(values)
            if flagger is not None:
                flagger.write(
                    np.where(made, STAGE_A, np.where(after, OBSERVED, UNFILLED)), row, col
                )
            free = ~after if masked is None else ~after & ~masked[here[1:]]
            summary.known += (before & after).sum(axis=(1, 2))
            summary.filled += made.sum(axis=(1, 2))
            summary.left += free.sum(axis=(1, 2))
            summary.masked += 0 if masked is None else int(masked[here[1:]].sum())
            done += ny * nx
            progress.set(done / (grid.nx * grid.ny))
        if not summary.known.any():
            raise DataError("at least one value outside the mask is expected", "none", stack.name)
    return summary


def write_bands(writer, values, row, col, check, first=0):
    """Write (band, y, x) from band ``first`` on, some bands between two looks at Cancel."""
    step = max(1, MOST_CELLS // values[0].size)
    for i in range(0, len(values), step):
        check()
        writer.write(values[i : i + step], row, col, first + i)


def read_around(read, grid, block, reach, **more):
    """(row, col, values): a block and ``reach`` cells around it, as far as the grid goes."""
    row, col, ny, nx = block
    top, left = max(0, row - reach), max(0, col - reach)
    bottom, right = min(grid.ny, row + ny + reach), min(grid.nx, col + nx + reach)
    return top, left, read(top, left, bottom - top, right - left, **more)
