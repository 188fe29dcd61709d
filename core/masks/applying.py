"""A stack without the cells of a mask."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.grid import check_same_grid
from ..data.reference import pixel_type
from ..data.stack import stack_writer
from ..progress import SILENT
from .masking import EXCLUDED, KEPT, UNKNOWN


@dataclass
class ApplySummary:
    """What a mask took: cells and km², of the grid and of what had values."""

    cells: int = 0
    taken: int = 0
    unknown: int = 0
    area: float = 0.0
    taken_area: float = 0.0
    valued: int = 0
    valued_taken: int = 0
    valued_area: float = 0.0
    valued_taken_area: float = 0.0

    def lines(self):
        """What the reader of the log wants to know."""
        yield (
            f"The mask takes {self.taken} of {self.cells} cells, "
            f"{100 * _share(self.taken_area, self.area):.4g} % of the grid's area."
        )
        yield (
            f"Of the {self.valued} cells with values it takes {self.valued_taken}, "
            f"{100 * self.share:.4g} % of their area ({self.valued_taken_area:,.1f} km²)."
        )

    @property
    def share(self):
        """Share of the area with values that was taken, 0 to 1."""
        return _share(self.valued_taken_area, self.valued_area)


def apply_mask(stack, mask, output, *, invert=False, progress=SILENT, memory=MEMORY_BUDGET):
    """Write ``stack`` with the cells of a mask set to missing; an `ApplySummary`.

    Cells where the mask is 1 become NaN (255 in flag stacks) in every month, with
    ``invert`` those where it is 0. Unknown cells (255) are kept. All other values,
    months, units and baseline stay as they are. ``mask`` is an open `MaskFile`.
    Raises `GridError` for different grids, `DataError` for values that are no mask's.
    """
    check_same_grid(stack.grid, mask.grid, stack.name, mask.name)
    kind, _ = pixel_type(stack.source, stack.name)
    flags = kind == np.uint8
    dtype, fill = (
        ("uint8", 255) if flags else ("float64" if kind.itemsize > 4 else "float32", np.nan)
    )
    taken_value = KEPT if invert else EXCLUDED
    grid, areas, summary = stack.grid, stack.grid.cell_areas(), ApplySummary()
    months = stack.months.size
    blocks = plan_blocks(grid, 20 * months + 32, memory)
    for row, col, ny, nx in blocks:
        # Counted before, because the history is written before the first value.
        progress.check()
        read, area = mask.read(row, col, ny, nx), areas[row : row + ny, col : col + nx]
        summary.cells += read.size
        summary.area += float(area.sum())
        summary.taken += int((read == taken_value).sum())
        summary.taken_area += float(area[read == taken_value].sum())
        summary.unknown += int((read == UNKNOWN).sum())
    step = (
        f"masked by {mask.name}{', inverted' if invert else ''}: {summary.taken} of "
        f"{summary.cells} cells, {100 * _share(summary.taken_area, summary.area):.4g} % of the area"
    )
    info = replace(stack.info, history=(*stack.info.history, step))
    done = 0
    with stack_writer(output, info, dtype, fill) as writer:
        for row, col, ny, nx in blocks:
            progress.check()
            taken = mask.read(row, col, ny, nx) == taken_value
            if flags:
                values = stack.read_flags(row, col, ny, nx)
                valued = (values != 255).any(axis=0)
            else:
                values = stack.read(row, col, ny, nx, dtype=dtype)
                valued = np.isfinite(values).any(axis=0)
            values[:, taken] = fill
            writer.write(values, row, col)
            area = areas[row : row + ny, col : col + nx]
            summary.valued += int(valued.sum())
            summary.valued_area += float(area[valued].sum())
            summary.valued_taken += int((valued & taken).sum())
            summary.valued_taken_area += float(area[valued & taken].sum())
            done += ny * nx
            progress.set(done / (grid.nx * grid.ny))
    return summary


def _share(part, whole):
    return part / whole if whole else 0.0
