"""Trend plus seasonal cycle: the plainest filling that knows the calendar."""

from ..trends.harmonic import fit_harmonics
from .gaps import check_values, combine, inside_record


def fill_climatology(values, period=12, harmonics=2, extrapolate=False):
    """Fill missing months with trend + annual + semiannual least squares.

    Parameters
    ----------
    values : (time, pixel) float, evenly spaced months, NaN = missing
    period : int, months in the cycle
    harmonics : int, 2 = annual and semiannual
    extrapolate : bool, fill also before the first and after the last observation

    Returns
    -------
    filled : (time, pixel), dtype of the input, observed values bit for bit
    flags : (time, pixel) uint8: 0 observed, 1 filled, 255 unfilled; a pixel
        whose observed months cannot carry the fit stays unfilled

    Raises
    ------
    ParameterError
        The period cannot carry the harmonics.
    DataError
        ``values`` is not two-dimensional or holds infinite numbers.

    Notes
    -----
    The fit is that of ``core.trends.harmonic.fit_harmonics``: ordinary least
    squares on the observed months. A baseline to score SSA against.
    """
    values = check_values(values)
    fitted = fit_harmonics(values, period=period, harmonics=harmonics).fitted
    fill = True if extrapolate else inside_record(values)
    return combine(values, fitted, fill)
