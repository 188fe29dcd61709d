"""The report of an import: what was in the file and what was done with it."""

import numpy as np

from ..report.coverage import DUPLICATE, MISSING, NOISE, OBSERVED, calendar_plot
from ..report.html import Report
from ..report.series import series_plot
from .months import month_text
from .noise import FACTOR


def import_report(summary, version=""):
    """A `Report` of an `ImportSummary`."""
    s = summary
    report = Report("GRACE import", s.product, version)
    months = s.info.months
    if "synthetic" in s.title.lower():
        report.warning("This product is synthetic: it was generated, not observed.")
    report.facts(
        [
            ("Product", s.title or s.product),
            ("Variable", f"{s.variable} [{s.source_units}], written in cm"),
            ("Solutions in the file", s.solutions),
            ("Months", f"{months.size}: {months[0]} to {months[-1]}"),
            ("Observed months", int(s.observed.sum())),
            ("Missing months", f"{s.missing.size}: {_list(s.missing)}"),
            ("Months with two solutions", f"{s.doubles.size}: {_list(s.doubles)}"),
            ("Noise months", _noise_text(s)),
            ("Baseline", f"{s.info.baseline[0]} to {s.info.baseline[1]}, "
                         f"{s.baseline_months} observed months"),
            ("Grid", s.info.grid.describe()),
            ("Uncertainty in the product", "yes" if s.has_uncertainty else "no"),
            ("Month of a solution", "from its time bounds" if s.has_bounds else
                                    "from its middle (the file has no time bounds)"),
        ]
    )  # fmt: skip
    for solution, source, target in s.moved:
        report.note(f"Solution {solution + 1} of {source} was given to the empty month {target}.")
    if s.noisy.size and s.noisy_policy == "keep":
        report.warning(
            f"{_list(s.noisy)} stand out over the ocean by more than {FACTOR:g} times the median. "
            "They were kept. Set 'Noise months' to 'missing' to leave them out and fill them later."
        )
    report.heading("Calendar")
    report.figure(
        calendar_plot(months, _status(s)),
        "Which months were observed, missing, merged from two solutions, or noisy.",
        "calendar of months",
    )
    if s.noise_assessed:
        report.heading("Monthly noise")
        report.figure(
            series_plot(months, s.noise_rms, title="Noise over the ocean", ylabel="cm (RMS)"),
            "Area-weighted RMS over the ocean between 60° S and 60° N after removing trend, "
            "annual and semiannual terms.",
            "monthly noise",
        )
    report.heading("Mean over the extent")
    report.figure(
        series_plot(months, s.mean_series, title="Area-weighted mean of all imported cells"),
        "A first look: ocean cells are included where the product has them.",
        "mean series",
    )
    report.heading("What was done")
    for line in s.info.history:
        report.paragraph(line)
    return report


def _status(s):
    months = s.info.months
    status = np.full(months.size, OBSERVED)
    status[np.isin(months, s.missing)] = MISSING
    status[np.isin(months, s.doubles)] = DUPLICATE
    status[np.isin(months, s.noisy)] = NOISE
    return status


def _noise_text(s):
    if not s.noise_assessed:
        return "not assessed: the product has no land mask, so no ocean to judge by"
    if not s.noisy.size:
        return f"none above {FACTOR:g} times the median {np.nanmedian(s.noise_rms):.2f} cm"
    found = ", ".join(
        f"{month_text(m)} ({s.noise_rms[s.info.months == m][0]:.1f} cm)" for m in s.noisy
    )
    action = "kept" if s.noisy_policy == "keep" else "set to missing"
    return f"{found} against a median of {np.nanmedian(s.noise_rms):.2f} cm: {action}"


def _list(months):
    return ", ".join(month_text(m) for m in months) or "none"
