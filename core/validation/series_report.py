"""The report on a region's mean against a table."""

import numpy as np

from ..progress import SILENT
from ..report.html import Report
from ..report.scatter import scatter_plot
from ..report.twoseries import two_series_plot


def series_report(result, table_name, value_name, version="", notes=(), progress=SILENT):
    """A `Report` of a `SeriesComparison`; ``table_name`` and ``value_name`` are for titles."""
    r = result
    unit = "cm" if r.comparable else "its own unit"
    report = Report("Region against a table", f"{r.region}: {r.stack_name}, {table_name}", version)
    report.facts(
        [
            ("Stack", f"{r.stack_name}: {r.info.long_name or 'not stated'}"),
            ("Region", f"{r.region}, {r.area_km2:,.0f} km², area-weighted mean"),
            ("Table", f"{table_name}, {value_name}"),
            ("Unit of the table", r.units or "another quantity than water storage"),
            ("Anomalies", "to the mean over the periods in common, at each level"),
        ]
    )
    report.say_synthetic(r.info.history)
    for text in (*r.warnings, *notes):
        report.warning(text)
    report.heading("Scores")
    report.table(
        [[level.name, level.n, _2(level.cc), _2(level.cc_detrended), _2(level.r2), _2(level.rmse),
          _g(level.slope), _g(level.trend_stack), _g(level.trend_table)]
         for level in r.levels],
        ("By", "Periods", "CC", "CC, lines taken off", "R²", "RMSE, cm", "Table per cm",
         "Stack, cm/yr", "Table, per year"),
        "Sen slopes over the periods in common; by month the season is removed first",
        numeric=range(1, 9),
    )  # fmt: skip
    report.note(
        "Two series with a trend correlate whatever they are. Read the correlation after straight "
        "lines are taken off beside the plain one."
    )
    for k, level in enumerate(r.levels):
        progress.check()
        report.heading(f"By {level.name}")
        report.figure(
            two_series_plot(
                level.years, level.stack, level.table, names=("Stack", "Table"),
                labels=("Stack, cm equivalent water height", f"{value_name}, {unit}"),
                title=f"{r.region} by {level.name}", shared=r.comparable,
            ),
            f"{level.n} {level.name}s in common, CC {_2(level.cc) or '–'}.",
            f"both series by {level.name}",
        )  # fmt: skip
        progress.set((k + 0.5) / len(r.levels))
        report.figure(
            scatter_plot(
                level.stack, level.table, line=(level.slope, 0.0), one_to_one=r.comparable,
                xlabel="Stack, cm", ylabel=f"{value_name}, {unit}", name=f"{level.name}s".title(),
            ),
            "", f"scatter by {level.name}",
        )  # fmt: skip
    report.heading("History of the stack")
    for line in r.info.history:
        report.paragraph(line)
    return report


def _2(value):
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else None


def _g(value):
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else None
