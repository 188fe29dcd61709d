"""The input channels of a model for a month and a window of the fine grid."""

from dataclasses import dataclass

import numpy as np

from ..data.months import month_text
from ..data.stack import short_name
from ..errors import GridError, ModelError, UnitsError
from .variableunits import conversion

#: 2007-01 in months since 1970-01.
_MIDDLE = 444


@dataclass(frozen=True)
class Lack:
    """What is not there for a model: a line of the list the user gets."""

    name: str
    units: str
    what: str
    source: str = ""

    def __str__(self):
        hint = f", for example from {self.source}" if self.source else ""
        return f"{self.name} [{self.units}]: {self.what}{hint}"


def check_spacing(contract, grid, where):
    """Raise `GridError` unless the cells are those the model was trained for."""
    spacing = contract.spacing
    if (spacing.units == "degree") != grid.is_geographic:
        wanted = "degrees" if spacing.units == "degree" else "metres"
        raise GridError(
            f"a grid in {wanted} is expected by {contract.name}", grid.describe(), where
        )
    for found, wanted in ((grid.dx, spacing.dx), (grid.dy, spacing.dy)):
        if abs(found - wanted) > spacing.tolerance * wanted:
            raise GridError(
                f"cells of {spacing.dx:g} × {spacing.dy:g} are expected, for which "
                f"{contract.name} was trained",
                f"{grid.dx:g} × {grid.dy:g}",
                where,
                "Make the predictor set on a grid of that spacing with 'Prepare predictors'.",
            )


def lacking(contract, predictors, months=()):
    """What ``predictors`` (`PredictorSet`) lacks for ``months``: a list of `Lack`."""
    lacks = []
    for variable in contract.predictors():
        entry = predictors.variables.get(variable.name)
        if entry is None:
            lacks.append(_lack(variable, "is not in the predictor set"))
            continue
        if variable.role == "static" and not entry.is_static:
            lacks.append(_lack(variable, "changes by month, one map for all months is expected"))
            continue
        try:
            conversion(entry.units, variable.units)
        except UnitsError as error:
            lacks.append(_lack(variable, f"has other units, {error.found}"))
            continue
        if entry.is_static or not len(months):
            continue
        needed = {np.datetime64(m, "M") - lag for m in months for lag in variable.lags}
        absent = sorted(needed - set(entry.bands))
        if len(absent) == len(needed):
            lacks.append(_lack(variable, f"has no month from {absent[0]} to {absent[-1]}"))
    return lacks


def _lack(variable, what):
    return Lack(variable.name, variable.units, what, variable.source)


def usable_months(contract, predictors, months):
    """Those of ``months`` for which every variable has all its lags."""
    chosen = []
    for month in np.asarray(months, "datetime64[M]"):
        whole = all(
            predictors.bands_at(v.name, month - lag)
            for v in contract.predictors()
            for lag in v.lags
        )
        if whole:
            chosen.append(month)
    return np.array(chosen, dtype="datetime64[M]")


def check_predictors(contract, predictors, months=()):
    """Raise unless ``predictors`` can serve the model: grid, variables, units, months."""
    check_spacing(contract, predictors.grid, predictors.name)
    lacks = lacking(contract, predictors, months)
    if lacks:
        raise ModelError(
            f"all {len(contract.predictors())} predictors of {contract.name} are expected",
            f"{len(lacks)} missing or unfit: " + "; ".join(str(x) for x in lacks),
            predictors.name,
            "Add them with 'Prepare predictors'; 'Inspect model' lists what each one is.",
        )
    if len(months) and not len(usable_months(contract, predictors, months)):
        first, last = month_text(months[0]), month_text(months[-1])
        raise ModelError(
            f"at least one month from {first} to {last} with every predictor is expected",
            "months that do not overlap",
            predictors.name,
        )


class Channels:
    """Reads the channels of a contract from a predictor set, in the model's units.

    ``coarse`` (`CoarseField`) serves the role 'coarse'; None where no variable has it.
    """

    def __init__(self, contract, predictors, coarse=None):
        self.contract, self.predictors, self.coarse = contract, predictors, coarse
        self._factors = {}
        for variable in contract.predictors():
            units = predictors.variables[variable.name].units
            where = f"{variable.name} of {short_name(predictors.source)}"
            self._factors[variable.name] = conversion(units, variable.units, where)

    def read(self, month, row, col, ny, nx):
        """float32 (channel, y, x) of a window; cells beyond the grid and unknown ones are NaN.

        Columns of a grid around the globe count modulo its width.
        """
        month = np.datetime64(month, "M")
        out = np.full((len(self.contract.channels), ny, nx), np.nan, dtype=np.float32)
        bands, places = [], []
        for i, (variable, lag) in enumerate(self.contract.channels):
            if variable.role == "calendar":
                out[i] = calendar_value(variable.name, month)
            elif variable.role == "coarse":
                if self.coarse is not None:
                    out[i] = self.coarse.at(month - lag, variable.interpolation, row, col, ny, nx)
            else:
                bands.append(self.predictors.bands_at(variable.name, month - lag))
                places.append(i)
        if bands:
            values = read_window(self.predictors, bands, row, col, ny, nx)
            for i, field in zip(places, values):
                factor, offset = self._factors[self.contract.channels[i][0].name]
                if (factor, offset) != (1.0, 0.0):
                    field = (field.astype(np.float64) * factor + offset).astype(np.float32)
                out[i] = field
        return out


def calendar_value(name, month):
    """sin or cos of 2π · month / 12, January = 1 (Zhang et al., section 2.1.3); or years.

    ``years`` counts from the middle of 2004-2009, for what goes on in one direction.
    """
    count = np.datetime64(month, "M").astype(int)
    if name == "years":
        return np.float32((count - _MIDDLE) / 12)
    number = count % 12 + 1
    angle = 2 * np.pi * number / 12
    return np.float32(np.sin(angle) if name == "month_sin" else np.cos(angle))


def read_window(predictors, bands, row, col, ny, nx):
    """(band, y, x) of a window that may reach over the grid's edges: NaN there.

    On a grid around the globe columns go on behind the date line.
    """
    grid = predictors.grid
    out = np.full((len(bands), ny, nx), np.nan, dtype=np.float32)
    top, bottom = max(row, 0), min(row + ny, grid.ny)
    if top >= bottom:
        return out
    for left, right, shift in column_runs(grid, col, nx):
        values = predictors.read(bands, top, left, bottom - top, right - left)
        out[:, top - row : bottom - row, left + shift : right + shift] = values
    return out


def column_runs(grid, col, nx):
    """(left, right, shift): runs of real columns for a window of columns from ``col``.

    Column c of the file stands at c + shift of the window.
    """
    if not grid.is_global:
        left, right = max(col, 0), min(col + nx, grid.nx)
        return [(left, right, -col)] if left < right else []
    runs = []
    for turn in range(col // grid.nx, (col + nx - 1) // grid.nx + 1):
        left = max(col - turn * grid.nx, 0)
        right = min(col + nx - turn * grid.nx, grid.nx)
        if left < right:
            runs.append((left, right, turn * grid.nx - col))
    return runs
