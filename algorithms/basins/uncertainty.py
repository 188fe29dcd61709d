"""Parameters about the errors of basin means."""

from qgis.core import QgsProcessingParameterNumber

from ...core.basins.mascons import CORRELATIONS, mascon_reader
from ...core.data.stack import short_name

COMPONENTS = {
    "SOILMOISTURE": "soil moisture",
    "SNOW": "snow water equivalent",
    "CANOPY": "canopy water",
    "SURFACEWATER": "surface water",
}


def declare_uncertainty(algorithm):
    """Add UNCERTAINTY, those of components, and what is assumed about them."""
    algorithm.add_stack(
        "UNCERTAINTY",
        "Uncertainty stack",
        "One-sigma uncertainty of every cell and month (any storage unit), same grid and months "
        "as the stack. In filled months it holds the error of the filling; FLAGS says which they "
        "are.",
        optional=True,
    )
    for name, what in COMPONENTS.items():
        algorithm.add_stack(
            f"UNCERTAINTY_{name}",
            f"Uncertainty of {what}",
            f"One-sigma uncertainty of {what} (any storage unit), where it was taken off the stack "
            "and is not in UNCERTAINTY yet. Added in quadrature, always correlated over the "
            "correlation length.",
            optional=True,
            advanced=True,
        )
    algorithm.add_choice(
        "CORRELATION",
        "Correlation of errors in space",
        CORRELATIONS,
        "'mascon': one error for all cells that repeat one series, independent between mascons. "
        "'gaussian': neighbours correlated over the correlation length. 'auto': mascon where at "
        "most half of the cells have a series of their own.",
        advanced=True,
    )
    algorithm.add_stack(
        "MASCONS",
        "Mascon numbers",
        "Raster on the stack's grid whose first band holds the number of each cell's mascon, for "
        "stacks that no longer repeat one series over a mascon, such as groundwater.",
        optional=True,
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterNumber(
            "CORRELATION_LENGTH",
            algorithm.tr("Correlation length of errors (km)"),
            QgsProcessingParameterNumber.Type.Double,
            300.0,
            minValue=1.0,
        ),
        "Distance in km over which errors of neighbouring cells are correlated; used with "
        "uncertainty stacks only, and not for mascons.",
        advanced=True,
    )


def uncertainty_options(algorithm, parameters, context, grid):
    """The keywords of `analyse_basins` that say what is assumed about errors."""
    ids = None
    if algorithm.has("MASCONS"):
        source = algorithm.sources["MASCONS"]
        ids = mascon_reader(source, grid, f"MASCONS ({short_name(source)})")
    return {
        "correlation": algorithm.parameterAsEnumString(parameters, "CORRELATION", context),
        "length_km": algorithm.parameterAsDouble(parameters, "CORRELATION_LENGTH", context),
        "mascon_ids": ids,
    }
