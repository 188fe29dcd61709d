"""What a predictor set is made of: decided from headers, before anything is read."""

from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..data.months import month_text, parse_month
from ..errors import ModelError, ParameterError, TimeAxisError, UnitsError
from .channels import Lack, check_spacing
from .contract import Variable
from .cumulating import Cumulation, cumulated_units
from .known import find_known, plain_name, source_of
from .mapping import Entry, derivation, find_layer, match_layers
from .variableunits import conversion, plain_units

#: How a layer becomes the bands of a variable: a band a month, one map, the mean of all
#: months as one map, sums of a flux.
BY_MONTH, MAP, MEAN, SUM = "by month", "map", "mean of all months", "cumulated"
#: Sums as published.
PUBLISHED = Cumulation()


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


@dataclass
class Preparation:
    """The plan of a predictor set: its grid, months to predict, and parts in order."""

    grid: object
    parts: list
    months: np.ndarray
    usable: np.ndarray
    warnings: list = field(default_factory=list)

    def mapping(self):
        """The mapping as text that a user can edit and give back."""
        lines = [str(part.entry) for part in self.parts]
        named = {part.entry.variable for part in self.parts}
        for part in self.parts:
            if part.cumulation and part.flux.variable not in named:
                lines.append(str(part.flux))
                named.add(part.flux.variable)
        return "\n".join(lines)


def plan_preparation(
    layers, entries, contract=None, *, grid, start="", end="", cumulation=PUBLISHED
):
    """The `Preparation` for ``layers`` (`Layer`), a mapping's ``entries`` and a contract.

    Without a contract the set holds what the mapping lists, or every layer under its own
    name. Raises `ModelError` with every predictor that is missing or unfit, its unit and
    where such data come from, and `ParameterError`, `TimeAxisError`, `BaselineError`.
    """
    if contract is not None:
        check_spacing(contract, grid, "the grid of the set")
    wanted = _wanted(layers, entries, contract)
    settled = _settle(wanted, layers, entries)
    parts, lacks, warnings = [], [], []
    for variable in wanted:
        try:
            part = _part(variable, settled, cumulation, warnings)
        except UnitsError as error:
            text = f"{error.where + ': ' if error.where else ''}units {error.found}"
            lacks.append(Lack(variable.name, variable.units, text, source_of(variable)))
            continue
        if part is None:
            text = "no layer is it"
            lacks.append(Lack(variable.name, variable.units, text, source_of(variable)))
        else:
            parts.append(part)
    if lacks:
        whose = contract.name if contract else "the mapping"
        raise ModelError(
            f"all {len(wanted)} predictors of {whose} are expected",
            f"{len(lacks)} missing or unfit: " + "; ".join(map(str, lacks)),
            "PREDICTORS",
            "Add the layers, or say in MAPPING which layer is what: "
            f"'{lacks[0].name} = layer [unit]'. Layers: "
            + ", ".join(f"#{x.number} {x.name} [{x.units or 'no unit'}]" for x in layers[:30])
            + ".",
        )
    unused = {x.number for x in layers} - {p.layer.number for p in parts}
    if unused:
        listed = ", ".join(f"#{x.number} {x.name}" for x in layers if x.number in unused)
        warnings.append(f"Layers that no variable uses: {listed}.")
    months, usable = _months(parts, start, end)
    for part in parts:
        if part.how in (BY_MONTH, SUM):
            needed = _needed(part.variable, months)
            part.months = np.intersect1d(needed, part.available)
            part.absent = tuple(np.setdiff1d(needed, part.available))
    return Preparation(grid, parts, months, usable, warnings)


