"""The report on basins: assumptions, overview, one section a basin."""

import numpy as np

from ..report.html import Report
from ..report.plots import bar_plot, series_plot
from .summary import SMALL_BASIN_KM2

#: Sections with a plot; beyond them the table has to do.
MAX_SECTIONS = 40

COLUMNS = (
    "Basin", "Area km²", "Trend cm/yr", "95 % limits", "p", "r1", "Volume km³/yr",
    "Amplitude cm", "Wettest", "Driest", "Months", "Covered",
)  # fmt: skip
_MONTHS = ("–", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def basin_report(result, version=""):
    """A `Report` of a `BasinResult`."""
    r = result
    report = Report("Basin statistics", r.variable, version)
    report.facts(
        [
            ("Stack", r.stack_name),
            ("Months", f"{r.months.size}: {r.months[0]} to {r.months[-1]}"),
            ("Basins", len(r.names)),
            ("Baseline", " to ".join(r.baseline) if r.baseline else "not stated"),
            (
                "Means",
                "area-weighted, exact covered fraction of each cell × its area on the sphere "
                f"(R = 6371 km); missing where less than {100 * r.min_covered_share:g} % of a "
                "basin has values",
            ),
            ("Volumes", "mean × whole basin area: what has no value is taken to be like the rest"),
            ("Trend", r.trend_text),
            ("Uncertainty", r.uncertainty_text),
        ]
    )
    if any("synthetic" in line.lower() for line in r.history):
        report.warning("The data are synthetic: generated, not observed.")
    for text in r.warnings:
        report.warning(text)
    report.table(_rows(r), COLUMNS, "Summary by basin", numeric=range(1, len(COLUMNS)))
    order = np.argsort(-r.area_km2)[:MAX_SECTIONS]
    chosen = [i for i in range(len(r.names)) if i in set(order.tolist())]
    if r.summary is not None and len(chosen) > 1:
        report.heading("Trends")
        report.figure(
            bar_plot(
                [r.names[i] for i in chosen],
                r.summary.slope[chosen],
                r.summary.lower[chosen],
                r.summary.upper[chosen],
                title=f"Trend of {r.variable}",
            ),
            "Sen slope with 95 % Theil limits on the effective sample size.",
            "trend of each basin",
        )
    if len(chosen) < len(r.names):
        report.note(f"Plots follow for the {len(chosen)} largest of {len(r.names)} basins.")
    for i in chosen:
        _section(report, r, i)
    report.heading("History of the stack")
    for line in r.history:
        report.paragraph(line)
    return report


def _section(report, r, i):
    report.heading(r.names[i], 3)
    trend = None
    if r.summary is not None and np.isfinite(r.summary.slope[i]):
        s = r.summary
        level = np.nanmedian(r.series.mean[:, i] - s.slope[i] * np.arange(r.months.size) / 12.0)
        trend = (s.slope[i], level, s.lower[i], s.upper[i])
    report.figure(
        series_plot(
            r.months,
            r.series.mean[:, i],
            uncertainty=None if r.sigma is None else r.sigma[:, i],
            filled=None if r.filled is None else r.filled[:, i],
            trend=trend,
            title=f"{r.names[i]}: {r.variable}",
        ),
        f"{r.area_km2[i]:,.0f} km². Monthly means"
        + ("; months filled by the gap filling are drawn apart." if r.filled is not None else "."),
        f"series of {r.names[i]}",
    )


def _rows(r):
    rows = []
    share = np.nanmean(r.series.covered_share, axis=0)
    for i, name in enumerate(r.names):
        row = [name, f"{r.area_km2[i]:,.0f}"]
        if r.summary is None:
            rows.append([*row, *[None] * 9, f"{100 * share[i]:.0f} %"])
            continue
        s = r.summary
        known = np.isfinite(s.slope[i])
        rows.append(
            [
                *row,
                f"{s.slope[i]:+.2f}" if known else None,
                f"{s.lower[i]:+.2f} … {s.upper[i]:+.2f}" if known else None,
                f"{s.p[i]:.2g}" if known else None,
                f"{s.r1[i]:.2f}" if np.isfinite(s.r1[i]) else None,
                f"{s.slope[i] * r.area_km2[i] * 1e-5:+.2f}" if known else None,
                f"{s.amplitude[i]:.1f}" if np.isfinite(s.amplitude[i]) else None,
                _MONTHS[int(s.wettest[i])],
                _MONTHS[int(s.driest[i])],
                int(s.n[i]),
                f"{100 * share[i]:.0f} %" + (" *" if r.area_km2[i] < SMALL_BASIN_KM2 else ""),
            ]
        )
    return rows
