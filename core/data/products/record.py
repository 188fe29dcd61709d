"""Files that hold months, put on one complete axis."""

import numpy as np

from ...errors import GridError, ParameterError, TimeAxisError
from .. import months as calendar


class FileRecord:
    """Files in the order of their months.

    ``inspect`` turns a path into an object with ``name``, ``months``, ``grid`` and
    ``block`` (months that lie together in the file). ``months`` is the complete axis,
    ``places`` maps a month to (file, index in it). Raises `ParameterError` without
    files, and `TimeAxisError` and `GridError` naming both files for a month that is
    twice or for grids that differ.
    """

    def __init__(self, paths, inspect, progress):
        if not paths:
            raise ParameterError("at least one file is expected", "none", "INPUT")
        self.files = []
        # Many small files are read in one go: Cancel must not wait for all of them.
        self.check = progress.check
        for number, path in enumerate(paths):
            progress.check()
            self.files.append(inspect(path))
            progress.set((number + 1) / len(paths))
        self.files.sort(key=lambda f: (f.months[0], f.name))
        self.places = _places(self.files)
        _check_grids(self.files)
        self.months = calendar.month_range(min(self.places), max(self.places))
        self.present = np.array([m in self.places for m in self.months.tolist()])
        self.grid = self.files[0].grid
        self.block = max(f.block for f in self.files)

    @property
    def name(self):
        """What to call the record in a message."""
        first, last = self.files[0].name, self.files[-1].name
        return first if len(self.files) == 1 else f"{first} … {last}"

    @property
    def missing(self):
        """The months between first and last that no file holds."""
        return self.months[~self.present]

    def runs(self, indexes):
        """(file, first index in it, positions in ``indexes``) of months that lie together."""
        runs = []
        for position, index in enumerate(indexes):
            place = self.places.get(self.months[index].tolist())
            if place is None:
                continue
            file, at = place
            if runs and runs[-1][0] is file and runs[-1][1] + len(runs[-1][2]) == at:
                runs[-1][2].append(position)
            else:
                runs.append((file, at, [position]))
        return runs


def _places(files):
    places = {}
    for file in files:
        for at, month in enumerate(file.months.tolist()):
            if month in places:
                raise TimeAxisError(
                    "each month once is expected",
                    f"{month:%Y-%m} in {places[month][0].name} and in {file.name}",
                    "INPUT",
                    "Leave one of the two files out.",
                )
            places[month] = (file, at)
    return places


def _check_grids(files):
    first = files[0]
    for file in files[1:]:
        what = first.grid.difference(file.grid)
        if what:
            raise GridError(
                f"{first.name} and {file.name} on one grid are expected, but they differ in their "
                f"{what}",
                f"{first.grid.describe()} and {file.grid.describe()}",
            )
