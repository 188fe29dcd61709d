"""The fluxes of basins as a user gives them: each as a stack or as a table."""

from qgis.core import QgsProcessingParameterFile, QgsProcessingParameterString

from ...core.data.stack import short_name
from ...core.errors import ParameterError
from ..featurenames import listed
from ..values import has_value

FLUXES = {
    "PRECIPITATION": "Precipitation",
    "EVAPOTRANSPIRATION": "Evapotranspiration",
    "RUNOFF": "Runoff",
}


def declare_fluxes(algorithm):
    """Add a stack and a table for each flux, and the units of the tables."""
    for name, label in FLUXES.items():
        what = label.lower()
        algorithm.add_stack(
            name,
            f"{label} stack",
            f"Monthly stack of {what} in units of a flux (mm month-1, mm day-1, …), on any "
            f"grid, counting upwards. Either this or the table.",
            optional=True,
        )
        algorithm.add(
            QgsProcessingParameterFile(
                f"{name}_TABLE", algorithm.tr(f"{label} table"), extension="csv", optional=True
            ),
            f"CSV of monthly {what} by basin, with the basins' names.",
        )
    algorithm.add(
        QgsProcessingParameterString("UNITS", algorithm.tr("Units of the tables"), "mm month-1"),
        "Units of the fluxes in the tables, for example mm month-1 or mm day-1.",
        advanced=True,
    )


def check_sources(algorithm, parameters):
    """Raise `ParameterError` unless each flux comes either as a stack or as a table."""
    for name in FLUXES:
        table = has_value(parameters, f"{name}_TABLE")
        if algorithm.has(name) == table:
            found = "both" if table else "neither"
            raise ParameterError(f"either {name} or {name}_TABLE is expected", found, name)


def read_flux(algorithm, name, parameters, context, means, share, progress):
    """A flux (time, basin) in cm a month for the months and basins of ``means``, and remarks.

    ``share`` of a basin must have values. Raises the core's errors for units and tables.
    """
    from ...core.basins.fluxes import stack_fluxes
    from ...core.basins.fluxtables import read_flux_table

    if algorithm.has(name):
        with algorithm.open_stack(name) as stack:
            crs = stack.grid.crs
            rings = algorithm.polygons(parameters, context, crs, progress, tell=False).rings
            return stack_fluxes(stack, rings, means.names, means.months, share, progress), []
    path = algorithm.parameterAsFile(parameters, f"{name}_TABLE", context)
    units = algorithm.parameterAsString(parameters, "UNITS", context)
    where = f"{name}_TABLE ({short_name(path)})"
    values, lacking = read_flux_table(path, means.names, means.months, units, where)
    if not lacking:
        return values, []
    return values, [f"{where} lacks {len(lacking)} basins: {listed(lacking, 12)}."]
