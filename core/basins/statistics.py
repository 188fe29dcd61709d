"""Area-weighted basin means of a whole stack from one sparse matrix."""

import numpy as np

from ..errors import DataError, ParameterError
from .area import planar_area_km2, ring_area_km2
from .coverage import covered_cells
from .series import BasinSeries
from .weightedsums import weighted_sums

# Cells of a grid for each weight, up to which a table of all cells takes less than sorting.
TABLE = 16
# Slivers left out and rounding: a share this near to another is that share.
ROUNDING = 1e-9


class CoverageMatrix:
    """Basins × cells of a grid, as sparse weights, with the exact basin areas.

    Attributes
    ----------
    weights : scipy.sparse.csr_matrix, float64 (basin, cell)
        Covered fraction × cell area, km². Cells are numbered row by row from
        the top left, ``row * nx + column``.
    area_km2 : (basin,) float64
        Exact polygon areas, also of what lies outside the grid.
    inside : (basin,) float64
        Share 0…1 of each polygon inside the grid, measured in the grid's plane,
        where covered fractions sum to the area exactly. On the sphere a cut
        cell's weight is only near to the area of its covered part.

    """

    def __init__(self, weights, area_km2, inside=None):
        """Take finished weights (any scipy.sparse form) and areas.

        Without ``inside`` it is weight over area, at most 1.
        """
        self.weights = weights.tocsr()
        self.area_km2 = np.asarray(area_km2, dtype=np.float64)
        if inside is None:
            area = np.where(self.area_km2 > 0, self.area_km2, np.inf)
            inside = np.minimum(self.weight_km2 / area, 1.0)
        self.inside = np.asarray(inside, dtype=np.float64)
        # Blocks of cells are columns, which only the csc form cuts out cheaply;
        # its pointers are kept for touched cells only, not for a whole raster.
        self.touched, place = _numbered(self.weights.indices, self.weights.shape[1])
        shape = (self.weights.shape[0], self.touched.size)
        compact = (self.weights.data, place, self.weights.indptr)
        self._by_cell = type(self.weights)(compact, shape=shape).tocsc()

    @classmethod
    def from_rings(cls, basins, grid, names=None):
        """Build the matrix from the rings of every basin.

        Parameters
        ----------
        basins : sequence of ring lists
            Each as from `orient_rings`, in the grid's CRS.
        grid : object
            As for `covered_fraction`, with ``cell_areas()`` in km²,
            broadcastable to (ny, nx).
        names : sequence of str, optional
            Basin names for error messages.

        Returns
        -------
        CoverageMatrix
            A basin outside the grid has no weights but keeps its area.

        Raises
        ------
        DataError
            A basin's geometry is unusable; the message names the basin.

        """
        from scipy.sparse import csr_matrix

        cell_areas = np.broadcast_to(grid.cell_areas(), (grid.ny, grid.nx))
        geographic = grid.is_geographic
        unit = 1000.0 * np.sqrt(cell_areas[0, 0] / (grid.dx * grid.dy))
        columns, weights, count, areas, inside = [], [], [0], [], []
        names = [f"basin {n}" for n in (range(1, len(basins) + 1) if names is None else names)]
        for rings, (cells, fraction) in zip(basins, covered_cells(basins, grid, names)):
            areas.append(ring_area_km2(rings) if geographic else planar_area_km2(rings, unit))
            # At a thousand metres a unit: square units as they are.
            whole = planar_area_km2(rings, 1000.0)
            columns.append(cells)
            weights.append(fraction * cell_areas[np.divmod(cells, grid.nx)])
            count.append(cells.size)
            inside.append(_share(fraction.sum() * grid.dx * grid.dy, whole))
        shape = (len(areas), grid.ny * grid.nx)
        if not areas:
            return cls(csr_matrix(shape), areas, inside)
        data = (np.concatenate(weights), np.concatenate(columns), np.cumsum(count))
        return cls(csr_matrix(data, shape=shape), areas, inside)

    @property
    def weight_km2(self):
        """Σ weights of each basin (basin,): its area inside the grid, by cells."""
        return np.asarray(self.weights.sum(axis=1)).ravel()

    def accumulate(self, values, cells=None, columns=None):
        """Sums of one block of cells; add the results of all blocks.

        Parameters
        ----------
        values : (time, cell) array, NaN = missing
        cells : slice (step 1) or integer array, optional
            Which cells of the grid the columns of ``values`` are, each cell in
            one block only; all of them by default.
        columns : (cell,) integer array, optional
            The columns of ``values`` that hold ``cells``; by default these are all its columns.

        Returns
        -------
        PartialSums

        Raises
        ------
        DataError
            ``values`` is not (time, cell), does not fit ``cells`` or holds
            infinities.

        """
        weights, used, size = self._block(cells)
        values = np.asarray(values)
        if columns is not None:
            used, size = columns[used], values.shape[-1]
        if values.ndim != 2 or values.shape[1] != size:
            raise DataError(f"values are (time, {size} cells)", f"an array of shape {values.shape}")
        return weighted_sums(weights, values, used)

    def _block(self, cells):
        """Weights of a block's touched cells, their columns in it, its size."""
        n = self.weights.shape[1]
        if cells is None or isinstance(cells, slice):
            first, last, _ = (cells or slice(None)).indices(n)
            columns = slice(*np.searchsorted(self.touched, [first, last]))
            return self._by_cell[:, columns].tocsr(), self.touched[columns] - first, last - first
        cells = np.asarray(cells)
        if self.touched.size == 0:
            return self._by_cell.tocsr(), np.empty(0, np.int64), cells.size
        place = np.minimum(np.searchsorted(self.touched, cells), self.touched.size - 1)
        used = np.flatnonzero(self.touched[place] == cells)
        place = place[used]
        if place.size and (np.diff(place) == 1).all():  # cut out much faster
            place = slice(place[0], place[-1] + 1)
        return self._by_cell[:, place].tocsr(), used, cells.size

    def finish(self, sums, min_covered_share=0.5):
        """Means, shares and volumes from the added-up sums of all blocks.

        Parameters
        ----------
        sums : PartialSums
        min_covered_share : float
            0…1; a mean over less of the basin is NaN.

        Returns
        -------
        BasinSeries

        Raises
        ------
        ParameterError
            ``min_covered_share`` is outside 0…1.

        Notes
        -----
        The share is that of the weight inside the grid which has values, times
        the share of the polygon inside the grid: exactly 1 where nothing is
        missing. Weight over exact area would not be: weights take a cell's mean
        area, the exact area the true latitude inside each cut cell, and they
        differ by up to a per cent for basins of a few cells.

        """
        if not 0.0 <= min_covered_share <= 1.0:
            raise ParameterError(
                "the minimum covered share lies between 0 and 1", min_covered_share
            )
        share = np.zeros_like(sums.w)
        np.divide(sums.w, self.weight_km2, out=share, where=sums.w > 0)
        # Added up over blocks the weight may be a rounding error off the whole.
        share = np.minimum(share, 1.0) * self.inside
        mean = np.full(sums.wx.shape, np.nan)
        enough = (sums.w > 0) & (share >= min_covered_share - ROUNDING)
        np.divide(sums.wx, sums.w, out=mean, where=enough)
        # 1 cm is 1e-5 km.
        return BasinSeries(mean, sums.cells, share, mean * self.area_km2 * 1e-5)


def _share(part, whole):
    """``part / whole`` within 0…1, free of rounding at 1."""
    share = part / whole if whole > 0 else 0.0
    return 1.0 if share > 1.0 - ROUNDING else share


def _numbered(cells, size):
    """The cells 0 … size that occur, rising, and of each of ``cells`` the place among them."""
    if size > TABLE * cells.size:
        return np.unique(cells, return_inverse=True)
    occurs = np.zeros(size, bool)
    occurs[cells] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs, dtype=cells.dtype) - 1)[cells]
