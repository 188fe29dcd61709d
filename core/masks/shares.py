"""Area share of coarse cells that fine class cells cover, with bounded memory."""

import numpy as np

from ..data.blasthreads import single_blas_thread
from ..data.reference import same_crs
from ..data.separable import axis_weights
from ..errors import GridError
from ..progress import SILENT

#: Edge, in cells, of what is read of a fine raster at once.
EDGE = 2048


def check_lattice(lattice, target, reference):
    """Raise `GridError` unless a lattice lies in the target's coordinates and meets it."""
    name = lattice.tiles[0].name
    if not same_crs(lattice.grid, target):
        raise GridError(
            f"{name} and {reference} must have one coordinate system",
            f"{name}: {lattice.grid.describe()}; {reference}: {target.describe()}",
            remedy=f"Bring {name} to the coordinate system of {reference} first "
            "(Raster ▸ Projections ▸ Warp, with 'nearest' for classes).",
        )
    rows, columns = axis_weights("mean", lattice.grid, target)
    if not (rows.matrix.nnz and columns.matrix.nnz):
        raise GridError(
            f"{name} must meet {reference}",
            f"{name}: {lattice.grid.describe()}; {reference}: {target.describe()}",
        )


class LatticeShares:
    """Carries a `Lattice` to a target grid.

    The share of a target cell t is Σ_s a_ts v_s / a_t with the spherical area a_ts of
    the overlap with fine cell s (planar on projected grids); a_ts is a product of a
    factor for the row and one for the column, so any alignment is exact and the sum may
    run over any pieces of the fine raster.
    """

    def __init__(self, lattice, target, edge=EDGE):
        self.lattice, self.edge = lattice, edge
        self.rows, self.columns = axis_weights("mean", lattice.grid, target)

    def add(self, row, col, share, known, outlines=None, progress=SILENT):
        """Add this lattice's shares of a window to ``share`` and ``known`` (both (ny, nx)).

        With ``outlines``, whose cover ``share`` holds already, only what reaches beyond
        them in each fine cell is added: max(v_s − f_s, 0). For cells that are wholly ice
        or not at all this is the exact union; a partial cell is taken to lie on the
        outlines as far as it can.
        """
        ny, nx = share.shape
        row_runs, wy = self.rows.part(row, ny)
        col_runs, wx = self.columns.part(col, nx)
        whole = np.outer(self.rows.whole[row : row + ny], self.columns.whole[col : col + nx])
        covered, seen = np.zeros((ny, nx)), np.zeros((ny, nx))
        wy, wx = wy.tocsc(), wx.tocsc()
        pieces = [
            (y, x) for y in _pieces(row_runs, self.edge) for x in _pieces(col_runs, self.edge)
        ]
        with single_blas_thread():
            for number, ((y, at_y, high), (x, at_x, wide)) in enumerate(pieces):
                progress.check()
                progress.set(number / len(pieces))
                if not self.lattice.touches(y, x, high, wide):
                    continue
                values, there = self.lattice.read(y, x, high, wide)
                weight_y = wy[:, at_y : at_y + high].tocsr()
                weight_x = wx[:, at_x : at_x + wide].tocsr()
                if outlines is not None and values.any():
                    grid = self.lattice.grid.window(y, x, high, wide)
                    cover = outlines(grid, progress.part(number / len(pieces), 1))
                    values = np.maximum(values - cover, 0)
                _carry(covered, values, weight_y, weight_x)
                _carry(seen, there, weight_y, weight_x)
        share += np.divide(covered, whole, out=np.zeros_like(whole), where=whole > 0)
        known += np.divide(seen, whole, out=np.zeros_like(whole), where=whole > 0)


def _pieces(runs, edge):
    """(begin in the raster, begin among the needed cells, count) of at most ``edge`` cells."""
    at = 0
    for begin, count in runs:
        for start in range(0, count, edge):
            yield begin + start, at + start, min(edge, count - start)
        at += count


def _carry(total, field, rows, columns):
    """total += rows · field · columnsᵀ, cheaply where the field is one value."""
    if not field.any():
        return
    if field.dtype == bool and field.all():
        by_row, by_column = rows.sum(axis=1), columns.sum(axis=1)
        total += np.asarray(by_row) * np.asarray(by_column).T
        return
    part = rows @ field.astype(np.float64)
    total += (columns @ part.T).T
