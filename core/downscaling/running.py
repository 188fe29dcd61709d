"""A model over an extent and a period: stacks in, stacks out, block by block."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..data.atomic import atomic_paths
from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.gdalcache import bounded_cache
from ..data.journal import Journal
from ..data.stack import StackInfo, stack_writer
from ..errors import DataError, ModelError
from ..progress import SILENT
from .channels import check_predictors
from .job_parts import added_field, job_runner
from .prediction import Prediction
from .run_summary import DownscaleSummary

#: A share of cells above which the log warns that the model is used outside its training.
OUTSIDE_WARNING = 0.05
#: Raise it when the same model gives other results, so that no old journal is used.
_METHOD = "downscale 1"


@dataclass
class Job:
    """What a run needs: model, predictors, where and when; the rest is optional.

    ``coarse`` is the coarse `MonthlyStack`, ``strata`` a function of a window of the
    domain giving class numbers, ``inside`` one giving True for cells wanted (an AOI).
    """

    model: object
    predictors: object
    domain: object
    months: np.ndarray
    usable: np.ndarray
    coarse: object = None
    strata: object = None
    inside: object = None
    provider: str = "cpu"
    threads: int = 0


def check_job(job):
    """Raise unless everything the model asks for is there (headers only)."""
    contract = job.model.contract
    check_predictors(contract, job.predictors, job.usable)
    if contract.needs_coarse and job.coarse is None:
        raise ModelError(
            f"the coarse field is expected, which {contract.name} builds on",
            "none",
            "INPUT",
            "Give the stack of GRACE (total or groundwater storage) with INPUT.",
        )
    if job.model.strata and job.strata is None:
        classes = ", ".join(map(str, job.model.strata))
        source = f" ({contract.strata_source})" if contract.strata_source else ""
        raise ModelError(
            f"a map of the classes {classes}{source} is expected, one model serves each",
            "none",
            "STRATA",
        )


def has_uncertainty(model):
    """Whether a model states how sure it is: by its graph, or by several members."""
    return bool(model.contract.output_std) or len({f.member for f in model.files}) > 1


def check_uncertainty(model, wanted, parameter="OUTPUT_UNCERTAINTY"):
    """Raise `ModelError` where an uncertainty is wanted that the model cannot give."""
    if wanted and not has_uncertainty(model):
        raise ModelError(
            "a model of several members, or with a standard deviation among its outputs, is "
            f"expected for {parameter}",
            "one member without",
            model.name,
            f"Leave {parameter} out, or use an ensemble.",
        )


def downscale(
    job,
    output,
    *,
    std_output="",
    outside_output="",
    resume="",
    keep=False,
    progress=SILENT,
    memory=None,
):
    """Run the model of a `Job` and write its stacks.

    Writes the fine stack in the unit of the contract's target and, where asked for, the
    one-sigma stack of the members (or of the graph) and the share of input channels
    outside their training range. Months without all predictors stay bands of NaN.
    Memory is bounded by blocks; returns a `DownscaleSummary`. Raises as `check_job`,
    and `DataError` where no cell gets a value.

    A killed run with the same model, values and target goes on where it stopped and ends
    bit-equal; a cancelled one only with ``keep`` (see `Journal`). ``resume`` is the target
    that the journal stands beside, ``output`` itself unless that is a temporary one.
    """
    check_job(job)
    check_uncertainty(job.model, std_output)
    contract, grid = job.model.contract, job.domain.grid
    runner = job_runner(job)
    adds = added_field(job)
    info = _info(job)
    count = job.months.size
    summary = DownscaleSummary(
        job.months, job.usable, *(np.zeros(count) for _ in range(3)), provider=job.provider
    )
    usable = np.isin(job.months, job.usable)
    per_cell = 4 * (4 * count + 6 * len(contract.channels)) + 64
    blocks = plan_blocks(grid, per_cell, memory or MEMORY_BUDGET)
    infos = (
        info,
        _like(info, info.units, f"one sigma of {info.long_name}"),
        _like(info, "1", "share of input channels outside the training range"),
    )
    targets = (output, std_output, outside_output)
    with ExitStack() as files:
        files.enter_context(bounded_cache())
        files.callback(runner.close)
        paths = files.enter_context(atomic_paths(targets))
        writers = [
            files.enter_context(stack_writer(path, i, name=target)) if target else None
            for path, i, target in zip(paths, infos, targets)
        ]
        journal = files.enter_context(Journal(resume or output, _settings(job), keep))
        done = 0
        for row, col, ny, nx in blocks:
            fields = [w and np.full((count, ny, nx), np.nan, np.float32) for w in writers]
            wanted = None if job.inside is None else job.inside(row, col, ny, nx)
            for t in np.flatnonzero(usable) if wanted is None or wanted.any() else ():
                progress.check()
                given = runner.given(job.months[t], row, col, ny, nx)
                part = _predicted(runner, given, journal, progress.check)
                mean = part.mean
                if adds is not None:
                    mean = mean + adds(job.months[t], row, col, ny, nx)
                if wanted is not None:
                    mean = np.where(wanted, mean, np.nan)
                known = np.isfinite(mean)
                summary.add(t, known, part)
                summary.broken += int((np.isfinite(part.outside) & ~np.isfinite(part.mean)).sum())
                for into, values in zip(fields, (mean, part.std, part.outside)):
                    if into is not None and values is not None:
                        into[t] = np.where(known, values, np.nan)
                share = (np.searchsorted(job.usable, job.months[t]) + 1) / job.usable.size
                progress.set((done + share * ny * nx) / (grid.nx * grid.ny))
            for writer, values in zip(writers, fields):
                if writer is not None:
                    writer.write(values, row, col)
            done += ny * nx
            progress.set(done / (grid.nx * grid.ny))
        if not summary.values.any() and summary.broken:
            raise DataError(
                "finite values are expected from the model",
                f"none in {summary.broken} cell-months with all predictors",
                job.model.name,
                "Its weights are damaged, or the predictors are far outside what it knows: "
                "'Inspect model' tries it on ordinary values.",
            )
        if not summary.values.any():
            raise DataError(
                "at least one cell with all predictors is expected",
                "none",
                job.predictors.name,
                "Look at the predictor set: is a variable empty over the extent?",
            )
        summary.restored = journal.restored
    summary.without, summary.busy = runner.without, runner.pace.busy
    return summary.finished()


def _settings(job):
    """What tells runs apart, besides the values they are made from."""
    import onnxruntime

    files = [(f.sha256, f.stratum, f.member) for f in job.model.files]
    return repr(
        (_METHOD, onnxruntime.__version__, job.provider, files, job.domain.window,
         job.model.contract.to_json())
    )  # fmt: skip


def _predicted(runner, given, journal, check):
    """A `Prediction`, from the journal where an earlier run has made it."""
    runner.count(given)
    key = journal.block_key(given.arrays(), given.window)
    for _, arrays in journal.finished(key):
        journal.restored += 1
        return Prediction(*arrays)
    part = runner.run(given, check)
    journal.add(key, [], [part.mean, part.std, part.outside])
    return part


def _info(job):
    contract = job.model.contract
    digests = ", ".join(f"{f.path.name} {f.sha256[:12]}" for f in job.model.files)
    line = f"downscaled with {contract.name} {contract.version} ({digests})"
    if contract.target.adds:
        line += f", its output added to the coarse field ({contract.target.adds})"
    return StackInfo(
        job.domain.grid,
        job.months,
        contract.target.units,
        contract.target.long_name or contract.target.name,
        contract.target.baseline,
        (*job.predictors.history, line),
    )


def _like(info, units, long_name):
    return StackInfo(info.grid, info.months, units, long_name, (), info.history)
