"""Which variables a predictor set holds, and which layer each of them is."""

from ..errors import ParameterError
from .contract import Variable
from .known import find_known, plain_name
from .mapping import Entry, derivation, find_layer, match_layers


def wanted_variables(layers, entries, contract):
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


def settle(wanted, layers, entries):
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
