"""The report of a gap filling: what was filled, how well, and what it looks like."""

import numpy as np

from ..data.flags import STAGE_A, STAGE_B, UNFILLED
from ..data.months import listed
from ..data.stack import MonthlyStack
from ..report.coverage import FILLED_A, FILLED_B, MISSING, OBSERVED, calendar_plot
from ..report.html import Report
from ..report.maps import map_plot
from ..report.series import series_plot
from ..report.spectrum import number_plot
from .hankel import lag_covariance
from .tally import ERROR_BANDS

#: Shares of the cells whose ε₂ (or ε₁) the example series have.
EXAMPLES = (("a typical cell", 0.5), ("a hard cell", 0.9), ("one of the hardest cells", 0.99))
#: Names of the errors where there are two stages; where there is one they need none.
NAMES = {
    "epsilon_1": "ε₁, in-sample, stage a",
    "epsilon_2": "ε₂, held out, stage b",
    "residual_stage_b": "residual, in-sample, stage b",
    "heldout_short": "short gaps held out, stage a",
}
#: How the calendar shows filled months where there is one stage.
ONE_STAGE = {"labels": {FILLED_A: "filled"}, "marks": {FILLED_A: "f"}}
#: Modes drawn in the spectrum.
SHOWN = 24


def fill_report(summary, stack, filled_path, version=""):
    """A `Report` of a `FillSummary`; ``stack`` as it was, ``filled_path`` the result."""
    unit = stack.units or "units of the stack"
    report = Report("Gap filling", "singular spectrum analysis", version)
    if "synthetic" in " ".join((stack.info.long_name, *stack.info.history)).lower():
        report.warning("These values are synthetic: they were generated, not observed.")
    report.facts(_facts(summary, stack))
    _remarks(report, summary)
    _months(report, summary)
    _errors(report, summary, unit)
    if summary.years:
        _validation(report, summary, unit)
    _maps(report, summary, stack.grid.extent, unit)
    _examples(report, summary, stack, filled_path, unit)
    return report


def _facts(s, stack):
    return [
        ("File", stack.name),
        ("Quantity", stack.info.long_name or "not stated"),
        ("Units", stack.units or "none stated"),
        ("Record", f"{s.months.size} months, {s.months[0]} to {s.months[-1]}"),
        ("Cells with values", s.cells),
        ("Series computed", f"{s.series}; equal series once"
                            + (f", {s.restored} from an earlier run" if s.restored else "")),
        ("Procedure", s.plan),
        *_filled(s),
        ("Months still missing in some cells", listed(s.months_flagged(UNFILLED))),
    ]  # fmt: skip


def _filled(s):
    if not s.staged:
        return [("Months filled", listed(s.months_flagged(STAGE_A)))]
    return [
        ("Months filled in stage a", listed(s.months_flagged(STAGE_A))),
        ("Months filled in stage b", listed(s.months_flagged(STAGE_B))),
    ]


def _name(s, error):
    return NAMES[error] if s.staged else NAMES[error].split(", stage")[0]


def _remarks(report, s):
    if s.skipped:
        report.warning(f"{s.skipped} cells have too few observations and keep gaps.")
    if s.overshoots:
        report.warning(
            f"In {s.overshoots} cells a filled value is more than half again as large as any "
            "observed one: look at them before you use them."
        )
    if s.capped:
        report.warning(f"{s.capped} cells stopped at the limit of iterations.")


def _months(report, s):
    report.heading("Calendar")
    status = np.full(s.months.size, OBSERVED)
    status[s.counts[UNFILLED] > 0] = MISSING
    status[s.counts[STAGE_A] > 0] = FILLED_A
    status[s.counts[STAGE_B] > 0] = FILLED_B
    report.figure(
        calendar_plot(s.months, status, **({} if s.staged else ONE_STAGE)),
        "A month counts as filled where it was filled in any cell.",
        "calendar of filled months",
    )


def _errors(report, s, unit):
    report.heading("Errors")
    rows = []
    for name in ERROR_BANDS:
        q = s.errors[name]
        if q.count:
            rows.append(
                [_name(s, name), *(q.at(share) for share in (0.01, 0.5, 0.99)), q.at(0.5, True)]
            )
    header = ["Error", "1 %", "median", "99 %", "median by area"]
    report.table(rows, header, f"Over all cells, {unit}")
    report.note(
        "In-sample errors say how closely the modes follow what they have seen. Held-out errors "
        "compare with observations that were hidden: they say how well a gap is filled."
    )


