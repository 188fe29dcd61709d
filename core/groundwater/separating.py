"""Groundwater separation of whole stacks, block by block: files in, files out."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.flags import FILLED_FLAGS
from ..data.months import DEFAULT_BASELINE, baseline_mask
from ..data.stack import StackInfo, stack_writer
from ..errors import DataError, ParameterError
from ..progress import SILENT
from .separation import propagate, rebase, separate
from .separationinputs import check_inputs, flag_reader, reader


@dataclass
class SeparationSummary:
    """What a separation did."""

    months: int
    complete_months: int
    missing_in: dict
    fewest_baseline_months: int
    expected_baseline_months: int
    sigma_from: tuple
    months_without_sigma: int = 0


def separate_stacks(
    tws,
    components,
    output,
    *,
    flags=None,
    tws_sigma=None,
    component_sigmas=(),
    rebased=True,
    baseline=DEFAULT_BASELINE,
    observed_output="",
    sigma_output="",
    progress=SILENT,
    **blocks,
):
    """Separate groundwater storage anomalies (METHODS §5) and write them.

    ``tws`` and ``components`` are stacks in any storage unit on one grid; months
    of the components are matched to those of ``tws``. With ``rebased`` all of
    them are re-based to the months of ``baseline`` that all have observed.
    ``flags`` (of a gap filling) tells filled from observed months: only observed
    ones enter the baseline and ``observed_output``. Errors add in quadrature.
    Returns a `SeparationSummary`.
    """
    sigmas = [s for s in (tws_sigma, *component_sigmas) if s is not None]
    check_inputs(tws, components, flags, sigmas, rebased, baseline)
    if sigma_output and not sigmas:
        raise ParameterError(
            "at least one uncertainty stack is expected for OUTPUT_UNCERTAINTY", "none"
        )
    months = tws.months
    window = baseline_mask(months, baseline)
    count = len(components)
    least = _Least()

    def kernel(*arguments):
        *arrays, check = arguments
        check()
        flag, fields, errors = arrays[1], [arrays[0], *arrays[2 : 2 + count]], arrays[2 + count :]
        observed = ~np.isin(flag, FILLED_FLAGS)
        if rebased:
            fields, used = rebase(fields, observed & window[:, None])
            least.see(used[np.isfinite(fields[0]).any(axis=0)])
        water = separate(fields[0], fields[1:])
        seen = np.where(observed, water, np.nan)
        # No value, no uncertainty of it.
        sigma = np.where(np.isfinite(water), propagate(errors), np.nan) if errors else None
        return water, seen, sigma

    reads = [reader(tws, months), flag_reader(flags, months)]
    reads += [reader(s, months) for s in (*components, *sigmas)]
    info = _info(tws, components, sigmas, rebased, baseline)
    expected = int(window.sum()) if rebased else 0
    with ExitStack() as files:
        targets = (output, observed_output, sigma_output)
        writers = [
            files.enter_context(stack_writer(path, one, name=target)) if path else None
            for path, target, one in zip(
                files.enter_context(atomic_paths(targets)),
                targets,
                (info, info, _sigma_info(info)),
            )
        ]
        tally = _count_complete(kernel, months.size)
        run_blocks(
            tws.grid, reads, tally, writers,
            planes=months.size * (2 * len(reads) + 4), progress=progress, **blocks,
        )  # fmt: skip
        if not tally.complete.any():
            raise DataError(
                "at least one cell and month with every storage is expected"
                + (f", {baseline[0]} to {baseline[1]} among them" if rebased else ""),
                "none",
                ", ".join(stack.name for stack in (tws, *components)),
                "Do the stacks have values in the same cells and months?",
            )
    return SeparationSummary(
        months=months.size,
        complete_months=int(tally.complete.sum()),
        missing_in={
            c.name: int((~np.isin(months, c.months)).sum())
            for c in components
            if not np.isin(months, c.months).all()
        },
        fewest_baseline_months=least.value if rebased else 0,
        expected_baseline_months=expected,
        sigma_from=tuple(s.name for s in sigmas),
        months_without_sigma=int((tally.complete & ~tally.known).sum()) if sigmas else 0,
    )


class _Least:
    """The least number of baseline months of any cell, across threads."""

    def __init__(self):
        self._value, self._lock = None, threading.Lock()

    def see(self, counts):
        if counts.size:
            with self._lock:
                low = int(counts.min())
                self._value = low if self._value is None else min(low, self._value)

    @property
    def value(self):
        return self._value or 0


def _count_complete(kernel, months):
    complete, known = np.zeros(months, bool), np.zeros(months, bool)

    def counting(*arguments):
        results = kernel(*arguments)
        # Threads only ever set True: no lock is needed.
        complete[np.isfinite(results[0]).any(axis=1)] = True
        if results[2] is not None:
            known[np.isfinite(results[2]).any(axis=1)] = True
        return results

    counting.complete, counting.known = complete, known
    return counting


def _info(tws, components, sigmas, rebased, baseline):
    line = f"groundwater storage: {tws.name} less " + ", ".join(c.name for c in components)
    line += (
        f"; all re-based to their common observed months in {baseline[0]} to {baseline[1]}"
        if rebased
        else "; not re-based"
    )
    return StackInfo(
        tws.grid,
        tws.months,
        "cm",
        "groundwater storage anomaly",
        tuple(baseline) if rebased else tws.baseline,
        (*tws.info.history, line),
    )


def _sigma_info(info):
    return StackInfo(
        info.grid,
        info.months,
        "cm",
        "one-sigma uncertainty of groundwater storage anomaly",
        (),
        info.history,
    )
