"""GSFC mascons: an HDF5 file with one series a mascon, painted on a grid."""

from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ...errors import DataError, GridError, ReadError, TimeAxisError
from ...progress import SILENT
from ..grid import Grid
from ..openproduct import OpenProduct
from ..solutions import check_solutions
from ..units import storage_factor
from .latlon import check_packing
from .plausible import check_anomaly, check_sigma

#: Degrees of a painted cell: mascons are about 1° high and end at uneven longitudes.
SPACING = 0.5
#: What a file may hold; RL06 has 41 168 mascons and some 250 solutions.
MAX_MASCONS, MAX_TIMES = 500_000, 24_000
#: ``location`` of ocean mascons (ice sheets have 1 to 5, land 80).
OCEAN = 90
#: The times count days from this day on: day 1 is 2002-01-01.
_DAY_ZERO = np.datetime64("2001-12-31", "s")
_GROUPS = {"mascon", "time"}
#: Cells that may be claimed by two mascons, and mascons that may claim none.
_TOLERATED = 0.01


@dataclass
class GsfcProduct(OpenProduct):
    """Mascons with the interface of `GraceProduct`.

    ``cells`` (y, x) holds the index of the mascon whose outline the cell's centre lies
    in, −1 for none. Values are read once and kept: a mascon file holds some 80 MB.
    """

    cells: np.ndarray
    ocean: np.ndarray
    _kept: dict = field(default_factory=dict)

    def read(self, row, ny, variable=None):
        """Values (solution, y, x) in cm of ``ny`` rows from ``row``."""
        return self._paint(self.variable if variable is None else variable, row, ny, self.factor)

    def read_uncertainty(self, row, ny):
        """One-sigma (solution, y, x) in cm: half of the file's two-sigma of noise."""
        return self._paint(self.uncertainty, row, ny, 0.5 * self.factor)

    @contextmanager
    def turned(self, height, beside, sigma=False, progress=SILENT):
        """Itself: mascons are kept in memory, whatever the strips."""
        yield self

    def land(self, row, ny):
        """Boolean (y, x): not an ocean mascon; None where the file does not say."""
        if self.ocean is None:
            return None
        cells = self.cells[row : row + ny]
        return ~((cells >= 0) & self.ocean[cells])

    def _paint(self, variable, row, ny, factor):
        if variable.name not in self._kept:
            values = _by_time(variable, self.mascons, self.solutions)
            check = check_sigma if variable is self.uncertainty else check_anomaly
            check(values, factor, f"{self.file.name}, variable {variable.name}")
            self._kept[variable.name] = values
        cells = self.cells[row : row + ny]
        values = self._kept[variable.name][:, cells] * factor
        values[:, cells < 0] = np.nan
        return values

    @property
    def mascons(self):
        """Number of mascons in the file."""
        return int(self._kept["count"])


def is_gsfc(file):
    """Whether an open file has the groups of a GSFC mascon file."""
    return set(file.groups()) >= _GROUPS


def open_gsfc(file, variable="", units="", spacing=SPACING):
    """Open GSFC mascons; ``spacing`` is the cell size in degrees of the painted grid.

    Raises `ReadError`, `GridError`, `TimeAxisError`, `UnitsError`, `DataError` where
    mascons overlap or fall between the cells.
    """
    storage = file.grouped("solution", variable or "cmwe")
    lat, lon, dlat, dlon = (
        _vector(file, "mascon", name, MAX_MASCONS)
        for name in ("lat_center", "lon_center", "lat_span", "lon_span")
    )
    if not lat.size == lon.size == dlat.size == dlon.size:
        raise GridError("a centre and a span of each mascon are expected", "others", file.name)
    first, middle, last = (
        _vector(file, "time", f"ref_days_{name}", MAX_TIMES) for name in ("first", "middle", "last")
    )
    if not first.size == middle.size == last.size:
        raise TimeAxisError("first, middle and last day of each solution are expected", "others",
                            file.name)  # fmt: skip
    shape = (lat.size, middle.size)
    if storage.shape not in (shape, shape[::-1]):
        raise ReadError(
            f"{storage.name} of {shape[0]} mascons × {shape[1]} solutions is expected",
            " × ".join(map(str, storage.shape)),
            file.name,
        )
    start, end = _dates(first, file), _dates(last + 1, file)
    if not (start < end).all():
        raise TimeAxisError(
            "solutions that start before they end are expected", "others", file.name
        )
    check_solutions(file.name, _dates(middle, file), start, end)
    check_packing(file, storage)
    grid = _grid(spacing)
    stated = units or storage.units or "cm"
    product = GsfcProduct(
        file=file,
        variable=storage,
        uncertainty=_noise(file, storage),
        grid=grid,
        middle=_dates(middle, file),
        start=start,
        end=end,
        factor=storage_factor(stated, f"{file.name}, variable {storage.name}"),
        units=str(stated),
        cells=paint_mascons(grid, lat, lon, dlat, dlon, file.name),
        ocean=_ocean(file, lat.size),
    )
    product._kept["count"] = lat.size
    return product


