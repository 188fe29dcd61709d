"""The report of an import of land-surface storage."""

import numpy as np

from ...report.coverage import MISSING, OBSERVED, calendar_plot
from ...report.html import Report
from ...report.series import series_plot
from ..months import month_text
from .landimport import TOTAL
from .layers import COMPONENTS, TITLES


def land_report(summary, version=""):
    """A `Report` of a `LandSummary`."""
    s, record, months = summary, summary.record, summary.info.months
    report = Report("Land-surface storage import", s.product.title, version)
    report.facts(
        [
            ("Product", s.product.title),
            ("Files", len(record.files)),
            ("Months", f"{months.size}: {months[0]} to {months[-1]}"),
            ("Months without a file", f"{record.missing.size}: {_list(record.missing)}"),
            ("Baseline", f"{s.info.baseline[0]} to {s.info.baseline[1]}, "
                         f"{s.baseline_months} months with a file"),
            ("Grid", s.info.grid.describe()),
            ("Components", "storage as it is" if s.absolute else "anomalies to the baseline"),
            ("Cell months with some layers only", s.incomplete),
        ]
    )  # fmt: skip
    for remark in s.remarks:
        report.note(remark)
    report.heading("Layers")
    first = record.files[0]
    report.table(
        [
            (TITLES[layer.component], layer.name, first.units[layer.name], _factor(first, layer))
            for component in COMPONENTS
            for layer in s.product.layers_of(component)
        ],
        ("component", "variable", "unit in the file", "to cm"),
    )
    report.heading("Calendar")
    status = np.where(record.present, OBSERVED, MISSING)
    report.figure(
        calendar_plot(months, status), "Months with and without a file.", "calendar of months"
    )
    report.heading("Mean over the extent")
    for name, series in s.series.items():
        kind = "" if s.absolute and name != TOTAL else " anomaly"
        title = f"{'Total' if name == TOTAL else TITLES[name].capitalize()}{kind}"
        report.figure(series_plot(months, series, title=title), "Area-weighted mean.", title)
    report.heading("Files")
    report.table([(f.name, _span(f)) for f in record.files], ("file", "months"))
    return report


def _factor(file, layer):
    factor = file.factors[layer.name]
    return f"× {factor:g}" + (" (thickness in cm)" if layer.depth_cm else "")


def _span(file):
    first, last = file.months[0], file.months[-1]
    return month_text(first) if first == last else f"{first} to {last}"


def _list(months):
    return ", ".join(month_text(m) for m in months) or "none"
