"""Storage deficits of basins against their own climatology, and the events they form."""

from dataclasses import dataclass

import numpy as np

from ..data.months import check_complete
from ..errors import DataError, ParameterError

#: Months with a value below the climatology that make an event (Thomas et al. 2014).
MIN_MONTHS = 3
#: Missing months in a row that an event may span: longer gaps cut it.
MAX_GAP = 2
#: Why an event's last month is its last.
ENDS = ("recovered", "gap", "record end")


@dataclass(frozen=True)
class Event:
    """A storage deficit; depths in cm, counted upwards.

    ``onset``, ``end``, ``worst`` are month numbers on the axis, both ends included;
    ``duration`` = end − onset + 1; ``months`` of these have a value; ``magnitude`` is the
    largest deficit, ``mean`` the mean one; ``severity`` = mean × duration (cm × months);
    ``recovery`` months from the worst one to the first without deficit, None unless
    it is known; ``cut`` whether the onset lies at a gap or at the record's start;
    ``ended`` one of `ENDS`.
    """

    onset: int
    end: int
    worst: int
    duration: int
    months: int
    magnitude: float
    mean: float
    severity: float
    recovery: object
    cut: bool
    ended: str

    @property
    def recovery_rate(self):
        """Mean rise after the worst month, cm a month, or None."""
        return None if self.recovery is None else self.magnitude / self.recovery


def climatology(values, months, used=None):
    """Mean of each calendar month (12, basin) over the years, January first.

    ``values`` (time, basin) in cm, NaN = missing; ``used`` (time,) bool months that
    count, all by default. NaN for a calendar month without a value.
    """
    values = np.asarray(values, dtype=np.float64)
    number = np.asarray(months, "datetime64[M]").astype(np.int64) % 12
    member = (np.arange(12)[:, None] == number).astype(np.float64)
    if used is not None:
        member = member * np.asarray(used, bool)
    seen = np.isfinite(values)
    count = member @ seen
    total = member @ np.where(seen, values, 0.0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def departures(values, months, used=None, reference=None):
    """Storage less the climatology of its calendar month (time, basin); negative in a deficit.

    ``reference`` (time, basin) are the values that make the climatology, such as those
    observed; ``values`` themselves by default. Raises `DataError` for arrays that do not
    fit, `TimeAxisError` for months with a hole.
    """
    values = np.asarray(values, dtype=np.float64)
    months = np.asarray(months, "datetime64[M]")
    if values.ndim != 2 or months.shape != values.shape[:1]:
        raise DataError("values are (time, basin) with one month a row", f"{values.shape}")
    check_complete(months)
    mean = climatology(values if reference is None else reference, months, used)
    return values - mean[months.astype(np.int64) % 12]


def deficit_events(departure, threshold=0.0, min_months=MIN_MONTHS, max_gap=MAX_GAP):
    """The deficits of one series (METHODS §8; Thomas et al. 2014).

    A deficit is a run of months whose departure lies below −threshold. Missing months
    neither end it nor count, up to ``max_gap`` in a row. Runs with fewer than
    ``min_months`` months of value are no events.

    Parameters
    ----------
    departure : (time,) array, cm
        As from `departures`, NaN = missing.
    threshold : float
        ≥ 0, cm.
    min_months : int
        ≥ 1.
    max_gap : int
        ≥ 0.

    Returns
    -------
    list of Event

    """
    if threshold < 0 or min_months < 1 or max_gap < 0:
        raise ParameterError(
            "a threshold ≥ 0, at least 1 month and a gap ≥ 0 are expected",
            f"{threshold}, {min_months}, {max_gap}",
        )
    x = np.asarray(departure, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(x))
    events, run = [], []
    for place, t in enumerate(known.tolist()):
        torn = place > 0 and t - known[place - 1] - 1 > max_gap
        if run and torn:
            events.append((run, "gap"))
            run = []
        if x[t] < -threshold:
            run.append(t)
        elif run:
            events.append((run, "recovered"))
            run = []
    if run:
        events.append((run, "record end"))
    return [_event(x, known, r, ended, max_gap) for r, ended in events if len(r) >= min_months]


def _event(x, known, run, ended, max_gap):
    depth = -x[run]
    onset, end, worst = run[0], run[-1], run[int(depth.argmax())]
    place = int(np.searchsorted(known, onset))
    cut = place == 0 or onset - known[place - 1] - 1 > max_gap
    duration, mean = end - onset + 1, float(depth.mean())
    recovery = None
    if ended == "recovered":
        recovery = int(known[np.searchsorted(known, end) + 1]) - worst
    return Event(
        onset, end, worst, duration, len(run), float(depth.max()), mean, mean * duration,
        recovery, bool(cut), ended,
    )  # fmt: skip
