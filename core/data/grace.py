"""GRACE/GRACE-FO Level-3 and mascon products on a latitude-longitude grid."""

from dataclasses import dataclass

import numpy as np

from ..errors import GridError, ReadError, TimeAxisError, located
from .grid import Grid
from .multidim import MultidimFile
from .products.gsfc import is_gsfc, open_gsfc
from .timeaxis import decode_times
from .units import storage_factor

#: Names under which the products carry equivalent water height, best first.
STORAGE_NAMES = ("lwe_thickness", "lwe_thickness_csr", "lwe", "twsa", "TWSA", "tws")
UNCERTAINTY_NAMES = ("uncertainty", "lwe_uncertainty", "sigma")
LAND_NAMES = ("land_mask", "LAND_MASK", "LSM", "lsm")


@dataclass
class GraceProduct:
    """An open product: its grid as we write it, and how to read it that way.

    ``grid`` is north-up with longitudes −180…180; ``middle``, ``start`` and
    ``end`` are datetime64[s] of each solution (start and end None without time
    bounds); ``factor`` turns the file's values into cm of equivalent water height.
    """

    file: MultidimFile
    variable: object
    uncertainty: object
    grid: Grid
    middle: np.ndarray
    start: np.ndarray
    end: np.ndarray
    factor: float
    units: str
    _rows: np.ndarray
    _columns: np.ndarray
    _land: object

    @property
    def solutions(self):
        """Number of solutions in the file."""
        return self.middle.size

    def read(self, row, ny, variable=None):
        """Values (solution, y, x) in cm of ``ny`` rows of the output grid from ``row``."""
        variable = self.variable if variable is None else variable
        rows = self._rows[row : row + ny]
        values = variable.read([0, int(rows.min()), 0], [self.solutions, ny, self.grid.nx])
        values = values[:, rows - rows.min()][:, :, self._columns]
        factor = self._factor(variable)
        return values if factor == 1.0 else values * factor

    def _factor(self, variable):
        # An uncertainty may state units of its own; where it states those of the
        # values, it shares with them what the user says about these.
        if variable.units in ("", self.variable.units):
            return self.factor
        return storage_factor(variable.units, f"{self.file.name}, variable {variable.name}")

    def read_uncertainty(self, row, ny):
        """One-sigma (solution, y, x) in cm, for products that state it."""
        return self.read(row, ny, self.uncertainty)

    def land(self, row, ny):
        """Boolean land mask (y, x) of the rows, or None when the product has none."""
        if self._land is None:
            return None
        rows = self._rows[row : row + ny]
        values = self._land.read([int(rows.min()), 0], [ny, self.grid.nx])
        # Not known to be ocean counts as land: the noise is judged by the ocean.
        return ~(values[rows - rows.min()] < 0.5)[:, self._columns]


def open_grace(path, variable="", units=""):
    """Open a GRACE product and check that it can be imported.

    ``variable`` and ``units`` override what the file says (empty: find them).
    Raises `ReadError`, `TimeAxisError`, `UnitsError`, `GridError`.
    """
    file = MultidimFile(path)
    if is_gsfc(file):
        return open_gsfc(file, variable, units)
    storage = _find_storage(file, variable)
    time, lat, lon = _axes(file, storage)
    middle, start, end = _times(file, time)
    lat_values, lon_values = lat.read(), lon.read()
    rows = np.argsort(-lat_values, kind="stable")
    wrapped = np.where(lon_values >= 180.0, lon_values - 360.0, lon_values)
    columns = np.argsort(wrapped, kind="stable")
    with located(file.name):
        grid = Grid.from_centres(wrapped[columns], lat_values[rows])
    stated = units or storage.units
    return GraceProduct(
        file=file,
        variable=storage,
        uncertainty=_companion(file, storage, UNCERTAINTY_NAMES),
        grid=grid,
        middle=middle,
        start=start,
        end=end,
        factor=storage_factor(stated, f"{file.name}, variable {storage.name}"),
        units=str(stated),
        _rows=rows,
        _columns=columns,
        _land=_companion(file, storage, LAND_NAMES, spatial=True),
    )


def _find_storage(file, wanted):
    names = file.names()
    if wanted:
        return file.variable(wanted)
    for name in STORAGE_NAMES:
        if name in names:
            return file.variable(name)
    raise ReadError(
        f"a variable of equivalent water height ({', '.join(STORAGE_NAMES[:3])}, …) is expected",
        ", ".join(names) or "no variables",
        file.name,
        "Name it with the parameter VARIABLE.",
    )


def _axes(file, storage):
    if len(storage.dims) != 3:
        raise TimeAxisError(
            "a variable over time, latitude and longitude is expected",
            f"{storage.name!r} over ({', '.join(storage.dims) or 'nothing'})",
            file.name,
        )
    found = {}
    for position, dim in enumerate(storage.dims):
        kind = dim.lower()
        for axis in ("time", "lat", "lon"):
            if kind.startswith(axis):
                found[axis] = (position, dim)
    if set(found) != {"time", "lat", "lon"}:
        missing = " and ".join(sorted({"time", "lat", "lon"} - set(found)))
        error = TimeAxisError if "time" not in found else GridError
        raise error(
            f"{storage.name!r} over time, latitude and longitude is expected",
            f"({', '.join(storage.dims)}): no {missing} axis",
            file.name,
        )
    if [found[a][0] for a in ("time", "lat", "lon")] != [0, 1, 2]:
        raise GridError(
            "the order time, latitude, longitude is expected",
            f"({', '.join(storage.dims)})",
            file.name,
        )
    for axis in ("time", "lat", "lon"):
        if found[axis][1] not in file.names():
            error = TimeAxisError if axis == "time" else GridError
            raise error(f"a coordinate variable {found[axis][1]!r} is expected", "none", file.name)
    return tuple(file.variable(found[a][1]) for a in ("time", "lat", "lon"))


def _times(file, time):
    if time.shape[0] == 0:
        raise TimeAxisError("at least one solution is expected", "an empty time axis", file.name)
    calendar = time.attribute("calendar")
    middle = decode_times(time.read(), time.units, file.name, calendar)
    names = file.names()
    bounds = next(
        (n for n in (time.attribute("bounds"), "time_bounds", "time_bnds") if n in names), None
    )
    if bounds is None:
        return middle, None, None
    variable = file.variable(bounds)
    if variable.shape != (middle.size, 2):
        return middle, None, None
    units = variable.units or time.units
    start, end = (decode_times(v, units, file.name, calendar) for v in variable.read().T)
    if not (start < end).all():
        raise TimeAxisError(
            "time bounds that start before they end are expected", "others", file.name
        )
    return middle, start, end


def _companion(file, storage, names, spatial=False):
    shape = storage.shape[1:] if spatial else storage.shape
    for name in names:
        if name in file.names():
            variable = file.variable(name)
            if variable.shape == shape:
                return variable
    return None
