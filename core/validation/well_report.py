"""The report on wells: what was compared, scores, bins, classes, scatter and map."""

import numpy as np

from ..progress import SILENT
from ..report.html import Report
from ..report.scatter import point_map, scatter_plot
from ..report.series import multi_series_plot

#: Wells and cells listed and drawn; beyond them the layers have to do.
MOST_ROWS, MOST_PLOTS = 60, 6

SCORE_COLUMNS = ("What", "Sy ×", "n", "CC", "p", "r²", "R²", "RMSE", "Bias", "Slope")


def well_report(result, version="", notes=(), progress=SILENT):
    """A `Report` of a `WellResult`; ``notes`` are sentences on how the wells were read."""
    r, s = result, result.settings
    storage = r.specific_yield is not None
    report = Report("Validation by wells", f"{r.stack_name} against {len(r.names)} wells", version)
    known = r.cc[np.isfinite(r.cc)]
    report.facts(
        [
            ("Stack", r.stack_name),
            ("Quantity", r.info.long_name or "not stated"),
            ("Months", f"{r.months.size}: {r.months[0]} to {r.months[-1]}"),
            ("Wells", f"{len(r.names)} inside the grid, {known.size} with a correlation "
                      f"({s.min_months} months or more in common)"),
            ("Cells", f"{int((r.cells.wells > 0).sum())} with wells, of {r.grid.describe()}"),
            ("Specific yield", s.yield_text),
            ("Trend", "Sen slope over the common months after removing annual and semiannual "
                      f"harmonics; common months must span {s.min_years:g} years"),
            ("Median CC of wells", f"{np.median(known):.2f}" if known.size else "–"),
        ]
    )  # fmt: skip
    report.say_synthetic(r.info.history)
    for text in (*r.warnings, *notes):
        report.warning(text)
    report.note(
        "A well is a point, a cell of GRACE is a region of some 300 km: agreement of single wells "
        "is no measure of the product, and disagreement no proof against it."
    )
    _scores(report, r, storage)
    progress.set(0.3)
    _wells(report, r)
    progress.check()
    _plots(report, r, storage)
    progress.set(0.8)
    _tables(report, r)
    return report


def _scores(report, r, storage):
    report.heading("Scores by cell")
    report.table(
        [
            [v.name, f"{v.factor:g}", v.n, _two(v.cc), _p(v.p), _two(v.cc2), _two(v.r2),
             _two(v.rmse), _two(v.bias), _two(v.slope)]
            for v in r.scores
        ],
        SCORE_COLUMNS,
        "Wells of a cell are averaged. r² = CC²; R² = 1 − SSE/SST; slope of observed on predicted; "
        + ("RMSE and bias in cm and cm/yr" if storage else
           "without a specific yield there is no R², RMSE and bias"),
        numeric=range(1, len(SCORE_COLUMNS)),
    )  # fmt: skip
    unit = "cm/yr" if storage else "cm/yr of water level"
    unbinned = next(v for v in r.scores if "unbinned" in v.name)
    points = bars = None
    if r.bins is not None:
        points, bars = (r.bins.predicted, r.bins.observed), r.bins.sem
    report.figure(
        scatter_plot(
            r.cells.trend_predicted, r.cells.trend_observed, points=points, bars=bars,
            line=(unbinned.slope, unbinned.intercept), one_to_one=storage,
            title="Trends: wells against the stack", xlabel="Stack, cm/yr", ylabel=f"Wells, {unit}",
            name="Cells",
        ),
        "Each dot is a cell. Bins are quantiles of the predicted trend.",
        "trends of wells against those of the stack",
    )  # fmt: skip
    if r.bins is not None:
        b = r.bins
        report.table(
            [[i + 1, int(b.n[i]), *map(float, (b.low[i], b.high[i], b.predicted[i], b.observed[i],
                                              b.sem[i]))] for i in range(b.n.size)],
            ("Bin", "Cells", "From", "To", "Predicted", "Observed", "Standard error"),
            f"Bins of the predicted trend, {unit}",
        )  # fmt: skip