def _validation(report, s, unit):
    report.heading("Hidden years")
    rows = [
        [str(year), *(q.at(share) for share in (0.01, 0.5, 0.99))]
        for year, q in zip(s.years, s.by_year)
    ]
    report.table(
        rows, ["Hidden year", "1 %", "median", "99 %"],
        f"RMSE of each year at the chosen K, over all cells, {unit}",
    )  # fmt: skip
    report.figure(
        number_plot(
            {"median over cells": (np.array(s.candidates), [q.at(0.5) for q in s.by_modes])},
            title="Held-out error by number of modes",
            xlabel="modes K, the same everywhere",
            ylabel=unit,
        ),
        "Root of the mean of the years' squared RMSE. Each cell takes its own best K, so the "
        "median of ε₂ lies below this line.",
        "held-out error by number of modes",
    )
    total = sum(s.kept.values()) or 1
    report.table(
        [[str(k), n, f"{100 * n / total:.1f} %"] for k, n in sorted(s.kept.items())],
        ["K chosen", "cells", "share"],
    )
    if len(s.windows) > 1:
        report.table(
            [[str(m), n, f"{100 * n / total:.1f} %"] for m, n in sorted(s.windows.items())],
            ["M chosen", "cells", "share"],
        )


def _maps(report, s, extent, unit):
    thinned = f" One cell in {s.step} × {s.step} is drawn." if s.step > 1 else ""
    labels = {"epsilon_1": unit, "epsilon_2": unit, "modes": "K"}
    for name, label in labels.items():
        values = s.maps[name]
        if np.isfinite(values).any():
            title = _name(s, name) if name in NAMES else "Modes K of stage b"
            report.heading(title, 3)
            report.figure(
                map_plot(values, extent, label=label, symmetric=False, cmap="viridis"),
                "Cells without a value are grey." + thinned,
                f"map of {title}",
            )


def _examples(report, s, stack, filled_path, unit):
    report.heading("Example series")
    spectra, marks = {}, {}
    with MonthlyStack(filled_path) as filled:
        for label, row, col in _chosen_cells(s):
            before = stack.read(row, col, 1, 1)[:, 0, 0]
            after = filled.read(row, col, 1, 1)[:, 0, 0]
            made = np.isnan(before) & np.isfinite(after)
            place = f"{stack.grid.x[col]:.6g}, {stack.grid.y[row]:.6g}"
            errors = [s.maps[n][row // s.step, col // s.step] for n in ERROR_BANDS[:2]]
            sigma = np.where(_of_stage_b(s, made), errors[1], errors[0])
            report.figure(
                series_plot(
                    s.months,
                    after,
                    uncertainty=np.where(made, sigma, np.nan),
                    filled=made,
                    title=f"{label[0].upper()}{label[1:]} ({place})",
                    ylabel=unit,
                ),
                f"ε₁ {errors[0]:.3g}, ε₂ {errors[1]:.3g} {unit}. The band is ± ε of the stage "
                "that filled the month."
                if s.staged
                else f"ε₁ {errors[0]:.3g} {unit}; the band is ± ε₁ in the filled months.",
                f"series of {label}",
            )
            shares = _spectrum(after, max(s.windows, default=24))
            if shares.size:
                spectra[label] = shares[:SHOWN]
                marks[label] = s.maps["modes"][row // s.step, col // s.step]
    if spectra:
        report.heading("Spectrum of modes")
        report.figure(
            number_plot(
                spectra, title="Share of the variance in each mode of the filled series",
                xlabel="mode", ylabel="%", marks=marks, log=True,
            ),
            "Eigenvalues of the lag covariance; a ring marks the last mode that was kept (K). "
            "Trend and season come in the first few, what follows evenly is noise.",
            "spectrum of modes",
        )  # fmt: skip


def _chosen_cells(s):
    """(label, row, col) of cells at quantiles of ε₂, or of ε₁ without one."""
    for name in (ERROR_BANDS[1], ERROR_BANDS[0]):
        values = s.maps[name]
        known = np.argwhere(np.isfinite(values))
        if not len(known):
            continue
        order = np.argsort(values[tuple(known.T)], kind="stable")
        taken = set()
        for label, share in EXAMPLES:
            index = order[round(share * (len(order) - 1))]
            if index not in taken:
                taken.add(index)
                row, col = known[index] * s.step
                yield label, int(row), int(col)
        return


def _of_stage_b(s, made):
    """Which of the filled months stage b filled, by the calendar of the run."""
    return made & (s.counts[STAGE_B] > 0) & (s.counts[STAGE_A] == 0)


def _spectrum(series, window):
    """Shares in percent of the modes of the finite span of a series, largest first."""
    known = np.flatnonzero(np.isfinite(series))
    if not known.size:
        return np.empty(0)
    span = series[known[0] : known[-1] + 1]
    if np.isnan(span).any() or span.size < 2 * window:
        return np.empty(0)
    upper = lag_covariance(span[None], window)[0]
    values = np.linalg.eigvalsh(upper, UPLO="U")[::-1]
    return 100 * values / values.sum() if values.sum() > 0 else np.empty(0)