def paint_mascons(grid, lat, lon, dlat, dlon, where=""):
    """Index (y, x) of the mascon in whose rectangle each cell centre lies, −1 for none.

    Mascons lie in bands of equal latitudes; within a band their western edges are
    sought. Raises `DataError` where rectangles overlap, or are too small to own a cell.
    """
    cells = np.full(grid.shape, -1)
    twice = 0
    bands, member = np.unique(np.stack([lat, dlat]), axis=1, return_inverse=True)
    member = member.ravel()
    for number, (centre, height) in enumerate(bands.T):
        # The northernmost cells may end on the pole itself.
        rows = np.flatnonzero(
            (grid.y >= centre - height / 2 - 1e-9) & (grid.y < centre + height / 2 - 1e-9)
        )
        mascons = np.flatnonzero(member == number)
        owner = _owners(grid.x, lon[mascons], dlon[mascons])
        owner = np.where(owner >= 0, mascons[owner], -1)
        for row in rows:
            twice += int(((cells[row] >= 0) & (owner >= 0)).sum())
            cells[row] = np.where(owner >= 0, owner, cells[row])
    if twice > _TOLERATED * cells.size:
        raise DataError("mascons beside each other are expected", f"{twice} cells in two", where)
    lost = lat.size - np.unique(cells[cells >= 0]).size
    if lost > _TOLERATED * lat.size:
        raise DataError(
            f"mascons larger than {grid.dx:g}° cells are expected", f"{lost} without a cell", where
        )
    return cells


def _owners(columns, lon, span):
    """For each column the mascon of a band that it lies in, −1 for none."""
    west = np.mod(lon - span / 2, 360.0)
    order = np.argsort(west, kind="stable")
    at = np.mod(columns, 360.0)
    # Before the first western edge the last mascon may reach across 0°.
    found = order[np.searchsorted(west[order], at + 1e-9, side="right") - 1]
    inside = np.mod(at - west[found] + 1e-9, 360.0) < span[found]
    return np.where(inside, found, -1)


def _grid(spacing):
    nx = round(360 / spacing) if spacing and spacing > 0 else 0
    if not 2 <= nx <= 7200 or abs(nx * spacing - 360) > 1e-9 or nx % 2:
        raise GridError("a cell size that divides 180° is expected, 0.05° or more", f"{spacing}°")
    return Grid(-180.0, 90.0, float(spacing), float(spacing), nx, nx // 2)


def _vector(file, group, name, most):
    variable = file.grouped(group, name)
    count = int(np.prod(variable.shape, dtype=float))
    if not 0 < count <= most or count != max(variable.shape):
        raise ReadError(
            f"between 1 and {most} numbers in a row are expected in {variable.name}",
            " × ".join(map(str, variable.shape)),
            file.name,
        )
    values = variable.read().ravel()
    if not np.isfinite(values).all():
        raise ReadError(f"finite numbers are expected in {variable.name}", "others", file.name)
    return values


def _dates(days, file):
    if np.abs(days).max() > 4e6:
        raise TimeAxisError("days since the end of 2001 are expected", days.max(), file.name)
    return _DAY_ZERO + np.round(days * 86400).astype("timedelta64[s]")


def _by_time(variable, mascons, solutions):
    """All values (solution, mascon)."""
    values = variable.read()
    return values if values.shape == (solutions, mascons) != (mascons, solutions) else values.T


def _noise(file, storage):
    if "uncertainty" not in file.groups():
        return None
    try:
        noise = file.grouped("uncertainty", "noise_2sigma")
    except ReadError:
        return None
    return noise if noise.shape == storage.shape else None


def _ocean(file, count):
    try:
        location = _vector(file, "mascon", "location", MAX_MASCONS)
    except ReadError:
        return None
    return location == OCEAN if location.size == count else None
