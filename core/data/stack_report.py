"""The report of a stack as it is."""

import numpy as np

from ..report.coverage import MISSING, OBSERVED, calendar_plot
from ..report.html import Report
from ..report.maps import map_plot
from ..report.series import series_plot
from .months import listed

_PARTLY = 10


def stack_report(description, version=""):
    """A `Report` of a `StackDescription`."""
    d, info = description, description.info
    report = Report("Monthly stack", info.long_name or d.name, version)
    months, unit = info.months, info.units or "no units stated"
    if "synthetic" in " ".join((info.long_name, *info.history)).lower():
        report.warning("These values are synthetic: they were generated, not observed.")
    low, high = d.range
    report.facts(
        [
            ("File", d.name),
            ("Quantity", info.long_name or "not stated"),
            ("Units", unit),
            ("Baseline", " to ".join(info.baseline) or "none stated"),
            ("Months", f"{months.size}: {months[0]} to {months[-1]}"),
            ("Months without values", listed(d.missing)),
            ("Months with fewer cells than others", listed(months[d.partial])),
            ("Grid", info.grid.describe()),
            ("Cells with values", f"{d.cells.max()} of {info.grid.nx * info.grid.ny} in the "
                                  f"fullest month, {100 * d.covered_share:.3g} % of the area"),
            ("Smallest and largest value", "none" if np.isnan(low) else
                                           f"{low:.4g} and {high:.4g} {info.units}".rstrip()),
        ]
    )  # fmt: skip
    if not info.units:
        report.warning("The stack states no units. Most algorithms refuse it.")
    if d.missing.size == months.size:
        report.warning("Every month is empty.")
    report.heading("Calendar")
    status = np.full(months.size, OBSERVED)
    status[d.cells == 0] = MISSING
    status[d.partial] = _PARTLY
    report.figure(
        calendar_plot(
            months,
            status,
            labels={OBSERVED: "with values", _PARTLY: "fewer cells"},
            colours={_PARTLY: "#56B4E9"},
            marks={_PARTLY: "–"},
        ),
        "Which months have values. Filled months look like observed ones here.",
        "calendar of months",
    )
    report.heading("Mean over the area")
    report.figure(
        series_plot(months, d.mean, title="Area-weighted mean of all cells", ylabel=unit),
        "Weights are cell areas on the sphere; only cells with a value count.",
        "mean series",
    )
    report.heading("Mean over time")
    signed = bool(info.baseline) or (low < 0 < high)
    report.figure(
        map_plot(
            d.map,
            info.grid.extent,
            title="Mean of all months with values",
            label=unit,
            symmetric=signed,
            cmap="RdBu" if signed else "viridis",
        ),
        "Cells without any value are grey."
        + (f" One cell in {d.step} × {d.step} is drawn." if d.step > 1 else ""),
        "map of the mean over time",
    )
    report.heading("What was done")
    for line in info.history or ("The file has no history.",):
        report.paragraph(line)
    return report
