"""The report of what is missing from a stack."""

import numpy as np

from ..data.months import listed, month_text
from ..report.coverage import FILLED_A, FILLED_B, MISSING, OBSERVED, calendar_plot
from ..report.html import Report
from ..report.maps import map_plot

PARTLY = 10
TITLES = {
    "missing": "Months without an observation",
    "missing_inside": "Months missing between the first and the last observation",
    "longest_gap": "Longest gap between observations",
}


def missing_report(summary, version=""):
    """A `Report` of a `MissingSummary`."""
    s, months = summary, summary.info.months
    report = Report("Gap report", s.info.long_name or s.name, version)
    runs = s.runs()
    longest = max((length for *_, length in runs), default=0)
    filled = (s.filled_a + s.filled_b) > 0
    report.facts(
        [
            ("File", s.name),
            ("Record", f"{months.size} months, {months[0]} to {months[-1]}"),
            ("Cells ever observed", s.cells),
            ("Months observed in every cell", int((s.observed == s.cells).sum())),
            ("Months observed in some cells only", listed(months[s.partly])),
            ("Months missing everywhere", listed(months[s.missing])),
            ("Longest run of months missing everywhere", f"{longest} months"),
            ("Months filled in some cell", listed(months[filled])),
            ("Cells with gaps that others do not have", s.uneven),
            ("Cells whose record begins later", s.late),
            ("Cells whose record ends earlier", s.early),
            ("Largest SSA window", f"{months.size // 2} months, half of the record"),
        ]
    )
    if months.size < 96:
        report.note(
            "The published filling by SSA needs 96 months (twice its window of 48). Use "
            f"PRESET = fixed with WINDOW up to {months.size // 2}, or linear filling."
        )
    if s.late or s.early:
        report.note(
            "Months before a cell's first and after its last observation are not filled unless "
            "EXTRAPOLATE is on."
        )
    report.heading("Calendar")
    report.figure(
        calendar_plot(
            months,
            calendar_status(s),
            labels={PARTLY: "some cells"},
            colours={PARTLY: "#56B4E9"},
            marks={PARTLY: "–"},
        ),
        "A month counts as filled where a filling made values in it.",
        "calendar of observed and missing months",
    )
    report.heading("Gaps")
    if runs:
        report.table(
            [[month_text(a), month_text(b), length] for a, b, length in runs],
            ["from", "to", "months"],
            "Months missing in every cell",
        )
    else:
        report.paragraph("No month is missing in every cell.")
    for name, title in TITLES.items():
        values = s.map[name]
        known = values[np.isfinite(values)]
        report.heading(title, 3)
        if known.size and (known == known[0]).all():
            report.paragraph(f"{known[0]:.0f} months in every cell.")
            continue
        report.figure(
            map_plot(values, s.info.grid.extent, label="months", symmetric=False, cmap="viridis"),
            "Cells that were never observed are grey."
            + (f" One cell in {s.step} × {s.step} is drawn." if s.step > 1 else ""),
            f"map: {title}",
        )
    return report


def calendar_status(summary):
    """Status code of each month, for the calendar and the table."""
    s = summary
    status = np.full(s.info.months.size, OBSERVED)
    status[s.partly] = PARTLY
    status[s.missing] = MISSING
    made = s.observed < s.cells
    status[made & (s.filled_a > 0)] = FILLED_A
    status[made & (s.filled_b > 0)] = FILLED_B
    return status
