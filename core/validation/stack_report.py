"""The report on two stacks: pooled scores, cells, coarse grid, basins, maps and scatter."""

import numpy as np

from ..progress import SILENT
from ..report.html import Report
from ..report.maps import map_plot
from ..report.scatter import scatter_plot
from .scores import straight_line

#: Basins listed.
MOST_BASINS = 200
NAMES = {"simulated": "the stack", "observed": "the reference"}


def comparison_report(result, version="", notes=(), progress=SILENT):
    """A `Report` of a `StackComparison`; ``notes`` are sentences on how basins were read."""
    r, pair = result, result.pair
    unit = pair.units
    report = Report(
        "Comparison of two stacks", f"{pair.simulated.name} against {pair.observed.name}", version
    )
    report.facts(
        [
            ("Stack", f"{pair.simulated.name}: {pair.simulated.info.long_name or 'not stated'}"),
            ("Reference", f"{pair.observed.name}: {pair.observed.info.long_name or 'not stated'}"),
            ("Months in common", f"{pair.months.size}: {pair.months[0]} to {pair.months[-1]}"),
            ("Grid", pair.grid.describe()),
            ("Aggregated", f"{NAMES[pair.aggregated]}, by area-weighted means, "
                           f"{pair.ratio:.4g} cells in one" if pair.aggregated else "no"),
            ("Cells", f"{r.cells} with values in both"),
            ("Means", "each cell's mean over the common months taken off both" if pair.rebase
                      else "as they are"),
            ("Units", unit),
        ]
    )  # fmt: skip
    history = (*pair.simulated.info.history, *pair.observed.info.history)
    report.say_synthetic(history)
    for text in (*pair.warnings, *notes):
        report.warning(text)
    _scores(report, r, unit)
    progress.check()
    _pictures(report, r, unit, progress)
    if r.basins is not None:
        _basins(report, r, unit)
    report.heading("History of the stack")
    for line in pair.simulated.info.history:
        report.paragraph(line)
    report.heading("History of the reference")
    for line in pair.observed.info.history:
        report.paragraph(line)
    return report


def _scores(report, r, unit):
    report.heading("Scores")
    report.table(
        [[name, m.n, _3(m.cc), _3(m.cc2), _3(m.nse), _3(m.rmse), _3(m.bias)]
         for name, m in (("all months and cells", r.months), ("means over the months", r.means))
         if m is not None],
        ("Pooled, weighted by area", "n", "CC", "r²", "R² (NSE)", f"RMSE, {unit}", f"Bias, {unit}"),
        "r² = CC²; R² = 1 − SSE/SST",
        numeric=range(1, 7),
    )  # fmt: skip
    rows = [
        [name, *(_3(v) for v in r.quantiles(band))]
        for band, name in (("cc", "CC"), ("nse", "NSE"), ("rmse", f"RMSE, {unit}"),
                           ("bias", f"Bias, {unit}"), ("kge", "KGE"),
                           ("subgrid_sd", f"Sub-grid standard deviation, {unit}"))
        if np.isfinite(r.maps[band]).any()
    ]  # fmt: skip
    every = "" if r.step == 1 else f", of every {r.step}th row and column"
    report.table(rows, ("Over the cells", "10 %", "Median", "90 %"), f"Quantiles{every}",
                 numeric=range(1, 4))  # fmt: skip
    report.note(
        "KGE holds the ratio of the means: for anomalies, whose mean is near zero, it says nothing."
    )
    if r.pair.aggregated:
        report.heading("Coarse grid", 3)
        report.paragraph(
            f"On the coarse cells the two differ by up to {r.largest:.4g} {unit}; in "
            f"{100 * r.kept:.1f} % of area and months by {r.tolerance:.4g} {unit} or less. A field "
            "that was forced to keep the coarse mean agrees here by construction: score it before "
            "that step, too."
        )


def _pictures(report, r, unit, progress):
    report.heading("Maps")
    extent = r.pair.grid.extent
    for band, title, label, kind in (
        ("cc", "Correlation", "CC", {"limits": (-1, 1)}),
        ("rmse", "Root mean square error", f"RMSE, {unit}", {"symmetric": False, "cmap": "YlGn"}),
        ("bias", "Bias", f"stack − reference, {unit}", {}),
        ("subgrid_sd", "Standard deviation within coarse cells", unit,
         {"symmetric": False, "cmap": "YlGn"}),
    ):  # fmt: skip
        if (band == "bias" and r.pair.rebase) or not np.isfinite(r.maps[band]).any():
            continue
        progress.check()
        report.figure(
            map_plot(r.maps[band], extent, title, label, **kind), "", f"map of {title.lower()}"
        )
    report.heading("All values")
    observed, simulated = r.pairs[1], r.pairs[0]
    report.figure(
        scatter_plot(
            observed, simulated, line=straight_line(observed, simulated),
            title="Stack against reference", xlabel=f"Reference, {unit}",
            ylabel=f"Stack, {unit}", name="Cell and month",
        ),
        f"{simulated.size} of {r.months.n} pairs.",
        "scatter of both stacks",
    )  # fmt: skip


def _basins(report, r, unit):
    report.heading("Basins")
    b = r.basins
    known = np.isfinite(b.cc)
    if known.any():
        report.paragraph(
            f"Median over {int(known.sum())} basins: CC {np.median(b.cc[known]):.2f}, "
            f"RMSE {np.median(b.rmse[known]):.2f} {unit}."
        )
    order = np.argsort(-np.asarray(r.basin_area))[:MOST_BASINS]
    report.table(
        [[r.names[i], f"{r.basin_area[i] / 1000:,.1f}", int(b.n[i]), _3(b.cc[i]), _3(b.cc2[i]),
          _3(b.nse[i]), _3(b.rmse[i]), _3(b.bias[i]), f"{100 * r.basin_share[i]:.0f} %"]
         for i in order],
        ("Basin", "1000 km²", "Months", "CC", "r²", "R² (NSE)", f"RMSE, {unit}", f"Bias, {unit}",
         "Covered"),
        "Area-weighted means of each basin over the cells that both have, the largest first",
        numeric=range(1, 9),
    )  # fmt: skip


def _3(value):
    if not np.isfinite(value):
        return None
    text = f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"
    return (text[1:] if text == "-0.000" else text).replace("-", "\N{MINUS SIGN}")
