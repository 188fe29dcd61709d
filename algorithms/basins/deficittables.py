"""Rows of the storage deficit tables; NaN becomes NULL on writing."""

import numpy as np

MONTHLY_FIELDS = (
    ("basin", "text"),
    ("date", "text"),
    ("value", "real"),
    ("departure_cm", "real"),
    ("departure_km3", "real"),
    ("event", "integer"),
    ("filled", "integer"),
)
EVENT_FIELDS = (
    ("basin", "text"),
    ("event", "integer"),
    ("onset", "text"),
    ("end", "text"),
    ("duration", "integer"),
    ("months", "integer"),
    ("worst", "text"),
    ("magnitude_cm", "real"),
    ("mean_deficit_cm", "real"),
    ("severity_cm_months", "real"),
    ("severity_km3_months", "real"),
    ("recovery", "integer"),
    ("recovery_cm_month", "real"),
    ("cut_at_onset", "integer"),
    ("ended", "text"),
)
SUMMARY_FIELDS = (
    ("basin", "text"),
    ("area_km2", "real"),
    ("events", "integer"),
    ("deficit_share", "real"),
    ("longest", "integer"),
    ("worst_severity", "real"),
    ("worst_onset", "text"),
    ("worst_end", "text"),
    ("worst_magnitude_cm", "real"),
    ("last_date", "text"),
    ("last_departure_cm", "real"),
)
#: How the attribute table rounds the summary.
DECIMALS = {name: 1 for name, kind in SUMMARY_FIELDS if kind == "real"}
DECIMALS.update(area_km2=0, deficit_share=2)


def monthly_rows(result):
    """Rows of the long table, basin by basin; ``event`` is the number of the deficit or NULL."""
    means = result.means
    dates = [str(m) for m in means.months]
    for i, name in enumerate(means.names):
        number = [None] * len(dates)
        for n, event in enumerate(result.events[i], 1):
            number[event.onset : event.end + 1] = [n] * event.duration
        departure = result.departure[:, i]
        made = [None] * len(dates)
        if means.filled is not None:
            made = means.filled[:, i].astype(int).tolist()
        columns = (
            means.mean[:, i].tolist(),
            departure.tolist(),
            (departure * means.area_km2[i] * 1e-5).tolist(),
            number,
            made,
        )
        for date, *values in zip(dates, *columns):
            yield [name, date, *values]


def event_rows(result):
    """One row a deficit."""
    means = result.means
    for name, area, events in zip(means.names, means.area_km2, result.events):
        for n, e in enumerate(events, 1):
            yield [
                name,
                n,
                *(str(means.months[t]) for t in (e.onset, e.end)),
                e.duration,
                e.months,
                str(means.months[e.worst]),
                e.magnitude,
                e.mean,
                e.severity,
                float(e.severity * area * 1e-5),
                e.recovery,
                e.recovery_rate,
                int(e.cut),
                e.ended,
            ]


def summary_rows(result):
    """One row a basin."""
    means = result.means
    for i, name in enumerate(means.names):
        events = result.events[i]
        worst = max(events, key=lambda e: e.severity, default=None)
        known = np.flatnonzero(np.isfinite(result.departure[:, i]))
        last = known[-1] if known.size else None
        yield [
            name,
            float(means.area_km2[i]),
            len(events),
            float(result.share[i]),
            max((e.duration for e in events), default=0),
            worst.severity if worst else 0.0,
            str(means.months[worst.onset]) if worst else None,
            str(means.months[worst.end]) if worst else None,
            worst.magnitude if worst else None,
            None if last is None else str(means.months[last]),
            None if last is None else float(result.departure[last, i]),
        ]
