"""The report of a downscaling run."""

import numpy as np

from ..data.months import month_text
from ..data.stack import MonthlyStack
from ..report.html import Report
from ..report.maps import map_plot
from ..report.series import multi_series_plot
from .model_report import contract_tables

#: Cells of the map along the longer side.
MAP_CELLS = 1200


def run_report(job, summary, corrected, output, version=""):
    """A `Report` of a `Job`, its `DownscaleSummary` and its `CorrectionSummary` (or None)."""
    contract = job.model.contract
    report = Report("Downscaling", contract.title or contract.name, version)
    text = " ".join((contract.training.data, contract.description, *job.predictors.history))
    if "synthetic" in text.lower():
        report.warning("Model or predictors are synthetic: they were generated, not observed.")
    grid, made = job.domain.grid, summary.values > 0
    report.facts(
        [
            ("Grid", grid.describe()),
            ("Months", f"{summary.months[0]} to {summary.months[-1]}, {int(made.sum())} made"),
            ("Cells", f"{int(summary.values.max())} of {grid.nx * grid.ny} in the fullest month"),
            ("Predictors outside their training range", _share(summary.outside[made])),
            ("Uncertainty", _size(summary.mean_std[made], contract.target.units)),
            ("Run on", f"{summary.provider}, {summary.busy:.1f} s in ONNX Runtime"),
        ]
    )
    if summary.replaced is not None:
        report.warning(
            f"In each month the cells with sigma above its 99th percentile got the value of their "
            f"nearest neighbour: {int(summary.replaced.sum())} cell-months."
        )
    if summary.broken:
        report.warning(
            f"{summary.broken} cell-months with all predictors have no finite value from the model."
        )
    for number, count in sorted(summary.without.items()):
        name = "no class" if number == 0 else f"class {number}"
        report.warning(f"{count} cell-months in {name} have no value: no model serves it.")
    report.note(
        "The satellite sees about 300 km. What is finer here was learnt from predictors, not "
        "measured; hold it against the baselines with 'Compare downscaling'."
    )
    if corrected is not None:
        _agreement(report, corrected, contract.target.units)
    _map(report, output, int(summary.values.argmax()), contract.target)
    report.heading("The model")
    contract_tables(report, job.model)
    return report


def _agreement(report, corrected, units):
    report.heading("Agreement with the coarse stack")
    report.paragraph(
        f"Residual = coarse value − area-weighted mean of the fine values, over {corrected.cells} "
        f"coarse cells, {units}."
    )
    months = corrected.months
    report.figure(
        multi_series_plot(
            {"before": corrected.rms_before, "after": corrected.rms_after},
            months,
            title="Root mean square residual",
            ylabel=units,
        ),
        "Months that the satellite did not observe have no residual.",
        "residual before and after the correction by month",
    )


def _map(report, output, band, target):
    with MonthlyStack(str(output)) as stack:
        step = max(1, -(-max(stack.grid.nx, stack.grid.ny) // MAP_CELLS))
        values = np.concatenate(
            [
                stack.read(row, 0, 1, stack.grid.nx, bands=[band], dtype="float32")[0, :, ::step]
                for row in range(0, stack.grid.ny, step)
            ]
        )
        extent = stack.grid.extent
        month = month_text(stack.months[band])
    report.heading("Map")
    report.figure(
        map_plot(values, extent, title=month, label=target.units),
        f"{target.long_name or target.name}, {month}.",
        f"map of {target.name} in {month}",
    )


def _share(values):
    known = values[np.isfinite(values)]
    return "none known" if not known.size else f"{100 * known.mean():.2g} % on average"


def _size(values, units):
    known = values[np.isfinite(values)]
    if not known.size or not known.any():
        return "not stated by this model"
    return f"one sigma {known.mean():.3g} {units} on average"
