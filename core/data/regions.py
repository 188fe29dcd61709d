"""Connected regions of a raster: found strip by strip, as polygons and with their sums.

Cells that share an edge or a corner belong together; on a grid around the globe also
across ±180°. Only two rows of neighbours and one record a region are held besides the
strip, so that a raster of any size can be searched.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..progress import SILENT
from .bands import strips
from .rasterfile import RasterWriter

_AROUND = np.ones((3, 3), bool)


@dataclass
class Regions:
    """What was found, one entry a region.

    ``code`` (n,), ``cells`` (n,), ``area`` (n,) km², ``sums`` (n, k) area-weighted sums of
    the fields, ``highest`` (n, k) their largest values, and ``parts``: for each region the
    polygons, (exterior, holes) with rings (m, 2) in the raster's coordinates.
    """

    code: np.ndarray
    cells: np.ndarray
    area: np.ndarray
    sums: np.ndarray
    highest: np.ndarray
    parts: list


def find_regions(grid, scan, fields, *, min_area=0.0, progress=SILENT, memory=None):
    """`Regions` of equal code.

    ``scan(row, ny)`` returns codes (ny, nx), whole numbers with 0 for nowhere, and
    ``fields`` arrays (ny, nx) to sum up. Regions under ``min_area`` km² are dropped.
    The regions' numbers are kept in a temporary raster meanwhile.
    """
    found = _scan(grid, scan, fields, progress.part(0.0, 0.5), memory)
    keep = np.flatnonzero(found.area >= min_area * (1 - 1e-12))
    final = np.zeros(found.code.size + 1, np.int32)
    final[keep + 1] = np.arange(1, keep.size + 1)
    parts = [[] for _ in keep]
    if keep.size:
        numbers = final[found.numbers]
        _trace(grid, scan, numbers, parts, progress.part(0.5, 1.0), memory)
    progress.set(1.0)
    return Regions(
        found.code[keep], found.cells[keep], found.area[keep],
        found.sums[keep], found.highest[keep], parts,
    )  # fmt: skip


@dataclass
class _Found:
    code: np.ndarray
    cells: np.ndarray
    area: np.ndarray
    sums: np.ndarray
    highest: np.ndarray
    numbers: np.ndarray  # region + 1 of each label of the strips, 0 for label 0


def _scan(grid, scan, fields, progress, memory):
    """Label strip by strip, note which labels touch, sum up."""
    areas = grid.cell_areas()
    code, cells, area = ([np.zeros(1)] for _ in range(3))
    sums, highest = [np.zeros((1, fields))], [np.full((1, fields), -np.inf)]
    pairs, count, above = [np.empty((2, 0), int)], 0, None
    for row, ny in strips(grid, 6 + fields, memory):
        progress.check()
        codes, *values = scan(row, ny)
        labels, new = _label(codes)
        labels = np.where(labels > 0, labels + count, 0)
        if grid.is_global:
            pairs.append(_touching(labels[:, -1:], labels[:, :1], codes[:, -1:], codes[:, :1]))
        if above is not None:
            pairs.append(_below(*above, labels[0], codes[0], grid.is_global))
        above = labels[-1], codes[-1]
        inside = labels > 0
        which = labels[inside] - count - 1
        weight = areas[row : row + ny][inside]
        kind = np.zeros(new)
        kind[which] = codes[inside]
        code.append(kind)
        cells.append(np.bincount(which, minlength=new))
        area.append(np.bincount(which, weight, new))
        added, high = np.zeros((new, fields)), np.full((new, fields), -np.inf)
        # In the order of their labels, each of which has a cell.
        order = np.argsort(which, kind="stable")
        starts = np.searchsorted(which[order], np.arange(new))
        for i, value in enumerate(values):
            added[:, i] = np.bincount(which, weight * value[inside], new)
            if new:
                high[:, i] = np.maximum.reduceat(value[inside][order], starts)
        sums.append(added)
        highest.append(high)
        count += new
        progress.set((row + ny) / grid.ny)
    numbers, regions = _join(np.concatenate(pairs, axis=1), count)
    return _sum_up(
        numbers, regions, *(np.concatenate(v) for v in (code, cells, area, sums, highest))
    )


def _sum_up(numbers, regions, code, cells, area, sums, highest):
    def total(values):
        return np.bincount(numbers, values, regions + 1)[1:]

    kind = np.zeros(regions + 1)
    kind[numbers] = code
    high = np.full((regions + 1, highest.shape[1]), -np.inf)
    np.maximum.at(high, numbers, highest)
    added = np.zeros((regions, sums.shape[1]))
    for i, column in enumerate(sums.T):
        added[:, i] = total(column)
    return _Found(
        kind[1:].astype(int), total(cells).astype(int), total(area), added, high[1:], numbers
    )


def _label(codes):
    """Labels from 1 of the regions of equal code within a strip, and how many there are."""
    from scipy.ndimage import label

    labels, count = np.zeros(codes.shape, np.int64), 0
    for code in np.unique(codes[codes != 0]):
        found, new = label(codes == code, _AROUND)
        labels[found > 0] = found[found > 0] + count
        count += new
    return labels, count


def _touching(left, right, left_codes, right_codes):
    """Pairs of labels across ±180°, in one row or the next, given as columns (y, 1)."""
    pairs = []
    for shift in (-1, 0, 1):
        a, b = slice(max(0, -shift), None), slice(max(0, shift), None)
        one, other = left[a, 0], right[b, 0]
        n = min(one.size, other.size)
        same = (one[:n] > 0) & (left_codes[a, 0][:n] == right_codes[b, 0][:n])
        pairs.append(np.stack([one[:n][same], other[:n][same]]))
    return np.concatenate(pairs, axis=1)


def _below(labels, codes, next_labels, next_codes, around):
    """Pairs of labels of one row and the row under it."""
    pairs = []
    for shift in (-1, 0, 1):
        a, b = np.roll(next_labels, shift), np.roll(next_codes, shift)
        same = (labels > 0) & (codes == b)
        if not around and shift:
            same[0 if shift > 0 else -1] = False
        pairs.append(np.stack([labels[same], a[same]]))
    return np.concatenate(pairs, axis=1)


def _join(pairs, count):
    """Region (from 1) of each label, 0 for label 0, and the number of regions."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(pairs.shape[1]), pairs), shape=(count + 1, count + 1))
    # Label 0 touches nothing and comes first, so it is component 0.
    regions, numbers = connected_components(graph, directed=False)
    return numbers, regions - 1


