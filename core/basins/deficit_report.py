"""The report on storage deficits."""

import numpy as np

from ..progress import SILENT
from ..report.bars import bar_plot
from ..report.deficits import deficit_plot
from ..report.html import Report

MAX_SECTIONS = 40
COLUMNS = ("Basin", "Onset", "End", "Months", "Worst", "Magnitude, cm", "Severity, cm × months",
           "Severity, km³ × months", "Recovery, months", "Ended")  # fmt: skip


def deficit_report(result, version="", notes=(), progress=SILENT):
    """A `Report` of `Deficits`."""
    means = result.means
    one = f": {means.names[0]}" if len(means.names) == 1 else ""
    report = Report(f"Storage deficit{one}", means.variable, version)
    report.facts(
        [
            ("Stack", means.stack_name),
            ("Months", f"{means.months.size}: {means.months[0]} to {means.months[-1]}"),
            ("Basins", len(means.names)),
            (
                "Climatology",
                "mean of each calendar month over the observed months of "
                f"{result.reference[0]} to {result.reference[1]}",
            ),
            ("Trend", "removed before" if result.detrended else "kept: a steady loss is a deficit"),
            (
                "Event",
                f"at least {result.min_months} months with a value more than "
                f"{result.threshold:g} cm below the climatology; up to {result.max_gap} missing "
                "months in a row are bridged",
            ),
            ("Severity", "mean deficit × duration (Thomas et al. 2014)"),
            ("Recovery", "months from the worst one to the first without deficit"),
        ]
    )
    report.say_synthetic(means.history)
    for text in notes:
        report.note(text)
    if means.filled is not None:
        report.note("Filled months count in events, and not in the climatology.")
    order = np.argsort(-means.area_km2)[:MAX_SECTIONS]
    chosen = [i for i in range(len(means.names)) if i in set(order.tolist())]
    if len(chosen) > 1:
        worst = [max((e.severity for e in result.events[i]), default=0.0) for i in chosen]
        ranked = sorted(range(len(chosen)), key=lambda k: -worst[k])
        report.heading("The worst deficit of each basin")
        report.figure(
            bar_plot(
                [means.names[chosen[k]] for k in ranked],
                [worst[k] for k in ranked],
                xlabel="cm × months",
                value_name="Severity",
            ),
            "Severity of the worst event.",
            "severity of the worst deficit of each basin",
        )
    if len(chosen) < len(means.names):
        report.note(f"Plots are of the {len(chosen)} largest of {len(means.names)} basins.")
    for done, i in enumerate(chosen):
        progress.check()
        report.heading(means.names[i], 3)
        spans = [(e.onset, e.end) for e in result.events[i]]
        share = result.share[i]
        report.figure(
            deficit_plot(means.months, result.departure[:, i], spans),
            f"{len(spans)} deficits"
            + (f", {100 * share:.0f} % of the months." if np.isfinite(share) else "."),
            f"storage deficits of {means.names[i]}",
        )
        progress.set((done + 1) / len(chosen))
    report.heading("All deficits")
    report.table(_rows(result), COLUMNS, "", numeric=(3, 5, 6, 7, 8))
    return report


def _rows(result):
    means = result.means
    for name, area, events in zip(means.names, means.area_km2, result.events):
        for e in events:
            yield [
                name,
                ("before " if e.cut else "") + str(means.months[e.onset]),
                str(means.months[e.end]),
                e.duration,
                str(means.months[e.worst]),
                f"{e.magnitude:.1f}",
                f"{e.severity:.1f}",
                f"{e.severity * area * 1e-5:.1f}",
                e.recovery,
                e.ended,
            ]
