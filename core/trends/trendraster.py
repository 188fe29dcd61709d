"""A trend map read again: slope and p by the names of their bands."""

import numpy as np

from ..data.bands import BandFile
from ..data.units import storage_factor
from ..errors import ParameterError, UnitsError

REMEDY = "Make it with 'Trend map' or 'Attribution'."


class TrendRaster(BandFile):
    """A trend map opened for reading; see `BandFile`.

    Slopes come in cm per month where the map is of a water storage, else in its own
    unit; ``unit`` says which. ``has_plain`` is whether the map holds the plain test
    beside the one chosen (band ``p_original``). Raises `ParameterError` where a band is
    missing.
    """

    def __init__(self, source, parameter="INPUT"):
        super().__init__(source, parameter)
        try:
            self._resolve(parameter)
        except BaseException:
            self.close()
            raise

    def _resolve(self, parameter):
        self.index("p", parameter, REMEDY)
        if "slope_per_month" in self.names:
            self._slope, months = "slope_per_month", 1.0
        else:
            self.index("slope_per_year", parameter, REMEDY)
            self._slope, months = "slope_per_year", 12.0
        self.has_plain = "p_original" in self.names
        # GDAL's translate loses the units of bands; the map's own tag is of its slopes.
        stated = self.unit(self._slope) or self.tags.get("units", "")
        stated = stated.rsplit("/", 1)[0].strip()
        try:
            factor, self.unit_of_storage = storage_factor(stated, self.name), "cm"
            self.is_storage = True
        except UnitsError:
            factor, self.unit_of_storage = 1.0, stated or "units"
            self.is_storage = False
        self._factor = factor / months
        self.quantity = self.tags.get("long_name", "").removeprefix("trend of ")

    @property
    def slope_unit(self):
        """Unit of the slopes that are read, such as ``cm/month``."""
        return f"{self.unit_of_storage}/month"

    def require_storage(self):
        """Raise `UnitsError` unless the map is of a water storage."""
        if not self.is_storage:
            raise UnitsError(
                "the trend map of a water storage (cm, mm, m, kg m-2) is expected",
                self.unit_of_storage,
                self.name,
            )

    def read_trend(self, row=0, col=0, ny=None, nx=None):
        """``(slope per month, p, plain p or None)``, each (y, x), NaN where missing."""
        names = [self._slope, "p"] + (["p_original"] if self.has_plain else [])
        slope, p, *plain = self.read(names, row, col, ny, nx)
        return slope * self._factor, p, plain[0] if plain else None


def check_level(value, name="P"):
    """Raise `ParameterError` unless ``value`` is a level of significance."""
    if not 0.0 < value <= 1.0 or not np.isfinite(value):
        raise ParameterError("a level above 0 and up to 1 is expected", value, name)
