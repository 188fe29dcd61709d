"""Running a patch model over a block of the fine grid, for one month."""

import time

import numpy as np

from .ensembles import combine
from .pace import Pace
from .prediction import Given, Prediction, outside_share
from .windows import axis_patches, blended, served

FIRST_PATCHES, MOST_PATCHES = 2, 256


class PatchRunner:
    """Patch models: windows on a lattice of the whole domain, blended.

    ``domain`` is (row, col, ny, nx) of the extent in the predictors' grid; blocks are
    given in cells of the domain. Cells with an unknown predictor enter as the
    variable's ``fill`` and come out as NaN.
    """

    def __init__(self, contract, channels, sessions, domain):
        self.contract, self.channels, self.sessions = contract, channels, sessions
        self.row, self.col, ny, nx = domain
        tile = contract.tile
        self.y = axis_patches(ny, tile.height, tile.overlap, tile.blend)
        self.x = axis_patches(nx, tile.width, tile.overlap, tile.blend)
        self.ny, self.nx = ny, nx
        self.fills = np.array([v.fill for v, _ in contract.channels], dtype=np.float32)
        self.pace = Pace(FIRST_PATCHES, MOST_PATCHES)
        self.without = {}

    def predict(self, month, row, col, ny, nx, check=lambda: None):
        """`Prediction` of a block of the domain."""
        return self.run(self.given(month, row, col, ny, nx), check)

    def given(self, month, row, col, ny, nx):
        """`Given` of a block and month: the block and what its patches see around it."""
        _, (top, bottom), (left, right) = self._patches(row, col, ny, nx)
        field = self._read(month, top, left, bottom - top, right - left)
        return Given((row, col, ny, nx), field)

    def count(self, given):
        """Nothing to count: a patch model has no classes."""

    def close(self):
        """Release the sessions."""
        for session in self.sessions:
            session.close()

    def _patches(self, row, col, ny, nx):
        """Patches of a block, and the rows and columns that they cover."""
        patches = blended(self.y, self.x, row, col, ny, nx)
        i, j = np.array(patches).T
        spans = [
            (int(axis.starts[k].min()), int(axis.starts[k].max()) + axis.size)
            for axis, k in ((self.y, i), (self.x, j))
        ]
        return patches, *spans

    def run(self, given, check=lambda: None):
        """`Prediction` from what `given` read."""
        (row, col, ny, nx), field = given.window, given.values
        patches, (top, _), (left, _) = self._patches(row, col, ny, nx)
        inner = field[:, row - top : row - top + ny, col - left : col - left + nx]
        known = np.isfinite(inner).all(axis=0)
        outside = outside_share(self.contract.channel_ranges(), inner)
        holes = ~np.isfinite(field)
        filled = np.where(holes, self.fills[:, None, None], field)
        blank = holes.any(axis=0)
        total = [_Sum(ny, nx) for _ in self.sessions]
        todo = [p for p in patches if not self._all_blank(blank, p, top, left)]
        begin = 0
        while begin < len(todo):
            check()
            chosen = todo[begin : begin + self.pace.size]
            batch = np.stack([self._cut(filled, p, top, left) for p in chosen])
            for session, into in zip(self.sessions, total):
                started = time.perf_counter()
                means, stds = session.run(batch, check)
                self.pace.took(len(chosen), time.perf_counter() - started)
                for n, (a, b) in enumerate(chosen):
                    to_y, from_y = served(self.y, a, row, ny)
                    to_x, from_x = served(self.x, b, col, nx)
                    std = None if stds is None else stds[n, from_y, from_x]
                    into.add(to_y, to_x, means[n, from_y, from_x], std)
            begin += len(chosen)
        results = [t.result() for t in total]
        mean, std = combine([m for m, _ in results], [s for _, s in results])
        for values in (mean, std, outside):
            if values is not None:
                values[~known] = np.nan
        return Prediction(mean, std, outside)

    def _read(self, month, top, left, ny, nx):
        """Channels of a part of the domain; NaN beyond the domain's far edges."""
        inside_y, inside_x = min(ny, self.ny - top), min(nx, self.nx - left)
        values = self.channels.read(month, self.row + top, self.col + left, inside_y, inside_x)
        if (inside_y, inside_x) == (ny, nx):
            return values
        return np.pad(
            values, ((0, 0), (0, ny - inside_y), (0, nx - inside_x)), constant_values=np.nan
        )

    def _cut(self, field, patch, top, left):
        y, x = int(self.y.starts[patch[0]]) - top, int(self.x.starts[patch[1]]) - left
        return field[..., y : y + self.y.size, x : x + self.x.size]

    def _all_blank(self, blank, patch, top, left):
        return bool(self._cut(blank, patch, top, left).all())


class _Sum:
    """Sum of what the patches say of each cell, divided at the end by how many did."""

    def __init__(self, ny, nx):
        self.mean, self.std = np.zeros((ny, nx)), None
        self.count = np.zeros((ny, nx))

    def add(self, y, x, mean, std):
        self.mean[y, x] += mean
        self.count[y, x] += 1
        if std is not None:
            if self.std is None:
                self.std = np.zeros_like(self.mean)
            self.std[y, x] += std

    def result(self):
        known = self.count > 0
        return tuple(
            None
            if total is None
            else np.divide(total, self.count, out=np.full(total.shape, np.nan), where=known).astype(
                np.float32
            )
            for total in (self.mean, self.std)
        )
