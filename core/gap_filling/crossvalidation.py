"""How many modes, and how good: whole years hidden, filled and compared."""

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError, TimeAxisError
from .gaps import check_months, check_values, observed_span
from .spans import fill_spans
from .ssa import check_ssa, part_of

#: Pixels whose folds go through the kernel together; bounds the memory of the paths.
_TOGETHER = 32


@dataclass(frozen=True)
class Candidates:
    """What the cross-validation tries; the defaults are those of Zhang et al.

    years : hidden one after the other
    modes : numbers of modes K
    windows : windows M, months
    """

    years: tuple = tuple(range(2004, 2016))
    modes: tuple = tuple(range(1, 13))
    windows: tuple = (48,)

    def __post_init__(self):
        """Raise `ParameterError` for an empty list or a number below 1."""
        for name, given in vars(self).items():
            if not given or min(given) < 1:
                raise ParameterError(
                    f"at least one positive number of {name} is expected",
                    ", ".join(map(str, given)) or "none",
                    {"years": "FOLDS"}.get(name, f"CANDIDATE_{name.upper()}"),
                )


@dataclass
class Validation:
    """What ``cross_validate`` returns; units are those of the values.

    years : (year,) int, the years that were hidden
    score : (window, mode, pixel) √(mean of the years' squared RMSE), NaN where
        a candidate could not be tried in as many years as the others
    epsilon : (pixel,) least score, NaN where nothing could be tried
    window, modes : (pixel,) int, the M and K of that score, 0 where there is none
    by_year : (year, pixel) RMSE at that M and K
    windows : (window,) int, the windows that were tried, ascending
    """

    years: np.ndarray
    score: np.ndarray
    epsilon: np.ndarray
    window: np.ndarray
    modes: np.ndarray
    by_year: np.ndarray
    windows: np.ndarray

    def at_window(self):
        """Score (mode, pixel) of each K at the chosen M, NaN where none was chosen."""
        index = np.searchsorted(self.windows, np.where(self.window > 0, self.window, 0))
        index = np.minimum(index, len(self.windows) - 1)
        return self.score[index, :, np.arange(self.window.size)].T


def usable_years(months, years):
    """Those of ``years`` that lie in the record with twelve months before and after.

    A year at the edge of a record could only be extrapolated.
    """
    months = np.asarray(months).astype("datetime64[M]")
    first = months[0].astype(int) // 12 + 1970 + (months[0].astype(int) % 12 > 0)
    last = (months[-1].astype(int) + 1) // 12 + 1969
    return np.array([y for y in sorted(set(years)) if first < y < last], dtype=int)


def check_candidates(months, candidates):
    """The usable years; raises unless some are, and every candidate can be tried.

    Raises `ParameterError` for more modes than the window, or a window above half of
    the background; `TimeAxisError` where no year is usable.
    """
    years = usable_years(months, candidates.years)
    if not years.size:
        inside = usable_years(months, range(1900, 2200))
        raise TimeAxisError(
            "a year to hide with twelve months before and after it in the record is expected",
            f"years {candidates.years[0]} to {candidates.years[-1]} in a record from "
            f"{months[0]} to {months[-1]}",
            remedy=f"Hide years within {inside[0]}-{inside[-1]}, or none." if inside.size
            else "The record is too short for a cross-validation: hide none.",
        )  # fmt: skip
    length = int(_background(months, years).sum())
    for window in candidates.windows:
        check_ssa(length, window, max(candidates.modes))
    return years


