"""Monthly fluxes of basins from text tables."""

import numpy as np

from ..data.namedtables import plain_name, table_cells
from ..data.products.quantities import Conversion
from ..errors import DataError


def read_flux_table(path, names, months, units, where):
    """Fluxes (time, basin) in cm a month from a CSV file, and the names it lacks.

    The shapes of `table_cells`; columns of a long table are ``basin`` (or ``name``),
    ``date`` and ``value`` (or ``flux``). Names are compared without case. Months and
    basins that the table lacks are NaN.

    Raises `ReadError`, `DataError` as `table_cells` does, `DataError` for no basin in
    common, `UnitsError`.
    """
    months = np.asarray(months, "datetime64[M]")
    place = {m: i for i, m in enumerate(months.tolist())}
    columns = {}
    for i, name in enumerate(names):
        columns.setdefault(plain_name(name), []).append(i)
    values = np.full((months.size, len(names)), np.nan)
    found = set()
    for name, month, value in table_cells(path, where, values=("value", "flux")):
        for column in columns.get(name, ()):
            found.add(column)
            row = place.get(month)
            if row is not None:
                values[row, column] = value
    if not found and len(names):
        raise DataError(
            "a table with rows for the basins is expected",
            f"none of {', '.join(map(str, names[:3]))} …",
            where,
            "Choose the BASIN_FIELD whose names the table uses.",
        )
    factor = Conversion("flux", units, where).factors(months) / 10.0
    lacking = [name for i, name in enumerate(names) if i not in found]
    return values * factor[:, None], lacking
