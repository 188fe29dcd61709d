"""The report of series at points."""

import numpy as np

from ..progress import SILENT
from ..report.html import Report
from ..report.series import multi_series_plot, series_plot

#: Points that get a plot of their own.
MOST = 40


def point_report(result, version="", notes=(), progress=SILENT):
    """A `Report` of a `PointSeries`; ``notes`` are sentences on what was left out."""
    info, unit = result.info, result.info.units or "no units stated"
    report = Report("Series at points", info.long_name, version)
    months = info.months
    report.facts(
        [
            ("Quantity", info.long_name or "not stated"),
            ("Units", unit),
            ("Baseline", " to ".join(info.baseline) or "none stated"),
            ("Months", f"{months.size}: {months[0]} to {months[-1]}"),
            ("Points", f"{len(result.names)} inside, {int((~result.inside).sum())} outside"),
            ("Method", "value of the cell the point lies in" if result.method == "nearest" else
                       "bilinear between the four cells around the point"),
            ("Grid", info.grid.describe()),
        ]
    )  # fmt: skip
    for note in notes:
        report.warning(note)
    report.note(
        "A gravity product resolves about 300 km. A point of it is no measurement of that place."
    )
    _table(report, result)
    if 1 < len(result.names) <= 7:
        report.heading("All points")
        series = dict(zip(result.names, result.value.T))
        report.figure(
            multi_series_plot(series, months, ylabel=unit),
            "Monthly values.",
            "series of all points",
        )
    report.heading("Points")
    if len(result.names) > MOST:
        report.paragraph(f"The first {MOST} of {len(result.names)} points are drawn.")
    for i, name in enumerate(result.names[:MOST]):
        progress.check()
        report.figure(
            series_plot(
                months,
                result.value[:, i],
                uncertainty=None if result.sigma is None else result.sigma[:, i],
                filled=None if result.filled is None else result.filled[:, i],
                title=name,
                ylabel=unit,
            ),
            "",
            f"series of {name}",
        )
        progress.set((i + 1) / min(MOST, len(result.names)))
    return report


def _table(report, result):
    rows = []
    for i, name in enumerate(result.names):
        values = result.value[:, i]
        known = values[np.isfinite(values)]
        numbers = (known.mean(), known.min(), known.max()) if known.size else (np.nan,) * 3
        made = None if result.filled is None else int(result.filled[:, i].sum())
        rows.append([name, known.size, made, *map(float, numbers)])
    header = ["point", "months with values", "of these filled", "mean", "smallest", "largest"]
    report.table(rows, header, caption=f"Values in {result.info.units or 'unstated units'}")