def cross_validate(values, months, candidates, progress=None, **settings):
    """Choose K (and M) for each pixel by leaving out whole years.

    From January of the year before the first hidden year to December of the
    year after the last (2003–2016 by default), every year is hidden in turn
    and filled by ``ssa_fill`` together with what is missing anyway; ε of a year
    is the RMSE over its observed months, the score √(mean of ε²) over the years
    (Zhang et al., Eqs 13–14). One run of the most modes holds all smaller K:
    its value at rest at each k is that of a run of k modes.

    Nothing of a hidden year enters its fill: short gaps are missing here, not
    filled beforehand by a stage that has seen the year.

    Parameters
    ----------
    values : (time, pixel) float, NaN = missing
    months : (time,) datetime64[M], consecutive
    candidates : Candidates
    progress : callable or None; called with the fraction done, may raise ``Cancelled``
    settings : ``tolerance``, ``max_iterations`` of ``ssa_fill``

    Returns
    -------
    Validation. Ties go to the smaller window, then to the fewer modes. A pixel
    is scored in the years that its record surrounds; candidates are compared
    only where they could be tried in equally many of them.

    Raises
    ------
    ParameterError, TimeAxisError
        See ``check_candidates``.
    DataError
        ``values`` is not two-dimensional or holds infinite numbers.
    """
    values = check_values(values)
    months = check_months(months, len(values))
    years = check_candidates(months, candidates)
    inside = _background(months, years)
    part = values[inside].astype(np.float64)
    hidden = _year_of(months[inside]) == years[:, None]
    pixels, windows = part.shape[1], sorted(set(candidates.windows))
    modes = np.array(sorted(set(candidates.modes)))
    rmse = np.full((len(windows), modes.size, years.size, pixels), np.nan)
    starts = range(0, pixels, _TOGETHER)
    steps = max(1, len(starts) * len(windows))
    for step, (start, index) in enumerate((s, i) for s in starts for i in range(len(windows))):
        chosen = slice(start, start + _TOGETHER)
        report = part_of(progress, step / steps, 1 / steps)
        rmse[index, :, :, chosen] = _hide_years(
            part[:, chosen], hidden, windows[index], modes, report, settings
        )
    return _choose(rmse, years, np.array(windows), modes)


def _hide_years(part, hidden, window, modes, progress, settings):
    """RMSE (mode, year, pixel) of each hidden year (year, time)."""
    n, pixels = part.shape
    lanes = np.where(hidden[:, :, None], np.nan, part).transpose(1, 0, 2)  # (time, year, pixel)
    path = fill_spans(
        lanes.reshape(n, -1), window, int(modes.max()), path=True, progress=progress, **settings
    ).path[modes - 1]
    made = path.reshape(modes.size, n, len(hidden), pixels)
    rmse = np.empty((modes.size, len(hidden), pixels))
    for year, rows in enumerate(hidden):
        rmse[:, year] = _rms(made[:, rows, year] - part[rows], axis=1)
    return rmse


def _rms(difference, axis):
    """Root mean square over one axis without NaN; NaN where all are."""
    known = ~np.isnan(difference)
    count = known.sum(axis=axis)
    square = np.where(known, difference, 0.0) ** 2
    mean = square.sum(axis=axis) / np.maximum(count, 1)
    return np.where(count > 0, np.sqrt(mean), np.nan)


def _choose(rmse, years, windows, modes):
    """The least score of each pixel, from RMSE (window, mode, year, pixel)."""
    pixels = rmse.shape[-1]
    tried = np.isfinite(rmse).sum(axis=2)
    score = np.where(tried == tried.max(axis=(0, 1)), _rms(rmse, axis=2), np.nan)
    flat = score.reshape(score.shape[0] * score.shape[1], pixels)
    known = np.isfinite(flat).any(axis=0)
    best = np.where(np.isfinite(flat), flat, np.inf).argmin(axis=0)
    at_window, at_mode = np.unravel_index(best, score.shape[:2])
    column = np.arange(pixels)
    return Validation(
        years,
        score,
        np.where(known, flat[best, column], np.nan),
        np.where(known, windows[at_window], 0),
        np.where(known, modes[at_mode], 0),
        np.where(known, rmse[at_window, at_mode, :, column].T, np.nan),
        windows,
    )


def hide_short_gaps(values, window, modes, shift=6, progress=None, **settings):
    """Held-out RMSE of filling short gaps, for each pixel.

    The pixel's own missing months inside its record, moved by ``shift`` months,
    are hidden where they were observed, and filled together with those missing
    anyway: gaps of the same lengths, elsewhere. The counterpart of the in-sample
    ε₁ (Eq. 12), which sees what it is compared with.

    ``values`` (time, pixel); ``settings`` as in ``ssa_fill``. Returns (pixel,),
    NaN where nothing could be hidden or filled.
    """
    values = check_values(values).astype(np.float64)
    first, last = observed_span(values)
    month = np.arange(len(values))[:, None]
    missing = np.isnan(values) & (month > first) & (month < last)
    moved = np.zeros_like(missing)
    moved[shift:] = missing[: len(values) - shift]
    moved &= ~np.isnan(values) & (month > first) & (month < last)
    hidden = np.where(moved, np.nan, values)
    fit = fill_spans(hidden, window, modes, progress=progress, **settings).fit
    return _rms(np.where(moved, fit - values, np.nan), axis=0)


def _background(months, years):
    year = _year_of(months)
    return (year >= years[0] - 1) & (year <= years[-1] + 1)


def _year_of(months):
    return months.astype("datetime64[Y]").astype(int) + 1970
