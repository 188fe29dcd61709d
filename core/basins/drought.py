"""Storage deficits of all basins of a stack."""

from dataclasses import dataclass

import numpy as np

from ..data.months import baseline_mask
from ..errors import BaselineError
from .deficit import MAX_GAP, MIN_MONTHS, deficit_events, departures
from .observed import BasinMeans


@dataclass
class Deficits:
    """``departure`` (time, basin) in cm, and the list of events of each basin."""

    means: BasinMeans
    departure: np.ndarray
    events: list
    reference: tuple
    threshold: float
    min_months: int
    max_gap: int
    detrended: bool

    @property
    def share(self):
        """Share (basin,) of the months with a value that lie in an event."""
        inside = np.zeros(self.departure.shape, bool)
        for i, found in enumerate(self.events):
            for event in found:
                inside[event.onset : event.end + 1, i] = True
        known = np.isfinite(self.departure)
        n = known.sum(axis=0)
        return np.where(n > 0, (inside & known).sum(axis=0) / np.maximum(n, 1), np.nan)


def find_deficits(
    means, *, reference=None, threshold=0.0, min_months=MIN_MONTHS, max_gap=MAX_GAP, detrend=False
):
    """`Deficits` of `BasinMeans`.

    The climatology is of the observed months in ``reference`` (first and last month),
    by default all. With ``detrend`` the line of the harmonic fit to the observed months
    is removed first, so that a steady loss is no drought. Raises `BaselineError` when
    the reference has no observed month.
    """
    from ..trends.harmonic import fit_harmonics

    months, values = means.months, means.mean
    observed = means.observed
    used = None
    if reference:
        used = baseline_mask(months, reference)
        if not (used[:, None] & np.isfinite(observed)).any():
            raise BaselineError(
                "a climatology with observed months is expected",
                f"none in {reference[0]} to {reference[1]}; the stack has {months[0]} to "
                f"{months[-1]}",
                means.stack_name,
            )
    if detrend:
        month = np.arange(months.size) - (months.size - 1) / 2
        # The slope alone: the level goes into the climatology. None is known where too
        # few months are, and then none is removed.
        slope = np.nan_to_num(fit_harmonics(observed).coefficients[1])
        line = month[:, None] * slope
        values, observed = values - line, observed - line
    departure = departures(values, months, used, observed)
    events = [
        deficit_events(departure[:, i], threshold, min_months, max_gap)
        for i in range(departure.shape[1])
    ]
    return Deficits(
        means,
        departure,
        events,
        tuple(reference or (str(months[0]), str(months[-1]))),
        threshold,
        min_months,
        max_gap,
        detrend,
    )
