"""From shares to a mask: the threshold, the files, the summary."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.rasterfile import RasterWriter
from ..errors import ParameterError
from ..progress import SILENT
from .shares import LatticeShares

KEPT, EXCLUDED, UNKNOWN = 0, 1, 255
#: What a place without data in a class raster counts as.
NODATA = ("kept", "unknown")
#: Bytes that one target cell may take on the way: shares, cover, windows of the latter.
_CELL_BYTES = 80
_ROUNDING = 1e-9


@dataclass
class MaskSummary:
    """Areas in km², numbers of cells; ``no_data`` is the area where rasters say nothing."""

    cells: int = 0
    excluded: int = 0
    unknown: int = 0
    area: float = 0.0
    excluded_area: float = 0.0
    covered_area: float = 0.0
    no_data: float = 0.0

    def lines(self, what):
        """What the reader of the log wants to know of ``what``, such as glaciers."""
        yield (
            f"{what} cover {self.covered_area:,.1f} km², "
            f"{100 * self.covered_area / self.area:.3g} % of the grid."
        )
        yield self.cells_line()

    def cells_line(self):
        """How many cells and which share of the area are excluded."""
        text = (
            f"{self.excluded} of {self.cells} cells are excluded: {self.excluded_area:,.1f} km², "
            f"{100 * self.excluded_area / self.area:.3g} % of the grid."
        )
        return f"{text} {self.unknown} cells are unknown." if self.unknown else text


def check_threshold(threshold):
    """Raise `ParameterError` for a threshold outside 0 to 1."""
    if not 0.0 <= threshold <= 1.0:
        raise ParameterError("a share from 0 to 1 is expected", threshold, "THRESHOLD")


def threshold_mask(share, threshold):
    """uint8 mask: 1 where ``share`` is at least ``threshold`` and above 0, 255 where NaN."""
    mask = np.where((share >= threshold - _ROUNDING) & (share > 0), EXCLUDED, KEPT)
    mask[np.isnan(share)] = UNKNOWN
    return mask.astype("uint8")


def make_mask(
    target,
    output,
    *,
    outlines=None,
    lattices=(),
    threshold=0.5,
    nodata="kept",
    fraction="",
    what="mask",
    line="",
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Write a mask on the `Grid` ``target``, and its shares where ``fraction`` is a path.

    Parameters
    ----------
    outlines : `Outlines`, polygons of the mask.
    lattices : `Lattice` objects, rasters of the mask; all given count as one union.
    threshold : share of a cell's area from which it is excluded.
    nodata : ``kept``: a place without data is not in the mask. ``unknown``: shares are
        of the area with data, and a cell without any is unknown (255, NaN). Rasters only.
    line : what to write into the history.

    Returns a `MaskSummary`. Raises `ParameterError`, `WriteError`, and what reading raises.

    """
    check_threshold(threshold)
    if nodata not in NODATA:
        raise ParameterError(f"one of {', '.join(NODATA)} is expected", nodata, "NODATA")
    if nodata == "unknown" and outlines is not None:
        raise ParameterError(
            "NODATA 'kept' is expected where polygons are given", nodata, "NODATA",
            "Polygons know no missing data.",
        )  # fmt: skip
    carriers = [LatticeShares(lattice, target) for lattice in lattices]
    areas, summary, done = target.cell_areas(), MaskSummary(), 0
    rule = f"{line}; excluded from a share of {threshold:g}"
    tags = {"long_name": f"{what} (1 excluded, 0 kept)", "history": rule}
    with ExitStack() as files:
        mask_file = files.enter_context(
            RasterWriter(output, target, ["mask"], dtype="uint8", nodata=UNKNOWN, tags=tags)
        )
        share_file = None
        if fraction:
            tags = {"units": "1", "long_name": f"{what}: share of the area", "history": line}
            share_file = files.enter_context(
                RasterWriter(fraction, target, ["fraction"], units="1", tags=tags)
            )
        total = target.nx * target.ny
        for row, col, ny, nx in plan_blocks(target, _CELL_BYTES, memory):
            part = progress.part(done / total, (done + ny * nx) / total)
            share, known = _shares(target.window(row, col, ny, nx), row, col, outlines, carriers,
                                   part)  # fmt: skip
            if nodata == "unknown":
                share = np.divide(share, known, out=np.full_like(share, np.nan), where=known > 0)
            share = np.minimum(share, 1.0)
            mask = threshold_mask(share, threshold)
            mask_file.write(mask[None], row, col)
            if share_file is not None:
                share_file.write(share[None], row, col)
            _count(summary, areas[row : row + ny, col : col + nx], share, known, mask)
            done += ny * nx
            progress.set(done / total)
    if not lattices:
        summary.no_data = 0.0
    return summary


def _shares(grid, row, col, outlines, carriers, progress):
    """Share and known share of the window ``grid`` at ``row``, ``col`` of the target."""
    known = np.zeros(grid.shape)
    steps = len(carriers) + (outlines is not None)
    share = np.zeros(grid.shape)
    if outlines is not None:
        share += outlines.fraction(grid, progress.part(0, 1 / steps))
    for number, carrier in enumerate(carriers, steps - len(carriers)):
        part = progress.part(number / steps, (number + 1) / steps)
        cover = outlines.fraction if outlines is not None else None
        carrier.add(row, col, share, known, cover, part)
    return share, np.minimum(known, 1.0)


def _count(summary, areas, share, known, mask):
    out = mask == EXCLUDED
    summary.cells += mask.size
    summary.excluded += int(out.sum())
    summary.unknown += int((mask == UNKNOWN).sum())
    summary.area += float(areas.sum())
    summary.excluded_area += float(areas[out].sum())
    summary.no_data += float(((1 - known) * areas).sum())
    # A share of the area with data counts for that area only.
    within = np.where(np.isnan(share), 0.0, share)
    summary.covered_area += float((within * areas).sum())
