"""The report on an attribution: what the background leaves unexplained."""

from ..data.bands import BandFile
from ..report.html import Report
from ..report.maps import map_plot
from ..report.shares import share_bars
from .attribution_tally import PARTS
from .class_report import area_text
from .classes import CLASSES
from .thinning import picture_of


def attribution_rows(summary):
    """Rows of the table: class, name, km² by the total, shares of total, background and
    residual in %, and the share of the total's class that the residual is in as well."""
    residual, total, background = summary.shares
    for i, (value, name, _) in enumerate(CLASSES):
        yield (
            value, name, float(summary.area[1, i]), float(total[i]), float(background[i]),
            float(residual[i]), float(summary.stays[i]),
        )  # fmt: skip


def attribution_report(summary, path, version=""):
    """A `Report` of an `AttributionSummary`; ``path`` of the residual's trend map."""
    report = Report("Attribution", "Groundwater trend not explained by the background", version)
    volume = dict(zip(PARTS, summary.volume))
    report.facts(
        [
            ("Months", f"{summary.months}: {summary.first} to {summary.last}"),
            ("Background", summary.alignment),
            ("Baseline months", f"{summary.fewest_baseline_months} or more of "
             f"{summary.expected_baseline_months} in every cell"),
            ("Total", f"{volume['total']:+.2f} km³/yr, sum of slope × area"),
            ("Background", f"{volume['background']:+.2f} km³/yr"),
            ("Residual", f"{volume['residual']:+.2f} km³/yr"),
            ("Areas", area_text(summary.sphere)),
        ]
    )  # fmt: skip
    report.say_synthetic(summary.history)
    report.warning(
        "The residual holds the model's own error besides what people did: wrong rain, wrong "
        "soils, missing lakes and glaciers, leakage of the satellite. It is a hint, no proof. "
        "Repeat it with a second model."
    )
    with BandFile(path) as file:
        picture, extent = picture_of(file, "slope_per_year")
    report.figure(
        map_plot(picture, extent, "", "residual, cm/yr"),
        "Sen slope of groundwater storage less the background. Red: loss that the background "
        "does not have; blue: gain that it does not have.",
        "map of the residual trend",
    )
    report.heading("Shares of the area")
    report.figure(
        share_bars(
            [name for _, name, _ in CLASSES],
            [colour for _, _, colour in CLASSES],
            summary.shares[0],
            summary.shares[1],
            name="Residual",
            other_name="Total",
        ),
        "Classes of the residual's trend beside those of the total.",
        "bars of the shares",
    )
    report.table(
        [
            (value, name, f"{area:,.0f}", *(f"{v:.2f}" for v in shares))
            for value, name, area, *shares in attribution_rows(summary)
        ],
        ["class", "", "km², total", "total, %", "background, %", "residual, %", "stays, %"],
        "Shares by class; 'stays' is the part of the total's class in which the residual has the "
        "same class",
        numeric=[0, 2, 3, 4, 5, 6],
    )
    report.note(
        "Sen slopes are medians: those of background and residual need not add up to that of the "
        "total."
    )
    report.heading("History")
    for line in summary.history:
        report.paragraph(line)
    return report
