"""GRACE/GRACE-FO Level-3 and mascon products on a latitude-longitude grid."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from ..errors import GridError, ReadError, TimeAxisError, located
from ..progress import SILENT
from .grid import Grid
from .multidim import MultidimFile
from .openproduct import OpenProduct
from .products.gsfc import is_gsfc, open_gsfc
from .products.latlon import check_packing, check_sizes
from .products.plausible import check_anomaly, check_sigma
from .solutions import check_solutions
from .timeaxis import decode_times
from .turning import TurnedVariable, check_pieces, needs_turning
from .units import storage_factor

#: Names under which the products carry equivalent water height, best first.
STORAGE_NAMES = ("lwe_thickness", "lwe_thickness_csr", "lwe", "twsa", "TWSA", "tws")
UNCERTAINTY_NAMES = ("uncertainty", "lwe_uncertainty", "sigma")
LAND_NAMES = ("land_mask", "LAND_MASK", "LSM", "lsm")


@dataclass
class GraceProduct(OpenProduct):
    """A product on latitude and longitude, and how to read it north-up with −180…180."""

    _rows: np.ndarray
    _columns: np.ndarray
    _land: object

    def read(self, row, ny, variable=None):
        """Values (solution, y, x) in cm of ``ny`` rows of the output grid from ``row``."""
        variable = self.variable if variable is None else variable
        rows = self._rows[row : row + ny]
        values = variable.read([0, int(rows.min()), 0], [self.solutions, ny, self.grid.nx])
        values = values[:, rows - rows.min()][:, :, self._columns]
        factor = self._factor(variable)
        check = check_sigma if variable is self.uncertainty else check_anomaly
        check(values, factor, f"{self.file.name}, variable {variable.name}")
        return values if factor == 1.0 else values * factor

    def _factor(self, variable):
        # An uncertainty may state units of its own; where it states those of the
        # values, it shares with them what the user says about these.
        if variable.units in ("", self.variable.units):
            return self.factor
        return storage_factor(variable.units, f"{self.file.name}, variable {variable.name}")

    @contextmanager
    def turned(self, height, beside, sigma=False, progress=SILENT):
        """This product, for strips of ``height`` rows; see `turning`.

        ``sigma``: the uncertainty is read too. Files whose pieces suit stay as they are.
        """
        names = ("variable", "uncertainty") if sigma else ("variable",)
        wanted = [n for n in names if needs_turning(getattr(self, n), height)]
        with ExitStack() as stack:
            copies = {}
            for number, name in enumerate(wanted):
                share = progress.part(number / len(wanted), (number + 1) / len(wanted))
                copies[name] = TurnedVariable(getattr(self, name), beside, share)
                stack.callback(copies[name].close)
            yield replace(self, **copies)

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
    uncertainty = _companion(file, storage, UNCERTAINTY_NAMES)
    for variable in (storage, uncertainty):
        if variable is not None:
            check_packing(file, variable)
            check_pieces(variable, file.name)
    middle, start, end = _times(file, time)
    check_solutions(file.name, middle, start, end)
    lat_values, lon_values = _degrees(file, lat, 90.0), _degrees(file, lon, 360.0)
    rows = np.argsort(-lat_values, kind="stable")
    wrapped = np.where(lon_values >= 180.0, lon_values - 360.0, lon_values)
    columns = np.argsort(wrapped, kind="stable")
    with located(file.name):
        grid = Grid.from_centres(wrapped[columns], lat_values[rows])
    stated = units or storage.units
    return GraceProduct(
        file=file,
        variable=storage,
        uncertainty=uncertainty,
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
    if storage.shape[0] == 0:
        raise TimeAxisError("at least one solution is expected", "an empty time axis", file.name)
    check_sizes(file, storage, {"time": 0, "lat": 1, "lon": 2})
    for axis in ("time", "lat", "lon"):
        if found[axis][1] not in file.names():
            error = TimeAxisError if axis == "time" else GridError
            raise error(f"a coordinate variable {found[axis][1]!r} is expected", "none", file.name)
    return tuple(file.variable(found[a][1]) for a in ("time", "lat", "lon"))


def _degrees(file, axis, limit):
    values = axis.read()
    if values.ndim != 1 or not np.isfinite(values).all() or np.abs(values).max() > limit + 1e-3:
        raise GridError(
            f"degrees within ±{limit:g} are expected in {axis.name!r}", "others", file.name
        )
    return values


def _times(file, time):
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