def _trace(grid, scan, numbers, parts, progress, memory):
    """Outline the kept regions: their numbers go to a raster, GDAL follows its edges."""
    import rasterio
    from rasterio.features import shapes

    count = 0
    with tempfile.TemporaryDirectory(prefix="gracewater-") as folder:
        paths = [Path(folder) / name for name in ("regions.tif", "inside.tif")]
        with (
            RasterWriter(paths[0], grid, ["region"], dtype="int32", nodata=0) as file,
            RasterWriter(paths[1], grid, ["inside"], dtype="uint8", nodata=None) as inside,
        ):
            for row, ny in strips(grid, 6, memory):
                progress.check()
                labels, new = _label(scan(row, ny)[0])
                number = numbers[np.where(labels > 0, labels + count, 0)]
                file.write(number[None], row, 0)
                inside.write((number > 0)[None], row, 0)
                count += new
                progress.set(0.7 * (row + ny) / grid.ny)
        with rasterio.open(paths[0]) as file, rasterio.open(paths[1]) as inside:
            bands = rasterio.band(file, 1), rasterio.band(inside, 1)
            # By edges only: polygons that touch in a corner are parts of one multipolygon.
            for shape, number in shapes(*bands, 4, file.transform):
                progress.check()
                exterior, *holes = (np.asarray(ring) for ring in shape["coordinates"])
                parts[int(number) - 1].append((exterior, holes))
