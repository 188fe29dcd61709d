"""Rasters that are tiles or years of one and the same fine grid."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.grid import Grid
from ..data.openraster import open_raster
from ..data.reference import read_grid, same_crs
from ..data.stack import short_name
from ..errors import DataError, GridError, ReadError

#: Share of a cell by which the cells of two rasters may lie apart.
_OFF = 0.01


@dataclass(frozen=True)
class Tile:
    """A raster of a lattice; its upper left cell is at ``row``, ``col`` of it."""

    source: str
    name: str
    grid: Grid
    row: int = 0
    col: int = 0


class Lattice:
    """Rasters whose cells coincide, on one grid that holds them all.

    ``measure(raw, nodata) -> (share, known)`` says of raw pixels how much of each
    belongs to the mask (boolean, or float 0 to 1) and which have a value.
    """

    def __init__(self, grid, tiles, measure):
        self.grid, self.tiles, self.measure = grid, tiles, measure

    def read(self, row, col, ny, nx):
        """``(share, known)`` of a window: the largest share over all rasters and bands."""
        share, known = np.zeros((ny, nx), bool), np.zeros((ny, nx), bool)
        # A raster of 0…360 beside one of −180…180 continues on the other side.
        turn = self.grid.nx if self.grid.is_global else 0
        for tile in self.tiles:
            for shift in (0,) if not turn else (-turn, 0, turn):
                top, left = tile.row - row, tile.col + shift - col
                y0, y1 = max(0, top), min(ny, top + tile.grid.ny)
                x0, x1 = max(0, left), min(nx, left + tile.grid.nx)
                if y0 >= y1 or x0 >= x1:
                    continue
                window = (x0 - left, y0 - top, x1 - x0, y1 - y0)
                for raw, nodata in _bands(tile, window):
                    part, seen = self.measure(raw, nodata, tile.name)
                    if part.dtype != share.dtype and share.dtype == bool:
                        share = share.astype(part.dtype)
                    np.maximum(share[y0:y1, x0:x1], part, out=share[y0:y1, x0:x1])
                    known[y0:y1, x0:x1] |= seen
        return share, known

    def touches(self, row, col, ny, nx):
        """Whether any raster lies in a window."""
        if self.grid.is_global:
            return True
        return any(
            t.row < row + ny
            and row < t.row + t.grid.ny
            and t.col < col + nx
            and col < t.col + t.grid.nx
            for t in self.tiles
        )


def open_lattices(sources, measure, parameter="INPUT"):
    """Lattices of some rasters: those whose cells coincide are one lattice.

    Rasters of another lattice may lie elsewhere, but not on top: what they share
    could not be told. Raises `GridError` and `ReadError`.
    """
    if not sources:
        raise DataError("at least one raster is expected", "none", parameter)
    groups = []
    for source in sources:
        name = f"{parameter} ({short_name(source)})"
        tile = Tile(str(source), name, read_grid(source, name))
        for group in groups:
            if _coincide(group[0].grid, tile.grid):
                group.append(tile)
                break
        else:
            groups.append([tile])
    lattices = [_lattice(group, measure) for group in groups]
    for i, group in enumerate(groups):
        for other in groups[:i]:
            _check_apart(other, group)
    return lattices


def _coincide(first, second):
    if not same_crs(first, second):
        return False
    cells = max(first.nx, first.ny, second.nx, second.ny)
    if max(abs(first.dx / second.dx - 1), abs(first.dy / second.dy - 1)) * cells > _OFF:
        return False
    right, down = (second.x0 - first.x0) / first.dx, (first.y0 - second.y0) / first.dy
    return max(abs(right - round(right)), abs(down - round(down))) < _OFF


def _lattice(group, measure):
    base = group[0].grid
    spots = [
        (round((base.y0 - t.grid.y0) / base.dy), round((t.grid.x0 - base.x0) / base.dx))
        for t in group
    ]
    top, left = (min(axis) for axis in zip(*spots))
    tiles = [replace(t, row=r - top, col=c - left) for t, (r, c) in zip(group, spots)]
    ny = max(t.row + t.grid.ny for t in tiles)
    nx = max(t.col + t.grid.nx for t in tiles)
    turn = 360.0 / base.dx
    if base.is_geographic and nx > turn * (1 + 1e-9):
        if abs(turn - round(turn)) > _OFF:
            raise GridError(
                "longitudes of one kind are expected, -180 to 180 or 0 to 360",
                f"{group[0].name}: {base.describe()} beside others",
            )
        nx = round(turn)
    x0, y0 = base.x0 + left * base.dx, base.y0 - top * base.dy
    return Lattice(replace(base, x0=x0, y0=y0, nx=nx, ny=ny), tiles, measure)


def _check_apart(first, second):
    for a in first:
        for b in second:
            if not same_crs(a.grid, b.grid):
                raise GridError(
                    f"{a.name} and {b.name} must have one coordinate system",
                    f"{a.grid.describe()} and {b.grid.describe()}",
                    remedy="Bring them to one first (Raster ▸ Projections ▸ Warp, nearest).",
                )
            if _overlap(a.grid, b.grid):
                raise GridError(
                    f"{a.name} and {b.name} overlap, so their cells must coincide",
                    f"{a.grid.describe()} and {b.grid.describe()}",
                    remedy="Bring one to the cells of the other (Raster ▸ Projections ▸ Warp, "
                    "nearest), or make a mask of each and unite them with 'Combine masks'.",
                )


def _overlap(first, second):
    eps = _OFF * min(first.dx, second.dx)
    w1, s1, e1, n1 = first.extent
    w2, s2, e2, n2 = second.extent
    turns = (-360.0, 0.0, 360.0) if first.is_geographic else (0.0,)
    return min(n1, n2) - max(s1, s2) > eps and any(
        min(e1, e2 + t) - max(w1, w2 + t) > eps for t in turns
    )


def _bands(tile, window):
    """Raw pixels and nodata value of each band; files are opened for the read only.

    Years times tiles can be more files than a process may hold open.
    """
    from rasterio.errors import RasterioError, RasterioIOError
    from rasterio.windows import Window

    try:
        with open_raster(tile.source, tile.name) as file:
            for band in file.indexes:
                yield file.read(band, window=Window(*window)), file.nodatavals[band - 1]
    except (RasterioError, RasterioIOError) as error:
        raise ReadError(
            "readable pixels are expected", error, tile.name, "The file looks damaged."
        ) from error
