"""Which layer is which predictor: found by name, or written down by the user."""

import re
from dataclasses import dataclass

from ..errors import ParameterError
from .known import likeness

_DERIVED = re.compile(r"^(cumulative_anomaly|cumulative)\(\s*([A-Za-z]\w*)\s*\)$")
_FACTOR = re.compile(r"^([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*[*×]\s*(.+)$")
_UNITS = re.compile(r"^(.*?)\s*\[([^\[\]]*)\]$")
_NAME = re.compile(r"^[A-Za-z]\w*$")
#: Derived predictors → kind of `Cumulation`.
DERIVED = {"cumulative_anomaly": "anomaly", "cumulative": "sum"}
_SHAPE = "lines (or parts between semicolons) like 'precipitation = tp' are expected"


@dataclass(frozen=True)
class Entry:
    """One line of a mapping: a layer with a factor and its unit, or how it is derived."""

    variable: str
    layer: str = ""
    factor: float = 1.0
    units: str = ""
    derived: str = ""

    def __str__(self):
        if self.derived:
            return f"{self.variable} = {self.derived}"
        factor = "" if self.factor == 1.0 else f"{self.factor:g} * "
        units = f" [{self.units}]" if self.units else ""
        return f"{self.variable} = {factor}{self.layer}{units}"


def parse_mapping(text, where="MAPPING"):
    """Entries by variable of a mapping's text; `ParameterError` says which line is wrong.

    ``variable = layer``, ``variable = factor * layer [unit]`` or
    ``variable = cumulative_anomaly(other variable)``. A layer is named as in QGIS, by its
    file or NetCDF variable, or by its number in the list, ``#2``.
    """
    entries = {}
    for line in re.split(r"[\n;]", text or ""):
        if not line.strip():
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (equals and value and _NAME.match(name)):
            raise ParameterError(_SHAPE, repr(line.strip()), where)
        if name in entries:
            raise ParameterError("each variable once is expected", f"{name} twice", where)
        entries[name] = _entry(name, value, where)
    return entries


def _entry(name, value, where):
    if _DERIVED.match(value):
        return Entry(name, derived=value)
    units = _UNITS.match(value)
    value, unit = (units[1].strip(), units[2].strip()) if units else (value, "")
    factor = _FACTOR.match(value)
    number, value = (float(factor[1]), factor[2].strip()) if factor else (1.0, value)
    if not value or number == 0:
        raise ParameterError(_SHAPE, repr(f"{name} = {value}"), where)
    return Entry(name, value, number, unit)


def derivation(text):
    """(kind of sum, variable) of a derived predictor, or None for another text."""
    found = _DERIVED.match(text or "")
    return (DERIVED[found[1]], found[2]) if found else None


def find_layer(name, layers, where="MAPPING"):
    """The layer a mapping names; `ParameterError` where there is none, or several."""
    number = re.match(r"^#(\d+)$", name)
    if number and 1 <= int(number[1]) <= len(layers):
        return layers[int(number[1]) - 1]
    for same in (lambda n: n == name, lambda n: n.lower() == name.lower()):
        found = [layer for layer in layers if any(same(n) for n in layer.names)]
        if len(found) == 1:
            return found[0]
        if found:
            raise ParameterError(
                f"a layer that only one of PREDICTORS is called is expected for {name!r}",
                " and ".join(f"#{layer.number} ({layer.source})" for layer in found),
                where,
                "Write its number in place of its name.",
            )
    raise ParameterError(
        "a layer of PREDICTORS is expected", f"{name!r} beside {_listed(layers)}", where
    )


def match_layers(variables, layers, taken=()):
    """{variable name: layer} by name, for variables that no mapping has settled.

    The best likeness first; a layer serves one variable, and none of ``taken``. Raises
    `ParameterError` where two layers fit a variable equally well.
    """
    free = [layer for layer in layers if layer not in taken]
    scores = {
        (v.name, layer.number): likeness(v, layer.names, layer.long_name)
        for v in variables
        for layer in free
    }
    found = {}
    for score in sorted({s for s in scores.values() if s > 0}, reverse=True):
        for variable in variables:
            if variable.name in found:
                continue
            fits = [x for x in free if scores[variable.name, x.number] == score]
            fits = [x for x in fits if x not in found.values()]
            if len(fits) > 1:
                raise ParameterError(
                    f"one layer for {variable.name} is expected",
                    " and ".join(f"#{x.number} ({x.name})" for x in fits),
                    "PREDICTORS",
                    f"Say which in MAPPING, for example '{variable.name} = #{fits[0].number}'.",
                )
            if fits:
                found[variable.name] = fits[0]
    return found


def _listed(layers):
    shown = ", ".join(f"#{x.number} {x.name}" for x in layers[:20])
    return shown + (" …" if len(layers) > 20 else "")
