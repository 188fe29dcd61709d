"""Which basins count in the medians of a water balance: limits, and the shares they look at."""

from qgis.core import QgsProcessingParameterNumber

from ...core.data.stack import short_name

NUMBER = QgsProcessingParameterNumber.Type
FILTERS = ("none", "published")
SHARES = {"IRRIGATED": "Irrigated share", "GLACIERS": "Glacier share"}


def declare_filter(algorithm):
    """Add the filter, its four limits and the rasters that two of them need."""
    algorithm.add_choice(
        "FILTER",
        "Basins that count",
        FILTERS,
        "'none': all with a score. 'published': those within the four limits below.",
    )
    for name, label, value, unit in (
        ("MIN_AREA", "Smallest area (km²)", 10_000.0, "km²"),
        ("MIN_PRECIPITATION", "Least precipitation (mm/yr)", 200.0, "mm a year"),
        ("MAX_IRRIGATED", "Largest irrigated share", 0.05, "0 to 1"),
        ("MAX_GLACIER", "Largest glacier share", 0.05, "0 to 1"),
    ):
        algorithm.add(
            QgsProcessingParameterNumber(
                name, algorithm.tr(label), NUMBER.Double, value, minValue=0
            ),
            f"Limit of the 'published' filter, {unit}.",
            advanced=True,
        )
    for name, label in SHARES.items():
        algorithm.add_stack(
            name,
            f"{label} raster",
            f"Raster whose first band is the {label.lower()} of each cell, 0 to 1, for the "
            "'published' filter; without it that limit is not applied.",
            optional=True,
            advanced=True,
        )


def filter_limits(algorithm, parameters, context):
    """The `Limits` of the chosen filter; a share without its raster has none."""
    from ...core.basins.closure import Limits

    if algorithm.parameterAsEnumString(parameters, "FILTER", context) == "none":
        return Limits()
    area, rain, irrigated, glacier = (
        algorithm.parameterAsDouble(parameters, name, context)
        for name in ("MIN_AREA", "MIN_PRECIPITATION", "MAX_IRRIGATED", "MAX_GLACIER")
    )
    return Limits(
        area,
        rain,
        irrigated if algorithm.has("IRRIGATED") else None,
        glacier if algorithm.has("GLACIERS") else None,
    )


def basin_shares(algorithm, name, parameters, context, progress):
    """Share (basin,) that the raster of ``name`` gives, or None without one."""
    from ...core.basins.fluxes import raster_shares
    from ...core.data.reference import read_grid

    if not algorithm.has(name):
        return None
    source = algorithm.sources[name]
    where = f"{name} ({short_name(source)})"
    crs = read_grid(source, where).crs
    rings = algorithm.polygons(parameters, context, crs, progress, tell=False).rings
    return raster_shares(source, rings, where)
