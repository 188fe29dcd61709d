"""Any CF NetCDF with a variable over time, latitude and longitude."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import GraceWaterError, ReadError, TimeAxisError, UnitsError
from ..multidim import MultidimFile
from .latlon import Layout, find_layout
from .monthly import months_of
from .quantities import check_fills
from .record import FileRecord


@dataclass(frozen=True)
class CfFile:
    """One NetCDF file and how its variable is read."""

    path: str
    variable: str
    months: np.ndarray
    layout: Layout
    units: str
    block: int
    title: str

    @property
    def name(self):
        """The name of the file."""
        return Path(self.path).name

    @property
    def grid(self):
        """The grid, north-up."""
        return self.layout.grid


class CfRecord(FileRecord):
    """NetCDF files with one variable; ``units`` are as the files state them."""

    def __init__(self, paths, variable, progress):
        super().__init__(paths, lambda path: inspect_cf(path, variable), progress)
        self.variable = self.files[0].variable
        self.units = check_one_unit(self.files)
        self.title = self.files[0].title

    def read(self, indexes, row, ny, columns):
        """Values (month, y, x) of the months at ``indexes``; NaN for months without a file."""
        out = np.full((len(indexes), ny, columns.size), np.nan)
        for file, first, targets in self.runs(indexes):
            self.check()
            variable = MultidimFile(file.path).variable(file.variable)
            values = file.layout.read(variable, first, len(targets), row, ny, columns)
            check_fills(values, f"{file.name}, variable {file.variable}")
            out[targets] = values
        return out


def inspect_cf(path, variable=""):
    """`CfFile` of a NetCDF; without ``variable`` there must be one candidate only."""
    file = MultidimFile(path)
    field = file.variable(variable or _only_candidate(file))
    layout, time = find_layout(file, field)
    if time is None:
        raise TimeAxisError(
            f"{field.name!r} over time, latitude and longitude is expected",
            f"({', '.join(field.dims)}): no time axis",
            file.name,
        )
    block = field.block
    return CfFile(
        str(path),
        field.name,
        months_of(file, time),
        layout,
        str(field.units),
        block[layout.positions["time"]] if block else 1,
        " ".join(str(file.attributes().get("title", "")).split()),
    )


def _only_candidate(file):
    found, problems = [], []
    for name in file.names():
        variable = file.variable(name)
        try:
            layout, _ = find_layout(file, variable)
        except GraceWaterError as error:
            if len(variable.dims) >= 3:
                problems.append(error)
            continue
        if "time" in layout.positions:
            found.append(name)
    if len(found) == 1:
        return found[0]
    if not found and len(problems) == 1:
        raise problems[0]
    raise ReadError(
        "one variable over time, latitude and longitude is expected",
        ", ".join(found) or f"none among {', '.join(file.names()) or 'no variables'}",
        file.name,
        "Name it with the parameter VARIABLE." if found else "",
    )


def check_one_unit(files):
    """The unit that all files state; `UnitsError` naming two files where they differ."""
    first = files[0]
    for file in files[1:]:
        if file.units != first.units:
            raise UnitsError(
                "one unit in all files is expected",
                f"{first.units!r} in {first.name} and {file.units!r} in {file.name}",
            )
    return first.units
