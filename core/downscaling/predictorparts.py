"""One variable of a predictor set: the layer it comes from and what is done to it."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import UnitsError
from .contract import Variable
from .cumulating import Cumulation, cumulated_units
from .mapping import Entry, derivation
from .variableunits import conversion, plain_units

#: How a layer becomes the bands of a variable: a band a month, one map, the mean of all
#: months as one map, sums of a flux.
BY_MONTH, MAP, MEAN, SUM = "by month", "map", "mean of all months", "cumulated"


@dataclass
class Part:
    """One variable of the set: where it comes from and what is done to it."""

    variable: Variable
    layer: object
    entry: Entry
    how: str
    factor: float
    offset: float
    cumulation: Optional[Cumulation] = None
    months: Optional[np.ndarray] = None
    absent: tuple = ()
    flux: Optional[Entry] = None

    @property
    def available(self):
        """Months the layer can give."""
        months = self.layer.months
        return months if self.cumulation is None else months[months >= self.cumulation.first]

    @property
    def conversion(self):
        """What is done to the numbers, in words."""
        units = self.entry.units or self.layer.units or "no unit"
        text = units
        if units != self.variable.units:
            text += f" → {self.variable.units}"
        if (self.factor, self.offset) != (1.0, 0.0):
            offset = f" {'+' if self.offset > 0 else '−'} {abs(self.offset):g}"
            text += f": × {self.factor:.6g}{offset if self.offset else ''}"
        return text


def make_part(variable, settled, cumulation, warnings):
    """The `Part` of a variable, or None where there is no layer for it.

    ``settled`` as `settle` gives it; what a user should know is added to ``warnings``.
    Raises `UnitsError` for a unit that cannot be converted, or is not stated.
    """
    layer, entry = settled.get(variable.name, (None, None))
    if entry is None:
        return None
    if layer is None:
        return _sum(variable, entry, settled, cumulation)
    stated = entry.units or layer.units
    if not stated and variable.units:
        if plain_units(variable.units) != "1":
            # Nothing stated is not "a plain number": a percentage would become a hundredfold.
            raise UnitsError("units are expected", "no units", layer.name)
        warnings.append(f"{variable.name}: {layer.name} states no unit, taken as a plain number.")
    if not variable.units:
        variable = _with_units(variable, stated or "1", layer)
    factor, offset = conversion(stated, variable.units, layer.name)
    how = MAP if layer.is_map else BY_MONTH
    if variable.role == "static" and not layer.is_map:
        how = MEAN
    if how == MEAN and layer.months.size > 1:
        warnings.append(
            f"{variable.name} does not change by month: the mean of {layer.months.size} months of "
            f"{layer.name} is taken."
        )
    if variable.role == "dynamic" and layer.is_map:
        warnings.append(f"{variable.name} should change by month; {layer.name} is one map.")
    return Part(variable, layer, entry, how, factor * entry.factor, offset)


def _sum(variable, entry, settled, cumulation):
    kind, name = derivation(entry.derived)
    layer, flux = settled.get(name, (None, None))
    if layer is None:
        return None
    if layer.is_map:
        raise UnitsError("a flux by month is expected", "of one map", layer.name)
    cumulation = Cumulation(kind, cumulation.start, cumulation.baseline, cumulation.max_gap)
    cumulation.check(layer.months, layer.name)
    units = cumulated_units(flux.units or layer.units, layer.name)
    if not variable.units:
        variable = _with_units(variable, units, layer)
    factor, offset = conversion(units, variable.units, layer.name)
    return Part(variable, layer, entry, SUM, factor * flux.factor, offset, cumulation, flux=flux)


def _with_units(variable, units, layer):
    role = "static" if layer.is_map else "dynamic"
    return Variable(variable.name, units, role, derived=variable.derived)