def _wells(report, r):
    report.heading("Well by well")
    report.paragraph(
        "Correlation of each well's monthly level with the stack's cell, without specific yield."
    )
    before = r.cc_before is not None
    header = ["Wells", "Number", "Median CC", "CC > 0"]
    header += ["Median CC before", "Higher than before"] if before else []
    report.table(
        [
            [f"{r.settings.class_name} {c.name}" if c.name != "all" else c.name, c.wells,
             _two(c.median_cc), _share(c.positive),
             *([_two(c.median_before), _share(c.improved)] if before else [])]
            for c in r.class_scores
        ],
        header,
        numeric=range(1, len(header)),
    )  # fmt: skip
    report.figure(
        point_map(r.x, r.y, r.cc, title="Correlation of each well with the stack", label="CC"),
        "Grey: too few months in common.",
        "map of the wells coloured by correlation",
    )
    if not before or r.change is None:
        return
    c = r.change
    report.heading("Before and after", 3)
    report.table(
        [[c.n, _two(c.slope), _two(c.intercept), _two(c.cc), _p(c.p), _two(c.oldham_cc),
          _p(c.oldham_p)]],
        ("Wells", "Slope", "Intercept", "CC", "p", "Oldham's CC", "p"),
        "Change of CC on the CC before",
    )  # fmt: skip
    report.note(
        "A change regressed on its own starting value falls even where nothing but noise changed. "
        "Oldham's correlation, of the change with the mean of both, is free of that."
    )
    report.figure(
        scatter_plot(
            r.cc_before, r.cc - r.cc_before, line=(c.slope, c.intercept), one_to_one=False,
            title="Change of correlation", xlabel="CC before", ylabel="CC after − CC before",
            name="Wells",
        ),
        "",
        "change of the correlation against the correlation before",
    )  # fmt: skip


def _plots(report, r, storage):
    order = np.argsort(-r.cells.months)[:MOST_PLOTS]
    order = [i for i in order if r.cells.months[i]]
    if not order:
        return
    report.heading("Cells with the longest records")
    for i in order:
        west, top = (
            r.grid.x0 + r.cells.col[i] * r.grid.dx, r.grid.y0 - r.cells.row[i] * r.grid.dy,
        )  # fmt: skip
        series = {"Stack": r.cells.predicted[:, i], "Wells": r.cells.observed[:, i]}
        if not storage:
            # Levels move by metres, storage by centimetres: standardised to be seen together.
            series = {k: (v - np.nanmean(v)) / (np.nanstd(v) or 1.0) for k, v in series.items()}
        report.figure(
            multi_series_plot(
                series, r.months,
                title=f"Cell {west:g}…{west + r.grid.dx:g}, {top - r.grid.dy:g}…{top:g}",
                ylabel="cm equivalent water height" if storage else "standard deviations",
            ),
            f"{int(r.cells.wells[i])} wells, {int(r.cells.months[i])} months, "
            f"CC {_two(r.cells.metrics.cc[i]) or '–'}.",
            "stack and mean of the wells",
        )  # fmt: skip


def _tables(report, r):
    report.heading("Wells")
    rows = [
        [r.names[i], int(r.common[i]), _two(r.cc[i]),
         None if r.cc_before is None else _two(r.cc_before[i]),
         None if r.specific_yield is None else _two(r.specific_yield[i]),
         _two(r.trend_level[i]), _two(r.trend_simulated[i]),
         None if r.outliers is None else int(r.outliers[i])]
        for i in range(min(len(r.names), MOST_ROWS))
    ]  # fmt: skip
    header = ("Well", "Months", "CC", "CC before", "Sy", "Level, cm/yr", "Stack, cm/yr",
              "Set aside")  # fmt: skip
    more = f" (the first {MOST_ROWS} of {len(r.names)})" if len(r.names) > MOST_ROWS else ""
    report.table(rows, header, f"Wells{more}", numeric=range(1, len(header)))
    report.heading("History of the stack")
    for line in r.info.history:
        report.paragraph(line)


def _two(value):
    if not np.isfinite(value):
        return None
    text = f"{value:.2f}"
    return (text[1:] if text in ("-0.00",) else text).replace("-", "\N{MINUS SIGN}")


def _p(value):
    if not np.isfinite(value):
        return None
    return f"{value:.3f}" if value >= 0.001 else "<0.001"


def _share(value):
    return f"{100 * value:.0f} %" if np.isfinite(value) else None
