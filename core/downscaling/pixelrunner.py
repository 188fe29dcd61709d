"""Running a pixel model over a block of the fine grid, for one month."""

import time

import numpy as np

from .ensembles import combine
from .pace import Pace
from .prediction import Given, Prediction, outside_share

FIRST_ROWS, MOST_ROWS = 4096, 1 << 18
LEAST_ROWS = 256


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
