"""The report on the closure of the water balance."""

import numpy as np

from ..progress import SILENT
from ..report.bars import bar_plot
from ..report.html import Report
from ..report.series import multi_series_plot

#: Basins with plots of their own; the table has all.
MAX_SECTIONS = 20
MAX_BARS = 40
COLUMNS = ("Basin", "1000 km²", "P, mm/yr", "CC", "RMSE, cm", "Bias, cm", "Months", "Left out")


def closure_report(result, version="", notes=(), progress=SILENT):
    """A `Report` of a `Closure`."""
    means, balance = result.means, result.balance
    title = "Water balance" + (f": {means.names[0]}" if len(means.names) == 1 else "")
    report = Report(title, "TWSC = P − ET − R", version)
    kept = result.kept
    report.facts(
        [
            ("Storage", f"{means.stack_name}: {means.months[0]} to {means.months[-1]}"),
            ("Basins", f"{len(means.names)}, {int(kept.sum())} counted"),
            ("Limits", result.limits.text()),
            ("Median correlation", f"{result.median_cc:.2f}"),
            ("Median RMSE", f"{result.median_rmse:.2f} cm a month"),
            (
                "Storage change",
                "(TWSA(t+1) − TWSA(t−1)) / 2, only where both months were observed",
            ),
            ("Fluxes", "¼, ½, ¼ over t−1, t, t+1, as the central difference sees them"),
            ("RMSE", "with the mean difference in it; the bias is that of storage − fluxes"),
        ]
    )
    report.say_synthetic(means.history)
    for text in result.warnings:
        report.warning(text)
    for text in notes:
        report.note(text)
    report.note(
        "Where the fluxes come from a model that was also used for the storage, this is a test of "
        "consistency and not of truth."
    )
    largest = np.argsort(-means.area_km2)
    shown = [i for i in largest if np.isfinite(balance.cc[i])]
    if len(shown) > 1:
        bars = sorted(shown[:MAX_BARS], key=lambda i: -balance.cc[i])
        report.heading("Correlation")
        report.figure(
            bar_plot(
                [means.names[i] for i in bars],
                balance.cc[bars],
                title="Storage change against fluxes",
                xlabel="correlation",
                value_name="Correlation",
            ),
            f"The {len(bars)} largest basins with a score." if len(shown) > len(bars) else "",
            "correlation of each basin",
        )
    if len(shown) > MAX_SECTIONS:
        report.note(f"Plots are of the {MAX_SECTIONS} largest basins; the table has all.")
    chosen = shown[:MAX_SECTIONS]
    for done, i in enumerate(chosen):
        progress.check()
        _section(report, means, balance, i)
        progress.set((done + 1) / len(chosen))
    report.heading("All basins")
    report.table(_rows(result), COLUMNS, "", numeric=range(1, 7))
    return report


def _section(report, means, balance, i):
    name = means.names[i]
    report.heading(name, 3)
    report.figure(
        multi_series_plot(
            {"Storage change": balance.change[:, i], "P − ET − R": balance.flux[:, i]},
            means.months,
            ylabel="cm a month",
        ),
        f"CC {balance.cc[i]:.2f}, RMSE {balance.rmse[i]:.2f} cm, {int(balance.n[i])} months.",
        f"storage change and fluxes of {name}",
    )
    report.figure(
        multi_series_plot(
            {"Residual: storage change − (P − ET − R)": balance.residual[:, i]},
            means.months,
            ylabel="cm a month",
        ),
        f"What does not close; mean {balance.bias[i]:+.2f} cm a month.".replace(
            "-", "\N{MINUS SIGN}"
        ),
        f"closure residual of {name}",
    )


def _rows(result):
    means, balance = result.means, result.balance
    for i in np.argsort(-means.area_km2):
        yield [
            means.names[i],
            f"{means.area_km2[i] / 1000:,.0f}",
            _text(result.precipitation_year[i], "{:.0f}"),
            _text(balance.cc[i], "{:.2f}"),
            _text(balance.rmse[i], "{:.2f}"),
            _text(balance.bias[i], "{:+.2f}"),
            int(balance.n[i]),
            result.reasons[i] or None,
        ]


def _text(value, form):
    return form.format(value).replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else None
