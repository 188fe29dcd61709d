"""One variable over latitude, longitude and time, read north-up with −180…180.

Products store the same thing in many orders: latitudes rising or falling,
longitudes 0…360, a version axis between time and latitude. `Layout` is what has
to be known to read any of them; it is found once and holds no open file.
"""

from dataclasses import dataclass

import numpy as np

from ...errors import GridError, ReadError, TimeAxisError, located
from ..grid import Grid

#: Cells along one side, and times in one file: beyond this a header is damaged or
#: hostile (a global grid of 30 arc seconds has 43 200 columns).
MAX_SIDE = 50_000
MAX_TIMES = 24_000

_STANDARD = {"latitude": "lat", "longitude": "lon", "time": "time"}
_NAMES = {
    "lat": "lat",
    "latitude": "lat",
    "lon": "lon",
    "longitude": "lon",
    "time": "time",
    "valid_time": "time",
    "expver": "version",
}


@dataclass(frozen=True)
class Layout:
    """How a variable lies in its file.

    ``positions`` maps ``time``, ``lat``, ``lon`` and perhaps ``version`` to the
    dimension they have in the file; ``rows`` and ``columns`` are the file's indexes
    in the order in which we write; ``versions`` are indexes, the final one first.
    """

    grid: Grid
    positions: dict
    rank: int
    rows: np.ndarray
    columns: np.ndarray
    versions: tuple = (0,)

    def read(self, variable, first, count, row, ny, columns):
        """Values (time, y, x), float64, NaN = missing, of ``count`` times from ``first``.

        ``row`` and ``ny`` are rows of ``grid``, ``columns`` its column indexes.
        Where there is a version axis, a value of the final version goes before one
        of the preliminary version (ERA5T).
        """
        rows, cols = self.rows[row : row + ny], self.columns[columns]
        top, left = int(rows.min()), int(cols.min())
        start, size = [0] * self.rank, [1] * self.rank
        for axis, begin, length in (
            ("time", first, count),
            ("lat", top, int(rows.max()) - top + 1),
            ("lon", left, int(cols.max()) - left + 1),
        ):
            if axis in self.positions:
                start[self.positions[axis]], size[self.positions[axis]] = begin, length
        out = None
        for version in self.versions:
            if "version" in self.positions:
                start[self.positions["version"]] = version
            values = self._ordered(variable.read(start, size))[:, rows - top][:, :, cols - left]
            out = values if out is None else np.where(np.isfinite(out), out, values)
        return out

    def _ordered(self, values):
        known = [self.positions[a] for a in ("time", "lat", "lon") if a in self.positions]
        rest = [i for i in range(self.rank) if i not in known]
        values = values.transpose(*rest, *known)
        return values.reshape(-1, *values.shape[-2:])


def find_layout(file, variable):
    """`Layout` of a variable, and its time coordinate (None where it has none).

    Raises `GridError` and `TimeAxisError` for variables that do not lie on evenly
    spaced latitudes and longitudes, or whose declared size is beyond `MAX_SIDE` and
    `MAX_TIMES` (nothing of that size is allocated), and `ReadError` for a scale
    factor that cannot be meant.
    """
    positions = _positions(file, variable)
    check_sizes(file, variable, positions)
    check_packing(file, variable)
    lat, lon = (_coordinate(file, variable.dims[positions[a]], a) for a in ("lat", "lon"))
    rows = np.argsort(-lat, kind="stable")
    centres = _wrapped(lon)
    columns = np.argsort(centres, kind="stable")
    with located(file.name):
        grid = Grid.from_centres(centres[columns], lat[rows])
    time = None
    if "time" in positions:
        name = variable.dims[positions["time"]]
        if name not in file.names():
            raise TimeAxisError(f"a coordinate variable {name!r} is expected", "none", file.name)
        time = file.variable(name)
    versions = _versions(file, variable, positions)
    return Layout(grid, positions, len(variable.dims), rows, columns, versions), time


