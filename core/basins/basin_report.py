"""The report on basins: assumptions, overview, one section a basin."""

import numpy as np

from ..progress import SILENT
from ..report.bars import bar_plot
from ..report.html import Report
from ..report.series import series_plot
from .summary import SMALL_BASIN_KM2

#: Sections with a plot; beyond them the table has to do.
MAX_SECTIONS = 40

COLUMNS = (
    "Basin", "1000 km²", "cm/yr", "95 % from", "to", "p", "r1", "km³/yr", "Amplitude",
    "Wettest, driest", "Months, covered",
)  # fmt: skip
_CAPTION = (
    f"Basins (* under {SMALL_BASIN_KM2:,} km²): area, trend as a depth and as a volume, half the "
    "seasonal range in cm, months behind the trend and mean share of the basin with values"
)
_MONTHS = ("–", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def basin_report(result, version="", notes=(), progress=SILENT):
    """A `Report` of a `BasinResult`; ``notes`` are lines about how the basins were read.

    ``progress`` moves with the plots and can cancel them.
    """
    r = result
    title = f"Basin statistics: {r.names[0]}" if len(r.names) == 1 else "Basin statistics"
    report = Report(title, r.variable, version)
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
    report.say_synthetic(r.history)
    for text in r.warnings:
        report.warning(text)
    for text in notes:
        report.note(text)
    order = np.argsort(-r.area_km2)[:MAX_SECTIONS]
    chosen = [i for i in range(len(r.names)) if i in set(order.tolist())]
    few = len(chosen) == len(r.names)
    if few:
        _table(report, r)
    if len(chosen) > 1 and np.isfinite(r.summary.slope[chosen]).any():
        report.heading("Trends")
        rising = sorted(chosen, key=lambda i: -np.nan_to_num(r.summary.slope[i]))
        report.figure(
            bar_plot(
                [r.names[i] for i in rising],
                r.summary.slope[rising],
                r.summary.lower[rising],
                r.summary.upper[rising],
                title=f"Trend of {r.variable}",
            ),
            "Sen slope with 95 % Theil limits on the effective sample size.",
            "trend of each basin",
        )
    if not few:
        report.note(
            f"Plots are of the {len(chosen)} largest of {len(r.names)} basins; the table of all is "
            "at the end."
        )
    for done, i in enumerate(chosen):
        progress.check()
        _section(report, r, i)
        progress.set((done + 1) / len(chosen))
    if not few:
        _table(report, r)
    report.heading("History of the stack")
    for line in r.history:
        report.paragraph(line)
    return report


def _section(report, r, i):
    report.heading(r.names[i], 3)
    trend = None
    s = r.summary
    if np.isfinite(s.slope[i]):
        # Through the months that the slope is of.
        level = np.nanmedian(r.observed[:, i] - s.slope[i] * np.arange(r.months.size) / 12.0)
        trend = (s.slope[i], level, s.lower[i], s.upper[i])
    report.figure(
        series_plot(
            r.months,
            r.series.mean[:, i],
            uncertainty=None if r.sigma is None else r.sigma[:, i],
            filled=None if r.filled is None else r.filled[:, i],
            trend=trend,
        ),
        f"{r.area_km2[i]:,.0f} km². Monthly means"
        + ("; months filled by the gap filling are drawn apart." if r.filled is not None else ".")
        + _sigma_text(r, i),
        f"series of {r.names[i]}",
    )


def _sigma_text(r, i):
    if r.sigma is None or not np.isfinite(r.sigma[:, i]).any():
        return ""
    return (
        f" Median uncertainty {np.nanmedian(r.sigma[:, i]):.2f} cm, "
        f"{np.nanmedian(r.sigma_upper[:, i]):.2f} cm if the errors of all cells were one."
    )


def _table(report, r):
    report.heading("Summary by basin")
    report.table(_rows(r), COLUMNS, _CAPTION, numeric=range(1, len(COLUMNS)))


def _rows(r):
    s = r.summary
    for i, name in enumerate(r.names):
        area = r.area_km2[i]
        yield [
            name,
            f"{area / 1000:,.{1 if area < 1e5 else 0}f}" + ("*" if area < SMALL_BASIN_KM2 else ""),
            _signed(s.slope[i]),
            _signed(s.lower[i]),
            _signed(s.upper[i]),
            _p_text(s.p[i]),
            f"{s.r1[i]:.2f}" if np.isfinite(s.r1[i]) else None,
            _signed(s.slope[i] * area * 1e-5),
            f"{s.amplitude[i]:.1f}" if np.isfinite(s.amplitude[i]) else None,
            f"{_MONTHS[int(s.wettest[i])]}, {_MONTHS[int(s.driest[i])]}" if s.wettest[i] else None,
            f"{int(s.n[i])}, {100 * r.mean_share[i]:.0f} %",
        ]


def _signed(value):
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else None


def _p_text(p):
    if not np.isfinite(p):
        return None
    return f"{p:.3f}" if p >= 0.001 else "<0.001"
