"""Running a model over a block of the fine grid, for one month."""

import time
from dataclasses import dataclass

import numpy as np

from .ensembles import combine
from .windows import axis_patches, blended, served

#: Seconds that one call of ONNX Runtime should take: Cancel is looked at in between.
CALL_SECONDS = 0.4
FIRST_ROWS, MOST_ROWS = 4096, 1 << 18
LEAST_ROWS = 256
FIRST_PATCHES, MOST_PATCHES = 2, 256


@dataclass
class Prediction:
    """Of one block and month, each (y, x) float32: mean, standard deviation (or None)
    and the share of input channels outside their training range, NaN where the model was
    not asked."""

    mean: np.ndarray
    std: np.ndarray
    outside: np.ndarray


@dataclass
class Given:
    """What a model is given for a block (row, col, ny, nx) and a month: channels, classes.

    All that a `Prediction` depends on besides the model and where the block lies.
    """

    window: tuple
    values: np.ndarray
    classes: object = None

    def arrays(self):
        """The arrays, to be hashed."""
        return [self.values] if self.classes is None else [self.values, self.classes]


class Pace:
    """How many items to give one call, learnt from how long the last ones took."""

    def __init__(self, first, most, seconds=CALL_SECONDS):
        self.size, self.most, self.seconds = first, most, seconds
        self.busy = 0.0

    def took(self, items, elapsed):
        """Learn from a call of ``items`` items."""
        self.busy += elapsed
        if items >= self.size // 2:
            rate = items / max(elapsed, 1e-6)
            self.size = int(np.clip(rate * self.seconds, 1, min(self.most, 4 * self.size)))


def outside_share(ranges, channels):
    """Share of ``channels`` (channel, …) outside their (low, high); unknown ones do not count."""
    count = np.zeros(channels.shape[1:], dtype=np.float32)
    known = np.zeros(channels.shape[1:], dtype=np.float32)
    with np.errstate(invalid="ignore"):
        for (low, high), field in zip(ranges, channels):
            count += (field < low) | (field > high)
            known += np.isfinite(field)
    return np.divide(count, known, out=np.full_like(count, np.nan), where=known > 0)


class PixelRunner:
    """Pixel models: each cell on its own, one set of members a stratum.

    ``sessions`` maps a class (None: all classes) to its list of `ModelSession`;
    ``strata`` is a function ``(row, col, ny, nx) -> (y, x)`` of class numbers, or None.
    ``without`` counts the cells whose class no file serves.
    """

    def __init__(self, contract, channels, sessions, strata=None):
        self.contract, self.channels = contract, channels
        self.sessions, self.strata = sessions, strata
        self.pace = Pace(FIRST_ROWS, MOST_ROWS)
        self.without = {}

    def predict(self, month, row, col, ny, nx, check=lambda: None):
        """`Prediction` of a block."""
        given = self.given(month, row, col, ny, nx)
        self.count(given)
        return self.run(given, check)

    def given(self, month, row, col, ny, nx):
        """`Given` of a block and month."""
        values = self.channels.read(month, row, col, ny, nx)
        classes = None if self.strata is None else self.strata(row, col, ny, nx)
        return Given((row, col, ny, nx), values, classes)

    def close(self):
        """Release the sessions."""
        for members in self.sessions.values():
            for session in members:
                session.close()

    def usable(self, given):
        """Cells (y, x) whose predictors suffice, whatever their class."""
        known = np.isfinite(given.values)
        return known.any(axis=0) if self.contract.missing == "accept" else known.all(axis=0)

    def count(self, given):
        """Count cells of classes that no file serves."""
        if given.classes is None:
            return
        present, counts = np.unique(given.classes[self.usable(given)], return_counts=True)
        for number, count in zip(present.tolist(), counts.tolist()):
            if number not in self.sessions:
                self.without[number] = self.without.get(number, 0) + count

    def run(self, given, check=lambda: None):
        """`Prediction` from what `given` read."""
        (_, _, ny, nx), values = given.window, given.values
        mean = np.full((ny, nx), np.nan, dtype=np.float32)
        std = np.full((ny, nx), np.nan, dtype=np.float32)
        outside = np.full((ny, nx), np.nan, dtype=np.float32)
        some_std = False
        for stratum, cells in self._by_class(self.usable(given), given.classes):
            rows = np.ascontiguousarray(values[:, cells].T)
            m, s = self._members(self.sessions[stratum], rows, check)
            mean[cells] = m
            # A class' model knows its own range, which is narrower than that of all classes.
            outside[cells] = outside_share(self.contract.channel_ranges(stratum), rows.T)
            if s is not None:
                std[cells], some_std = s, True
        return Prediction(mean, std if some_std else None, outside)

    def _by_class(self, usable, classes):
        if classes is None:
            if usable.any():
                yield None, usable
            return
        for number in np.unique(classes[usable]).tolist():
            if number in self.sessions:
                yield number, usable & (classes == number)

    def _members(self, sessions, rows, check):
        means, stds = [], []
        for session in sessions:
            mean = np.empty(len(rows), dtype=np.float32)
            std = np.empty(len(rows), dtype=np.float32) if self.contract.output_std else None
            begin = 0
            while begin < len(rows):
                check()
                end = min(len(rows), begin + self.pace.size)
                started = time.perf_counter()
                m, s = session.run(_enough(rows[begin:end]), check)
                self.pace.took(end - begin, time.perf_counter() - started)
                mean[begin:end] = m[: end - begin]
                if std is not None:
                    std[begin:end] = s[: end - begin]
                begin = end
            means.append(mean)
            stds.append(std)
        return combine(means, stds)


def _enough(rows):
    """At least `LEAST_ROWS` rows, the last one repeated.

    For a few rows ONNX Runtime adds up trees, or products, in another order than for many:
    so that the size of blocks and batches changes no bit, it never gets a few.
    """
    if len(rows) >= LEAST_ROWS:
        return rows
    return np.concatenate([rows, np.repeat(rows[-1:], LEAST_ROWS - len(rows), axis=0)])


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
