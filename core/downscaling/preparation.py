"""What a predictor set is made of: decided from headers, before anything is read."""

from dataclasses import dataclass, field

import numpy as np

from ..data.months import month_text, parse_month
from ..errors import ModelError, ParameterError, TimeAxisError, UnitsError
from .channels import Lack, check_spacing
from .cumulating import Cumulation
from .known import source_of
from .predictorparts import BY_MONTH, SUM, make_part
from .settling import settle, wanted_variables

#: Sums as published.
PUBLISHED = Cumulation()


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
    wanted = wanted_variables(layers, entries, contract)
    settled = settle(wanted, layers, entries)
    parts, lacks, warnings = [], [], []
    for variable in wanted:
        try:
            part = make_part(variable, settled, cumulation, warnings)
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
