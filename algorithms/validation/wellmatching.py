"""Wells matched with their readings, their specific yield and their class."""

from dataclasses import replace

from ...core.data.points import cells_of_points
from ...core.data.reference import read_grid
from ...core.errors import DataError, GridError
from ..featurenames import listed
from .wellinputs import raster_positions


def matched(places, readings, stack, notes):
    """Wells inside the grid that have readings, and the readings' columns for them."""
    column = {name: i for i, name in enumerate(readings.names)}
    _, _, inside = cells_of_points(stack.grid, places.x, places.y)
    silent = [n for n in places.names if n not in column]
    homeless = sorted(set(column) - set(places.names))
    outside = [n for n, good in zip(places.names, inside) if not good]
    if len(silent) == len(places.names):
        raise DataError(
            "wells named in the readings are expected",
            f"wells such as {places.names[0]!r}, readings of {readings.names[0]!r}",
            "WELL_FIELD",
        )
    if not inside.any():
        raise GridError(
            f"a well inside {stack.name} is expected",
            f"{inside.size} wells, all outside of {stack.grid.describe()}",
            "POINTS",
            "Do the wells have the right coordinate system?",
        )
    for names, text in (
        (silent, "wells have no readings"),
        (homeless, "wells with readings have no position"),
        (outside, "wells lie outside the stack"),
    ):
        if names:
            notes.append(f"{len(names)} {text}: {listed(names, 12)}.")
    keep = [i for i, n in enumerate(places.names) if inside[i] and n in column]
    if not keep:
        raise DataError(f"a well with readings inside {stack.name} is expected", "none", "POINTS")
    kept = replace(
        places, names=[places.names[i] for i in keep],
        **{a: getattr(places, a)[keep] for a in ("x", "y", "lon", "lat")},
        extra={f: [v[i] for i in keep] for f, v in places.extra.items()},
    )  # fmt: skip
    return kept, [column[n] for n in kept.names]


def yields_of(algorithm, parameters, context, places, stack):
    """Specific yields (well,) or None, and the words for the report."""
    from ...core.validation.readings import parse_numbers
    from ...core.validation.yields import checked_yield, one_yield, regional_yield

    source = algorithm.parameterAsEnumString(parameters, "YIELD_FROM", context)
    if source == "none":
        return None, "none: levels as they are"
    if source == "value":
        value = algorithm.parameterAsDouble(parameters, "SPECIFIC_YIELD", context)
        return one_yield(value, len(places.names)), f"{value:g} everywhere"
    if source == "field":
        field = algorithm.parameterAsString(parameters, "YIELD_FIELD", context)
        values, _ = parse_numbers(places.extra[field], "YIELD_FIELD")
        return checked_yield(values, "YIELD_FIELD"), f"field {field}"
    if source == "raster":
        values = sampled(algorithm, "YIELD_RASTER", places, stack, context)
        return checked_yield(values, "YIELD_RASTER"), "raster, value at each well"
    return regional_yield(places.lon, places.lat), "by region (Zhang et al., Table 2)"


def sampled(algorithm, name, places, stack, context):
    """Values of the raster ``name`` at the wells, or None where it was not given."""
    if not algorithm.has(name):
        return None
    from ...core.validation.yields import sample_raster

    source = algorithm.sources[name]
    crs = read_grid(source, name).crs
    x, y = raster_positions(places, stack.grid.crs, crs, context)
    return sample_raster(source, name, x, y)
