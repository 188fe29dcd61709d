"""The report on trend classes: shares of the area, beside the published ones."""

from ..report.html import Report
from ..report.shares import class_map, share_bars
from .classes import CLASSES, PUBLISHED, share_rows

SOURCE = "Zhang et al."


def area_text(sphere):
    """How the areas of cells were taken, for reports and logs."""
    if sphere:
        return "cells on the sphere, R = 6371 km"
    return (
        "cells of the projected grid, side by side, as the coordinate system has them: true to "
        "area only in an equal-area projection"
    )


def class_report(summary, version=""):
    """A `Report` of a `ClassSummary`."""
    report = Report("Trend classes", summary.quantity, version)
    report.facts(
        [
            ("Area with a trend", f"{summary.area.sum():,.0f} km²"),
            ("Areas", area_text(summary.sphere)),
            ("Direction", "sign of the Sen slope"),
            ("No trend", f"p ≥ 0.05 and |slope| below {summary.flat:g} {summary.unit}"),
            ("Tests", _tests(summary)),
        ]
    )
    report.say_synthetic(summary.history)
    if summary.plain_area is None:
        report.note(
            "The plain test takes months as independent and calls too much significant. Make the "
            "trend map with a corrected TEST to see both side by side."
        )
    report.heading("Where")
    report.figure(
        class_map(summary.picture, summary.extent, CLASSES),
        "Classes of every cell. Grey: no trend map.",
        "map of the classes",
    )
    report.heading("Shares of the area")
    names = [name for _, name, _ in CLASSES]
    marks = [_mark(key, value) for key, value in PUBLISHED.items()]
    report.figure(
        share_bars(
            names,
            [colour for _, _, colour in CLASSES],
            summary.shares,
            summary.plain_shares,
            marks,
            name="Corrected test",
            other_name="Plain test",
            mark_name=f"{SOURCE}, plain test, global land at 1 km",
        ),
        "Shares of the area that has a trend. The published mark over three rows is the share of "
        "all that is not significant.",
        "bars of the shares",
    )
    header = ["class", "", "cells", "km²", "share, %"]
    rows = share_rows(summary)
    if summary.plain_area is None:
        rows = [[*row[:5], row[6]] for row in rows]
    else:
        header.append("plain test, %")
    header.append(f"{SOURCE}, %")
    numeric = [i for i in range(len(header)) if i != 1]
    report.table([_printed(row) for row in rows], header, "Shares by class", numeric)
    report.note(
        f"{SOURCE} (section 3.4.2) give 37.13, 1.70, 12.00, 2.15 and 47.01 % for groundwater "
        "storage of 2002–2020 at 1 km by the plain test. Another quantity, period or region has "
        "other shares."
    )
    report.heading("History of the trend map")
    for line in summary.history:
        report.paragraph(line)
    return report


def _tests(summary):
    if summary.plain_area is None:
        return "the one of the trend map's band p"
    return "the one of the trend map's band p (corrected), beside the plain one (p_original)"


def _mark(key, value):
    values = key if isinstance(key, tuple) else (key,)
    return values[0] - 1, values[-1] - 1, value


def _printed(row):
    return [
        f"{v:.2f}" if isinstance(v, float) and i >= 4 else f"{v:,.0f}" if i == 3 else v
        for i, v in enumerate(row)
    ]