def _wanted(layers, entries, contract):
    """The variables of the set, in the order of its bands."""
    if contract is not None:
        return list(contract.predictors())
    made = []
    if entries:
        for entry in entries.values():
            made.append(Variable(entry.variable, "", derived=entry.derived))
        return made
    for layer in layers:
        known = next((k for k in map(find_known, layer.names) if k), None)
        name = known.name if known else plain_name(layer.name)
        if not name[:1].isalpha():
            name = f"layer_{name or layer.number}"
        made.append(Variable(name, "", "static" if layer.is_map else "dynamic"))
        entries[name] = Entry(name, f"#{layer.number}")
    double = {v.name for v in made if [w.name for w in made].count(v.name) > 1}
    if double or len(entries) < len(layers):
        raise ParameterError(
            "layers of different names are expected", f"{sorted(double)[0]} twice", "PREDICTORS",
            "Name each in MAPPING, for example 'precipitation = #1'.",
        )  # fmt: skip
    return made


def _settle(wanted, layers, entries):
    """{variable: (layer or None, entry)}: by the mapping, then by name; fluxes of sums too."""
    fluxes = []
    for variable in wanted:
        entry = entries.get(variable.name)
        found = derivation(entry.derived if entry and entry.derived else variable.derived)
        if found and found[1] not in {v.name for v in wanted}:
            fluxes.append(Variable(found[1], "mm month-1"))
    names = {v.name for v in (*wanted, *fluxes)}
    extra = [name for name in entries if name not in names]
    if extra:
        raise ParameterError(
            f"variables among {', '.join(sorted(names))} are expected", ", ".join(extra), "MAPPING"
        )
    settled = {}
    for name, entry in entries.items():
        layer = None if entry.derived else find_layer(entry.layer, layers)
        settled[name] = (layer, entry)
    rest = [v for v in (*fluxes, *wanted) if v.name not in settled]
    taken = [layer for layer, _ in settled.values() if layer is not None]
    by_name = match_layers({v.name: v for v in rest}.values(), layers, taken)
    for variable in rest:
        layer = by_name.get(variable.name)
        if layer is not None:
            own = [x for x in layers if layer.name in x.names]
            name = layer.name if len(own) == 1 and _writable(layer.name) else f"#{layer.number}"
            settled[variable.name] = (layer, Entry(variable.name, name))
        elif derivation(variable.derived):
            settled[variable.name] = (None, Entry(variable.name, derived=variable.derived))
    return settled


def _writable(name):
    return not any(sign in name for sign in "=;[]\n*×#")


def _part(variable, settled, cumulation, warnings):
    """The `Part` of a variable, or None where there is no layer for it."""
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


def _needed(variable, months):
    return np.unique(np.concatenate([months - lag for lag in variable.lags]))


def _months(parts, start, end):
    """Months to predict, and those of them for which every variable has all its lags."""
    dated = [p for p in parts if p.how in (BY_MONTH, SUM)]
    if not dated:
        none = np.empty(0, "datetime64[M]")
        return none, none
    first = min(p.available[0] for p in dated)
    last = max(p.available[-1] + max(p.variable.lags) for p in dated)
    whole = np.arange(first, last + 1)
    there = np.ones(whole.size, bool)
    for part in dated:
        for lag in part.variable.lags:
            there &= np.isin(whole - lag, part.available)
    usable = whole[there]
    begin = parse_month(start, "START") if start else (usable[0] if usable.size else first)
    stop = parse_month(end, "END") if end else (usable[-1] if usable.size else last)
    if stop < begin:
        raise ParameterError("a START before END is expected", f"{begin} to {stop}", "START")
    usable = usable[(usable >= begin) & (usable <= stop)]
    if not usable.size:
        spans = "; ".join(
            f"{p.variable.name} {month_text(p.available[0])} to {month_text(p.available[-1])}"
            + (f" (lags up to {max(p.variable.lags)})" if max(p.variable.lags) else "")
            for p in dated
        )
        asked = f" from {begin} to {stop}" if start or end else ""
        raise TimeAxisError(
            f"at least one month{asked} for which every predictor has its months is expected",
            f"months that do not overlap: {spans}",
            "PREDICTORS",
        )
    return np.arange(begin, stop + 1), usable
