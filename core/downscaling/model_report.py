"""A model's contract as tables a person can read."""

import math

from ..report.html import Report

_BEYOND = {
    "": "not stated",
    "held": "a predictor counts as the edge of its range",
    "line": "the network goes on in straight lines",
}


def model_report(model, runs, version=""):
    """A `Report` of a `Model`; ``runs`` is what this machine says of it (lines)."""
    contract = model.contract
    report = Report("Downscaling model", contract.title or contract.name, version)
    if contract.description:
        report.paragraph(contract.description)
    report.heading("On this machine")
    for line in runs:
        report.paragraph(line)
    contract_tables(report, model)
    return report


def contract_tables(report, model):
    """Add what the contract says to a report."""
    contract, target, training = model.contract, model.contract.target, model.contract.training
    spacing, facts = contract.spacing, model.files[0].facts
    adds = f", added to the coarse field ({target.adds})" if target.adds else ""
    if target.conserves:
        adds += ", with the coarse field's means (last layer)"
    report.facts(
        [
            ("Name and version", f"{contract.name} {contract.version}"),
            ("File", model.name),
            ("Gives", f"{target.long_name or target.name}, {target.units}{adds}"),
            ("Baseline", " to ".join(target.baseline) or "none stated"),
            ("Kind", _kind(contract)),
            ("Cells", f"{spacing.dx:g} × {spacing.dy:g} {spacing.units}"),
            ("Trained on", training.data or "not stated"),
            ("Region", _extent(training.extent)),
            ("Period", " to ".join(training.period) or "not stated"),
            ("Licence of the data", training.licence or "not stated"),
            ("Cite", training.citation or "–"),
            ("Members", len({f.member for f in model.files})),
            ("Beyond the training range", _BEYOND[contract.beyond]),
            ("Classes", ", ".join(map(str, model.strata)) or "one model for all"),
            ("Parameters", f"{sum(f.facts.parameters for f in model.files):,}"),
            ("Operator set", ", ".join(f"{d or 'ai.onnx'} {v}" for d, v in facts.opsets.items())),
        ],
        "Contract",
    )
    report.table(
        [
            (
                v.name,
                v.units,
                v.role,
                ", ".join(map(str, v.lags)),
                _end(v.range[0]),
                _end(v.range[1]),
                v.long_name or v.derived or "–",
                v.source or "–",
            )
            for v in contract.inputs
        ],
        ("Predictor", "Unit", "Role", "Lags, months", "From", "To", "What", "Such as"),
        "Predictors, in the order of the model; From and To is the range of the training data",
        numeric=(4, 5),
    )
    if contract.class_ranges:
        classes = sorted(contract.class_ranges)
        report.table(
            [
                (v.name, *(_span(contract.class_ranges[number][i]) for number in classes))
                for i, v in enumerate(contract.inputs)
            ],
            ("Predictor", *(f"Class {number}" for number in classes)),
            "Range of the training data in each class; applicability looks at these",
        )
    if contract.metrics:
        report.table(
            [(key, _flat(value)) for key, value in contract.metrics.items()],
            ("Score", "Value"),
            "Scores, measured when the model was made",
        )
    for text in contract.limits:
        report.warning(text, "Limit")
    report.table(
        [(f.path.name, f.stratum, f.member, f.sha256) for f in model.files],
        ("File", "Class", "Member", "SHA-256"),
        "Files",
    )


def _kind(contract):
    if contract.kind == "pixel":
        return "pixel by pixel"
    tile = contract.tile
    return f"patches of {tile.height} × {tile.width} cells, {tile.overlap} shared ({tile.blend})"


def _extent(extent):
    if not extent:
        return "not stated"
    west, east, south, north = extent
    return f"{west:g} to {east:g}, {south:g} to {north:g}"


def _end(value):
    return None if math.isinf(value) else value


def _span(pair):
    return f"{pair[0]:.4g} to {pair[1]:.4g}"


def _flat(value):
    if isinstance(value, dict):
        return "; ".join(f"{k}: {_flat(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_flat(v) for v in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
