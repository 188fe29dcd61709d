"""The report on downscaled stacks beside their baselines."""

import numpy as np

from ..report.bars import bar_plot
from ..report.html import Report
from ..report.named import named_plot

HEADER = (
    "Stack", "RMSE", "CC", "Bias", "Sub-grid SD", "RMSE to truth", "CC to truth", "Bias to truth",
    "RMSE within", "CC within",
)  # fmt: skip
#: Regions with pictures; the others have their table.
MOST_PICTURES = 6


def compare_report(regions, baselines, coarse, truth=None, version="", notes=()):
    """A `Report` of {region: list of `Scores`}; ``baselines`` names those among the stacks.

    ``coarse`` and ``truth`` (or None) are the stacks they were scored against.
    """
    report = Report("Comparison of downscaled stacks", f"against {coarse.name}", version)
    first = next(iter(regions.values()))
    report.facts(
        [
            ("Stacks", ", ".join(s.name for s in first if s.name not in baselines)),
            ("Baselines", ", ".join(baselines) or "none"),
            ("Coarse field", f"{coarse.name}, {coarse.grid.describe()}"),
            ("Truth", truth.name if truth is not None else "none given"),
            ("Months", first[0].months),
            ("Units", "cm; all means are weighted by area"),
        ]
    )
    history = (*coarse.info.history, *(truth.info.history if truth is not None else ()))
    report.say_synthetic(history)
    for text in notes:
        report.warning(text)
    report.note(
        "Agreement with the coarse field is no validation: a correction makes it so, and the "
        "coarse field replicated has it by definition. Sub-grid detail is only worth something "
        "where it is right, which takes a truth to see."
    )
    for number, (name, scores) in enumerate(regions.items()):
        if len(regions) > 1 or name:
            report.heading(name or "Whole extent")
        for line in verdicts(scores, baselines):
            report.paragraph(line)
        columns = len(HEADER) if truth is not None else 5
        report.table(
            [_row(s, baselines)[:columns] for s in scores],
            HEADER[:columns],
            f"{scores[0].cells} fine cells, {scores[0].months} months, cm",
        )
        if number < MOST_PICTURES:
            _pictures(report, scores, baselines, name, truth is not None)
    _meaning(report, truth is not None)
    return report


def verdicts(scores, baselines):
    """A sentence for each stack: whether it beats the best baseline against the truth."""
    rivals = [s for s in scores if s.name in baselines and np.isfinite(s.fine_rmse)]
    if not rivals:
        return []
    best = min(rivals, key=lambda s: s.fine_rmse)
    lines = []
    for one in scores:
        if one.name in baselines or not np.isfinite(one.fine_rmse):
            continue
        beats = one.fine_rmse < best.fine_rmse
        lines.append(
            f"{one.name} {'beats' if beats else 'does not beat'} the best baseline ({best.name}): "
            f"RMSE to the truth {one.fine_rmse:.3g} against {best.fine_rmse:.3g} cm."
        )
    return lines


def _row(s, baselines):
    name = f"{s.name} (baseline)" if s.name in baselines else s.name
    values = (
        s.coarse_rmse, s.coarse_cc, s.coarse_bias, s.subgrid_sd, s.fine_rmse, s.fine_cc,
        s.fine_bias, s.within_rmse, s.within_cc,
    )  # fmt: skip
    # Rounding errors are no scores; the sum takes the sign off a zero.
    return [name, *(round(float(v), 4) + 0.0 for v in values)]


def _pictures(report, scores, baselines, name, has_truth):
    where = f" ({name})" if name else ""
    labels = [s.name for s in scores]
    pictures = [
        ("coarse_rmse", "RMSE of the coarse means", None),
        ("subgrid_sd", "Sub-grid standard deviation", "truth_subgrid_sd"),
    ]
    if has_truth:
        pictures.append(("fine_rmse", "RMSE to the truth", None))
    for key, title, truth in pictures:
        report.figure(
            bar_plot(
                labels,
                [getattr(s, key) for s in scores],
                truth=[getattr(s, truth) for s in scores] if truth and has_truth else None,
                title=title,
                xlabel="cm",
                value_name="Stack",
            ),
            f"{title}{where}.",
            f"{title} of {', '.join(labels)}",
        )
    if has_truth:
        report.figure(
            named_plot(
                labels,
                [s.subgrid_sd for s in scores],
                [s.within_cc for s in scores],
                hollow=baselines,
                line=scores[0].truth_subgrid_sd,
                line_name="SD of the truth",
                title="How much detail, and how right",
                xlabel="Sub-grid standard deviation, cm",
                ylabel="CC within coarse cells",
                lacking="(no detail, no CC)",
            ),
            f"Detail far to the right and low down is invented{where}; baselines are hollow.",
            f"sub-grid standard deviation and correlation within coarse cells of "
            f"{', '.join(labels)}",
        )


def _meaning(report, has_truth):
    report.heading("What the columns are")
    report.paragraph(
        "RMSE, CC and Bias: area-weighted coarse means against the coarse field. Sub-grid SD: root "
        "mean square of what departs from the coarse mean. Only cells and months that all "
        "compared stacks have are scored."
    )
    if has_truth:
        report.paragraph(
            "RMSE, CC and Bias to truth: fine values against the truth, the large scale included. "
            "Within: departures from the coarse mean against those of the truth, which is the "
            "detail alone. A stack without detail has an RMSE within of the truth's own sub-grid "
            "SD, and no CC."
        )
