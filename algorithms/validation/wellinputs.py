"""Wells and their readings from layers and tables, whatever their shape."""

from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsPointXY,
    QgsWkbTypes,
)

from ...core.errors import DataError, GridError, ParameterError
from ...core.validation.readings import make_readings, parse_dates, parse_numbers, well_name
from ..featurenames import listed
from ..values import has_value
from .rows import check_fields, read_columns

LONG, WELLS_WIDE, DATES_WIDE = LAYOUTS = ("long", "wells in columns", "dates in columns")


@dataclass
class Places:
    """Wells by name: ``x``, ``y`` in the stack's CRS, ``lon``, ``lat``; ``extra`` by field."""

    names: list
    x: np.ndarray
    y: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    extra: dict
    notes: list


class WellInputs:
    """The parameters about wells, read and checked."""

    def __init__(self, algorithm, parameters, context):
        """Look at the parameters only."""

        def text(name):
            return algorithm.parameterAsString(parameters, name, context).strip()

        self.context = context
        self.points = algorithm.parameterAsSource(parameters, "POINTS", context)
        self.table = None
        if has_value(parameters, "READINGS"):
            self.table = algorithm.parameterAsSource(parameters, "READINGS", context)
            if self.table is None:
                raise DataError("a table that QGIS can open is expected", "none", "READINGS")
        more = algorithm.parameterAsLayerList(parameters, "MORE_READINGS", context)
        self.tables = [self.points if self.table is None else self.table, *(more or [])]
        for name in (
            "POINT_FIELD", "X_FIELD", "Y_FIELD", "LAYOUT", "WELL_FIELD", "DATE_FIELD",
            "MONTH_FIELD", "VALUE_FIELD", "DATE_FORMAT", "QUANTITY", "QUANTITY_FIELD", "UNITS",
            "UNIT_FIELD",
        ):  # fmt: skip
            setattr(self, name.lower(), text(name))
        if self.table is None and not self.well_field:
            self.well_field = self.point_field
        self.crs = None
        if self.points is not None:
            given = algorithm.parameterAsCrs(parameters, "POINTS_CRS", context)
            self.crs = given if given.isValid() else self.points.sourceCrs()

    def check(self):
        """Raise the core's errors for layers and fields that cannot serve."""
        if self.points is None:
            raise DataError("a layer or table of wells is expected", "none", "POINTS")
        where = f"POINTS ({self.points.sourceName()})"
        own = {"POINT_FIELD": self.point_field, "X_FIELD": self.x_field, "Y_FIELD": self.y_field}
        check_fields(self.points, own, where)
        if bool(self.x_field) != bool(self.y_field):
            raise ParameterError("both X_FIELD and Y_FIELD, or neither, are expected", "one")
        kind = QgsWkbTypes.geometryType(self.points.wkbType())
        if not self.x_field and kind != QgsWkbTypes.GeometryType.PointGeometry:
            found = QgsWkbTypes.displayString(self.points.wkbType())
            raise ParameterError(
                "a point layer, or a table with X_FIELD and Y_FIELD, is expected", found, where
            )
        if self.crs is None or not self.crs.isValid():
            raise GridError(
                "wells with a coordinate reference system are expected",
                "none",
                where,
                "Give POINTS_CRS, or assign one to the layer.",
            )
        wanted = {"DATE_FIELD": self.date_field, "MONTH_FIELD": self.month_field}
        if self.layout == LONG:
            wanted.update(
                WELL_FIELD=self.well_field, VALUE_FIELD=self.value_field,
                QUANTITY_FIELD=self.quantity_field, UNIT_FIELD=self.unit_field,
            )  # fmt: skip
            needed = ("WELL_FIELD", "DATE_FIELD", "VALUE_FIELD")
        elif self.layout == WELLS_WIDE:
            needed = ("DATE_FIELD",)
        else:
            wanted = {"WELL_FIELD": self.well_field}
            needed = ("WELL_FIELD",)
        for name in needed:
            if not wanted[name]:
                raise ParameterError(f"a field for the layout {self.layout!r}", "none", name)
        for table in self.tables:
            name = getattr(table, "sourceName", getattr(table, "name", str))()
            check_fields(table, wanted, f"the readings ({name})")

    def readings(self, progress):
        """`Readings` of all tables together."""
        read = {LONG: self._long, WELLS_WIDE: self._wells_wide, DATES_WIDE: self._dates_wide}
        wells, dates, values, units, quantities = [], [], [], [], []
        for table in self.tables:
            part = read[self.layout](table, progress)
            wells += part[0]
            dates += part[1]
            values += part[2]
            units += part[3]
            quantities += part[4]
        return make_readings(wells, dates, values, units, quantities, self.date_format)

    def _long(self, table, progress):
        fields = {self.well_field, self.date_field, self.value_field, self.month_field,
                  self.quantity_field, self.unit_field} - {""}  # fmt: skip
        columns = read_columns(table, fields, progress)
        count = len(columns[self.value_field])
        units = columns.get(self.unit_field) or [self.units] * count
        quantities = columns.get(self.quantity_field) or [self.quantity] * count
        return (
            columns[self.well_field], self._dates(columns), columns[self.value_field],
            units, quantities,
        )  # fmt: skip

    def _wells_wide(self, table, progress):
        names = [n for n in table.fields().names() if n not in (self.date_field, self.month_field)]
        fields = [*names, self.date_field, *([self.month_field] if self.month_field else [])]
        columns = read_columns(table, fields, progress)
        dates = self._dates(columns)
        wells = [name for name in names for _ in dates]
        values = [v for name in names for v in columns[name]]
        return self._same(wells, dates * len(names), values)

    def _dates_wide(self, table, progress):
        names = table.fields().names()
        days, _ = parse_dates(names, self.date_format, "the fields' names")
        dated = [n for n, d in zip(names, days) if not np.isnat(d) and n != self.well_field]
        columns = read_columns(table, [self.well_field, *dated], progress)
        wells = columns[self.well_field]
        dates = [name for name in dated for _ in wells]
        return self._same(wells * len(dated), dates, [v for n in dated for v in columns[n]])

    def _same(self, wells, dates, values):
        return wells, dates, values, [self.units] * len(wells), [self.quantity] * len(wells)

    def _dates(self, columns):
        dates = columns[self.date_field]
        if not self.month_field:
            return dates
        months = columns[self.month_field]
        return [month_text(y, m) for y, m in zip(dates, months)]

    def places(self, stack_crs, progress, extra=()):
        """`Places` of the wells, each name once; ``extra`` fields are read along."""
        fields = [f for f in (self.point_field, self.x_field, self.y_field, *extra) if f]
        columns, shapes = read_columns(self.points, fields, progress, not self.x_field), None
        if not self.x_field:
            columns, shapes = columns
        names = self._names(columns, shapes)
        x, y = self._coordinates(columns, shapes)
        target = QgsCoordinateReferenceSystem.fromWkt(stack_crs)
        wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
        notes, first, moved, lost = [], {}, set(), []
        for i, name in enumerate(names):
            if not name:
                continue
            if not (np.isfinite(x[i]) and np.isfinite(y[i])):
                lost.append(name)
            elif name not in first:
                first[name] = i
            elif abs(x[i] - x[first[name]]) + abs(y[i] - y[first[name]]) > 1e-6:
                moved.add(name)
        picked = list(first.values())
        _note(notes, sorted(set(lost) - set(first)), "wells without a position were left out")
        _note(notes, sorted(moved), "wells occur at several positions; the first one counts")
        place, gone = self._moved(x[picked], y[picked], target)
        degrees, _ = self._moved(x[picked], y[picked], wgs84)
        keep = [i for i in range(len(picked)) if i not in gone]
        _note(notes, [names[picked[i]] for i in gone], "wells cannot be brought to the stack's CRS")
        if not keep:
            raise DataError(
                "wells with a name and a position are expected",
                f"none in {self.points.sourceName()}", "POINTS",
            )  # fmt: skip
        chosen = [picked[i] for i in keep]
        return Places(
            [names[i] for i in chosen], place[keep, 0], place[keep, 1],
            degrees[keep, 0], degrees[keep, 1],
            {f: [columns[f][i] for i in chosen] for f in extra if f}, notes,
        )  # fmt: skip

    def _names(self, columns, shapes):
        if self.point_field:
            return [well_name(v) for v in columns[self.point_field]]
        count = len(shapes) if shapes is not None else len(columns[self.x_field])
        return [str(i + 1) for i in range(count)]

    def _coordinates(self, columns, shapes):
        if self.x_field:
            x, _ = parse_numbers(columns[self.x_field], "X_FIELD")
            y, _ = parse_numbers(columns[self.y_field], "Y_FIELD")
            return x, y
        x, y = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
        for i, shape in enumerate(shapes):
            if not (shape.isNull() or shape.isEmpty()):
                vertex = next(shape.vertices())
                x[i], y[i] = vertex.x(), vertex.y()
        return x, y

    def _moved(self, x, y, target):
        transform = QgsCoordinateTransform(self.crs, target, self.context.transformContext())
        place = np.full((len(x), 2), np.nan)
        for i in range(len(x)):
            try:
                point = transform.transform(QgsPointXY(float(x[i]), float(y[i])))
            except QgsCsException:
                continue
            place[i] = point.x(), point.y()
        return place, np.flatnonzero(~np.isfinite(place).all(axis=1)).tolist()


def raster_positions(places, stack_crs, raster_crs, context):
    """x and y of the wells in the CRS of another raster."""
    source = QgsCoordinateReferenceSystem.fromWkt(stack_crs)
    target = QgsCoordinateReferenceSystem.fromWkt(raster_crs)
    transform = QgsCoordinateTransform(source, target, context.transformContext())
    points = [
        transform.transform(QgsPointXY(float(x), float(y))) for x, y in zip(places.x, places.y)
    ]
    return np.array([p.x() for p in points]), np.array([p.y() for p in points])


def month_text(year, month):
    """``YYYY-MM`` of a year and a month in columns of their own; None where one is missing."""
    try:
        return f"{int(float(year)):04d}-{int(float(month)):02d}"
    except (TypeError, ValueError):
        return None if year is None or month is None else f"{year}-{month}"


def _note(notes, names, text):
    if names:
        notes.append(f"{len(names)} {text}: {listed(names, 12)}.")
