"""The report of a predictor set: what each variable is made of, and what is missing."""

import math

from ..data.months import month_text
from ..report.html import Report

#: Share outside the training range from which a variable is worth a warning.
OUTSIDE_WARNING = 0.05


def warnings_of(plan, summaries):
    """What the reader of log and report has to know, one sentence each."""
    yield from plan.warnings
    for part, summary in zip(plan.parts, summaries):
        name = part.variable.name
        if part.absent:
            listed = ", ".join(month_text(m) for m in part.absent[:12])
            more = " …" if len(part.absent) > 12 else ""
            yield (
                f"{name}: {len(part.absent)} months that are needed are not in "
                f"{part.layer.name}: {listed}{more}"
            )
        if not summary.known:
            yield f"{name} has no value on the grid of the set."
            continue
        share = summary.outside / summary.known
        if share > OUTSIDE_WARNING:
            low, high = part.variable.range
            yield (
                f"{name}: {100 * share:.0f} % of the values lie outside the training range "
                f"{low:g} to {high:g} {part.variable.units} (they are {summary.low:.4g} to "
                f"{summary.high:.4g})." + (" Is the unit or the sign right?" if share > 0.5 else "")
            )
    lost = plan.months.size - plan.usable.size
    if lost:
        yield (
            f"{lost} of {plan.months.size} months "
            f"cannot be predicted: a predictor or a lag is not there."
        )


def prepare_report(plan, summaries, settings, contract=None, mask="", version=""):
    """A `Report` of a `Preparation` and what became of it."""
    subtitle = f"for {contract.title or contract.name}" if contract else "by its layers' own names"
    report = Report("Predictor set", subtitle, version)
    text = " ".join(
        f"{p.layer.long_name} {' '.join(p.layer.stack.info.history)}" for p in plan.parts
    )
    if "synthetic" in text.lower():
        report.warning("Layers are synthetic: they were generated, not observed.")
    months = plan.months
    span = f"{months[0]} to {months[-1]}, {plan.usable.size} usable" if months.size else "none"
    holes = "left as they are"
    if settings.holes:
        holes = f"filled up to {settings.holes:g} cells by inverse distance weighting"
    report.facts(
        [
            ("Grid", plan.grid.describe()),
            ("Months to predict", span),
            ("Variables", f"{len(plan.parts)}, {sum(s.bands for s in summaries)} bands"),
            ("Holes", holes),
            ("Mask", mask or "none"),
        ]
    )
    for warning in warnings_of(plan, summaries):
        report.warning(warning)
    report.table(
        [_made(part, summary) for part, summary in zip(plan.parts, summaries)],
        ("Variable", "Layer", "Its cells", "Unit", "Resampling", "Bands"),
        "What each variable is made of",
    )
    report.table(
        [_values(part, summary) for part, summary in zip(plan.parts, summaries)],
        ("Variable", "Known, %", "Filled, %", "Missing, %", "Lowest", "Highest",
         "Trained from", "Trained to", "Outside, %"),
        "Values: shares of the cells outside the mask, all bands; filled ones are among the known",
        numeric=range(1, 9),
    )  # fmt: skip
    report.heading("Mapping")
    report.paragraph("As MAPPING of 'Prepare predictors' takes it; edit and run again.")
    report.paragraph(plan.mapping())
    return report


def _made(part, summary):
    grid, name = part.layer.grid, part.layer.name
    bands = part.how
    if part.months is not None:
        bands = "none"
        if part.months.size:
            bands = f"{part.months.size}: {part.months[0]} to {part.months[-1]}"
        if part.cumulation is not None:
            bands += f", {part.cumulation.line()}"
    return (
        part.variable.name,
        f"#{part.layer.number} {name}",
        f"{grid.dx:.5g} × {grid.dy:.5g}",
        part.conversion,
        summary.line,
        bands,
    )


def _values(part, summary):
    low, high = part.variable.range
    known = summary.known > 0
    return (
        part.variable.name,
        100 * summary.share(summary.known),
        100 * summary.share(summary.filled),
        100 * summary.share(summary.missing),
        summary.low if known else None,
        summary.high if known else None,
        None if math.isinf(low) else low,
        None if math.isinf(high) else high,
        100 * summary.outside / summary.known if known and not math.isinf(high - low) else None,
    )