def _positions(file, variable):
    found, rest = {}, []
    for position, dim in enumerate(variable.dims):
        kind = _kind(file, dim)
        if kind and kind not in found:
            found[kind] = position
        elif variable.shape[position] != 1:
            rest.append(position)
    missing = [name for name in ("lat", "lon") if name not in found]
    if missing:
        axes = {"lat": "latitude", "lon": "longitude"}
        raise GridError(
            f"{variable.name!r} over latitude and longitude is expected",
            f"({', '.join(variable.dims) or 'nothing'}): no "
            f"{' and no '.join(axes[a] for a in missing)} axis",
            file.name,
            "Projected and curvilinear grids have to be warped to degrees first.",
        )
    if rest:
        raise GridError(
            f"{variable.name!r} over time, latitude and longitude is expected",
            f"a further axis {variable.dims[rest[0]]!r} of length {variable.shape[rest[0]]}",
            file.name,
            "Select one element of that axis first.",
        )
    return found


def _kind(file, dim):
    if dim in file.names():
        coordinate = file.variable(dim)
        kind = _STANDARD.get(str(coordinate.attribute("standard_name")).lower())
        units = str(coordinate.units).lower()
        if kind:
            return kind
        if units.startswith("degree") and units.endswith(("north", "_n")):
            return "lat"
        if units.startswith("degree") and units.endswith(("east", "_e")):
            return "lon"
        if " since " in units:
            return "time"
    return _NAMES.get(dim.lower(), "")


def check_sizes(file, variable, positions):
    """Raise `GridError`, `TimeAxisError` for declared lengths that no product has."""
    for axis, most in (("lat", MAX_SIDE), ("lon", MAX_SIDE), ("time", MAX_TIMES)):
        size = variable.shape[positions[axis]] if axis in positions else 1
        if not 0 < size <= most:
            error = TimeAxisError if axis == "time" else GridError
            raise error(
                f"between 1 and {most} elements along {variable.dims[positions[axis]]!r} are "
                f"expected in {variable.name!r}",
                size,
                file.name,
                "Its header is damaged, or the file has to be cut first.",
            )


def check_packing(file, variable):
    """Raise `ReadError` for a scale factor or an offset that cannot be meant."""
    for name in ("scale_factor", "add_offset"):
        value = variable.attribute(name, None)
        if value is None:
            continue
        number = np.ravel(value)
        usable = number.size == 1 and number.dtype.kind in "fiu" and np.isfinite(number[0])
        if not usable or (name == "scale_factor" and number[0] == 0):
            raise ReadError(
                f"a finite {name}{' other than 0' if name == 'scale_factor' else ''} is expected "
                f"for {variable.name!r}",
                repr(value),
                file.name,
            )


def _coordinate(file, dim, axis):
    if dim not in file.names():
        raise GridError(f"a coordinate variable {dim!r} is expected", "none", file.name)
    values = file.variable(dim).read()
    limit = 90.0 if axis == "lat" else 360.0
    if values.ndim != 1 or not np.isfinite(values).all() or np.abs(values).max() > limit + 1e-3:
        raise GridError(f"degrees within ±{limit:g} are expected in {dim!r}", "others", file.name)
    # 359.79999 is 359.8 written in 32 bits; thirds of a degree stay what they are.
    near = np.round(values, 4)
    return near if np.abs(near - values).max() < 2e-5 else values


def _wrapped(lon):
    """Longitudes in −180…180, unless that would tear a region across 180° apart."""
    wrapped = np.where(lon >= 180.0, lon - 360.0, lon)
    if lon.size > 2 and _torn(wrapped) and not _torn(lon):
        return lon
    return wrapped


def _torn(lon):
    steps = np.diff(np.sort(lon))
    return bool(steps.max() > 1.5 * np.median(steps))


def _versions(file, variable, positions):
    """Indexes along the version axis: 1 (final) before 5 (preliminary)."""
    if "version" not in positions:
        return (0,)
    dim = variable.dims[positions["version"]]
    count = variable.shape[positions["version"]]
    if count > 10:
        raise ReadError(f"few versions along {dim!r} are expected", count, file.name)
    if dim not in file.names():
        return tuple(range(count))
    return tuple(int(i) for i in np.argsort(file.variable(dim).read(), kind="stable"))
